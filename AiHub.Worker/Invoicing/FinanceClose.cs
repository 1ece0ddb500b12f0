using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Invoicing;

/// <summary>Keeps the figures of hours and days that are over. Until it has, finance counts them itself.</summary>
public sealed class FinanceClose(TimeProvider time, IServiceScopeFactory scopes, ILogger<FinanceClose> logger)
    : Run(TimeSpan.FromMinutes(5), time, scopes, logger)
{
    protected override Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct) => db.CloseFinancesAsync(ct);
}
