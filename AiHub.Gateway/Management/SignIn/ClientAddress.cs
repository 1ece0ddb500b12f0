using System.Net;
using System.Net.Sockets;

namespace AiHub.Gateway.Management.SignIn;

public static class ClientAddress
{
    public static string Of(HttpContext http) => Plain(http.Connection.RemoteIpAddress).ToString();

    /// <summary>What attempts are counted by. Whoever has one IPv6 address has its whole /64.</summary>
    public static string Network(HttpContext http)
    {
        var address = Plain(http.Connection.RemoteIpAddress);
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            return address.ToString();
        }

        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes).ToString();
    }

    private static IPAddress Plain(IPAddress? address) => address is null ? IPAddress.None : address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
}
