using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Plans, the subscription and the wallet.</summary>
public static class Billing
{
    public static void MapBilling(this IEndpointRouteBuilder api)
    {
        var billing = api.MapGroup("/billing").WithTags("Billing");

        billing.MapGet("/plans", PlansAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listPlans", new("List plans", "列出套餐"), new("With prices in the organization's currency.", "价格以组织的结算货币显示。"), null, new Page<PlanView>([Examples.Plan], null));

        billing.MapGet("/subscription", SubscriptionAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("getSubscription", new("Get the subscription", "查询订阅"), new("The plan the organization is on, and its current period.", "组织当前的套餐与计费周期。"), null, Examples.Subscription);

        billing.MapGet("/wallet", WalletAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("getWallet", new("Get the wallet", "查询钱包"), new("Money outside the plan, from the ledger; decimal strings.", "套餐之外的余额，取自账本，均为十进制字符串。"), null, Examples.Wallet);

        billing.MapGet("/wallet/lots", LotsAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listWalletLots", new("List granted money", "列出赠送余额"), new("Grant by grant with what is left and when it expires, newest first. Purchased money does not expire.", "逐笔列出赠送余额的剩余金额与到期时间，按时间从新到旧排列。充值余额不会过期。"), null, new Page<WalletLotView>([PaymentExamples.Lot], null));
    }

    private static async Task<Ok<Page<PlanView>>> PlansAsync(Member member, HubDb db, CancellationToken ct)
    {
        var plans = await db.Plans.AsNoTracking().OrderBy(plan => plan.Position).ToListAsync(ct);
        return TypedResults.Ok(new Page<PlanView>([.. plans.Select(plan => View(plan, member.Organization.Currency))], null));
    }

    private static async Task<Ok<SubscriptionView>> SubscriptionAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return TypedResults.Ok(await db.InOrganizationAsync(
            member.OrganizationId,
            () => Subscriptions.ReadAsync(db, member, now, ct), ct));
    }

    private static async Task<Ok<WalletView>> WalletAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(await WalletOfAsync(db, member.OrganizationId, member.Organization.Currency, ct));

    private static async Task<Ok<Page<WalletLotView>>> LotsAsync(Member member, HubDb db, CancellationToken ct)
    {
        const int Newest = 100;
        var currency = member.Organization.Currency;
        var lots = await db.InOrganizationAsync(
            member.OrganizationId,
            // A lot has the id of the journal that made it.
            () => (from lot in db.Lots.AsNoTracking()
                   join account in db.Accounts on lot.AccountId equals account.Id
                   join journal in db.Journals on lot.Id equals journal.Id
                   where account.Kind == AccountKind.WalletGranted
                   orderby lot.CreatedAt descending, lot.Id descending
                   select new { lot, journal.Kind, journal.Memo }).Take(Newest).ToListAsync(ct),
            ct);
        return TypedResults.Ok(new Page<WalletLotView>(
            [.. lots.Select(row => new WalletLotView(
                row.lot.Id, row.Kind, row.Memo, currency.ToString(), new Money(row.lot.Original, currency).ToDecimalString(), new Money(row.lot.Remaining, currency).ToDecimalString(),
                row.lot.CreatedAt, row.lot.ExpiresAt, row.lot.ExpiredAt))],
            null));
    }

    internal static async Task<WalletView> WalletOfAsync(HubDb db, Guid organizationId, Currency currency, CancellationToken ct)
    {
        var balances = await db.InOrganizationAsync(
            organizationId,
            () => db.Accounts
                .Where(account => account.Kind == AccountKind.WalletPurchased || account.Kind == AccountKind.WalletGranted)
                .Join(db.Balances, account => account.Id, balance => balance.AccountId, (account, balance) => new { account.Kind, balance.Posted, balance.Held, balance.Floor })
                .ToListAsync(ct),
            ct);

        var purchased = Of(AccountKind.WalletPurchased);
        var granted = Of(AccountKind.WalletGranted);
        var held = new Money(balances.Aggregate(0L, (sum, balance) => checked(sum + balance.Held)), currency);

        return new WalletView(
            currency.ToString(),
            purchased.ToDecimalString(),
            granted.ToDecimalString(),
            held.ToDecimalString(),
            (purchased + granted - held).ToDecimalString(),
            new Money(-balances.Min(balance => balance.Floor), currency).ToDecimalString());

        Money Of(AccountKind kind) => new(balances.Where(balance => balance.Kind == kind).Aggregate(0L, (sum, balance) => checked(sum + balance.Posted)), currency);
    }

    internal static PlanView View(Plan plan, Currency currency) => new(
        plan.Id, plan.Name, plan.MonthlyPrice(currency)?.ToDecimalString(), currency.ToString(), plan.MonthlyTokens, plan.RequestsPerMinute, plan.AllowsOverage,
        plan.YearlyPrice(currency)?.ToDecimalString());
}
