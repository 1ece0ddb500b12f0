using AiHub.Domain;
using AiHub.Domain.Mails;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Alerts;

/// <summary>Sends the mails people are waiting for; their links end soon, so it gives up sooner than alerts do.</summary>
public sealed partial class MailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<MailRun> logger)
    : Run(TimeSpan.FromSeconds(2), time, scopes, logger)
{
    private const int Batch = 20;

    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan[] Pauses = [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)];

    private readonly ILogger<MailRun> _logger = logger;
    private readonly TimeProvider _time = time;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        for (var count = Batch; count == Batch;)
        {
            var mails = await db.TakeMailsAsync(_time.GetUtcNow(), Lease, Batch, ct);
            var errors = await Task.WhenAll(mails.Select(taken => SendAsync(taken, ct)));
            for (var index = 0; index < mails.Count; index++)
            {
                await CloseAsync(db, mails[index], errors[index], ct);
            }

            count = mails.Count;
        }
    }

    /// <returns>What went wrong; null when nothing did.</returns>
    private async Task<string?> SendAsync(TakenMail taken, CancellationToken ct)
    {
        try
        {
            return await mail.SendAsync(taken.Id, taken.Address, taken.Subject, taken.Body, null, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailed(taken.Id, failure);
            return failure is TimeoutException or OperationCanceledException ? "No answer in time." : failure.Message;
        }
    }

    private async Task CloseAsync(HubDb db, TakenMail taken, string? error, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        DateTimeOffset? next = taken.Attempts <= Pauses.Length ? now + (Pauses[taken.Attempts - 1] * (0.8 + (0.4 * Random.Shared.NextDouble()))) : null;
        if (error is not null && next is null)
        {
            LogParked(taken.Id, taken.Attempts, error);
        }

        await db.CloseMailAsync(taken.Id, error is { Length: > 500 } ? error[..500] : error, next, now, ct);
    }

    [LoggerMessage(LogLevel.Information, "Mail {Mail} could not be sent.")]
    private partial void LogFailed(Guid mail, Exception failure);

    [LoggerMessage(LogLevel.Warning, "Mail {Mail} is parked after {Attempts} tries: {Reason}")]
    private partial void LogParked(Guid mail, int attempts, string reason);
}
