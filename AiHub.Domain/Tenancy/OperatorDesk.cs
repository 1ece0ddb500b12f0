using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Tenancy;

/// <summary>Something waiting to be sent or acted upon; a row of <c>hub_queues</c>.</summary>
public sealed record HubQueue(string Name, long Waiting, long Parked, DateTimeOffset? OldestAt);

/// <summary>Something nobody tries any more; a row of <c>hub_parked</c>.</summary>
public sealed record HubParked(string Queue, Guid Id, Guid? OrganizationId, string What, int Attempts, string? Error, DateTimeOffset At);

/// <summary>How one of the worker's runs has gone; a row of <c>hub_runs</c>.</summary>
/// <param name="Runs">Within a day, as are failures and the longest.</param>
public sealed record HubRun(string Name, DateTimeOffset LastAt, long Runs, long Failures, int LongestMs, DateTimeOffset? FailedAt, string? Error);

/// <summary>What only an operator does. The database refuses it in a transaction that names none.</summary>
public static class OperatorDesk
{
    /// <summary>Makes the database know which operator is at work, until the transaction ends.</summary>
    public static Task OperatorAtWorkAsync(this HubDb db, Guid userId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select set_config('app.operator_id', {userId.ToString()}, true)", ct);

    /// <summary>Gives the organization at work promotional money.</summary>
    /// <param name="key">The same again changes nothing.</param>
    /// <returns>False when it had been given before.</returns>
    public static Task<bool> CreditAsync(this HubDb db, Guid organizationId, Guid id, string key, Money amount, string reason, DateTimeOffset? expiresAt, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>(
            $"select organization_credit({id}, {organizationId}, {key}, {amount.Nanos}, {reason}, {expiresAt?.ToUniversalTime()}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    public static Task<List<HubQueue>> QueuesAsync(this HubDb db, CancellationToken ct) =>
        db.Database.SqlQuery<HubQueue>($"select name, waiting, parked, oldest_at from hub_queues()").ToListAsync(ct);

    public static Task<List<HubParked>> ParkedAsync(this HubDb db, int limit, CancellationToken ct) =>
        db.Database.SqlQuery<HubParked>($"select queue, id, organization_id, what, attempts, error, at from hub_parked({limit})").ToListAsync(ct);

    public static Task<List<HubRun>> RunsAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<HubRun>($"select name, last_at, runs, failures, longest_ms, failed_at, error from hub_runs({now.ToUniversalTime()})").ToListAsync(ct);

    /// <returns>False when nothing of the kind is parked.</returns>
    public static Task<bool> ReplayAsync(this HubDb db, string queue, Guid id, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select hub_replay({queue}, {id}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
}
