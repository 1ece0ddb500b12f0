using System.Net;
using System.Net.Sockets;

namespace AiHub.Gateway.Access;

/// <summary>The networks a key may be used from.</summary>
public static class AllowedNetworks
{
    /// <summary>Reads <c>192.0.2.7</c>, <c>192.0.2.0/24</c> or <c>2001:db8::/32</c>; null for anything else.</summary>
    public static IPNetwork? Read(string text)
    {
        if (IPNetwork.TryParse(text, out var network))
        {
            return network.BaseAddress.IsIPv4MappedToIPv6 ? null : network;
        }

        if (!IPAddress.TryParse(text, out var address) || address.ScopeIdOf() != 0)
        {
            return null;
        }

        address = Plain(address);
        // TryParse takes "1" and "0x7f.1" too; a list people read holds addresses as people write them.
        return string.Equals(address.ToString(), text, StringComparison.OrdinalIgnoreCase)
            ? new IPNetwork(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128)
            : null;
    }

    /// <summary>An unknown address is in no network.</summary>
    public static bool Contain(IReadOnlyList<IPNetwork> networks, IPAddress? address) =>
        address is not null && networks.Any(network => network.Contains(Plain(address)));

    public static bool IsWithin(IPNetwork inner, IPNetwork outer) =>
        inner.BaseAddress.AddressFamily == outer.BaseAddress.AddressFamily && outer.PrefixLength <= inner.PrefixLength && outer.Contains(inner.BaseAddress);

    private static IPAddress Plain(IPAddress address) => address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;

    private static long ScopeIdOf(this IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6 ? address.ScopeId : 0;
}
