namespace AiHub.Portal.SignIn;

/// <summary>What a browser keeps while it is away at another site, for the one page it comes back to.</summary>
public static class ReturnCookie
{
    // Lax: the other site sends the browser back by a plain visit.
    public static CookieOptions Options(HttpContext context, string path, TimeSpan? age) => new()
    {
        MaxAge = age,
        Path = path,
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        IsEssential = true,
    };
}
