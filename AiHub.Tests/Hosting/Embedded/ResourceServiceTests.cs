using AiHub.AppHost.Embedded.Dashboard.Wire;
using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;
using Aspire.Hosting.Testing;
using Grpc.Core;
using Grpc.Net.Client;

namespace AiHub.Tests.Hosting.Embedded;

/// <summary>The resource service as the Aspire dashboard uses it, over gRPC.</summary>
public sealed class ResourceServiceTests : IAsyncLifetime
{
    private const string ApiKey = "the-key-of-this-test";

    private readonly string _folder = ServerAccount.Current.CreateScratchFolder();
    private readonly int _port = FreePort.Next();
    private DistributedApplication _app = null!;
    private GrpcChannel _channel = null!;
    private DashboardService.DashboardServiceClient _dashboard = null!;

    private static Metadata Key => new() { { "x-resource-service-api-key", ApiKey } };

    public async Task InitializeAsync()
    {
        var builder = DistributedApplication.CreateBuilder(new DistributedApplicationOptions
        {
            Args =
            [
                $"DataDirectory={_folder}", "DcpPublisher:RandomizePorts=true", "StartDashboard=false",
                $"ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL=http://localhost:{_port}", $"ASPIRE_DASHBOARD_RESOURCESERVICE_APIKEY={ApiKey}",
            ],
        });
        var token = builder.AddParameter("token", "t0p s3cret", secret: true);
        builder.AddProject<HealthyService>("service").WithHttpHealthCheck("/health").WithEnvironment("TOKEN", token);
        _app = builder.Build();
        await _app.StartAsync();
        _channel = GrpcChannel.ForAddress($"http://localhost:{_port}");
        _dashboard = new DashboardService.DashboardServiceClient(_channel);
    }

    public async Task DisposeAsync()
    {
        _channel.Dispose();
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task The_dashboard_sees_all_there_is_and_then_each_change()
    {
        using var watch = _dashboard.WatchResources(new WatchResourcesRequest(), Key);
        Assert.True(await watch.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(WatchResourcesUpdate.KindOneofCase.InitialData, watch.ResponseStream.Current.KindCase);
        Assert.Equal(["service", "token"], watch.ResponseStream.Current.InitialData.Resources.Select(resource => resource.DisplayName).Order());
        Assert.All(watch.ResponseStream.Current.InitialData.Resources, AssertMandatory);

        var service = await UntilAsync(watch, resource => resource.DisplayName == "service" && resource.HealthReports.Any(report => report is { HasStatus: true, Status: HealthStatus.Healthy }));

        AssertMandatory(service);
        Assert.Equal(("Project", "Running", "success"), (service.ResourceType, service.State, service.StateStyle));
        Assert.Matches("^service-[a-z]{8}$", service.Name);
        Assert.Contains(service.Environment, variable => variable is { Name: "TOKEN", Value: "t0p s3cret" });
        Assert.Contains(service.Environment, variable => variable.Name == "OTEL_RESOURCE_ATTRIBUTES" && $"service-{variable.Value["service.instance.id=".Length..]}" == service.Name);
        Assert.Contains(service.Properties, property => property.Name == "executable.pid");
        Assert.Contains(service.Properties, property => property is { Name: "resource.healthState", Value.StringValue: "Healthy" });
        Assert.Equal(_app.GetEndpoint("service").ToString().TrimEnd('/'), Assert.Single(service.Urls).FullUrl);
        Assert.Equal("token", Assert.Single(service.Relationships).ResourceName);
        Assert.Equal(
            [("start", ResourceCommandState.Hidden), ("stop", ResourceCommandState.Enabled), ("restart", ResourceCommandState.Enabled)],
            service.Commands.Select(command => (command.Name, command.State)));
    }

    [Fact]
    public async Task A_secret_parameter_is_marked_as_one()
    {
        using var watch = _dashboard.WatchResources(new WatchResourcesRequest(), Key);

        var token = await UntilAsync(watch, resource => resource is { DisplayName: "token", State: "Running" });

        Assert.True(token.Properties.Single(property => property.Name == "Value").IsSensitive);
    }

    [Fact]
    public async Task Console_logs_come_with_time_and_number_and_go_on()
    {
        using var watch = _dashboard.WatchResources(new WatchResourcesRequest(), Key);
        var service = await UntilAsync(watch, resource => resource.DisplayName == "service" && resource.State == "Running");

        using var logs = _dashboard.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = service.Name }, Key);
        var lines = new List<ConsoleLogLine>();
        while (!lines.Any(line => line.Text.Contains("Now listening on", StringComparison.Ordinal)) && await logs.ResponseStream.MoveNext(CancellationToken.None))
        {
            lines.AddRange(logs.ResponseStream.Current.LogLines);
        }

        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z ", lines[0].Text);
        Assert.Equal(Enumerable.Range(1, lines.Count), lines.Select(line => line.LineNumber));

        using var soFar = _dashboard.WatchResourceConsoleLogs(new WatchResourceConsoleLogsRequest { ResourceName = service.Name, SuppressFollow = true }, Key);
        Assert.True(await soFar.ResponseStream.MoveNext(CancellationToken.None));
        Assert.False(await soFar.ResponseStream.MoveNext(CancellationToken.None));
    }

