using AiHub.Portal.Management;
using AiHub.Portal.Preferences;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.SignOn;

/// <summary>What the buttons of the single sign-on page do.</summary>
public static class SignOnPageEndpoints
{
    public const string PagePath = "/organization/sign-on";
    public const string EndPath = PagePath + "/end";

    public static string RevokePath(Guid id) => $"{PagePath}/tokens/{id}/revoke";

    public static void MapSignOnPage(this IEndpointRouteBuilder app)
    {
        app.MapPost(EndPath, async (ManagementClient management, CancellationToken ct) =>
        {
            await management.DeleteSignOnAsync(ct);
            return TypedResults.LocalRedirect($"{PagePath}?done=ended");
        }).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
        app.MapPost(PagePath + "/tokens/{id:guid}/revoke", async (Guid id, ManagementClient management, CancellationToken ct) =>
        {
            await management.RevokeScimTokenAsync(id, ct);
            return TypedResults.LocalRedirect($"{PagePath}?done=revoked");
        }).WithMetadata(new AuthorizeAttribute()).RequireFormToken();
    }
}
