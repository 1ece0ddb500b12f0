using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Accounts;

/// <summary>Gives back what calls had set aside whose gateway died: nobody renewed their lease.</summary>
public sealed partial class HoldSweep(TimeProvider time, IServiceScopeFactory scopes, Ledger ledger, ILogger<HoldSweep> logger)
    : Run(TimeSpan.FromSeconds(15), time, scopes, logger)
{
    private const int Batch = 200;

    private readonly ILogger<HoldSweep> _logger = logger;

    public static async Task<IReadOnlyList<SweptHold>> RunAsync(Ledger ledger, DateTimeOffset now, CancellationToken ct)
    {
        var swept = new List<SweptHold>();
        IReadOnlyList<SweptHold> batch;
        do
        {
            batch = await ledger.SweepAsync(now, Batch, ct);
            swept.AddRange(batch);
        }
        while (batch.Count == Batch);

        return swept;
    }

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var hold in await RunAsync(ledger, now, ct))
        {
            LogSwept(hold.RequestId, hold.OrganizationId);
        }
    }

    [LoggerMessage(LogLevel.Warning, "Request {Request} of organization {Organization} was never settled; what it held has been given back.")]
    private partial void LogSwept(Guid request, Guid organization);
}
