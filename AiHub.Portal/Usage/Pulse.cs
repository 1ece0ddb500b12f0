using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Usage;

/// <summary>What an open page asks every moment: is there a call it does not show yet? Only then it fetches itself again.</summary>
public static class Pulse
{
    public const string Path = "/usage/pulse";

    public static void MapPulse(this IEndpointRouteBuilder app) =>
        app.MapGet(Path, LatestAsync).WithMetadata(new AuthorizeAttribute());

    private static async Task<IResult> LatestAsync(HttpContext context, ManagementClient management, CancellationToken ct)
    {
        var calls = await management.UsageRequestsAsync(limit: 1, cursor: null, ct);

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(calls.Data is [var latest] ? latest.Id.ToString() : string.Empty);
    }
}
