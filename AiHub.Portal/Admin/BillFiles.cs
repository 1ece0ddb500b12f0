using AiHub.Portal.Management;
using AiHub.Portal.Usage;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Admin;

/// <summary>Hands a channel's bill on to the browser, line by line as it was compared.</summary>
public static class BillFiles
{
    public static string Path(Guid bill) => $"{FinanceTabs.Bills}/{bill}.csv";

    public static void MapBillFiles(this IEndpointRouteBuilder app) =>
        app.MapGet(FinanceTabs.Bills + "/{bill:guid}.csv", (HttpContext context, Guid bill, ManagementClient management, CancellationToken ct) =>
            UsageDownloads.PassOnAsync(context, management.ExportChannelBillAsync(bill, ct), ct)).WithMetadata(new AuthorizeAttribute());
}
