using AiHub.Domain;
using AiHub.Domain.Quotas;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Subscriptions;

/// <summary>Moves what is owed on: told, told again, no new calls, no keys. Nothing is ever deleted, and paying undoes all of it.</summary>
public sealed class DunningRun(TimeProvider time, IServiceScopeFactory scopes, ILogger<DunningRun> logger)
    : Run(TimeSpan.FromSeconds(30), time, scopes, logger)
{
    private const int Batch = 200;

    protected override Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct) => RunOnceAsync(db, now, ct);

    public static async Task RunOnceAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        await db.DunInvoicesAsync(now, ct);
        var after = Guid.Empty;
        for (List<OpenDunningCase> cases; (cases = await db.OpenDunningCasesAsync(after, Batch, ct)).Count > 0; after = cases[^1].Id)
        {
            foreach (var open in cases)
            {
                // A run that comes late tells the last of it only.
                var stage = DunningSchedule.StageAt(open.Since, now);
                if (stage > Enum.Parse<DunningStage>(open.Stage, ignoreCase: true))
                {
                    await db.MoveDunningAsync(open.Id, stage, KindOf(stage), new Dictionary<string, string> { ["reason"] = open.Reason }, now, ct);
                }
            }
        }
    }

    private static BillingMailKind KindOf(DunningStage stage) => stage switch
    {
        DunningStage.Restricted => BillingMailKind.Restricted,
        DunningStage.Suspended => BillingMailKind.Suspended,
        DunningStage.Reminded => BillingMailKind.PaymentReminder,
        _ => BillingMailKind.PaymentFailed,
    };
}
