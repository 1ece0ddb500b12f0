using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Alerts;

/// <summary>A message somebody has taken to send, with all that goes into it; a row of <c>alert_deliveries_take</c>.</summary>
public sealed record AlertMessage
{
    public required Guid Id { get; init; }

    /// <summary>This one included.</summary>
    public required int Attempts { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string OrganizationName { get; init; }
    public required string TimeZone { get; init; }
    public required AlertChannelKind ChannelKind { get; init; }

    /// <summary>As its channel keeps it.</summary>
    public required string Target { get; init; }

    /// <summary>As its channel keeps it.</summary>
    public string? Secret { get; init; }
    public required string Language { get; init; }
    public required Guid FiringId { get; init; }
    public required AlertKind Kind { get; init; }
    public required Guid SourceId { get; init; }
    public required string Name { get; init; }
    public required int Threshold { get; init; }
    public required long UsedAmount { get; init; }
    public required long OfAmount { get; init; }
    public required string Unit { get; init; }
    public DateTimeOffset? ResetsAt { get; init; }
    public required DateTimeOffset FiredAt { get; init; }
}

/// <summary>Alerts on their way. All but the test works for all organizations and needs no tenant.</summary>
public static class Outbox
{
    /// <returns>How many messages there are to send.</returns>
    public static Task<int> FireAlertsAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<int>($"select alerts_fire({now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Sends one channel of the organization at work a message that says nothing has happened.</summary>
    /// <returns>False when there is no such channel.</returns>
    public static Task<bool> TestChannelAsync(this HubDb db, Guid channelId, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select alert_test({channelId}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Takes messages that are due; whoever does not say what became of one by then leaves it to the next.</summary>
    public static Task<List<AlertMessage>> TakeAlertsAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.AlertMessages.FromSql($"select * from alert_deliveries_take({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").AsNoTracking().ToListAsync(ct);

    /// <param name="error">Null: it has been sent.</param>
    /// <param name="next">When to try again; null parks it.</param>
    public static Task CloseAlertAsync(this HubDb db, Guid id, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select alert_delivery_close({id}, {error is null}, {error}, {next?.ToUniversalTime()}, {now.ToUniversalTime()})", ct);
}
