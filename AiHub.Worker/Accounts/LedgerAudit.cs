using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Worker.Runs;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.Worker.Accounts;

/// <summary>
/// Adds the books up again: every journal balances, every balance is the sum of its entries, every hold and lot is in it.
/// The database should make anything else impossible; this is how we would hear that it did not.
/// </summary>
public sealed partial class LedgerAudit(TimeProvider time, IServiceScopeFactory scopes, Ledger ledger, LedgerHealth health, ILogger<LedgerAudit> logger)
    : Run(TimeSpan.FromMinutes(10), time, scopes, logger)
{
    private readonly ILogger<LedgerAudit> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var violations = await ledger.AuditAsync(ct);
        health.Heard(violations, now);
        foreach (var violation in violations)
        {
            LogViolation(violation.OrganizationId, violation.What);
        }
    }

    [LoggerMessage(LogLevel.Critical, "The ledger of organization {Organization} is wrong: {Violation}")]
    private partial void LogViolation(Guid organization, string violation);
}

/// <summary>What the last audit in this process said; unhealthy as long as it found anything.</summary>
public sealed class LedgerHealth : IHealthCheck
{
    private volatile Report? _last;

    public void Heard(IReadOnlyList<Violation> violations, DateTimeOffset at) => _last = new Report(violations.Count, violations.FirstOrDefault()?.What, at);

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) => Task.FromResult(_last switch
    {
        null => HealthCheckResult.Healthy("Not audited by this worker yet."),
        { Violations: 0 } clean => HealthCheckResult.Healthy($"In order at {clean.At:u}."),
        { } broken => new HealthCheckResult(
            context.Registration.FailureStatus, $"{broken.Violations} violations at {broken.At:u}, the first: {broken.First}"),
    });

    private sealed record Report(int Violations, string? First, DateTimeOffset At);
}
