using System.Net;
using System.Net.Sockets;

namespace AiHub.Outbound;

/// <summary>How the hub reaches addresses that others have named: vendors, webhooks. The address a name resolved to is looked at, not the name.</summary>
public static class GuardedConnections
{
    public static async ValueTask<Stream> ConnectAsync(DnsEndPoint host, bool allowPrivate, TimeSpan timeout, TimeProvider time, CancellationToken ct)
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
                throw new HttpRequestException($"'{host.Host}' resolves to no address that may be reached.");
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
public static class AddressGuard
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
