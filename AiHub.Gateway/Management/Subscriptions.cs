using System.Security.Cryptography;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Choosing a plan: seen beforehand to the cent, up at once, down at the end of what is paid for, and back until then.</summary>
public static class Subscriptions
{
    private const string IdempotencyKey = "Idempotency-Key";
    private const string Balance = "balance";
    private const int MostMonthsAhead = 12;

    /// <summary>How old a preview may be that a change refers to.</summary>
    private static readonly TimeSpan QuoteLasts = TimeSpan.FromMinutes(15);

    public static void MapSubscriptions(this IEndpointRouteBuilder api)
    {
        var subscription = api.MapGroup("/billing/subscription").WithTags("Billing");

        subscription.MapPost("/preview", PreviewAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("previewPlanChange", new("Preview a plan change", "预览套餐变更"),
                new("What the change costs and when it takes effect. Send proration_at along with the change, and exactly this is charged.", "返回变更的费用与生效时间。变更时带上 proration_at，即按此金额收取。"),
                SubscriptionExamples.Preview, SubscriptionExamples.Quote)
            .Refuses(ProblemKind.PlanNotSold, ProblemKind.PlanUnchanged, ProblemKind.PlanByContract);

        subscription.MapPost("/change", ChangeAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("changePlan", new("Change the plan", "变更套餐"),
                new("A dearer plan, or a year instead of a month, begins as soon as it is paid; anything else follows what is paid for. Until an order is paid the plan stays as it is.",
                    "升级套餐或由月付改为年付在支付后立即生效；其他变更在已付费周期结束后生效。订单支付前套餐保持不变。"),
                SubscriptionExamples.Change, SubscriptionExamples.Changed)
            .Refuses(ProblemKind.PlanNotSold, ProblemKind.PlanUnchanged, ProblemKind.PlanByContract, ProblemKind.SubscriptionChanged, ProblemKind.BalanceTooLow, ProblemKind.AmountBelowMinimum,
                ProblemKind.ChannelNotAvailable, ProblemKind.IdempotencyConflict, ProblemKind.RoleNotAllowed);

        subscription.MapPost("/renew", RenewAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("renewSubscription", new("Pay the next term", "支付下一周期"),
                new("In advance, or what is overdue: then calls go through again as soon as it is paid.", "可提前续费，或支付逾期款项；支付后立即恢复调用。"),
                SubscriptionExamples.Renewal, SubscriptionExamples.Changed)
            .Refuses(ProblemKind.NothingToRenew, ProblemKind.PlanByContract, ProblemKind.SubscriptionChanged, ProblemKind.BalanceTooLow, ProblemKind.AmountBelowMinimum, ProblemKind.ChannelNotAvailable,
                ProblemKind.IdempotencyConflict, ProblemKind.RoleNotAllowed);

        subscription.MapPost("/cancel", CancelAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("cancelSubscription", new("Cancel the subscription", "取消订阅"),
                new("What is paid for goes on to its end; the free plan follows. What is overdue ends at once and is owed no more.", "已付费的周期将继续至结束，之后转为免费套餐。已逾期的订阅立即结束，不再追缴。"), null, Examples.Subscription)
            .Refuses(ProblemKind.PlanUnchanged, ProblemKind.PlanByContract, ProblemKind.SubscriptionChanged, ProblemKind.RoleNotAllowed);

        subscription.MapPost("/resume", ResumeAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("resumeSubscription", new("Resume the subscription", "恢复订阅"), new("Calls off what was to follow; the plan goes on as it is.", "撤销到期后的变更，套餐照常延续。"), null, Examples.Subscription)
            .Refuses(ProblemKind.PlanUnchanged, ProblemKind.PlanByContract, ProblemKind.SubscriptionChanged, ProblemKind.RoleNotAllowed);

        subscription.MapGet("/charges", ChargesAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listSubscriptionCharges", new("List subscription charges", "列出订阅扣费"), new("What plans have cost, newest first.", "套餐费用明细，按时间从新到旧排列。"), null, new Page<SubscriptionChargeView>([SubscriptionExamples.Charge], null));
    }

    /// <summary>Call it inside the organization.</summary>
    internal static async Task<SubscriptionView> ReadAsync(HubDb db, Member member, DateTimeOffset now, CancellationToken ct)
    {
        var row = await (
            from subscription in db.Subscriptions.AsNoTracking()
            join plan in db.Plans on subscription.PlanId equals plan.Id
            join organization in db.Organizations on subscription.OrganizationId equals organization.Id
            where subscription.Status == SubscriptionStatus.Active
            select new { subscription, plan, organization.Standing, organization.Status }).SingleAsync(ct);
        var period = await db.Periods.AsNoTracking()
            .Where(found => found.SubscriptionId == row.subscription.Id && found.StartsAt <= now && found.EndsAt > now)
            .OrderByDescending(found => found.StartsAt).Select(found => new PeriodView(found.StartsAt, found.EndsAt)).FirstOrDefaultAsync(ct);
        var method = await db.PaymentMethods.AsNoTracking().FirstOrDefaultAsync(found => found.RemovedAt == null, ct);
        var overdue = await db.DunningCases.AsNoTracking().Where(found => found.ClosedAt == null).OrderBy(found => found.Since).FirstOrDefaultAsync(ct);
        var suspended = row.Status == OrganizationStatus.Suspended || row.Standing == PaymentStanding.Suspended;

        return new SubscriptionView(
            Billing.View(row.plan, member.Organization.Currency) with { MonthlyTokens = row.subscription.ContractTokens ?? row.plan.MonthlyTokens },
            suspended ? "suspended" : row.subscription.PaidThrough <= now ? "past_due" : "active",
            period, row.plan.AllowsOverage, Wire.Name(row.subscription.Interval), Wire.Name(row.subscription.Collection), row.subscription.PaidThrough,
            row.subscription.NextPlanId, row.subscription.NextInterval is { } next ? Wire.Name(next) : null, Wire.Name(row.Standing), PaymentMethods.View(method),
            Overdue(row.subscription, overdue, now));
    }

    private static OverdueView? Overdue(Subscription subscription, DunningCase? open, DateTimeOffset now) => open is not null
        ? new OverdueView(Wire.Name(open.Reason), open.Since, open.NextAttemptAt, open.Since + DunningSchedule.RestrictedAfter, open.Since + DunningSchedule.SuspendedAfter, null)
        : subscription is { Collection: Collection.Prepaid, PaidThrough: { } through } && through <= now
            ? new OverdueView(Wire.Name(DunningReason.Subscription), through, null, null, null, through + DunningSchedule.Grace)
            : null;

    private static async Task<Results<Ok<PlanQuoteView>, Refused>> PreviewAsync(
        PlanChangePreview request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var at = ReadMoment(request.ProrationAt, now, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        var (_, _, quote, refused) = await db.InOrganizationAsync(member.OrganizationId, () => QuoteAsync(db, member, request.PlanId, request.Interval, at, ct), ct);
        return quote is null ? refused! : TypedResults.Ok(View(quote, request.PlanId, IntervalOf(request.Interval), member.Organization.Currency, at));
    }

    private static async Task<Results<Ok<PlanChangeView>, Created<PlanChangeView>, Refused>> ChangeAsync(
        PlanChangeRequest request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var key = Orders.ReadKey(idempotencyKey, errors);
        var at = ReadMoment(request.ProrationAt, now, errors);
        var way = ReadWay(request.Channel, request.Scene, request.OpenId, request.WechatCode, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        var interval = IntervalOf(request.Interval);
        return await PayAsync(
            way, key, earlier => (earlier.PlanId, earlier.Interval) == (request.PlanId, interval), member, http, db, time, now,
            async () =>
            {
                var (subscription, to, quote, refused) = await QuoteAsync(db, member, request.PlanId, request.Interval, at, ct);
                return (subscription, quote, to?.Id ?? "", interval, CollectionOf(request, subscription), at, refused);
            },
            ct);
    }

    private static async Task<Results<Ok<PlanChangeView>, Created<PlanChangeView>, Refused>> RenewAsync(
        RenewalRequest request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var key = Orders.ReadKey(idempotencyKey, errors);
        var way = ReadWay(request.Channel, request.Scene, request.OpenId, request.WechatCode, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await PayAsync(
            way, key, earlier => earlier.Kind is SubscriptionChargeKind.Renewal or SubscriptionChargeKind.Start, member, http, db, time, now,
            async () =>
            {
                var subscription = await ActiveAsync(db, ct);
                if (subscription.Collection == Collection.Contract)
                {
                    return (subscription, null, "", default, default, now, Refused.Because(ProblemKind.PlanByContract));
                }

                var overdue = subscription.PaidThrough <= now;
                // In advance a term is of the plan that runs; afterwards it may be of the one that was to follow.
                var (planId, interval) = overdue && subscription.NextPlanId is { } next ? (next, subscription.NextInterval!.Value) : (subscription.PlanId, subscription.Interval);
                var to = await db.Plans.AsNoTracking().SingleAsync(plan => plan.Id == planId, ct);
                var price = to.Price(member.Organization.Currency, interval);
                var ahead = subscription.PaidThrough > now.AddMonths(MostMonthsAhead);
                if (subscription.PaidThrough is null || price is not { Nanos: > 0 } due || ahead || (!overdue && subscription.NextPlanId is not null))
                {
                    return (subscription, null, planId, interval, default, now, Refused.Because(ProblemKind.NothingToRenew));
                }

                var position = await PositionAsync(db, member, subscription, now, ct);
                // Once calls were refused, the time that went by is nobody's: the term begins when it is paid.
                var quote = subscription.PaidThrough + DunningSchedule.RestrictedAfter <= now
                    ? PlanChange.Start(to, interval, due, position.TimeZone, now)
                    : PlanChange.Renewal(position, to, interval, due);
                return (subscription, quote, planId, interval, subscription.Collection, now, null);
            },
            ct);
    }

    private static async Task<Results<Ok<SubscriptionView>, Refused>> CancelAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return await db.InOrganizationAsync<Results<Ok<SubscriptionView>, Refused>>(member.OrganizationId, async () =>
        {
            var subscription = await ActiveAsync(db, ct);
            if (subscription.Collection == Collection.Contract)
            {
                return Refused.Because(ProblemKind.PlanByContract);
            }

            if (subscription.PaidThrough is not { } through || subscription.NextPlanId == PlanIds.Free)
            {
                return Refused.Because(ProblemKind.PlanUnchanged);
            }

            var changed = through <= now
                ? await db.FallToFreeAsync(subscription.Id, subscription.Version, now, now, ct)
                : await db.ScheduleAsync(subscription, PlanIds.Free, PlanInterval.Month, ct);
            if (!changed)
            {
                return Refused.Because(ProblemKind.SubscriptionChanged);
            }

            await db.AuditAsync(http.Actor(), "subscription.canceled", subscription.Id.ToString(), new { plan = subscription.PlanId }, new { ends_at = through <= now ? now : through }, now, ct);
            return TypedResults.Ok(await ReadAsync(db, member, now, ct));
        }, ct);
    }

    private static async Task<Results<Ok<SubscriptionView>, Refused>> ResumeAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return await db.InOrganizationAsync<Results<Ok<SubscriptionView>, Refused>>(member.OrganizationId, async () =>
        {
            var subscription = await ActiveAsync(db, ct);
            if (subscription.Collection == Collection.Contract)
            {
                return Refused.Because(ProblemKind.PlanByContract);
            }

            if (subscription.NextPlanId is null)
            {
                return Refused.Because(ProblemKind.PlanUnchanged);
            }

            if (!await db.ScheduleAsync(subscription, null, null, ct))
            {
                return Refused.Because(ProblemKind.SubscriptionChanged);
            }

            await db.AuditAsync(http.Actor(), "subscription.resumed", subscription.Id.ToString(), new { next_plan = subscription.NextPlanId }, new { plan = subscription.PlanId }, now, ct);
            return TypedResults.Ok(await ReadAsync(db, member, now, ct));
        }, ct);
    }

    private static async Task<Ok<Page<SubscriptionChargeView>>> ChargesAsync(Member member, HubDb db, CancellationToken ct)
    {
        const int Newest = 100;
        var charges = await db.InOrganizationAsync(
            member.OrganizationId,
            () => db.SubscriptionCharges.AsNoTracking().Where(charge => charge.Status == SubscriptionChargeStatus.Applied).OrderByDescending(charge => charge.AppliedAt).Take(Newest).ToListAsync(ct),
            ct);
        return TypedResults.Ok(new Page<SubscriptionChargeView>(
            [.. charges.Select(charge => new SubscriptionChargeView(
                charge.Id, Wire.Name(charge.Kind), charge.PlanId, Wire.Name(charge.Interval), MinorUnits.ToMoney(charge.AmountMinor, charge.Currency).ToDecimalString(),
                charge.Currency.ToString(), View(charge.Lines, charge.Currency), charge.Tokens, charge.PaidThrough, charge.AppliedAt!.Value))],
            null));
    }

    private delegate Task<(Subscription Subscription, PlanQuote? Quote, string PlanId, PlanInterval Interval, Collection Collection, DateTimeOffset At, Refused? Refused)> Wish();

    /// <summary>What it is paid with: the wallet where there is no channel.</summary>
    private sealed record Way(PaymentChannelId? Channel, PaymentScene Scene, string? OpenId, string? WechatCode);

    private static Way ReadWay(string? channelName, string? scene, string? openId, string? wechatCode, FieldErrors errors)
    {
        var channel = channelName is null or Balance ? (PaymentChannelId?)null : Orders.ReadChannel(channelName);
        return new Way(channel, Orders.ReadScene(scene, channel, openId, wechatCode, errors), openId, wechatCode);
    }

    /// <summary>Quotes inside the organization and, in the same transaction, notes, applies or orders it.</summary>
    /// <param name="isSame">Whether what the same key brought about before is what is wished now.</param>
    private static async Task<Results<Ok<PlanChangeView>, Created<PlanChangeView>, Refused>> PayAsync(
        Way way, string? key, Func<SubscriptionCharge, bool> isSame, Member member, HttpContext http, HubDb db, TimeProvider time, DateTimeOffset now, Wish wish, CancellationToken ct)
    {
        var (currency, channel) = (member.Organization.Currency, way.Channel);
        if (key is not null && await db.InOrganizationAsync(member.OrganizationId, () => EarlierAsync(db, key, ct), ct) is { } done)
        {
            return await AgainAsync(db, member, done, isSame, time, ct);
        }

        if (channel is { } wanted && !(await Orders.OpenAsync(db, currency, now, ct)).Contains(wanted))
        {
            return Refused.Because(ProblemKind.ChannelNotAvailable, Wire.Name(wanted));
        }

        PaymentOrder? order = null;
        SubscriptionCharge? earlier = null;
        var (view, refusal) = await db.InOrganizationAsync<(PlanChangeView?, Refused?)>(member.OrganizationId, async () =>
        {
            // One after the other within the organization: two clicks are two wishes, and the second sees what the first has done.
            await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('subscription:' || {member.OrganizationId}, 0))", ct);
            if (key is not null && (earlier = await EarlierAsync(db, key, ct)) is not null)
            {
                return (null, null);
            }

            var (subscription, quote, planId, interval, collection, at, refused) = await wish();
            if (quote is null)
            {
                return (null, refused);
            }

            var quoted = View(quote, planId, interval, currency, at);
            if (quote.Timing == ChangeTiming.AtTermEnd)
            {
                if (!await db.ScheduleAsync(subscription, planId, planId == PlanIds.Free ? PlanInterval.Month : interval, ct))
                {
                    return (null, Refused.Because(ProblemKind.SubscriptionChanged));
                }

                await db.AuditAsync(http.Actor(), "subscription.scheduled", subscription.Id.ToString(), new { plan = subscription.PlanId }, new { plan = planId, interval = Wire.Name(interval), at = quote.PaidThrough }, now, ct);
                return (new PlanChangeView("scheduled", await ReadAsync(db, member, now, ct), quoted, null), null);
            }

            if (channel is { } collects && quote.AmountMinor > 0 && quote.AmountMinor < ChannelMinimums.Minor(collects, currency))
            {
                return (null, Refused.Because(ProblemKind.AmountBelowMinimum, Wire.Name(collects), MinorUnits.ToMoney(ChannelMinimums.Minor(collects, currency), currency).ToDecimalString(), currency));
            }

            // Another wish takes the place of one that nobody has paid for.
            foreach (var open in await db.SubscriptionCharges.AsNoTracking().Where(charge => charge.SubscriptionId == subscription.Id && charge.Status == SubscriptionChargeStatus.Open).ToListAsync(ct))
            {
                await db.AbandonChargeAsync(open.Id, ct);
            }

            var charge = SubscriptionCharge.Of(quote, subscription.Quoted, member.UserId, planId, interval, collection, currency, at, now, key);
            db.SubscriptionCharges.Add(charge);
            if (quote.AmountMinor > 0 && channel is { } by)
            {
                order = Order(member, charge, by, way, collection, http, now);
                db.PaymentOrders.Add(order);
            }

            await db.SaveChangesAsync(ct);
            if (order is null)
            {
                switch (await db.ApplyChargeAsync(charge.Id, now, ct))
                {
                    case ChargeOutcome.Unpaid:
                        await db.AbandonChargeAsync(charge.Id, ct);
                        return (null, Refused.Because(ProblemKind.BalanceTooLow, MinorUnits.ToMoney(quote.AmountMinor, currency).ToDecimalString(), currency));
                    case ChargeOutcome.Outdated:
                        return (null, Refused.Because(ProblemKind.SubscriptionChanged));
                }
            }

            await db.AuditAsync(
                http.Actor(), order is null ? "subscription.changed" : "subscription.ordered", subscription.Id.ToString(), new { plan = subscription.PlanId },
                new { plan = planId, interval = Wire.Name(interval), due = quoted.Due, charge = charge.Id, order = order?.Id }, now, ct);
            return (new PlanChangeView(order is null ? "applied" : "awaiting_payment", await ReadAsync(db, member, now, ct), quoted, null), null);
        }, ct);

        if (earlier is not null)
        {
            return await AgainAsync(db, member, earlier, isSame, time, ct);
        }

        if (view is null)
        {
            return refusal!;
        }

        return order is null
            ? TypedResults.Ok(view)
            : TypedResults.Created($"{ManagementApi.Path}/billing/orders/{order.Id}", view with { Order = await Orders.AwaitAsync(db, member, order.Id, seen => seen.Status != "created", time, ct) });
    }

    private static PaymentOrder Order(Member member, SubscriptionCharge charge, PaymentChannelId channel, Way way, Collection collection, HttpContext http, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        OrganizationId = member.OrganizationId,
        UserId = member.UserId,
        Purpose = PaymentPurpose.Subscription,
        Channel = channel,
        Scene = way.Scene,
        PayerId = way.OpenId,
        PayerCode = way.WechatCode,
        ClientAddress = ClientAddress.Of(http) ?? "127.0.0.1",
        Currency = charge.Currency,
        AmountMinor = charge.AmountMinor,
        OutTradeNo = RandomNumberGenerator.GetString(Orders.TradeNumbers, 32),
        ChargeId = charge.Id,
        SavesMethod = collection == Collection.Automatic && channel == PaymentChannelId.Stripe,
        CreatedAt = now,
        ExpiresAt = now + TopUpLimits.Lifetime(channel),
        NextCheckAt = now,
    };

    private static async Task<(Subscription Subscription, Plan? To, PlanQuote? Quote, Refused? Refused)> QuoteAsync(
        HubDb db, Member member, string planId, string? intervalName, DateTimeOffset at, CancellationToken ct)
    {
        var interval = IntervalOf(intervalName);
        var subscription = await ActiveAsync(db, ct);
        if (subscription.Collection == Collection.Contract)
        {
            return (subscription, null, null, Refused.Because(ProblemKind.PlanByContract));
        }

        var to = await db.Plans.AsNoTracking().FirstOrDefaultAsync(plan => plan.Id == planId, ct);
        var isFree = to?.MonthlyPrice(member.Organization.Currency) is { Nanos: 0 };
        if (to is null || PlanChange.Quote(await PositionAsync(db, member, subscription, at, ct), to, isFree ? PlanInterval.Month : interval, member.Organization.Currency, at) is not { } quote)
        {
            return (subscription, to, null, Refused.Because(ProblemKind.PlanNotSold, planId, Wire.Name(interval)));
        }

        var same = (subscription.PlanId, isFree ? PlanInterval.Month : subscription.Interval) == (planId, isFree ? PlanInterval.Month : interval);
        var coming = (subscription.NextPlanId, subscription.NextInterval) == (planId, isFree ? PlanInterval.Month : interval);
        return (same && !(subscription.PaidThrough <= at)) || coming || (quote.Timing == ChangeTiming.AtTermEnd && subscription.PaidThrough is null)
            ? (subscription, to, null, Refused.Because(ProblemKind.PlanUnchanged))
            : (subscription, to, quote, null);
    }

    private static async Task<PlanPosition> PositionAsync(HubDb db, Member member, Subscription subscription, DateTimeOffset at, CancellationToken ct)
    {
        var plan = await db.Plans.AsNoTracking().SingleAsync(row => row.Id == subscription.PlanId, ct);
        var period = await db.Periods.AsNoTracking().Where(row => row.SubscriptionId == subscription.Id && row.StartsAt <= at && row.EndsAt > at).FirstOrDefaultAsync(ct);
        return new PlanPosition(plan, subscription.Interval, subscription.Anchor, subscription.PaidMonths, subscription.PaidThrough, member.Organization.TimeZone, period?.StartsAt, period?.EndsAt);
    }

    private static Task<Subscription> ActiveAsync(HubDb db, CancellationToken ct) =>
        db.Subscriptions.AsNoTracking().SingleAsync(row => row.Status == SubscriptionStatus.Active, ct);

    private static Task<SubscriptionCharge?> EarlierAsync(HubDb db, string key, CancellationToken ct) =>
        db.SubscriptionCharges.AsNoTracking().FirstOrDefaultAsync(charge => charge.IdempotencyKey == key, ct);

    private static async Task<Results<Ok<PlanChangeView>, Created<PlanChangeView>, Refused>> AgainAsync(
        HubDb db, Member member, SubscriptionCharge charge, Func<SubscriptionCharge, bool> isSame, TimeProvider time, CancellationToken ct)
    {
        if (!isSame(charge))
        {
            return Refused.Because(ProblemKind.IdempotencyConflict);
        }

        var (view, order) = await db.InOrganizationAsync(
            member.OrganizationId,
            async () => (await ReadAsync(db, member, time.Now(), ct), await db.PaymentOrders.AsNoTracking().Where(row => row.ChargeId == charge.Id).Select(row => (Guid?)row.Id).FirstOrDefaultAsync(ct)),
            ct);
        var quote = new PlanQuoteView(
            charge.PlanId, Wire.Name(charge.Interval), "at_once", charge.Currency.ToString(), MinorUnits.ToMoney(charge.AmountMinor, charge.Currency).ToDecimalString(),
            View(charge.Lines, charge.Currency), charge.At, charge.PaidThrough, charge.Tokens, charge.At);
        return TypedResults.Ok(new PlanChangeView(
            charge.Status == SubscriptionChargeStatus.Applied ? "applied" : "awaiting_payment", view, quote, order is { } id ? await Orders.ViewAsync(db, member, id, ct) : null));
    }

    private static Collection CollectionOf(PlanChangeRequest request, Subscription subscription) => request.Channel switch
    {
        "stripe" => request.AutoRenew == false ? Collection.Prepaid : Collection.Automatic,
        Balance or null => subscription.Collection == Collection.Automatic ? Collection.Automatic : Collection.Prepaid,
        _ => Collection.Prepaid,
    };

    private static DateTimeOffset ReadMoment(DateTimeOffset? asked, DateTimeOffset now, FieldErrors errors)
    {
        if (asked is not { } at)
        {
            return now;
        }

        if (at > now || at < now - QuoteLasts)
        {
            errors.Add("proration_at", FieldText.QuoteTooOld);
        }

        return at.Cut();
    }

    private static PlanInterval IntervalOf(string? name) => name == "year" ? PlanInterval.Year : PlanInterval.Month;

    private static PlanQuoteView View(PlanQuote quote, string planId, PlanInterval interval, Currency currency, DateTimeOffset at) => new(
        planId, Wire.Name(interval), Wire.Name(quote.Timing), currency.ToString(), MinorUnits.ToMoney(quote.AmountMinor, currency).ToDecimalString(), View(quote.Lines, currency),
        quote.Timing == ChangeTiming.AtOnce ? at : quote.PaidThrough, quote.Timing == ChangeTiming.AtTermEnd && planId == PlanIds.Free ? null : quote.PaidThrough, quote.Tokens, at);

    private static IReadOnlyList<SubscriptionLineView> View(IReadOnlyList<SubscriptionLine> lines, Currency currency) =>
        [.. lines.Select(line => new SubscriptionLineView(
            Wire.Name(line.Kind), line.PlanId, Wire.Name(line.Interval), line.From, line.To, MinorUnits.ToMoney(line.AmountMinor, currency).ToDecimalString()))];
}
