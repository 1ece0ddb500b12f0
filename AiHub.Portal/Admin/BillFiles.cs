using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Admin;

/// <summary>Hands a channel's bill on to the browser, line by line as it was compared.</summary>
public static class BillFiles
{
    public static string Path(Guid bill) => $"{FinanceTabs.Bills}/{bill}.csv";

    public static void MapBillFiles(this IEndpointRouteBuilder app) =>
        app.MapGet(FinanceTabs.Bills + "/{bill:guid}.csv", async (Guid bill, ManagementClient management, CancellationToken ct) =>
            TypedResults.File(await management.ChannelBillFileAsync(bill, ct), "text/csv; charset=utf-8", $"bill-{bill:N}.csv")).WithMetadata(new AuthorizeAttribute());
}
