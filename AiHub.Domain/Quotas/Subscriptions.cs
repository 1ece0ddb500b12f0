using AiHub.Domain.Storage;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

public enum ChargeOutcome
{
    Applied,
    AlreadyApplied,

    /// <summary>The wallet does not hold the amount.</summary>
    Unpaid,

    /// <summary>The subscription has changed since it was quoted; what was paid is in the wallet.</summary>
    Outdated,
}

/// <summary>A subscription whose paid time is over or about to be; a row of <c>subscriptions_renewing</c>.</summary>
public sealed record RenewingSubscription(
    Guid Id, Guid OrganizationId, string Currency, string TimeZone, string PlanId, string Interval, string Collection, DateTimeOffset Anchor, int PaidMonths,
    DateTimeOffset PaidThrough, string? NextPlanId, string? NextInterval, int Version, bool Waiting, Guid? PaymentMethodId, Guid? MethodUserId,
    int Attempts, DateTimeOffset? NextAttemptAt, bool InDunning);

/// <summary>The only code that changes subscriptions: each method is one function of 60-subscriptions.sql.</summary>
public static class Subscriptions
{
    /// <summary>
    /// Puts a charge in force if the wallet holds its amount, once however often it is called. A start begins now: its dates are computed anew, its
    /// amount is not.
    /// </summary>
    public static async Task<ChargeOutcome> ApplyChargeAsync(this HubDb db, Guid chargeId, DateTimeOffset now, CancellationToken ct)
    {
        var terms = await db.Database.SqlQuery<ChargeTerms>(
            $"select organization_id, kind, interval, time_zone, at, lines, paid_months, paid_through from charge_terms({chargeId})").SingleAsync(ct);
        var (at, lines, through, month) = (terms.At, SubscriptionJson.Read(terms.Lines), terms.PaidThrough, terms.PaidThrough);
        if (terms.Kind == "start")
        {
            at = now;
            through = PlanChange.Boundary(at, terms.TimeZone, PlanChange.Months(Enum.Parse<PlanInterval>(terms.Interval, ignoreCase: true)));
            month = PlanChange.Boundary(at, terms.TimeZone, 1);
            lines = [.. lines.Select(line => line with { From = at.ToUniversalTime(), To = through })];
        }

        var written = SubscriptionJson.Write(lines);
        var outcome = await db.Database.SqlQuery<string>(
            $"""
             select charge_apply({chargeId}, {now.ToUniversalTime()}, {at.ToUniversalTime()}, {written}::jsonb, {terms.PaidMonths}, {through.ToUniversalTime()},
                                 {month.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);

        return Enum.Parse<ChargeOutcome>(outcome.Replace("_", ""), ignoreCase: true);
    }

    public static Task AbandonChargeAsync(this HubDb db, Guid chargeId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select charge_abandon({chargeId})", ct);

    /// <summary>Notes what follows the paid time; null lets the subscription go on as it is. Call it inside the organization.</summary>
    /// <returns>False when it has changed since that version.</returns>
    public static Task<bool> ScheduleAsync(this HubDb db, Subscription subscription, string? planId, PlanInterval? interval, CancellationToken ct)
    {
        var word = interval is { } value ? Words.Of(value.ToString()) : null;
        return db.Database.SqlQuery<bool>(
            $"select subscription_schedule({subscription.Id}, {subscription.Version}, {planId}, {word}) as \"Value\"").SingleAsync(ct);
    }

    /// <summary>Back to the free plan, with its first grant. Call it inside the organization.</summary>
    public static async Task<bool> FallToFreeAsync(this HubDb db, Guid subscriptionId, int version, DateTimeOffset paidThrough, DateTimeOffset now, CancellationToken ct)
    {
        var fell = await db.Database.SqlQuery<bool>(
            $"""
             select subscription_fall({subscriptionId}, {version}, {PlanIds.Free}, {(paidThrough < now ? paidThrough : now).ToUniversalTime()}, {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);
        if (fell)
        {
            await db.GrantPeriodsAsync(now, ct);
        }

        return fell;
    }

    public static Task<List<RenewingSubscription>> RenewingSubscriptionsAsync(this HubDb db, DateTimeOffset now, DateTimeOffset until, Guid after, int count, CancellationToken ct) =>
        db.Database.SqlQuery<RenewingSubscription>(
            $"select * from subscriptions_renewing({now.ToUniversalTime()}, {until.ToUniversalTime()}, {after}, {count})").ToListAsync(ct);

    /// <summary>Agrees a contract, as the operator whose work this is. Call it inside the organization.</summary>
    public static async Task SetContractAsync(
        this HubDb db, Guid organizationId, string planId, long creditLimitNanos, long? tokens, DateTimeOffset now, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"select contract_set({organizationId}, {planId}, {creditLimitNanos}, {tokens}, {now.ToUniversalTime()})", ct);
        await db.GrantPeriodsAsync(now, ct);
    }

    public static async Task<bool> EndContractAsync(this HubDb db, Guid organizationId, DateTimeOffset now, CancellationToken ct)
    {
        var ended = await db.Database.SqlQuery<bool>($"select contract_end({organizationId}, {PlanIds.Free}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
        if (ended)
        {
            await db.GrantPeriodsAsync(now, ct);
        }

        return ended;
    }

    private sealed record ChargeTerms(
        Guid OrganizationId, string Kind, string Interval, string TimeZone, DateTimeOffset At, string Lines, int PaidMonths, DateTimeOffset PaidThrough);
}
