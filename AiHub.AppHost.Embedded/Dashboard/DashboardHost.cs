using System.Collections;
using System.Security.Cryptography;
using System.Text;
using AiHub.AppHost.Embedded.Processes;
using AiHub.AppHost.Embedded.Running;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace AiHub.AppHost.Embedded.Dashboard;

/// <summary>Brings up the service that tells of the resources, and the Aspire dashboard that shows them; nothing waits for either.</summary>
internal sealed class DashboardHost(
    HostSettings settings, ResourceNotificationService notifications, ResourceLoggerService logs, ResourceCommandService commands, Orchestrator orchestrator)
{
    private const string ApiKeyHeader = "x-resource-service-api-key";
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(3);

    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _resourceService;
    private GuardedProcess? _dashboard;
    private Task _starting = Task.CompletedTask;

    /// <summary>What the person at the console should know.</summary>
    public event Action<string>? Said;

    /// <summary>The link that signs in, once the dashboard answers.</summary>
    public Uri? Link { get; private set; }

    public async Task StartAsync(CancellationToken ct)
    {
        if (settings.Dashboard is { } dashboard)
        {
            _resourceService = BuildResourceService(dashboard);
            await _resourceService.StartAsync(ct);
            _starting = dashboard.StartsProgram ? StartDashboardAsync(dashboard, _stopping.Token) : Task.CompletedTask;
        }
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _starting;
        if (_dashboard is not null)
        {
            await _dashboard.StopAsync(StopPatience);
        }

        if (_resourceService is not null)
        {
            await _resourceService.DisposeAsync();
        }
    }

    private WebApplication BuildResourceService(DashboardSettings dashboard)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenLocalhost(dashboard.ResourceServiceUrl.Port, listen => listen.Protocols = HttpProtocols.Http2));
        builder.Services.AddSingleton(new ResourceService(settings, notifications, logs, commands, orchestrator));
        builder.Services.AddGrpc();

        var app = builder.Build();
        var key = Encoding.UTF8.GetBytes(dashboard.ResourceServiceApiKey);
        app.Use((context, next) =>
        {
            if (CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(context.Request.Headers[ApiKeyHeader].ToString()), key))
            {
                return next(context);
            }

            context.Response.StatusCode = StatusCodes.Status401Unauthorized;
            return Task.CompletedTask;
        });
        app.MapGrpcService<ResourceService>();

        return app;
    }

    private async Task StartDashboardAsync(DashboardSettings dashboard, CancellationToken ct)
    {
        try
        {
            var program = await DashboardProgram.EnsureAsync(line => Said?.Invoke(line), ct);
            var plan = new ProcessPlan(program, ["dashboard"], DashboardProgram.Folder, Variables(dashboard));
            var log = logs.GetLogger("dashboard");
            _dashboard = await orchestrator.Guard.StartAsync(
                plan, (line, isError) => log.Log(isError ? LogLevel.Error : LogLevel.Information, "{Line}", line), ct);
            if (await AnswersAsync(dashboard.Url, _dashboard.Exited, ct))
            {
                Link = dashboard.LoginUrl;
                Said?.Invoke(Link.ToString());
            }
            else
            {
                Said?.Invoke($"did not start; the hub runs without it (what it wrote is in {logs.FileOf("dashboard")})");
            }
        }
        catch (DistributedApplicationException failure)
        {
            Said?.Invoke(failure.Message);
        }
        catch (Exception failure) when (failure is OperationCanceledException or IOException or UnauthorizedAccessException)
        {
            if (!ct.IsCancellationRequested)
            {
                Said?.Invoke($"cannot be brought up: {failure.Message}");
            }
        }
    }

    private static async Task<bool> AnswersAsync(Uri url, Task exited, CancellationToken ct)
    {
        using var http = new HttpClient();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(ct);
        patience.CancelAfter(StartPatience);
        while (!exited.IsCompleted && !patience.IsCancellationRequested)
        {
            try
            {
                using var response = await http.GetAsync(url, patience.Token);
                return true;
            }
            catch (HttpRequestException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(300), ct);
            }
            catch (OperationCanceledException) when (!ct.IsCancellationRequested)
            {
            }
        }

        return false;
    }

    private static Dictionary<string, string> Variables(DashboardSettings dashboard)
    {
        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(variable => (string)variable.Key, variable => (string)variable.Value!);
        variables["HOME"] = variables["USERPROFILE"] = DashboardProgram.Home;
        variables["ASPNETCORE_ENVIRONMENT"] = "Production";
        variables["ASPNETCORE_URLS"] = dashboard.Url.GetLeftPart(UriPartial.Authority);
        variables["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] = dashboard.OtlpUrl.GetLeftPart(UriPartial.Authority);
        variables["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] = dashboard.ResourceServiceUrl.GetLeftPart(UriPartial.Authority);
        variables["ASPIRE_ALLOW_UNSECURED_TRANSPORT"] = "true";
        variables["ASPIRE_DASHBOARD_TELEMETRY_OPTOUT"] = "true";
        variables["DASHBOARD__RESOURCESERVICECLIENT__AUTHMODE"] = "ApiKey";
        variables["DASHBOARD__RESOURCESERVICECLIENT__APIKEY"] = dashboard.ResourceServiceApiKey;
        variables["DASHBOARD__FRONTEND__AUTHMODE"] = "BrowserToken";
        variables["DASHBOARD__FRONTEND__BROWSERTOKEN"] = dashboard.BrowserToken;
        variables["DASHBOARD__OTLP__AUTHMODE"] = "ApiKey";
        variables["DASHBOARD__OTLP__PRIMARYAPIKEY"] = dashboard.OtlpApiKey;

        return variables;
    }
}
