using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Admin;

/// <summary>Tells the page that waits for an import how far it is.</summary>
public static class ImportAsked
{
    public static void MapImportAsked(this IEndpointRouteBuilder app) => app.MapGet(
        ImportState.Path + "/{id:guid}", async (Guid id, ManagementClient management, CancellationToken ct) => TypedResults.Ok(await management.ImportProgressAsync(id, ct)))
        .WithMetadata(new AuthorizeAttribute());
}
