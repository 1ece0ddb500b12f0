using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;

namespace AiHub.Portal.Keys;

public static class KeyRevocation
{
    public static string Path(Guid id) => $"/keys/{id}/revoke";

    public static void MapKeyRevocation(this IEndpointRouteBuilder app) =>
        app.MapPost("/keys/{id:guid}/revoke", RevokeAsync).WithMetadata(new AuthorizeAttribute()).RequireFormToken();

    private static async Task<RedirectHttpResult> RevokeAsync(Guid id, ManagementClient management, CancellationToken ct)
    {
        await management.RevokeKeyAsync(id, ct);
        return TypedResults.LocalRedirect("/keys?revoked=true");
    }
}