    [Fact]
    public async Task A_command_does_what_it_says()
    {
        using var watch = _dashboard.WatchResources(new WatchResourcesRequest(), Key);
        var running = await UntilAsync(watch, resource => resource.DisplayName == "service" && resource.State == "Running");

        var stopped = await _dashboard.ExecuteResourceCommandAsync(Command("stop"), Key);
        var finished = await UntilAsync(watch, resource => resource.DisplayName == "service" && resource.State == "Finished");
        var started = await _dashboard.ExecuteResourceCommandAsync(Command("start"), Key);
        var again = await UntilAsync(watch, resource => resource.DisplayName == "service" && resource.State == "Running");
        var unknown = await _dashboard.ExecuteResourceCommandAsync(Command("explode"), Key);

        Assert.Equal(ResourceCommandResponseKind.Succeeded, stopped.Kind);
        Assert.NotNull(finished.StoppedAt);
        Assert.Equal(ResourceCommandResponseKind.Succeeded, started.Kind);
        Assert.NotEqual(PidOf(running), PidOf(again));
        Assert.Equal(ResourceCommandResponseKind.Failed, unknown.Kind);
        Assert.Equal("'service' has no command 'explode'.", unknown.Message);

        ResourceCommandRequest Command(string name) => new() { CommandName = name, ResourceName = running.Name, ResourceType = running.ResourceType };
    }

    [Fact]
    public async Task Nobody_is_asked_anything_but_the_line_for_it_stays_open()
    {
        using var interactions = _dashboard.WatchInteractions(Key);
        await interactions.RequestStream.WriteAsync(new Interaction());

        var answer = interactions.ResponseStream.MoveNext(CancellationToken.None);

        Assert.NotSame(answer, await Task.WhenAny(answer, _dashboard.GetApplicationInformationAsync(new ApplicationInformationRequest(), Key).ResponseAsync));
    }

    [Fact]
    public async Task Who_has_not_the_key_learns_nothing()
    {
        var refused = await Assert.ThrowsAsync<RpcException>(async () => await _dashboard.GetApplicationInformationAsync(new ApplicationInformationRequest()));

        Assert.Equal(StatusCode.Unauthenticated, refused.StatusCode);
        Assert.NotEmpty((await _dashboard.GetApplicationInformationAsync(new ApplicationInformationRequest(), Key)).ApplicationName);
    }

    private static void AssertMandatory(Resource resource)
    {
        Assert.NotEmpty(resource.Name);
        Assert.NotEmpty(resource.Uid);
        Assert.NotNull(resource.CreatedAt);
        Assert.All(resource.Properties, property => Assert.NotNull(property.Value));
        Assert.All(resource.Urls, url => Assert.NotNull(url.DisplayProperties));
    }

    private static string PidOf(Resource resource) => resource.Properties.Single(property => property.Name == "executable.pid").Value.StringValue;

    private static async Task<Resource> UntilAsync(AsyncServerStreamingCall<WatchResourcesUpdate> watch, Func<Resource, bool> predicate)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (await watch.ResponseStream.MoveNext(patience.Token))
        {
            var update = watch.ResponseStream.Current;
            var found = (update.InitialData?.Resources ?? Enumerable.Empty<Resource>()).Concat(update.Changes?.Value.Select(change => change.Upsert) ?? []).FirstOrDefault(predicate);
            if (found is not null)
            {
                return found;
            }
        }

        throw new InvalidOperationException("The stream ended.");
    }
}
