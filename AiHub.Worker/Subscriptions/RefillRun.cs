using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Subscriptions;

/// <summary>Refills wallets that run low from their saved card, one order at a time. A refusal, or the month's cap, stops it and tells its owner.</summary>
public sealed class RefillRun(TimeProvider time, IServiceScopeFactory scopes, ILogger<RefillRun> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    private const int Batch = 100;
    private const string TradeNumbers = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly TimeSpan OrderLasts = TimeSpan.FromHours(1);

    protected override Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct) => RunOnceAsync(db, now, ct);

    public static async Task RunOnceAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        foreach (var organization in await db.RefusedTopUpsAsync(ct))
        {
            await db.StopTopUpAsync(organization, "declined", now, ct);
        }

        foreach (var due in await db.DueTopUpsAsync(now, Batch, ct))
        {
            if (due.Capped)
            {
                await db.StopTopUpAsync(due.OrganizationId, "cap_reached", now, ct);
                continue;
            }

            await OrderAsync(db, due, now, ct);
            db.ChangeTracker.Clear();
        }
    }

    /// <summary>Makes the order, unless another worker has been quicker since it was found to be due: also where that one's has been paid by now.</summary>
    internal static Task OrderAsync(HubDb db, DueTopUp due, DateTimeOffset now, CancellationToken ct) => db.InOrganizationAsync(due.OrganizationId, async () =>
    {
        if (await db.IsTopUpDueAsync(due.OrganizationId, now, ct))
        {
            db.PaymentOrders.Add(Order(due, now));
            await db.SaveChangesAsync(ct);
        }
    }, ct);

    private static PaymentOrder Order(DueTopUp due, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        OrganizationId = due.OrganizationId,
        UserId = due.UserId,
        Purpose = PaymentPurpose.AutoTopUp,
        Channel = Enum.Parse<PaymentChannelId>(due.Channel.Replace("_", "", StringComparison.Ordinal), ignoreCase: true),
        Scene = PaymentScene.Desktop,
        ClientAddress = "127.0.0.1",
        Currency = Enum.Parse<Currency>(due.Currency),
        AmountMinor = due.AmountMinor,
        OutTradeNo = RandomNumberGenerator.GetString(TradeNumbers, 32),
        PaymentMethodId = due.PaymentMethodId,
        CreatedAt = now,
        ExpiresAt = now + OrderLasts,
        NextCheckAt = now,
    };
}
