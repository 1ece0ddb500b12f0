using AiHub.Contracts;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Usage;

/// <summary>Tables for spreadsheets, passed on as the management API writes them: however long, none of it is kept here.</summary>
public static class UsageDownloads
{
    public const string CallsPath = "/logs/export";
    public const string SeriesPath = "/usage/export";

    public static void MapUsageDownloads(this IEndpointRouteBuilder app)
    {
        app.MapGet(CallsPath, (HttpContext context, ManagementClient management, CancellationToken ct) =>
            PassOnAsync(context, management.ExportCallsAsync(UsageQuery.Read(context), ct), ct)).WithMetadata(new AuthorizeAttribute());
        app.MapGet(SeriesPath, (HttpContext context, ManagementClient management, CancellationToken ct) =>
            PassOnAsync(context, management.ExportSeriesAsync(UsageQuery.Read(context), UsageBy.Known(context.Request.Query["by"]), ct), ct)).WithMetadata(new AuthorizeAttribute());
    }

    /// <summary>Passes a table on as it arrives, with how long it will be.</summary>
    public static async Task PassOnAsync(HttpContext context, Task<HttpResponseMessage> asked, CancellationToken ct)
    {
        using var table = await asked;
        context.Response.ContentType = table.Content.Headers.ContentType?.ToString();
        context.Response.Headers.ContentDisposition = table.Content.Headers.ContentDisposition?.ToString();
        context.Response.Headers.CacheControl = "no-store";
        if (table.Headers.TryGetValues(ExportRows.Header, out var rows))
        {
            context.Response.Headers[ExportRows.Header] = rows.First();
        }

        await using var lines = await table.Content.ReadAsStreamAsync(ct);
        await lines.CopyToAsync(context.Response.Body, ct);
    }
}
