using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Subscriptions;

/// <summary>
/// Looks after subscriptions whose paid time is over or about to be: reminds, takes the next term from the saved card, waits a few days, or lets
/// them become the free plan. Late, twice or in parallel makes no difference: what was done shows in the rows.
/// </summary>
public sealed partial class RenewalRun(TimeProvider time, IServiceScopeFactory scopes, ILogger<RenewalRun> logger)
    : Run(TimeSpan.FromSeconds(30), time, scopes, logger)
{
    private const int Batch = 200;
    private const string TradeNumbers = "0123456789abcdefghijklmnopqrstuvwxyz";
    private static readonly TimeSpan OrderLasts = TimeSpan.FromHours(1);

    private readonly ILogger<RenewalRun> _logger = logger;

    protected override Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct) => RunAsync(db, now, LogFailed, ct);

    public static async Task RunAsync(HubDb db, DateTimeOffset now, Action<Guid, Exception> failed, CancellationToken ct)
    {
        var plans = await db.Plans.AsNoTracking().ToDictionaryAsync(plan => plan.Id, ct);
        var until = now.AddDays(DunningSchedule.ReminderDays[0]);
        var after = Guid.Empty;

        for (List<RenewingSubscription> due; (due = await db.RenewingSubscriptionsAsync(now, until, after, Batch, ct)).Count > 0; after = due[^1].Id)
        {
            foreach (var subscription in due)
            {
                try
                {
                    await AttendAsync(db, subscription, plans, now, ct);
                }
                catch (Exception failure) when (!ct.IsCancellationRequested)
                {
                    // One with something wrong must not cost the others their term.
                    db.ChangeTracker.Clear();
                    failed(subscription.OrganizationId, failure);
                }
            }
        }
    }

    private static async Task AttendAsync(HubDb db, RenewingSubscription subscription, Dictionary<string, Plan> plans, DateTimeOffset now, CancellationToken ct)
    {
        var collection = Enum.Parse<Collection>(subscription.Collection, ignoreCase: true);
        if (now < subscription.PaidThrough)
        {
            if (collection == Collection.Prepaid && subscription.NextPlanId != PlanIds.Free)
            {
                await RemindAsync(db, subscription, plans, now, ct);
            }

            return;
        }

        if (subscription.NextPlanId == PlanIds.Free)
        {
            await FallAsync(db, subscription, null, now, ct);
        }
        else if (collection == Collection.Automatic)
        {
            await CollectAsync(db, subscription, plans, now, ct);
        }
        else if (now >= subscription.PaidThrough + DunningSchedule.Grace && !subscription.Waiting)
        {
            await FallAsync(db, subscription, BillingMailKind.FellToFree, now, ct);
        }
        else
        {
            await db.TellAsync(
                subscription.OrganizationId, BillingMailKind.GraceBegan, $"grace:{subscription.Id}:{subscription.PaidMonths}",
                Values(subscription, plans[subscription.PlanId], subscription.PaidThrough + DunningSchedule.Grace), now, ct);
        }
    }

    private static async Task RemindAsync(HubDb db, RenewingSubscription subscription, Dictionary<string, Plan> plans, DateTimeOffset now, CancellationToken ct)
    {
        // A run that comes late reminds once, of the nearest.
        var day = DunningSchedule.ReminderDays.Last(days => now >= subscription.PaidThrough.AddDays(-days));
        await db.TellAsync(
            subscription.OrganizationId, BillingMailKind.RenewalReminder, $"remind:{subscription.Id}:{subscription.PaidMonths}:{day}",
            Values(subscription, plans[subscription.NextPlanId ?? subscription.PlanId], subscription.PaidThrough), now, ct);
    }

    private static Task FallAsync(HubDb db, RenewingSubscription subscription, BillingMailKind? tell, DateTimeOffset now, CancellationToken ct) =>
        db.InOrganizationAsync(subscription.OrganizationId, async () =>
        {
            if (await db.FallToFreeAsync(subscription.Id, subscription.Version, subscription.PaidThrough, now, ct) && tell is { } kind)
            {
                await db.TellAsync(subscription.OrganizationId, kind, $"fell:{subscription.Id}", new Dictionary<string, string> { ["plan"] = subscription.PlanId }, now, ct);
            }
        }, ct);

    /// <summary>One try at a time, on the days of the schedule; what the last try came to shows in whether the term is paid.</summary>
    private static async Task CollectAsync(HubDb db, RenewingSubscription subscription, Dictionary<string, Plan> plans, DateTimeOffset now, CancellationToken ct)
    {
        if (subscription.Waiting)
        {
            return;
        }

        // An order that was paid while the wallet was below zero has left its charge open; by now there may be enough.
        var open = await db.InOrganizationAsync(
            subscription.OrganizationId,
            () => db.SubscriptionCharges.Where(charge => charge.SubscriptionId == subscription.Id && charge.Status == SubscriptionChargeStatus.Open).Select(charge => (Guid?)charge.Id).FirstOrDefaultAsync(ct),
            ct);
        if (open is { } left)
        {
            if (await db.ApplyChargeAsync(left, now, ct) == ChargeOutcome.Applied)
            {
                return;
            }

            await db.AbandonChargeAsync(left, ct);
        }

        if (subscription.PaymentMethodId is null)
        {
            await db.OpenDunningAsync(subscription.OrganizationId, DunningReason.Subscription, subscription.Id, subscription.PaidThrough, now, ct);
            return;
        }

        // Without a case nothing has been tried yet. The first try opens one when the next look finds it has failed.
        var triedBefore = await db.InOrganizationAsync(
            subscription.OrganizationId,
            () => db.SubscriptionCharges.AnyAsync(charge => charge.SubscriptionId == subscription.Id && charge.Version == subscription.Version && charge.UserId == null && charge.CreatedAt >= subscription.PaidThrough, ct),
            ct);
        if (triedBefore && !subscription.InDunning)
        {
            await db.OpenDunningAsync(subscription.OrganizationId, DunningReason.Subscription, subscription.Id, subscription.PaidThrough, now, ct);
            await db.DunningAttemptedAsync(subscription.Id, 1, DunningSchedule.NextAttempt(subscription.PaidThrough, 1), ct);
            return;
        }

        if (subscription.InDunning && !(subscription.NextAttemptAt <= now))
        {
            return;
        }

        await OrderAsync(db, subscription, plans, now, ct);
        if (subscription.InDunning)
        {
            await db.DunningAttemptedAsync(subscription.Id, subscription.Attempts + 1, DunningSchedule.NextAttempt(subscription.PaidThrough, subscription.Attempts + 1), ct);
        }
    }

    private static async Task OrderAsync(HubDb db, RenewingSubscription subscription, Dictionary<string, Plan> plans, DateTimeOffset now, CancellationToken ct)
    {
        var currency = Enum.Parse<Currency>(subscription.Currency);
        var to = plans[subscription.NextPlanId ?? subscription.PlanId];
        var interval = Enum.Parse<PlanInterval>(subscription.NextInterval ?? subscription.Interval, ignoreCase: true);
        var price = to.Price(currency, interval) ?? throw new InvalidOperationException($"Plan {to.Id} has no price by the {interval} in {currency}.");
        var position = new PlanPosition(
            plans[subscription.PlanId], Enum.Parse<PlanInterval>(subscription.Interval, ignoreCase: true), subscription.Anchor, subscription.PaidMonths, subscription.PaidThrough,
            subscription.TimeZone, null, null);
        // Once calls were refused, the time that went by is nobody's: the term begins when it is paid.
        var quote = now >= subscription.PaidThrough + DunningSchedule.RestrictedAfter
            ? PlanChange.Start(to, interval, price, subscription.TimeZone, now)
            : PlanChange.Renewal(position, to, interval, price);

        await db.InOrganizationAsync(subscription.OrganizationId, async () =>
        {
            var quoted = new QuotedSubscription(subscription.Id, subscription.OrganizationId, subscription.PlanId, subscription.Version);
            var charge = SubscriptionCharge.Of(quote, quoted, null, to.Id, interval, Collection.Automatic, currency, subscription.PaidThrough, now);
            db.SubscriptionCharges.Add(charge);
            await db.SaveChangesAsync(ct);
            var minimum = ChannelMinimums.Minor(PaymentChannelId.Stripe, currency);
            if (charge.AmountMinor < minimum && await db.ApplyChargeAsync(charge.Id, now, ct) == ChargeOutcome.Applied)
            {
                // Too little for the card, and the wallet had it.
                return;
            }

            db.PaymentOrders.Add(new PaymentOrder
            {
                Id = Guid.CreateVersion7(now),
                OrganizationId = subscription.OrganizationId,
                UserId = subscription.MethodUserId!.Value,
                Purpose = PaymentPurpose.Subscription,
                Channel = PaymentChannelId.Stripe,
                Scene = PaymentScene.Desktop,
                ClientAddress = "127.0.0.1",
                Currency = currency,
                // What the card has to pay beyond a small charge stays in the wallet.
                AmountMinor = Math.Max(charge.AmountMinor, minimum),
                OutTradeNo = RandomNumberGenerator.GetString(TradeNumbers, 32),
                ChargeId = charge.Id,
                PaymentMethodId = subscription.PaymentMethodId,
                CreatedAt = now,
                ExpiresAt = now + OrderLasts,
                NextCheckAt = now,
            });
            await db.SaveChangesAsync(ct);
        }, ct);
        db.ChangeTracker.Clear();
    }

    private static Dictionary<string, string> Values(RenewingSubscription subscription, Plan plan, DateTimeOffset day)
    {
        var currency = Enum.Parse<Currency>(subscription.Currency);
        var interval = Enum.Parse<PlanInterval>(subscription.NextInterval ?? subscription.Interval, ignoreCase: true);
        return new Dictionary<string, string>
        {
            ["plan"] = plan.Name,
            ["amount"] = plan.Price(currency, interval)?.ToDecimalString() ?? "",
            ["currency"] = subscription.Currency,
            ["day"] = day.ToString("O", System.Globalization.CultureInfo.InvariantCulture),
        };
    }

    [LoggerMessage(LogLevel.Error, "The subscription of organization {Organization} could not be attended to.")]
    private partial void LogFailed(Guid organization, Exception failure);
}
