using System.Security.Cryptography;
using System.Text;
using AiHub.Contracts;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Usage;

/// <summary>What an open page asks every moment: is there a call it does not show yet? Only then it fetches itself again.</summary>
public static class Pulse
{
    public const string Path = "/usage/pulse";

    /// <summary>Several, because lists go by the start of a call: a long one comes in behind shorter ones that began later.</summary>
    public const int Watched = 8;

    public static void MapPulse(this IEndpointRouteBuilder app) =>
        app.MapGet(Path, LatestAsync).WithMetadata(new AuthorizeAttribute());

    /// <summary>Changes when one of the newest calls does.</summary>
    public static string Of(IReadOnlyList<UsageRequest> newest) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Join(',', newest.Take(Watched).Select(call => call.Id)))));

    private static async Task<IResult> LatestAsync(HttpContext context, ManagementClient management, CancellationToken ct)
    {
        var calls = await management.UsageRequestsAsync(UsageQuery.Read(context), Watched, cursor: null, ct);

        context.Response.Headers.CacheControl = "no-store";
        return TypedResults.Text(Of(calls.Data));
    }
}
