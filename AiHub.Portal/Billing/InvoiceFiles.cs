using AiHub.Portal.Admin;
using AiHub.Portal.Management;
using Microsoft.AspNetCore.Authorization;

namespace AiHub.Portal.Billing;

/// <summary>Hands the files of invoices, and finance's tables, on to the browser.</summary>
public static class InvoiceFiles
{
    public const string List = "/invoices";

    public static string Path(Guid invoice) => $"{List}/{invoice}";

    public static string File(Guid invoice, string language) => $"{List}/{invoice}/{language}.pdf";

    public static string File(Guid invoice, Guid creditNote, string language) => $"{List}/{invoice}/{creditNote}/{language}.pdf";

    public static void MapInvoiceFiles(this IEndpointRouteBuilder app)
    {
        app.MapGet(List + "/{id:guid}/{language:regex(^(zh-CN|en)$)}.pdf", (Guid id, string language, ManagementClient management, CancellationToken ct) =>
            FileAsync(id, null, language, management, ct)).WithMetadata(new AuthorizeAttribute());
        app.MapGet(List + "/{id:guid}/{note:guid}/{language:regex(^(zh-CN|en)$)}.pdf", (Guid id, Guid note, string language, ManagementClient management, CancellationToken ct) =>
            FileAsync(id, note, language, management, ct)).WithMetadata(new AuthorizeAttribute());
        app.MapFinanceFiles();
    }

    private static async Task<IResult> FileAsync(Guid id, Guid? note, string language, ManagementClient management, CancellationToken ct) =>
        await management.InvoiceFileAsync(id, note, language, ct) is { } content
            ? TypedResults.File(content, "application/pdf")
            : TypedResults.LocalRedirect($"{Path(id)}?waiting=true");
}
