using AiHub.Contracts;

namespace AiHub.Portal.SignIn;

/// <summary>
/// Binds a single sign-on to the browser it began in: the answer is of no use in another, so nobody can be signed in as somebody else by a link.
/// </summary>
public static class SignOnTicket
{
    public const string CallbackPath = "/sign-in/sso/callback";

    private const string CookieName = "aihub.sso";

    public static void KeepSignOnTicket(this HttpContext context, SignOnBegun begun) => context.Response.Cookies.Append(CookieName, $"{begun.OrganizationId:N}.{begun.Ticket}", Options(context, CallbackPath, TimeSpan.FromSeconds(begun.ExpiresIn)));

    /// <returns>The ticket and whose provider it leads to; both are then forgotten, for it works once.</returns>
    public static (string Ticket, Guid Organization)? TakeSignOnTicket(this HttpContext context)
    {
        var kept = context.Request.Cookies[CookieName]?.Split('.', 2);
        context.Response.Cookies.Delete(CookieName, Options(context, CallbackPath, null));
        return kept is [var organization, var ticket] && Guid.TryParse(organization, out var id) ? (ticket, id) : null;
    }

    // Lax: the provider sends the browser back from another site, by a plain visit.
    internal static CookieOptions Options(HttpContext context, string path, TimeSpan? age) => new()
    {
        MaxAge = age,
        Path = path,
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        IsEssential = true,
    };
}
