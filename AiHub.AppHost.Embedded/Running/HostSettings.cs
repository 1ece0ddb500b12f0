using System.Security.Cryptography;
using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Hosting;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>What the AppHost was told about itself.</summary>
internal sealed record HostSettings(string ApplicationName, string DataFolder)
{
    /// <summary>Configuration key: where the data goes.</summary>
    public const string DataFolderKey = "DataDirectory";

    /// <summary>Configuration key: which data, where there are several beside each other.</summary>
    public const string DataSetKey = "DataSet";

    /// <summary>Configuration key: nobody will miss the data, so no write waits for the disk. Tests set it.</summary>
    public const string TemporaryDataKey = "TemporaryData";

    /// <summary>Aspire's key for ports that are free instead of the configured ones. Tests set it.</summary>
    public const string RandomizePortsKey = "DcpPublisher:RandomizePorts";

    public bool IsDevelopment { get; init; }
    public bool Fresh { get; init; }
    public bool TemporaryData { get; init; }
    public bool RandomizePorts { get; init; }
    public bool EnableResourceLogging { get; init; }

    /// <summary>Null without a dashboard.</summary>
    public DashboardSettings? Dashboard { get; init; }

    public WaitBehavior DefaultWaitBehavior => Dashboard is null ? WaitBehavior.StopOnResourceUnavailable : WaitBehavior.WaitOnResourceUnavailable;

    public static HostSettings Read(IConfiguration configuration, DistributedApplicationOptions options, HostArguments arguments, IHostEnvironment environment, string appHostDirectory) =>
        new(options.DashboardApplicationName ?? environment.ApplicationName.Replace(".AppHost", string.Empty), DataFolderOf(configuration, appHostDirectory))
        {
            IsDevelopment = environment.IsDevelopment(),
            Fresh = arguments.Fresh,
            TemporaryData = configuration.GetValue<bool>(TemporaryDataKey),
            RandomizePorts = configuration.GetValue<bool>(RandomizePortsKey),
            EnableResourceLogging = options.EnableResourceLogging,
            Dashboard = options.DisableDashboard || arguments.NoDashboard ? null : DashboardSettings.Read(configuration),
        };

    /// <summary><c>.data</c> beside the AppHost's folder (<c>.data-demo</c> for the set "demo"), or where the account that the servers run as can reach it.</summary>
    public static string DataFolderOf(IConfiguration configuration, string appHostDirectory)
    {
        var set = configuration[DataSetKey] is { Length: > 0 } named ? $"-{named}" : "";
        return configuration[DataFolderKey] is { Length: > 0 } configured
            ? Path.GetFullPath(configured) + set
            : ServerAccount.Current.ReachableFolder(Path.GetFullPath(Path.Combine(appHostDirectory, "..", $".data{set}")));
    }
}

/// <summary>Where the dashboard and what it talks to listen, and what they prove themselves with.</summary>
internal sealed class DashboardSettings(Uri url, Uri otlpUrl, Uri resourceServiceUrl)
{
    private const string StartProgramKey = "StartDashboard";

    public Uri Url { get; private set; } = url;
    public Uri OtlpUrl { get; private set; } = otlpUrl;
    public Uri ResourceServiceUrl { get; private set; } = resourceServiceUrl;
    public required string BrowserToken { get; init; }
    public required string OtlpApiKey { get; init; }
    public required string ResourceServiceApiKey { get; init; }

    /// <summary>False serves the resources to a dashboard that somebody else runs.</summary>
    public bool StartsProgram { get; init; } = true;

    public Uri LoginUrl => new(Url, $"/login?t={BrowserToken}");

    public static DashboardSettings Read(IConfiguration configuration) => new(
        configuration["Ports:dashboard"] is { } port ? new Uri($"http://localhost:{port}") : FirstHttp(configuration["ASPNETCORE_URLS"]) ?? new Uri("http://localhost:18888"),
        new Uri(configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] ?? "http://localhost:18889"),
        new Uri(configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] ?? "http://localhost:18890"))
    {
        BrowserToken = configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"] ?? Token(),
        OtlpApiKey = configuration["AppHost:OtlpApiKey"] ?? Token(),
        ResourceServiceApiKey = configuration["ASPIRE_DASHBOARD_RESOURCESERVICE_APIKEY"] ?? Token(),
        StartsProgram = configuration.GetValue(StartProgramKey, defaultValue: true),
    };

    /// <summary>The hub does not depend on these ports, so another dashboard that has them is no reason to stop.</summary>
    public void AvoidTakenPorts() => (Url, OtlpUrl, ResourceServiceUrl) = (Free(Url), Free(OtlpUrl), Free(ResourceServiceUrl));

    private static Uri Free(Uri url) => FreePort.IsFree(url.Port) ? url : new UriBuilder(url) { Port = FreePort.Next() }.Uri;

    private static Uri? FirstHttp(string? urls) => urls?.Split(';').Select(url => new Uri(url)).FirstOrDefault(url => url.Scheme == Uri.UriSchemeHttp);

    private static string Token() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
