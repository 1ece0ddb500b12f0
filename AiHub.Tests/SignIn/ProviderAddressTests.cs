using System.Net;
using System.Net.Sockets;
using AiHub.Gateway.Management.SingleSignOn;
using AiHub.Outbound;
using AiHub.Tests.Outbound;
using Xunit.Abstractions;

namespace AiHub.Tests.SignIn;

public sealed class ProviderAddressTests(ITestOutputHelper output)
{
    [Fact]
    public async Task No_issuer_leads_into_the_hubs_own_network()
    {
        using var inside = TcpListener.Create(0);
        inside.Start();
        var urls = HostileAddresses.Urls(((IPEndPoint)inside.LocalEndpoint).Port);
        using var providers = new OidcProviders(new GuardedHttp(TimeProvider.System, resolve: HostileAddresses.ResolveAsync), TimeProvider.System);

        // https, or the scheme alone would be reason enough.
        foreach (var url in urls.Select(url => url.Replace("http:", "https:", StringComparison.Ordinal)))
        {
            await Assert.ThrowsAsync<SignOnException>(() => providers.DiscoverAsync(url, default));
        }

        output.WriteLine($"{urls.Count} addresses, {(inside.Pending() ? "some" : "none")} reached.");
        Assert.True(urls.Count >= 200, $"Only {urls.Count} addresses.");
        Assert.False(inside.Pending());
    }
}
