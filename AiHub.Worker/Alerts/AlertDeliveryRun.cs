using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Alerts;
using AiHub.Worker.Runs;
using Microsoft.AspNetCore.DataProtection;

namespace AiHub.Worker.Alerts;

/// <summary>Sends what is due, tries again ever more rarely, and parks what cannot be delivered, with the reason.</summary>
public sealed partial class AlertDeliveryRun(TimeProvider time, IServiceScopeFactory scopes, Mail mail, WebhookPost webhooks, IDataProtectionProvider protection, ILogger<AlertDeliveryRun> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    private const int Batch = 20;

    // Long enough for the slowest receiver, and for a worker that stops in the middle.
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    private static readonly TimeSpan[] Pauses =
        [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6)];

    private readonly ILogger<AlertDeliveryRun> _logger = logger;
    private readonly TimeProvider _time = time;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        for (var count = Batch; count == Batch;)
        {
            var messages = await db.TakeAlertsAsync(_time.GetUtcNow(), Lease, Batch, ct);
            var errors = await Task.WhenAll(messages.Select(message => SendAsync(message, ct)));
            for (var index = 0; index < messages.Count; index++)
            {
                await CloseAsync(db, messages[index], errors[index], ct);
            }

            count = messages.Count;
        }
    }

    /// <returns>What went wrong; null when nothing did.</returns>
    private async Task<string?> SendAsync(AlertMessage message, CancellationToken ct)
    {
        try
        {
            return message.ChannelKind == AlertChannelKind.Email ? await mail.SendAsync(message, ct) : await webhooks.SendAsync(Opened(message), ct);
        }
        catch (CryptographicException failure)
        {
            LogFailed(message.Id, failure);
            return "The channel's secret cannot be opened: the key ring it was sealed with is not this worker's. Remove the channel and add it anew.";
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailed(message.Id, failure);
            return failure is TimeoutException or OperationCanceledException ? "No answer in time." : failure.Message;
        }
    }

    private AlertMessage Opened(AlertMessage message)
    {
        var seal = protection.CreateProtector(AlertSecrets.Purposes(message.OrganizationId));
        return message with { Target = seal.Unprotect(message.Target), Secret = message.Secret is { } secret ? seal.Unprotect(secret) : null };
    }

    private async Task CloseAsync(HubDb db, AlertMessage message, string? error, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        DateTimeOffset? next = message.Attempts <= Pauses.Length ? now + (Pauses[message.Attempts - 1] * (0.8 + (0.4 * Random.Shared.NextDouble()))) : null;
        if (error is not null && next is null)
        {
            LogParked(message.Id, message.OrganizationId, message.Attempts, error);
        }

        await db.CloseAlertAsync(message.Id, error is { Length: > 500 } ? error[..500] : error, next, now, ct);
    }

    [LoggerMessage(LogLevel.Information, "Alert message {Message} could not be sent.")]
    private partial void LogFailed(Guid message, Exception failure);

    [LoggerMessage(LogLevel.Warning, "Alert message {Message} of organization {Organization} is parked after {Attempts} tries: {Reason}")]
    private partial void LogParked(Guid message, Guid organization, int attempts, string reason);
}
