using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

public sealed class BillingTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task The_plans_are_listed_with_prices_in_the_organization_s_currency()
    {
        var dollars = await (await hub.RegisterAsync("USD")).ReadAsync<Page<PlanView>>("billing/plans");
        var yuan = await (await hub.RegisterAsync("CNY")).ReadAsync<Page<PlanView>>("billing/plans");

        Assert.Equal(
            [
                new PlanView("free", "Free", "0", "USD", 10_000, 10, false),
                new PlanView("developer", "Developer", "29", "USD", 1_000_000, 100, true, "290"),
                new PlanView("pro", "Pro", "99", "USD", 5_000_000, 500, true, "990"),
                new PlanView("enterprise", "Enterprise", null, "USD", null, null, true),
            ],
            dollars.Data);
        Assert.Equal(dollars.Data.Select(plan => plan.Id), yuan.Data.Select(plan => plan.Id));
        Assert.All(yuan.Data, plan => Assert.Equal("CNY", plan.Currency));
        Assert.Null(dollars.NextCursor);
    }

    [Fact]
    public async Task A_new_organization_is_on_the_free_plan_in_its_first_calendar_month()
    {
        var person = await hub.RegisterAsync("USD", "Asia/Tokyo");

        var subscription = await person.ReadAsync<SubscriptionView>("billing/subscription");

        var tokyo = TimeZoneInfo.ConvertTime(hub.Clock.GetUtcNow(), TimeZoneInfo.FindSystemTimeZoneById("Asia/Tokyo"));
        var start = new DateTimeOffset(tokyo.Year, tokyo.Month, 1, 0, 0, 0, tokyo.Offset);
        Assert.Equal(
            new SubscriptionView(new PlanView("free", "Free", "0", "USD", 10_000, 10, false), "active", new PeriodView(start.ToUniversalTime(), start.AddMonths(1).ToUniversalTime()), false),
            subscription);
    }

    [Fact]
    public async Task A_suspended_organization_still_sees_where_it_stands()
    {
        var person = await hub.RegisterAsync();
        await using var db = hub.Database.OpenAsAdmin();
        await db.Organizations.Where(row => row.Id == person.OrganizationId).ExecuteUpdateAsync(set => set.SetProperty(row => row.Status, OrganizationStatus.Suspended));

        Assert.Equal("suspended", (await person.ReadAsync<SubscriptionView>("billing/subscription")).Status);
    }

    [Fact]
    public async Task The_wallet_is_what_the_ledger_says_to_the_last_nano_unit()
    {
        var person = await hub.RegisterAsync("CNY");
        var stranger = await hub.RegisterAsync("CNY");
        Assert.Equal(new WalletView("CNY", "0", "0", "0", "0"), await person.ReadAsync<WalletView>("billing/wallet"));

        await PostAsync(person, "wallet_purchased", 9_007_199_254_740_993, 1);
        await PostAsync(person, "wallet_granted", 5_000_000_001, 250_000_000);

        Assert.Equal(
            new WalletView("CNY", "9007199.254740993", "5.000000001", "0.250000001", "9007204.004740993"),
            await person.ReadAsync<WalletView>("billing/wallet"));
        Assert.Equal(new WalletView("CNY", "0", "0", "0", "0"), await stranger.ReadAsync<WalletView>("billing/wallet"));
    }

    private Task<int> PostAsync(Visitor person, string kind, long posted, long held) => hub.Database.AsAdminAsync<int>(
        $"""
         with changed as (
             update balances set posted = {posted}, held = {held}
             where account_id = (select id from accounts where organization_id = '{person.OrganizationId}' and kind = '{kind}') returning 1)
         select count(*)::int from changed
         """);
}
