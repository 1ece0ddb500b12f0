namespace AiHub.Portal;

public static class PageHeaders
{
    // Nothing inline, nothing foreign. "data:" covers only images.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; "
        + "manifest-src 'self'; form-action 'self'; base-uri 'self'; frame-ancestors 'none'";

    private static readonly object Framed = new();

    // Alipay's gateway sends the browser on to a cashier at another host of these; the second domain is its sandbox's.
    private static readonly string[] CashierDomains = [".alipay.com", ".alipaydev.com"];

    /// <summary>Lets this answer's page show frames of <see cref="FrameSources"/>, and of no other.</summary>
    public static void MayFrame(this HttpContext context, Uri address) => context.Items[Framed] = FrameSources(address);

    /// <summary>Where a frame that begins at this address may go: its origin, and from a channel's own gateway the other hosts of the channel.</summary>
    public static string FrameSources(Uri address) => string.Join(' ',
    [
        address.GetLeftPart(UriPartial.Authority),
        .. CashierDomains.Where(domain => address.Scheme == Uri.UriSchemeHttps && address.IdnHost.EndsWith(domain, StringComparison.OrdinalIgnoreCase)).Select(domain => $"https://*{domain}"),
    ]);

    /// <summary>Security headers on everything, and no copies of pages: they hold an organization's figures, and once a key.</summary>
    public static IApplicationBuilder UsePageHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // At the start of the response: the error page begins by clearing what was set before.
        context.Response.OnStarting(() =>
        {
            var headers = context.Response.Headers;
            headers.ContentSecurityPolicy = context.Items[Framed] is string sources ? $"{ContentSecurityPolicy}; frame-src {sources}" : ContentSecurityPolicy;
            headers.XContentTypeOptions = "nosniff";
            headers.XFrameOptions = "DENY";
            headers["Referrer-Policy"] = "same-origin";
            headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
            headers["Cross-Origin-Resource-Policy"] = "same-origin";

            if (context.Response.ContentType?.StartsWith("text/html", StringComparison.Ordinal) is true)
            {
                headers.CacheControl = "no-store";
            }

            return Task.CompletedTask;
        });

        return next();
    });
}
