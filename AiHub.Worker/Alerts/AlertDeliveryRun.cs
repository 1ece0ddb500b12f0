using AiHub.Domain;
using AiHub.Domain.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Alerts;

/// <summary>Sends alerts to the channels of their organizations.</summary>
public sealed class AlertDeliveryRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, WebhookPost webhooks, ILogger<AlertDeliveryRun> logger)
    : DeliveryRun<AlertMessage>(Pace, time, scopes, logger)
{
    private static readonly DeliveryPace Pace = new(TimeSpan.FromSeconds(5), 20, DeliveryPace.Patient);

    protected override Task<List<AlertMessage>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) => db.TakeAlertsAsync(now, lease, count, ct);

    protected override Task<string?> SendAsync(AlertMessage message, CancellationToken ct) =>
        message.ChannelKind == AlertChannelKind.Email ? mail.SendAsync(message, ct) : webhooks.SendAsync(message, ct);

    protected override Task CloseAsync(HubDb db, AlertMessage message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.CloseAlertAsync(message.Id, error, next, now, ct);

    protected override (string Name, int Attempts) Of(AlertMessage message) => ($"Alert message {message.Id} of organization {message.OrganizationId}", message.Attempts);
}
