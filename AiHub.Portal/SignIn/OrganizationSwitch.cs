using AiHub.Portal.Layout;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AiHub.Portal.SignIn;

/// <summary>Which of the visitor's organizations the pages are about. Only remembered here: the gateway decides at every call whether they belong to it.</summary>
public static class OrganizationSwitch
{
    public const string Path = "/preferences/organization";

    private const string CookieName = "aihub.organization";

    public static void MapOrganizationSwitch(this IEndpointRouteBuilder app) => app.MapPost(Path, Switch).WithMetadata(new AuthorizeAttribute());

    /// <returns>Null for the personal one.</returns>
    public static Guid? ChosenOrganization(this HttpContext context) =>
        Guid.TryParse(context.Request.Cookies[CookieName], out var id) ? id : null;

    public static void ForgetOrganization(this HttpContext context) => context.Response.Cookies.Delete(CookieName);

    public static void RememberOrganization(this HttpContext context, Guid organization) => context.Response.Cookies.Append(CookieName, organization.ToString(), new CookieOptions
    {
        MaxAge = TimeSpan.FromDays(365),
        HttpOnly = true,
        SameSite = SameSiteMode.Lax,
        Secure = context.Request.IsHttps,
        IsEssential = true,
    });

    private static RedirectHttpResult Switch(HttpContext context, [FromForm] Guid organization, [FromForm] string? returnUrl)
    {
        context.RememberOrganization(organization);

        // A list exists in every organization; a single key or invoice, or a filter by one, does not.
        var path = ReturnUrl.Local(returnUrl, SignInRegistration.OverviewPath).Split('?', '#')[0];
        return TypedResults.Redirect(Places.Has(path) ? path : SignInRegistration.OverviewPath);
    }
}
