using Microsoft.AspNetCore.Diagnostics;

namespace AiHub.Portal.Preferences;

public static class ReturnUrl
{
    /// <summary>A path on this site, else the start page: never an address somebody else put into a link.</summary>
    public static string Local(string? url, string otherwise = "/") =>
        url is ['/', ..] and not ['/', '/' or '\\', ..] && !url.Any(char.IsControl) ? url : otherwise;

    /// <summary>Where the visitor is, to come back to; on an error page, where they wanted to be.</summary>
    public static string ReturnPath(this HttpContext context)
    {
        if (context.Features.Get<IStatusCodeReExecuteFeature>() is { } answered)
        {
            return answered.OriginalPathBase + answered.OriginalPath + answered.OriginalQueryString;
        }

        return context.Features.Get<IExceptionHandlerPathFeature>() is { } failed
            ? failed.Path
            : context.Request.PathBase + context.Request.Path + context.Request.QueryString;
    }
}
