using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.Worker.Accounts;

/// <summary>
/// Adds the books up again, every night and, as long as something is wrong, every ten minutes: every journal balances, every balance is the sum of its entries, every hold, lot, budget and usage record
/// is in it. The database should make anything else impossible; this is how we would hear that it did not.
/// </summary>
public sealed partial class LedgerAudit(TimeProvider time, IServiceScopeFactory scopes, Ledger ledger, LedgerHealth health, ILogger<LedgerAudit> logger)
    : Run(TimeSpan.FromMinutes(10), time, scopes, logger)
{
    // Three in the morning in Beijing.
    private static readonly TimeSpan Nightly = TimeSpan.FromHours(19);

    private readonly ILogger<LedgerAudit> _logger = logger;
    private bool _settledIn;

    /// <summary>The last night's audit should have begun at this moment.</summary>
    public static DateTimeOffset DueAt(DateTimeOffset now)
    {
        var tonight = new DateTimeOffset(now.UtcDateTime.Date, TimeSpan.Zero) + Nightly;
        return tonight <= now ? tonight : tonight.AddDays(-1);
    }

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (!_settledIn)
        {
            // What lapsed or fell due while no worker ran is not a fault of the books: the other runs go first.
            _settledIn = true;
            return;
        }

        var last = await db.AuditRuns.AsNoTracking().OrderByDescending(run => run.FinishedAt).FirstOrDefaultAsync(ct);
        if (last is { Violations: 0 } && last.StartedAt >= DueAt(now))
        {
            health.Heard(last);
            return;
        }

        var report = await ledger.AuditAndKeepAsync(requestedBy: null, ct);
        health.Heard(report.Run);
        foreach (var violation in report.Violations)
        {
            LogViolation(violation.OrganizationId, violation.What);
        }
    }

    [LoggerMessage(LogLevel.Critical, "The ledger of organization {Organization} is wrong: {Violation}")]
    private partial void LogViolation(Guid organization, string violation);
}

/// <summary>What the last audit this process knows of said; unhealthy as long as it found anything.</summary>
public sealed class LedgerHealth : IHealthCheck
{
    private volatile AuditRun? _last;

    public void Heard(AuditRun run) => _last = run;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(_last switch
    {
        null => HealthCheckResult.Healthy("Not audited yet."),
        { Violations: 0 } clean => HealthCheckResult.Healthy($"In order at {clean.FinishedAt:u}."),
        { } broken => new HealthCheckResult(
            context.Registration.FailureStatus, $"{broken.Violations} violations at {broken.FinishedAt:u}, the first: {broken.Findings.FirstOrDefault()}"),
    });
}
