using AiHub.Portal;
using AiHub.Tests.Hub;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Portal;

/// <summary>Portals over hubs of the tests. The shared one is for tests that only need a visitor of their own.</summary>
public static class PortalHost
{
    private static readonly Lazy<Task<(TestHub, ServiceHost<PortalOptions>)>> Shared = new(async () =>
    {
        var hub = await StartHubAsync();
        return (hub, await StartAsync(hub));
    });

    public static Task<(TestHub Hub, ServiceHost<PortalOptions> Portal)> SharedAsync() => Shared.Value;

    /// <summary>A hub where any number of visitors may register from one address.</summary>
    public static Task<TestHub> StartHubAsync(TestClock? clock = null) => TestHub.StartAsync(new TestHubOptions(
        clock,
        new Dictionary<string, string?> { ["Management:Attempts:RegistrationsPerAddressPerHour"] = "100000" }));

    /// <summary>One replica; any number may share a hub.</summary>
    public static async Task<ServiceHost<PortalOptions>> StartAsync(TestHub hub, TimeProvider? clock = null) =>
        Start(hub.GatewayUrl, await TestServers.CacheAsync(), clock);

    public static ServiceHost<PortalOptions> Start(Uri gateway, string cache, TimeProvider? clock = null, Action<IServiceCollection>? services = null) => new(
        new Dictionary<string, string?>
        {
            ["ConnectionStrings:cache"] = cache,
            ["services:gateway:http:0"] = gateway.GetLeftPart(UriPartial.Authority),
            // Else Development re-compresses, badly, whatever a build made.
            ["ReloadStaticAssetsAtRuntime"] = "false",
            ["Portal:ApiBaseUrl"] = new Uri(gateway, "/v1").ToString(),
        },
        clock,
        services);
}
