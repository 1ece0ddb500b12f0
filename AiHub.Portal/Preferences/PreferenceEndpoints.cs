using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Localization;
using Microsoft.AspNetCore.Mvc;

namespace AiHub.Portal.Preferences;

public static class PreferenceEndpoints
{
    public const string LanguagePath = "/preferences/language";
    public const string ThemePath = "/preferences/theme";

    public static void MapPreferences(this IEndpointRouteBuilder app)
    {
        app.MapPost(LanguagePath, SetLanguage);
        app.MapPost(ThemePath, SetTheme);
    }

    private static RedirectHttpResult SetLanguage(HttpContext context, [FromForm] string language, [FromForm] string? returnUrl)
    {
        if (Language.All.Any(known => known.Id == language))
        {
            Remember(context, Language.CookieName, CookieRequestCultureProvider.MakeCookieValue(new RequestCulture(language)));
        }

        return TypedResults.Redirect(ReturnUrl.Local(returnUrl));
    }

    private static RedirectHttpResult SetTheme(HttpContext context, [FromForm] string theme, [FromForm] string? returnUrl)
    {
        if (Theme.All.Contains(theme))
        {
            Remember(context, Theme.CookieName, theme);
        }

        return TypedResults.Redirect(ReturnUrl.Local(returnUrl));
    }

    private static void Remember(HttpContext context, string name, string value) => context.Response.Cookies.Append(name, value, new CookieOptions
    {
        MaxAge = TimeSpan.FromDays(365),
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        IsEssential = true,
    });
}
