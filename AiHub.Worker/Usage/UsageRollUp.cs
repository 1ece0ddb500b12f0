using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Usage;

/// <summary>Adds new usage records to the sums of their hours and days. Until it has, whoever reads the sums adds them up himself.</summary>
public sealed class UsageRollUp(TimeProvider time, IServiceScopeFactory scopes, ILogger<UsageRollUp> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    protected override Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct) => db.RollUpUsageAsync(ct);
}

/// <summary>Sees to it that the table of a month is there before the month is, and that figures nobody shows any more are gone.</summary>
public sealed partial class UsageMonths(TimeProvider time, IServiceScopeFactory scopes, ILogger<UsageMonths> logger)
    : Run(TimeSpan.FromHours(1), time, scopes, logger)
{
    private readonly ILogger<UsageMonths> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.PrepareUsageMonthsAsync(now, ct) is var made and > 0)
        {
            LogMade(made);
        }

        var oldest = now.ToUniversalTime() - EndpointSpan.Kept;
        await db.EndpointSpans.Where(span => span.StartsAt < oldest).ExecuteDeleteAsync(ct);
    }

    [LoggerMessage(LogLevel.Information, "Made {Months} tables for the usage of coming months.")]
    private partial void LogMade(int months);
}
