namespace AiHub.Portal.SignIn;

/// <summary>Where somebody was going when they registered: an invitation, a page. The link in the mail leads on to there, in the same browser.</summary>
public static class RegistrationReturn
{
    private const string CookieName = "aihub.registration";

    public static void KeepRegistrationReturn(this HttpContext context, string path, TimeSpan age) => context.Response.Cookies.Append(CookieName, path, Options(context, age));

    /// <returns>What was kept, once; null if nothing was.</returns>
    public static string? TakeRegistrationReturn(this HttpContext context)
    {
        var kept = context.Request.Cookies[CookieName];
        context.Response.Cookies.Delete(CookieName, Options(context, null));
        return kept;
    }

    // Lax: mail programs on the web send the browser here from another site, by a plain visit.
    private static CookieOptions Options(HttpContext context, TimeSpan? age) => ReturnCookie.Options(context, SignInRegistration.ConfirmPath, age);
}
