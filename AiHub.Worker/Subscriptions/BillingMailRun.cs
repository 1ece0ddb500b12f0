using AiHub.Domain;
using AiHub.Domain.Quotas;
using AiHub.Worker.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Subscriptions;

/// <summary>Sends the messages about money, more and more slowly where sending fails.</summary>
public sealed partial class BillingMailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<BillingMailRun> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    private const int Batch = 20;
    private const int MostAttempts = 8;
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(2);

    private readonly TimeProvider _time = time;
    private readonly ILogger<BillingMailRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var message in await db.TakeBillingMailsAsync(now, Lease, Batch, ct))
        {
            var (subject, body) = BillingMailText.Of(message);
            string? error;
            try
            {
                error = await mail.SendAsync(message.Id, message.Email, subject, body, null, ct);
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                error = failure.Message;
            }

            if (error is not null)
            {
                LogNotSent(message.Id, error);
            }

            DateTimeOffset? next = error is null || message.Attempts >= MostAttempts ? null : now + TimeSpan.FromMinutes(Math.Pow(2, message.Attempts));
            await db.CloseBillingMailAsync(message.Id, error, next, _time.GetUtcNow(), ct);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Message {Message} could not be sent: {Reason}")]
    private partial void LogNotSent(Guid message, string reason);
}
