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
