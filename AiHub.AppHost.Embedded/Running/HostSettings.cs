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

    /// <summary><c>.data</c> beside the AppHost's folder, or where the account that the servers run as can reach it.</summary>
    public static string DataFolderOf(IConfiguration configuration, string appHostDirectory) =>
        configuration[DataFolderKey] is { Length: > 0 } configured
            ? Path.GetFullPath(configured)
            : ServerAccount.Current.ReachableFolder(Path.GetFullPath(Path.Combine(appHostDirectory, "..", ".data")));
}

/// <summary>Where the dashboard and what it talks to listen, and what they prove themselves with.</summary>
internal sealed record DashboardSettings(Uri Url, Uri OtlpUrl, Uri ResourceServiceUrl, string BrowserToken, string OtlpApiKey, string ResourceServiceApiKey)
{
    public static DashboardSettings Read(IConfiguration configuration) => new(
        configuration["Ports:dashboard"] is { } port ? new Uri($"http://localhost:{port}") : FirstHttp(configuration["ASPNETCORE_URLS"]) ?? new Uri("http://localhost:18888"),
        configuration["ASPIRE_DASHBOARD_OTLP_ENDPOINT_URL"] is { } otlp ? new Uri(otlp) : new Uri("http://localhost:18889"),
        configuration["ASPIRE_RESOURCE_SERVICE_ENDPOINT_URL"] is { } resources ? new Uri(resources) : new Uri("http://localhost:18890"),
        configuration["ASPIRE_DASHBOARD_FRONTEND_BROWSERTOKEN"] ?? Token(),
        configuration["AppHost:OtlpApiKey"] ?? Token(),
        configuration["ASPIRE_DASHBOARD_RESOURCESERVICE_APIKEY"] ?? Token());

    public Uri LoginUrl => new(Url, $"/login?t={BrowserToken}");

    private static Uri? FirstHttp(string? urls) => urls?.Split(';').Select(url => new Uri(url)).FirstOrDefault(url => url.Scheme == Uri.UriSchemeHttp);

    private static string Token() => RandomNumberGenerator.GetHexString(32, lowercase: true);
}
