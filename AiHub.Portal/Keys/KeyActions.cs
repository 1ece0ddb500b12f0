using AiHub.Contracts;
using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace AiHub.Portal.Keys;

public static class KeyActions
{
    public static string RevokePath(Guid id) => $"/keys/{id}/revoke";

    public static string SwitchPath(Guid id) => $"/keys/{id}/switch";

    public static void MapKeyActions(this IEndpointRouteBuilder app)
    {
        app.MapPost("/keys/{id:guid}/revoke", RevokeAsync).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
        app.MapPost("/keys/{id:guid}/switch", SwitchAsync).WithMetadata(new AuthorizeAttribute());
    }

    private static async Task<RedirectHttpResult> RevokeAsync(Guid id, ManagementClient management, CancellationToken ct)
    {
        await management.RevokeKeyAsync(id, ct);
        return TypedResults.LocalRedirect("/keys?revoked=true");
    }

    private static async Task<RedirectHttpResult> SwitchAsync(Guid id, [FromForm] bool enabled, ManagementClient management, CancellationToken ct)
    {
        var (_, problem) = await management.ChangeKeyAsync(id, new ApiKeyChange(Enabled: enabled), ct);
        return problem is null
            ? TypedResults.LocalRedirect($"/keys/{id}?saved=true")
            : throw new ManagementException((System.Net.HttpStatusCode)problem.Status, problem);
    }
}
