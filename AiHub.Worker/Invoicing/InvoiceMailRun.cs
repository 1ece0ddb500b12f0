using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Worker.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Invoicing;

/// <summary>Sends each final invoice to its buyer with the file attached; tries again ever more rarely, and parks what cannot be delivered.</summary>
public sealed partial class InvoiceMailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<InvoiceMailRun> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    private const int Batch = 10;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6)];

    private readonly TimeProvider _time = time;
    private readonly ILogger<InvoiceMailRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        for (var count = Batch; count == Batch;)
        {
            var due = await db.TakeInvoiceMailsAsync(_time.GetUtcNow(), Lease, Batch, ct);
            foreach (var message in due)
            {
                var error = await SendAsync(message, ct);
                var at = _time.GetUtcNow();
                DateTimeOffset? next = error is not null && message.Attempts <= Pauses.Length ? at + Pauses[message.Attempts - 1] : null;
                if (error is not null && next is null)
                {
                    LogParked(message.Number, message.OrganizationId, message.Attempts, error);
                }

                await db.CloseInvoiceMailAsync(message.Id, error is { Length: > 500 } ? error[..500] : error, next, at, ct);
            }

            count = due.Count;
        }
    }

    private async Task<string?> SendAsync(DueInvoiceMail message, CancellationToken ct)
    {
        var total = InvoicePaper.Money(message.TotalMinor, Enum.Parse<Currency>(message.Currency));
        var (subject, body) = message.Language == InvoicePaper.Chinese
            ? ($"[AI Hub] 账单 {message.Number}（{total}）", $"您好：\n\n账单 {message.Number} 已生成，金额 {total}，详见附件。\n您也可以在控制台“账单”页面随时下载。\n")
            : ($"[AI Hub] Invoice {message.Number} ({total})", $"Hello,\n\ninvoice {message.Number} over {total} is attached.\nYou can also download it in the console under “Invoices” at any time.\n");
        try
        {
            return await mail.SendAsync(message.Id, message.Target, subject, body, ($"{message.Number}.pdf", "application/pdf", message.Content), ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailed(message.Number, failure);
            return failure is TimeoutException or OperationCanceledException ? "No answer in time." : failure.Message;
        }
    }

    [LoggerMessage(LogLevel.Information, "Invoice {Number} could not be mailed.")]
    private partial void LogFailed(string number, Exception failure);

    [LoggerMessage(LogLevel.Warning, "The mail with invoice {Number} of organization {Organization} is parked after {Attempts} tries: {Reason}")]
    private partial void LogParked(string number, Guid organization, int attempts, string reason);
}
