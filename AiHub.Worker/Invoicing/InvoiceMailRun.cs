using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Worker.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Invoicing;

/// <summary>Sends each final invoice to its buyer with the file attached.</summary>
public sealed class InvoiceMailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<InvoiceMailRun> logger)
    : DeliveryRun<DueInvoiceMail>(Pace, time, scopes, logger)
{
    private static readonly DeliveryPace Pace = new(TimeSpan.FromSeconds(5), 10, DeliveryPace.Patient);

    protected override Task<List<DueInvoiceMail>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.TakeInvoiceMailsAsync(now, lease, count, ct);

    protected override Task<string?> SendAsync(DueInvoiceMail message, CancellationToken ct)
    {
        var total = InvoicePaper.Money(message.TotalMinor, Enum.Parse<Currency>(message.Currency));
        var (subject, body) = message.Language == InvoicePaper.Chinese
            ? ($"[AI Hub] 账单 {message.Number}（{total}）", $"您好：\n\n账单 {message.Number} 已生成，金额 {total}，详见附件。\n您也可以在控制台“账单”页面随时下载。\n")
            : ($"[AI Hub] Invoice {message.Number} ({total})", $"Hello,\n\ninvoice {message.Number} over {total} is attached.\nYou can also download it in the console under “Invoices” at any time.\n");
        return mail.SendAsync(message.Id, message.Target, subject, body, ($"{message.Number}.pdf", "application/pdf", message.Content), ct);
    }

    protected override Task CloseAsync(HubDb db, DueInvoiceMail message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.CloseInvoiceMailAsync(message.Id, error, next, now, ct);

    protected override (string Name, int Attempts) Of(DueInvoiceMail message) => ($"The mail with invoice {message.Number} of organization {message.OrganizationId}", message.Attempts);
}
