using AiHub.Portal.SignIn;

namespace AiHub.Portal.Admin;

public static class OperatorGate
{
    public const string Path = "/admin";

    /// <summary>To everybody but operators there is nothing here. Whoever is not signed in is asked to, as on every page.</summary>
    public static IApplicationBuilder UseOperatorGate(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (context.Request.Path.StartsWithSegments(Path) && context.RequestServices.GetRequiredService<Session>().Me?.Operator is not true)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        }

        return next(context);
    });
}
