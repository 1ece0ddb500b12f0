using System.Data.Common;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace AiHub.Domain.Accounts;

/// <summary>
/// The only code that moves money and plan tokens. Holds and settlements of all callers are committed in groups; the rules themselves
/// are functions of the database, where no one can go round them. One per process.
/// </summary>
public sealed partial class Ledger : IAsyncDisposable
{
    private const int LargestBatch = 128;
    private const int SettleTries = 10;
    private const int MostFindingsKept = 100;
    // The audit reads every row there is; what grows with the years must not fail for taking longer than a call may.
    private static readonly TimeSpan LongestAudit = TimeSpan.FromHours(1);
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);

    // All tries together outlast a database that starts again.
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly NpgsqlDataSource _database;
    private readonly TimeProvider _time;
    private readonly ILogger<Ledger> _logger;
    private readonly GroupCommit<HoldRequest, HoldAnswer> _holds;
    private readonly GroupCommit<Settlement, SettlementAnswer> _settlements;

    public Ledger(string connectionString, TimeProvider time, ILogger<Ledger> logger) : this(connectionString, time, logger, LargestBatch)
    {
    }

    internal Ledger(string connectionString, TimeProvider time, ILogger<Ledger> logger, int largestBatch)
    {
        (_time, _logger) = (time, logger);
        _database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(connectionString)
        {
            ApplicationName = "hub-ledger",
            // A writer for holds and one for settlements; renewals, releases and runs beside them.
            MaxPoolSize = 6,
            // Each kind of batch is one statement, the same for ever.
            MaxAutoPrepare = 10,
            AutoPrepareMinUsages = 2,
        });
        _holds = new GroupCommit<HoldRequest, HoldAnswer>(HoldAllAsync, BlamesOneRow, largestBatch);
        _settlements = new GroupCommit<Settlement, SettlementAnswer>(SettleAllAsync, BlamesOneRow, largestBatch);
    }

    /// <summary>
    /// Sets aside what a call may cost. Asking again for the same request answers the same hold. A caller who gives up leaves nothing held.
    /// </summary>
    public async Task<HoldOutcome> HoldAsync(HoldRequest request, CancellationToken ct)
    {
        var outcome = (await _holds.CommitAsync(request, ct)).OutcomeOf(request);
        if (outcome.Hold is { } hold && ct.IsCancellationRequested)
        {
            await ReleaseAsync(hold.Id, request.Now, CancellationToken.None);
            ct.ThrowIfCancellationRequested();
        }

        return outcome;
    }

    /// <summary>
    /// Charges what a call did cost, gives back the rest and keeps its usage record, all or nothing. Settling twice charges once and answers
    /// the same amounts. A hold whose lease ran out is charged from what is free now. What nothing covers is written off: never lost, never owed.
    /// </summary>
    /// <remarks>Tries again while the database fails. Cancellation ends the trying, not a commit under way.</remarks>
    public async Task<Settled> SettleAsync(Settlement settlement, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return (await _settlements.CommitAsync(settlement, ct)).ResultOf(settlement);
            }
            catch (NpgsqlException failure) when (attempt < SettleTries && !BlamesOneRow(failure))
            {
                // Whether the lost commit counted or not: the hold's state decides, so trying again is safe.
                LogSettlingAgain(settlement.HoldId, attempt, failure);
                var pause = FirstPause * (1 << attempt);
                await Task.Delay(pause < LongestPause ? pause : LongestPause, _time, ct);
            }
        }
    }

    /// <summary>Puts off the end of these leases to <paramref name="now"/> + <paramref name="lease"/>.</summary>
    /// <returns>Those that are still held; the others have been settled, or swept.</returns>
    public Task<IReadOnlyList<Guid>> RenewAsync(IReadOnlyCollection<Guid> holdIds, DateTimeOffset now, TimeSpan lease, CancellationToken ct) =>
        QueryAsync("select ledger_renew($1, $2)", row => row.GetFieldValue<Guid>(0), ct, new(holdIds.ToArray()), new((now + lease).ToUniversalTime()));

    /// <summary>Gives back a hold whose call was never made, without a usage record. Does nothing to one that is closed.</summary>
    public async Task<bool> ReleaseAsync(Guid holdId, DateTimeOffset now, CancellationToken ct) =>
        (await QueryAsync("select ledger_release($1, $2)", row => row.GetFieldValue<Guid>(0), ct, new(new[] { holdId }), new(now.ToUniversalTime()))).Count > 0;

    /// <summary>Gives back holds whose lease ran out, at most <paramref name="limit"/> of them.</summary>
    public Task<IReadOnlyList<SweptHold>> SweepAsync(DateTimeOffset now, int limit, CancellationToken ct) => QueryAsync(
        "select hold_id, organization_id, request_id from ledger_sweep($1, $2)",
        row => new SweptHold(row.GetFieldValue<Guid>(0), row.GetFieldValue<Guid>(1), row.GetFieldValue<Guid>(2)),
        ct,
        new(now.ToUniversalTime()),
        new(limit));

    /// <summary>Posts what is left of expired lots to breakage, at most <paramref name="limit"/> lots.</summary>
    /// <returns>How many lots.</returns>
    public async Task<int> ExpireAsync(DateTimeOffset now, int limit, CancellationToken ct) =>
        (await QueryAsync("select expire_lots($1, $2)", row => row.GetFieldValue<int>(0), ct, new(now.ToUniversalTime()), new(limit)))[0];

    /// <summary>What is wrong in the books: nothing, always.</summary>
    public Task<IReadOnlyList<Violation>> AuditAsync(DateTimeOffset now, CancellationToken ct) => QueryAsync(
        "select organization_id, violation from ledger_audit($1) union all select organization_id, violation from invoice_audit() union all select organization_id, violation from bill_audit()",
        row => new Violation(row.GetFieldValue<Guid>(0), row.GetFieldValue<string>(1)),
        LongestAudit,
        ct,
        new Parameter(now.ToUniversalTime()));

    /// <summary>Audits the whole ledger and keeps what was found.</summary>
    public async Task<AuditReport> AuditAndKeepAsync(Guid? requestedBy, CancellationToken ct)
    {
        var startedAt = _time.GetUtcNow();
        var violations = await AuditAsync(startedAt, ct);
        var looked = (await QueryAsync("select ledger_size()::text", row => row.GetString(0), LongestAudit, ct))[0];
        var run = new AuditRun
        {
            Id = Guid.CreateVersion7(startedAt),
            StartedAt = startedAt.ToUniversalTime(),
            FinishedAt = _time.GetUtcNow().ToUniversalTime(),
            RequestedBy = requestedBy,
            Looked = looked,
            Violations = violations.Count,
            Findings = [.. violations.Take(MostFindingsKept).Select(violation => $"{violation.OrganizationId}: {violation.What}")],
        };
        await QueryAsync(
            "select keep_audit($1, $2, $3, $4, $5, $6, $7)",
            _ => true,
            ct,
            new(run.Id),
            new(run.StartedAt),
            new(run.FinishedAt),
            new(requestedBy ?? (object)DBNull.Value, NpgsqlTypes.NpgsqlDbType.Uuid),
            new(run.Looked, NpgsqlTypes.NpgsqlDbType.Jsonb),
            new(run.Violations),
            new(run.Findings));

        return new AuditReport(run, violations);
    }

    /// <summary>Finishes what was asked for.</summary>
    public async ValueTask DisposeAsync()
    {
        await _holds.DisposeAsync();
        await _settlements.DisposeAsync();
        await _database.DisposeAsync();
    }

    internal Task<IReadOnlyList<HoldAnswer>> HoldAllAsync(IReadOnlyList<HoldRequest> requests)
    {
        return QueryAsync(
            $"select {HoldAnswer.Columns} from ledger_hold($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19) order by row_number",
            HoldAnswer.Read,
            CancellationToken.None,
            Column(request => Guid.CreateVersion7(request.Now)),
            Column(request => request.RequestId),
            Column(request => request.OrganizationId),
            Column(request => request.TeamId),
            Column(request => request.UserId),
            Column(request => request.KeyId),
            Column(request => request.PlanTokens),
            Column(request => request.Cost.Nanos),
            Column(request => request.LeastTokens),
            Column(request => request.LeastNanos),
            Column(request => request.MostTokens),
            Column(request => request.MostNanos),
            Column(request => request.MarginPlanTokens),
            Column(request => request.MarginCost?.Nanos ?? 0),
            Column(request => request.Cost.Currency.ToString()),
            // Ids without spaces: arrays of arrays of different lengths do not go through unnest.
            Column(request => string.Join(' ', request.Models)),
            Column(request => string.Join(' ', request.Vendors)),
            Column(request => request.Now.ToUniversalTime()),
            Column(request => (request.Now + request.Lease).ToUniversalTime()));

        Parameter Column<T>(Func<HoldRequest, T> value) => new(requests.Select(value).ToArray());
    }

    internal Task<IReadOnlyList<SettlementAnswer>> SettleAllAsync(IReadOnlyList<Settlement> settlements)
    {
        return QueryAsync(
            $"select {SettlementAnswer.Columns} from ledger_settle({SettlementColumns.Parameters}) order by row_number",
            SettlementAnswer.Read,
            CancellationToken.None,
            [
                new(settlements.Select(settlement => settlement.HoldId).ToArray()),
                new(settlements.Select(settlement => settlement.Now.ToUniversalTime()).ToArray()),
                .. SettlementColumns.Of([.. settlements.Select(settlement => settlement.Usage)]).Select(column => new Parameter(column)),
            ]);
    }

    private Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, CancellationToken ct, params IEnumerable<Parameter> parameters) =>
        QueryAsync(sql, read, longest: null, ct, parameters);

    private async Task<IReadOnlyList<T>> QueryAsync<T>(string sql, Func<DbDataReader, T> read, TimeSpan? longest, CancellationToken ct, params IEnumerable<Parameter> parameters)
    {
        await using var command = _database.CreateCommand(sql);
        if (longest is { } limit)
        {
            command.CommandTimeout = (int)limit.TotalSeconds;
        }

        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter.ToNpgsql());
        }

        var rows = new List<T>();
        await using var reader = await command.ExecuteReaderAsync(ct);
        while (await reader.ReadAsync(ct))
        {
            rows.Add(read(reader));
        }

        return rows;
    }

    // The data of some row, as opposed to a lost connection, a full disk, a deadlock.
    private static bool BlamesOneRow(Exception failure) => failure switch
    {
        PostgresException refused => refused.SqlState[..2] is "22" or "23" or "P0",
        NpgsqlException => false,
        _ => true,
    };

    [LoggerMessage(LogLevel.Warning, "Hold {Hold} could not be settled at try {Attempt}; trying again.")]
    private partial void LogSettlingAgain(Guid hold, int attempt, Exception failure);

    private readonly record struct Parameter(object Value, NpgsqlTypes.NpgsqlDbType? Type = null)
    {
        public NpgsqlParameter ToNpgsql() => Type is { } type ? new NpgsqlParameter { Value = Value, NpgsqlDbType = type } : new NpgsqlParameter { Value = Value };
    }
}

/// <summary>A hold that was given back because nobody renewed it.</summary>
public sealed record SweptHold(Guid HoldId, Guid OrganizationId, Guid RequestId);

/// <summary>A broken promise of the ledger.</summary>
public sealed record Violation(Guid OrganizationId, string What);

public sealed record AuditReport(AuditRun Run, IReadOnlyList<Violation> Violations);
