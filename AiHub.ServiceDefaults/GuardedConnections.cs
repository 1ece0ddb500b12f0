using System.Net;
using System.Net.Sockets;

namespace AiHub.Outbound;

/// <summary>How the hub reaches addresses that others have named: vendors, webhooks. The address a name resolved to is looked at, not the name.</summary>
public static class GuardedConnections
{
    /// <param name="resolve">Asked once: what it answers is looked at, and only that is connected to, so a name cannot mean one thing now and another then.</param>
    public static async ValueTask<Stream> ConnectAsync(
        DnsEndPoint host, bool allowPrivate, TimeSpan timeout, TimeProvider time, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken ct)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, ct);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (!allowPrivate && AddressGuard.IsBadPort(host.Port))
            {
                throw new HttpRequestException($"Port {host.Port} of '{host.Host}' may not be reached.");
            }

            var addresses = await resolve(host.Host, either.Token);
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
        "fc00::/7");

    private static readonly IPNetwork ThisMachine = IPNetwork.Parse("::/127");

    // Link-local addresses hold the clouds' metadata services, and so do a few others; the rest is documentation, multicast and ways to wrap another
    // address: IPv4-compatible and -translated, Teredo, 6to4, NAT64.
    private static readonly IPNetwork[] Never = Networks(
        "169.254.0.0/16", "192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/3",
        "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32",
        "::/96", "::ffff:0:0:0/96", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "64:ff9b::/96", "64:ff9b:1::/48",
        "fe80::/10", "fec0::/10", "fd00:ec2::254/128", "fd20:ce::254/128", "ff00::/8");

    // Where no web server listens and other protocols can be made to misread a request (the Fetch standard's list), and the databases' own.
    private static readonly HashSet<int> BadPorts =
    [
        0, 1, 7, 9, 11, 13, 15, 17, 19, 20, 21, 22, 23, 25, 37, 42, 43, 53, 69, 77, 79, 87, 95, 101, 102, 103, 104, 109, 110, 111, 113, 115, 117, 119,
        123, 135, 137, 139, 143, 161, 179, 389, 427, 465, 512, 513, 514, 515, 526, 530, 531, 532, 540, 548, 554, 556, 563, 587, 601, 636, 989, 990,
        993, 995, 1719, 1720, 1723, 2049, 2375, 3306, 3389, 3659, 4045, 4190, 5060, 5061, 5432, 6000, 6379, 6566, 6665, 6666, 6667, 6668, 6669, 6679,
        6697, 10080, 11211, 27017,
    ];

    public static bool IsBadPort(int port) => BadPorts.Contains(port);

    public static bool Allows(IPAddress address, bool allowPrivate)
    {
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        // This machine's own IPv6 addresses lie in the range of the wrapped ones.
        return ThisMachine.Contains(address)
            ? allowPrivate
            : !Never.Any(network => network.Contains(address)) && (allowPrivate || !Private.Any(network => network.Contains(address)));
    }

    private static IPNetwork[] Networks(params string[] texts) => [.. texts.Select(IPNetwork.Parse)];
}
