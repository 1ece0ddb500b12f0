using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Invoicing;

public sealed partial class InvoiceRun
{
    /// <summary>What was paid for a plan, line by line as it was shown before.</summary>
    private static Task<int> InvoiceChargeAsync(HubDb db, DueSubject due, DateTimeOffset now, CancellationToken ct) => db.InOrganizationAsync(due.OrganizationId, async () =>
    {
        var charge = await db.SubscriptionCharges.AsNoTracking().SingleAsync(row => row.Id == due.Id, ct);
        var source = $"subscription:{charge.Id}";
        // Under the lock, so that of two runs the second finds what the first has made.
        await db.DebtAsync(now, ct);
        if (await db.Invoices.AnyAsync(invoice => invoice.Source == source && invoice.Status != InvoiceStatus.Void, ct))
        {
            return 0;
        }

        var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == charge.Currency, ct);
        var order = await db.PaymentOrders.AsNoTracking().Where(row => row.ChargeId == charge.Id && row.Status == PaymentOrderStatus.Paid).OrderByDescending(row => row.PaidAt).FirstAsync(ct);
        var plans = await db.Plans.AsNoTracking().ToDictionaryAsync(plan => plan.Id, plan => plan.Name, ct);
        var lines = charge.Lines.Select(line => LineOf(line, plans[line.PlanId])).ToList();
        if (order.AmountMinor > charge.AmountMinor)
        {
            lines.Add(new DraftLine(InvoiceLineKind.TopUp, "AI Hub 账户充值（预付服务费）", "AI Hub account top-up (prepaid service fee)", order.AmountMinor - charge.AmountMinor));
        }

        var draft = InvoiceDraft.OfSubscription(charge.OrganizationId, seller, source, lines, charge.Lines[0].From, charge.Lines[^1].To, order.Id, now);
        await FinalizeAsync(db, draft, now, ct);
        return 1;
    }, ct);

    internal static DraftLine LineOf(SubscriptionLine line, string plan)
    {
        var (zh, en) = (line.Kind, line.Interval) switch
        {
            (SubscriptionLineKind.Unused, _) => ($"{plan} 套餐剩余时间抵扣", $"Unused time on the {plan} plan"),
            (SubscriptionLineKind.Remaining, _) => ($"{plan} 套餐剩余时间", $"Remaining time on the {plan} plan"),
            (_, PlanInterval.Year) => ($"{plan} 套餐（年付）", $"{plan} plan, one year"),
            _ => ($"{plan} 套餐（月付）", $"{plan} plan, one month"),
        };
        return new DraftLine(InvoiceLineKind.Subscription, zh, en, line.AmountMinor);
    }
}
