using AiHub.Portal.Management;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Mvc;

namespace AiHub.Portal.Organization;

public static class AuditExport
{
    public const string Path = "/organization/audit-log/export";

    public static void MapAuditExport(this IEndpointRouteBuilder app) => app.MapGet(Path, ExportAsync).WithMetadata(new AuthorizeAttribute());

    /// <summary>Passes the file on as it arrives: a log of years fits into no memory.</summary>
    private static Task ExportAsync(
        HttpContext http, ManagementClient management, string? action, [FromQuery(Name = "actor_id")] string? actorId, string? subject, string? from, string? to, CancellationToken ct) =>
        UsageDownloads.PassOnAsync(http, management.ExportAuditLogAsync(new AuditQuery(action, actorId, subject, from, to), ct), ct);
}
