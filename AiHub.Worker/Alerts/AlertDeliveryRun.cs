using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Alerts;
using AiHub.Worker.Runs;
using Microsoft.AspNetCore.DataProtection;

namespace AiHub.Worker.Alerts;

/// <summary>Sends alerts to the channels of their organizations.</summary>
public sealed class AlertDeliveryRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, WebhookPost webhooks, IDataProtectionProvider protection, ILogger<AlertDeliveryRun> logger)
    : DeliveryRun<AlertMessage>(Pace, time, scopes, logger)
{
    private static readonly DeliveryPace Pace = new(TimeSpan.FromSeconds(5), 20, DeliveryPace.Patient);

    protected override Task<List<AlertMessage>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) => db.TakeAlertsAsync(now, lease, count, ct);

    protected override Task<string?> SendAsync(AlertMessage message, CancellationToken ct) =>
        message.ChannelKind == AlertChannelKind.Email ? mail.SendAsync(message, ct) : webhooks.SendAsync(Opened(message), ct);

    protected override Task CloseAsync(HubDb db, AlertMessage message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.CloseAlertAsync(message.Id, error, next, now, ct);

    protected override (string Name, int Attempts) Of(AlertMessage message) => ($"Alert message {message.Id} of organization {message.OrganizationId}", message.Attempts);

    /// <exception cref="InvalidOperationException">The secret was sealed with another key ring.</exception>
    private AlertMessage Opened(AlertMessage message)
    {
        try
        {
            var seal = protection.CreateProtector(AlertSecrets.Purposes(message.OrganizationId));
            return message with { Target = seal.Unprotect(message.Target), Secret = message.Secret is { } secret ? seal.Unprotect(secret) : null };
        }
        catch (CryptographicException failure)
        {
            throw new InvalidOperationException("The channel's secret cannot be opened: the key ring it was sealed with is not this worker's. Remove the channel and add it anew.", failure);
        }
    }
}
