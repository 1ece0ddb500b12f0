using System.Net;
using Microsoft.Extensions.Configuration;

namespace AiHub.Outbound;

/// <summary>
/// The one way out to addresses that others have named: vendors, webhooks, customers' own endpoints and identity providers. Every connection is
/// checked when it is made, by the address its name resolved to; nothing follows a redirect, uses a proxy or keeps cookies.
/// </summary>
/// <param name="resolve">What names resolve to; the machine's resolver when null.</param>
public sealed class GuardedHttp(TimeProvider time, IConfiguration? configuration = null, Func<string, CancellationToken, Task<IPAddress[]>>? resolve = null)
{
    public const string AllowPrivateNetwork = "Outbound:AllowPrivateNetwork";

    private readonly Func<string, CancellationToken, Task<IPAddress[]>> _resolve = resolve ?? Dns.GetHostAddressesAsync;

    /// <summary>Addresses that customers enter may lead into private networks: for hubs whose customers are their own people.</summary>
    public bool CustomersMayGoPrivate { get; } = configuration?.GetValue<bool>(AllowPrivateNetwork) ?? false;

    /// <param name="allowPrivate">Somebody who runs the hub trusts this address to be in a private range.</param>
    public SocketsHttpHandler Handler(bool allowPrivate, TimeSpan connectTimeout) => new()
    {
        // A redirect would lead to where nobody has looked, and carry a key or a signed body there.
        AllowAutoRedirect = false,
        UseCookies = false,
        UseProxy = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = true,
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(2),
        ConnectTimeout = Timeout.InfiniteTimeSpan,
        ConnectCallback = (context, ct) => GuardedConnections.ConnectAsync(context.DnsEndPoint, allowPrivate, connectTimeout, time, _resolve, ct),
    };

    /// <summary>The same for addresses that are secrets in themselves, as chat robots' are: no span names them, and no trace goes there.</summary>
    public SocketsHttpHandler Untold(bool allowPrivate, TimeSpan connectTimeout)
    {
        var handler = Handler(allowPrivate, connectTimeout);
        handler.ActivityHeadersPropagator = null;
        return handler;
    }

    /// <summary>The same for an address that a customer entered.</summary>
    public SocketsHttpHandler ForCustomers(TimeSpan connectTimeout) => Handler(CustomersMayGoPrivate, connectTimeout);
}

/// <summary>What can be said about an address while it is only text. The connection is checked all the same: a name may resolve to anything, at any time.</summary>
public static class OutboundAddress
{
    /// <summary>
    /// Whether customers may enter it: https, no credentials in it, no address or port that would be refused anyway. Where private networks are allowed,
    /// plain http to them is as well.
    /// </summary>
    public static bool IsForCustomers(string text, bool allowPrivate) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url)
        && url.UserInfo.Length == 0
        && url.Fragment.Length == 0
        && url.Host.Length > 0
        && (url.Scheme == Uri.UriSchemeHttps || (allowPrivate && url.Scheme == Uri.UriSchemeHttp))
        && (allowPrivate || !AddressGuard.IsBadPort(url.Port))
        // Host names that are numbers in disguise have become plain addresses by now, but for the dot that may end a name.
        && (!IPAddress.TryParse(url.IdnHost.TrimEnd('.').Trim('[', ']'), out var address) || AddressGuard.Allows(address, allowPrivate))
        && (allowPrivate || !IsLocalName(url.IdnHost));

    private static bool IsLocalName(string host)
    {
        var name = host.TrimEnd('.');
        return name.Equals("localhost", StringComparison.OrdinalIgnoreCase) || name.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase);
    }
}
