using AiHub.Domain;
using AiHub.Domain.Usage;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Usage;

/// <summary>Deletes what was said in calls once the time its organization chose is over.</summary>
public sealed partial class ContentSweep(TimeProvider time, IServiceScopeFactory scopes, ILogger<ContentSweep> logger) : Run(TimeSpan.FromMinutes(5), time, scopes, logger)
{
    private const int Batch = 1_000;

    private readonly ILogger<ContentSweep> _logger = logger;

    /// <returns>How many.</returns>
    public static async Task<int> SweepAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var deleted = 0;
        int batch;
        do
        {
            batch = await db.ExpireContentsAsync(now, Batch, ct);
            deleted += batch;
        }
        while (batch == Batch);

        return deleted;
    }

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (await SweepAsync(db, now, ct) is > 0 and var deleted)
        {
            LogDeleted(deleted);
        }
    }

    [LoggerMessage(LogLevel.Information, "The contents of {Count} calls were deleted; their time was over.")]
    private partial void LogDeleted(int count);
}
