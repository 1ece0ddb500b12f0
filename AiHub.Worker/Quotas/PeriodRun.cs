using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Quotas;

/// <summary>Begins the months that should have begun, each with its grant, and ends the lots that should have ended.</summary>
public sealed partial class PeriodRun(TimeProvider time, IServiceScopeFactory scopes, Ledger ledger, ILogger<PeriodRun> logger)
    : Run(TimeSpan.FromSeconds(15), time, scopes, logger)
{
    private const int Batch = 200;

    private readonly ILogger<PeriodRun> _logger = logger;

    /// <returns>How many periods were new and how many lots expired.</returns>
    public static async Task<(int Granted, int Expired)> RunAsync(
        HubDb db, Ledger ledger, DateTimeOffset now, Action<Guid, Exception> failed, CancellationToken ct)
    {
        var (granted, expired, after) = (0, 0, Guid.Empty);

        for (List<SubscriptionTerms> due; (due = await db.SubscriptionsDue(now, after, Batch).ToListAsync(ct)).Count > 0; after = due[^1].OrganizationId)
        {
            granted += await GrantAsync(db, due, now, failed, ct);
        }

        for (var lots = Batch; lots == Batch; expired += lots)
        {
            lots = await ledger.ExpireAsync(now, Batch, ct);
        }

        return (granted, expired);
    }

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var (granted, expired) = await RunAsync(db, ledger, now, LogNotGranted, ct);
        if (granted + expired > 0)
        {
            LogRun(granted, expired);
        }
    }

    private static async Task<int> GrantAsync(HubDb db, List<SubscriptionTerms> due, DateTimeOffset now, Action<Guid, Exception> failed, CancellationToken ct)
    {
        try
        {
            return await db.GrantAsync(due, now, ct);
        }
        catch (Exception) when (due.Count > 1 && !ct.IsCancellationRequested)
        {
            // One organization with something wrong must not cost the others their month.
            var granted = 0;
            foreach (var subscription in due)
            {
                granted += await GrantAsync(db, [subscription], now, failed, ct);
            }

            return granted;
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            failed(due[0].OrganizationId, failure);
            return 0;
        }
    }

    [LoggerMessage(LogLevel.Information, "{Granted} periods began, {Expired} lots expired.")]
    private partial void LogRun(int granted, int expired);

    [LoggerMessage(LogLevel.Error, "The period of organization {Organization} could not be granted.")]
    private partial void LogNotGranted(Guid organization, Exception failure);
}
