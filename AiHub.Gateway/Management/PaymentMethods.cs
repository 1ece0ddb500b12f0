using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>The card that is kept for what comes, the wallet that refills itself from it, and what banks have taken back.</summary>
public static class PaymentMethods
{
    public static void MapPaymentMethods(this IEndpointRouteBuilder api)
    {
        var billing = api.MapGroup("/billing").WithTags("Payments");

        billing.MapGet("/payment-methods", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listPaymentMethods", new("List saved payment methods", "列出已保存的支付方式"), new("At most one: paying with another takes its place.", "最多一个：使用其他卡支付后会替换。"), null, new Page<PaymentMethodView>([SubscriptionExamples.Method], null));

        billing.MapDelete("/payment-methods", RemoveAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("removePaymentMethod", new("Remove the saved payment method", "删除已保存的支付方式"), new("Nothing is renewed or refilled by itself any more.", "删除后不再自动续费或自动充值。"))
            .Refuses(ProblemKind.NoPaymentMethod, ProblemKind.RoleNotAllowed);

        billing.MapGet("/auto-top-up", FindAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("getAutoTopUp", new("Get the automatic top-up", "查询自动充值"), new("An empty list when there is none.", "未设置时返回空列表。"), null, new Page<AutoTopUpView>([SubscriptionExamples.AutoTopUp], null));

        billing.MapPut("/auto-top-up", SetAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("setAutoTopUp", new("Set the automatic top-up", "设置自动充值"),
                new("Refills the wallet from the saved card when it runs low. A refused payment, or the cap, stops it until it is set again.", "余额低于阈值时使用已保存的卡自动充值。支付被拒或达到月度上限后停止，重新设置后恢复。"),
                SubscriptionExamples.SetAutoTopUp, SubscriptionExamples.AutoTopUp)
            .Refuses(ProblemKind.NoPaymentMethod, ProblemKind.RoleNotAllowed);

        billing.MapDelete("/auto-top-up", EndAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("endAutoTopUp", new("End the automatic top-up", "关闭自动充值"), new("The card stays saved.", "已保存的卡不受影响。"))
            .Refuses(ProblemKind.RoleNotAllowed);

        billing.MapGet("/disputes", DisputesAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listDisputes", new("List disputes", "列出拒付争议"), new("Payments that a card holder's bank has taken back, newest first.", "持卡人银行撤回的付款，按时间从新到旧排列。"), null, new Page<DisputeView>([SubscriptionExamples.Dispute], null));
    }

    internal static PaymentMethodView? View(PaymentMethod? method) =>
        method is null ? null : new PaymentMethodView(method.Id, Wire.Name(method.Channel), method.Brand, method.LastFour, method.CreatedAt);

    private static async Task<Ok<Page<PaymentMethodView>>> ListAsync(Member member, HubDb db, CancellationToken ct)
    {
        var method = await db.InOrganizationAsync(member.OrganizationId, () => SavedAsync(db, ct), ct);
        return TypedResults.Ok(new Page<PaymentMethodView>(View(method) is { } view ? [view] : [], null));
    }

    private static async Task<Results<NoContent, Refused>> RemoveAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return await db.InOrganizationAsync<Results<NoContent, Refused>>(member.OrganizationId, async () =>
        {
            var method = await SavedAsync(db, ct);
            if (method is null || !await db.RemoveMethodAsync(now, ct))
            {
                return Refused.Because(ProblemKind.NoPaymentMethod);
            }

            await db.AuditAsync(http.Actor(), "payment_method.removed", method.Id.ToString(), new { method.Brand, method.LastFour }, null, now, ct);
            return TypedResults.NoContent();
        }, ct);
    }

    private static async Task<Ok<Page<AutoTopUpView>>> FindAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var view = await db.InOrganizationAsync(member.OrganizationId, () => RefillAsync(db, member.Organization, now, ct), ct);
        return TypedResults.Ok(new Page<AutoTopUpView>(view is null ? [] : [view], null));
    }

    private static async Task<Results<Ok<AutoTopUpView>, Refused>> SetAsync(
        AutoTopUpRequest request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var (now, currency) = (time.Now(), member.Organization.Currency);
        var errors = new FieldErrors(http.Request.Language());
        var below = Orders.ReadAmount(request.Below, currency, errors, "below");
        var amount = Orders.ReadAmount(request.Amount, currency, errors);
        var cap = Orders.ReadAmount(request.MonthlyCap, currency, errors, "monthly_cap");
        if (amount is { } asked && (asked < TopUpLimits.Minimum(PaymentChannelId.Stripe, currency) || asked > TopUpLimits.Maximum(currency)))
        {
            errors.Add("amount", FieldText.Range, TopUpLimits.Minimum(PaymentChannelId.Stripe, currency).ToDecimalString(), TopUpLimits.Maximum(currency).ToDecimalString());
        }

        if (cap < amount)
        {
            errors.Add("monthly_cap", FieldText.Amount);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.InOrganizationAsync<Results<Ok<AutoTopUpView>, Refused>>(member.OrganizationId, async () =>
        {
            if (await SavedAsync(db, ct) is not { } method)
            {
                return Refused.Because(ProblemKind.NoPaymentMethod);
            }

            var before = await RefillAsync(db, member.Organization, now, ct);
            await db.SetAutoTopUpAsync(method.Id, below!.Value.Nanos, MinorUnits.Of(amount!.Value)!.Value, MinorUnits.Of(cap!.Value)!.Value, now, ct);
            await db.AuditAsync(http.Actor(), "auto_top_up.set", member.OrganizationId.ToString(), before, request, now, ct);
            return TypedResults.Ok((await RefillAsync(db, member.Organization, now, ct))!);
        }, ct);
    }

    private static async Task<NoContent> EndAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var before = await RefillAsync(db, member.Organization, now, ct);
            await db.SetAutoTopUpAsync(null, 0, 0, 0, now, ct);
            await db.AuditAsync(http.Actor(), "auto_top_up.ended", member.OrganizationId.ToString(), before, null, now, ct);
        }, ct);
        return TypedResults.NoContent();
    }

    private static async Task<Ok<Page<DisputeView>>> DisputesAsync(Member member, HubDb db, CancellationToken ct)
    {
        const int Newest = 100;
        var currency = member.Organization.Currency;
        var disputes = await db.InOrganizationAsync(
            member.OrganizationId, () => db.Disputes.AsNoTracking().OrderByDescending(row => row.OpenedAt).Take(Newest).ToListAsync(ct), ct);
        return TypedResults.Ok(new Page<DisputeView>(
            [.. disputes.Select(row => new DisputeView(
                row.Id, row.OrderId, Wire.Name(row.Status), MinorUnits.ToMoney(row.AmountMinor, currency).ToDecimalString(), currency.ToString(), row.Reason, row.OpenedAt, row.ClosedAt, row.EvidenceDueAt))],
            null));
    }

    private static Task<PaymentMethod?> SavedAsync(HubDb db, CancellationToken ct) => db.PaymentMethods.AsNoTracking().FirstOrDefaultAsync(row => row.RemovedAt == null, ct);

    private static async Task<AutoTopUpView?> RefillAsync(HubDb db, OrganizationOfUser organization, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.AutoTopUps.AsNoTracking().FirstOrDefaultAsync(ct) is not { } refill)
        {
            return null;
        }

        var (currency, month) = (organization.Currency, MonthOf(organization, now));
        var orders = db.PaymentOrders.AsNoTracking().Where(order => order.Purpose == PaymentPurpose.AutoTopUp);
        // As auto_top_ups_due counts: an order under way as if it had arrived.
        var taken = await orders.Where(order => order.CreatedAt >= month && order.Status != PaymentOrderStatus.Closed && order.Status != PaymentOrderStatus.Failed).SumAsync(order => order.AmountMinor, ct);
        var last = await orders.OrderByDescending(order => order.CreatedAt).ThenByDescending(order => order.Id).FirstOrDefaultAsync(ct);
        return new AutoTopUpView(
            currency.ToString(), new Money(refill.BelowNanos, currency).ToDecimalString(), MinorUnits.ToMoney(refill.AmountMinor, currency).ToDecimalString(),
            MinorUnits.ToMoney(refill.MonthlyCapMinor, currency).ToDecimalString(), refill.StoppedAt, refill.StopReason, View(await SavedAsync(db, ct)),
            MinorUnits.ToMoney(taken, currency).ToDecimalString(),
            last is null ? null : new AutoTopUpTry(last.Id, Wire.Name(last.Status), last.Amount.ToDecimalString(), last.CreatedAt, last.Status == PaymentOrderStatus.Paid ? null : last.Failure));
    }

    private static DateTimeOffset MonthOf(OrganizationOfUser organization, DateTimeOffset now)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(organization.TimeZone);
        var local = TimeZoneInfo.ConvertTime(now, zone).DateTime;
        var first = new DateTime(local.Year, local.Month, 1);
        return new DateTimeOffset(first, zone.GetUtcOffset(first)).ToUniversalTime();
    }
}
