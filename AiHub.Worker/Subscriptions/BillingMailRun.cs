using AiHub.Domain;
using AiHub.Domain.Quotas;
using AiHub.Worker.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Subscriptions;

/// <summary>Sends the messages about money.</summary>
public sealed class BillingMailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<BillingMailRun> logger)
    : DeliveryRun<TakenBillingMail>(Pace, time, scopes, logger)
{
    private static readonly DeliveryPace Pace = new(TimeSpan.FromSeconds(5), 20, DeliveryPace.Patient);

    protected override Task<List<TakenBillingMail>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.TakeBillingMailsAsync(now, lease, count, ct);

    protected override Task<string?> SendAsync(TakenBillingMail message, CancellationToken ct)
    {
        var (subject, body) = BillingMailText.Of(message);
        return mail.SendAsync(message.Id, message.Email, subject, body, null, ct);
    }

    protected override Task CloseAsync(HubDb db, TakenBillingMail message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.CloseBillingMailAsync(message.Id, error, next, now, ct);

    protected override (string Name, int Attempts) Of(TakenBillingMail message) => ($"Message {message.Id}", message.Attempts);
}
