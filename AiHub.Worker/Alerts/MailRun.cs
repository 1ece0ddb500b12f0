using AiHub.Domain;
using AiHub.Domain.Mails;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Alerts;

/// <summary>Sends the mails people are waiting for; their links end soon, so it gives up sooner than alerts do.</summary>
public sealed class MailRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, ILogger<MailRun> logger) : DeliveryRun<TakenMail>(Pace, time, scopes, logger)
{
    private static readonly DeliveryPace Pace = new(
        TimeSpan.FromSeconds(2), 20, [TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(30), TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(10), TimeSpan.FromMinutes(30)]);

    protected override Task<List<TakenMail>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) => db.TakeMailsAsync(now, lease, count, ct);

    protected override Task<string?> SendAsync(TakenMail message, CancellationToken ct) => mail.SendAsync(message.Id, message.Address, message.Subject, message.Body, null, ct);

    protected override Task CloseAsync(HubDb db, TakenMail message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.CloseMailAsync(message.Id, error, next, now, ct);

    protected override (string Name, int Attempts) Of(TakenMail message) => ($"Mail {message.Id}", message.Attempts);
}
