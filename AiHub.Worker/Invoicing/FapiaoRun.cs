using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Invoicing;

/// <summary>Asks the tax platform about every fapiao that is to be issued or reversed, until it has answered.</summary>
public sealed partial class FapiaoRun(TimeProvider time, IServiceScopeFactory scopes, IFapiaoProvider provider, ILogger<FapiaoRun> logger)
    : Run(TimeSpan.FromSeconds(15), time, scopes, logger)
{
    private const int Batch = 100;
    private readonly ILogger<FapiaoRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (provider is not ManualFapiao && await RunAsync(db, provider, now, ct) is var moved and > 0)
        {
            LogMoved(moved);
        }
    }

    /// <returns>How many requests are further than before.</returns>
    public static async Task<int> RunAsync(HubDb db, IFapiaoProvider provider, DateTimeOffset now, CancellationToken ct)
    {
        var moved = 0;
        foreach (var job in await db.Database.SqlQuery<FapiaoJob>($"select * from fapiao_due({Batch})").ToListAsync(ct))
        {
            var to = await provider.AskAsync(job, ct) switch
            {
                null => ((FapiaoStatus Status, string? Number, string? Reason)?)null,
                { Failure: { } failure } => job.IsRed ? null : (FapiaoStatus.Failed, null, failure),
                { Number: { } number } => (job.IsRed ? FapiaoStatus.Reversed : FapiaoStatus.Issued, number, null),
                _ => job.Status == "submitted" ? (FapiaoStatus.Issuing, null, null) : null,
            };
            if (to is { } next)
            {
                moved += await db.InOrganizationAsync(job.OrganizationId, async () =>
                {
                    if (!await db.ProvidedAsync(job.Id, next.Status, next.Number, next.Reason, now, ct))
                    {
                        return 0;
                    }

                    await db.AuditAsync(AuditActor.Hub, $"fapiao.{next.Status.ToString().ToLowerInvariant()}", job.Id.ToString(), null, new { next.Number, next.Reason }, now, ct);
                    return 1;
                }, ct);
            }
        }

        return moved;
    }

    [LoggerMessage(LogLevel.Information, "{Requests} fapiao requests moved on.")]
    private partial void LogMoved(int requests);
}
