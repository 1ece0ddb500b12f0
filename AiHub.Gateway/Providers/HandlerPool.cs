using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace AiHub.Gateway.Providers;

/// <summary>
/// One connection pool per vendor origin, however many keys and models are served through it; secrets travel with each request.
/// Every connection goes through one guard that looks at the address a name resolved to, so no URL can lead into the hub's own network.
/// </summary>
public sealed class HandlerPool(TimeProvider time) : IDisposable
{
    private readonly ConcurrentDictionary<(string Origin, bool AllowPrivate, TimeSpan Connect), Lazy<HttpMessageInvoker>> _invokers = new();

    public HttpMessageInvoker For(WireTarget target) => _invokers
        .GetOrAdd(
            (target.ChatUrl.GetLeftPart(UriPartial.Authority), target.AllowPrivateNetwork, target.Timeouts.Connect),
            key => new Lazy<HttpMessageInvoker>(() => Create(key.AllowPrivate, key.Connect)))
        .Value;

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            if (invoker.IsValueCreated)
            {
                invoker.Value.Dispose();
            }
        }
    }

    private HttpMessageInvoker Create(bool allowPrivate, TimeSpan connectTimeout) => new(new SocketsHttpHandler
    {
        // A redirect would carry the vendor's key to a place nobody has checked.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, ct) => ConnectAsync(context.DnsEndPoint, allowPrivate, connectTimeout, ct),
    });

    private async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowPrivate, TimeSpan timeout, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            var addresses = await Dns.GetHostAddressesAsync(host.Host, either.Token);
            var reachable = addresses.Where(address => AddressGuard.Allows(address, allowPrivate)).ToArray();
            if (reachable.Length == 0)
            {
                throw new HttpRequestException($"'{host.Host}' resolves to no address this vendor may use.");
            }

            await socket.ConnectAsync(reachable, host.Port, either.Token);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !ct.IsCancellationRequested)
        {
            socket.Dispose();
            throw new TimeoutException($"No connection within {timeout.TotalSeconds:0.#} s.");
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}

/// <summary>Which addresses an outbound request may reach.</summary>
internal static class AddressGuard
{
    private static readonly IPNetwork[] Private = Networks(
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15",
        "::/127", "fc00::/7");

    // Link-local addresses hold the clouds' metadata services; the rest is documentation, multicast and ways to wrap another address.
    private static readonly IPNetwork[] Never = Networks(
        "169.254.0.0/16", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3", "100.100.100.200/32",
        "fe80::/10", "fec0::/10", "fd00:ec2::254/128", "ff00::/8", "2001::/32", "2001:db8::/32", "2002::/16", "64:ff9b::/96", "64:ff9b:1::/48");

    public static bool Allows(IPAddress address, bool allowPrivate)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        return !Never.Any(network => network.Contains(address)) && (allowPrivate || !Private.Any(network => network.Contains(address)));
    }

    private static IPNetwork[] Networks(params string[] texts) => [.. texts.Select(IPNetwork.Parse)];
}
