using System.Net;

namespace AiHub.Tests.Outbound;

/// <summary>What somebody might enter to make the hub call its own network, in all the ways an address can be written.</summary>
public static class HostileAddresses
{
    /// <summary>IPv4 addresses nobody outside should reach: this machine, private and shared networks, link-local and clouds' metadata services.</summary>
    private static readonly string[] Inner =
    [
        "127.0.0.1", "127.0.0.2", "127.1.2.3", "127.255.255.254", "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.254",
        "192.168.0.1", "192.168.255.254", "100.64.0.1", "100.127.255.254", "169.254.169.254", "169.254.170.2", "169.254.1.1", "100.100.100.200",
        "168.63.129.16", "192.0.0.192", "198.18.0.1", "224.0.0.1", "255.255.255.255", "192.0.0.8",
    ];

    private static readonly string[] WrittenOut =
    [
        // Less than four parts, other bases, both at once.
        "127.1", "127.0.1", "0", "0.0", "0x0", "127.0.0.01", "0177.1", "0x7f.1", "0x7F.0x0.0x0.0x1", "0177.0000.0000.0001", "2130706433", "0x7f000001",
        "017700000001", "0300.0250.1.1", "0xc0.0xa8.0.1", "169.16689662", "0xa9fea9fe", "127.0.0.1.", "127。0。0。1", "１２７.0.0.1", "⑫⑦.0.0.1",
        // IPv6: itself, and the ways to wrap an IPv4 address.
        "[::]", "[::1]", "[0:0:0:0:0:0:0:1]", "[0000::0001]", "[fe80::1]", "[fe80::1%25lo]", "[fc00::1]", "[fd12:3456::1]", "[fd00:ec2::254]", "[fd20:ce::254]",
        "[fec0::1]", "[ff02::1]", "[2001:db8::1]", "[100::1]", "[3fff::1]",
        // Names for it, and names that resolve to it.
        "localhost", "LOCALHOST", "localhost.", "sub.localhost", "ip6-localhost", "loopback.test", "loopback.test.", "private.test", "metadata.test", "mapped.test", "nat64.test",
        "any.test", "both.test", "mixed.test", "rebinding.test", "metadata.google.internal", "instance-data",
    ];

    /// <summary>What the names resolve to.</summary>
    public static Task<IPAddress[]> ResolveAsync(string host, CancellationToken ct) => host.TrimEnd('.').ToLowerInvariant() switch
    {
        "loopback.test" or "ip6-localhost" or "sub.localhost" or "rebinding.test" => Addresses("127.0.0.1"),
        "private.test" or "instance-data" => Addresses("10.1.2.3", "192.168.7.7"),
        "metadata.test" or "metadata.google.internal" => Addresses("169.254.169.254"),
        "mapped.test" => Addresses("::ffff:127.0.0.1", "::ffff:0:127.0.0.1"),
        "nat64.test" => Addresses("64:ff9b::7f00:1", "2002:7f00:1::"),
        "any.test" => Addresses("0.0.0.0", "::"),
        "both.test" => Addresses("::1", "127.0.0.1"),
        "mixed.test" => Addresses("127.0.0.1", "::1", "169.254.169.254"),
        _ => Dns.GetHostAddressesAsync(host, ct),
    };

    /// <summary>All of them as URLs of a server at a port.</summary>
    public static IReadOnlyList<string> Urls(int port)
    {
        var hosts = Inner.SelectMany(Forms).Concat(WrittenOut).Distinct().ToList();

        return
        [
            .. hosts.Select(host => $"http://{host}:{port}/v1"),
            // What a parser could take for another host.
            .. ((string[])["127.0.0.1", "[::1]", "localhost", "10.0.0.1"]).SelectMany(host => (string[])
            [
                $"http://user:secret@{host}:{port}/v1", $"http://example.com@{host}:{port}/v1", $"http://example.com:80@{host}:{port}/v1", $"http://{host}:{port}#@example.com/",
                $"http://{host}:{port}?@example.com/", $"http://{host}:{port}\\@example.com/v1", $"http:\\\\{host}:{port}\\v1", $"https://{host}:{port}/v1", $"http://{host}:22/v1",
            ]),
        ];
    }

    private static IEnumerable<string> Forms(string address)
    {
        var bytes = IPAddress.Parse(address).GetAddressBytes();
        var number = ((uint)bytes[0] << 24) | ((uint)bytes[1] << 16) | ((uint)bytes[2] << 8) | bytes[3];
        var hex = $"{number >> 16:x}:{number & 0xffff:x}";

        return
        [
            address, $"{number}", $"0x{number:x}", $"[::ffff:{address}]", $"[::ffff:{hex}]", $"[::{hex}]", $"[::ffff:0:{hex}]", $"[64:ff9b::{hex}]", $"[64:ff9b:1::{hex}]", $"[2002:{hex}::1]",
        ];
    }

    private static Task<IPAddress[]> Addresses(params string[] addresses) => Task.FromResult(Array.ConvertAll(addresses, IPAddress.Parse));
}
