namespace AiHub.Portal.Management;

/// <summary>Tells the gateway whose request it is: otherwise all visitors would share the limits of one address, the portal's, and sign in with the same nameless program.</summary>
public sealed class VisitorAddress(IHttpContextAccessor accessor) : DelegatingHandler
{
    private const string ForwardedFor = "X-Forwarded-For";

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (accessor.HttpContext?.Connection.RemoteIpAddress is { } address)
        {
            request.Headers.Add(ForwardedFor, (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString());
        }

        if (accessor.HttpContext?.Request.Headers.UserAgent is { Count: > 0 } program)
        {
            request.Headers.TryAddWithoutValidation("User-Agent", program.ToString());
        }

        return base.SendAsync(request, cancellationToken);
    }
}
