using System.Globalization;
using AiHub.Portal.Management;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Admin;

/// <summary>Hands finance's tables on to the browser.</summary>
public static class FinanceFiles
{
    public static string Path(string report, DateOnly from, DateOnly to) =>
        string.Create(CultureInfo.InvariantCulture, $"/admin/finance/{report}.csv?from={from:yyyy-MM-dd}&to={to:yyyy-MM-dd}");

    public static void MapFinanceFiles(this IEndpointRouteBuilder app) =>
        app.MapGet("/admin/finance/{report:regex(^(revenue|payments|receivables|models|fapiao)$)}.csv", (
            HttpContext context, string report, string? from, string? to, ManagementClient management, CancellationToken ct) =>
            UsageDownloads.PassOnAsync(context, management.ExportFinanceAsync(report, from, to, ct), ct)).WithMetadata(new AuthorizeAttribute());
}
