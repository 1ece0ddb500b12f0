using Microsoft.AspNetCore.Antiforgery;

namespace AiHub.Portal.Preferences;

public static class FormToken
{
    /// <summary>Refuses posts that do not come from a form of this site. The framework checks by itself only where a handler binds the form.</summary>
    public static RouteHandlerBuilder RequireFormToken(this RouteHandlerBuilder endpoint) => endpoint.AddEndpointFilter(async (context, next) =>
    {
        var antiforgery = context.HttpContext.RequestServices.GetRequiredService<IAntiforgery>();
        return await antiforgery.IsRequestValidAsync(context.HttpContext)
            ? await next(context)
            : TypedResults.BadRequest();
    });
}
