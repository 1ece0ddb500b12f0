using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.ServiceDefaults;

/// <summary>How a service listens, whom it believes, and how it stops.</summary>
public sealed class ServerOptions
{
    public const string Section = "Server";

    /// <summary>A port of its own for <c>/ready</c>, <c>/health</c>, <c>/alive</c> and <c>/metrics</c>, which nobody outside may reach. Unset: no such port.</summary>
    [Range(1, 65535)]
    public int? PrivatePort { get; init; }

    /// <summary>How long a service that was told to stop still takes new requests while <c>/ready</c> already says no, so that proxies can turn away first. Default: 10 s, in development none.</summary>
    public TimeSpan? ReadinessDelay { get; init; }

    /// <summary>How long answers under way may take to end after that.</summary>
    public TimeSpan DrainTimeout { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Addresses and networks (<c>10.0.0.0/8</c>) of the proxies whose word on the caller's address and scheme is taken. This machine always is one.</summary>
    public IList<string> TrustedProxies { get; init; } = [];

    /// <summary>Most connections at once; further ones are closed at the door. Unset: as many as the machine carries.</summary>
    [Range(1, long.MaxValue)]
    public long? MaxConnections { get; init; }

    /// <summary>The largest request body. The gateway has a limit of its own, <c>Gateway:MaxRequestBytes</c>.</summary>
    [Range(1024, int.MaxValue)]
    public int MaxRequestBytes { get; init; } = 4 * 1024 * 1024;

    /// <summary>How long an idle connection is kept. Longer than the proxy in front keeps it, or the proxy may send into a closing line.</summary>
    public TimeSpan KeepAliveTimeout { get; init; } = TimeSpan.FromSeconds(150);

    /// <summary>How long the headers of a request may take.</summary>
    public TimeSpan RequestHeadersTimeout { get; init; } = TimeSpan.FromSeconds(15);
}

[OptionsValidator]
public sealed partial class ServerOptionsValidator : IValidateOptions<ServerOptions>;
