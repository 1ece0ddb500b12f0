using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
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

    [Fact]
    public async Task The_ledger_lists_every_movement_and_sums_to_the_balances()
    {
        var (person, stranger) = (await hub.RegisterAsync("CNY"), await hub.RegisterAsync("CNY"));
        foreach (var (number, account, nanos) in new[] { (1, "wallet_purchased", 9_990_000_000), (2, "wallet_purchased", 1), (3, "wallet_granted", 5_000_000_000L) })
        {
            await hub.Database.AsAdminAsync<bool>(
                $"select ledger_post(gen_random_uuid(), '{person.OrganizationId}', 'top_up:{number}', 'top_up', 'payments', '{account}', 'CNY', {nanos}, now(), now(), 'No. {number}')");
        }

        var seen = new List<LedgerEntryView>();
        for (string? cursor = ""; cursor is not null;)
        {
            var page = await person.ReadAsync<Page<LedgerEntryView>>($"billing/ledger?limit=2{(cursor.Length > 0 ? $"&cursor={cursor}" : "")}");
            Assert.InRange(page.Data.Count, 1, 2);
            seen.AddRange(page.Data);
            cursor = page.NextCursor;
        }

        Assert.Equal(seen.OrderByDescending(entry => long.Parse(entry.Id)).Select(entry => entry.Id), seen.Select(entry => entry.Id));
        Assert.Equal(
            [("granted", "CNY", "5", "No. 3"), ("purchased", "CNY", "0.000000001", "No. 2"), ("purchased", "CNY", "9.99", "No. 1")],
            seen.Where(entry => entry.Kind == "top_up").Select(entry => (entry.Account, entry.Unit, entry.Amount, entry.Memo)));
        Assert.Equal(("plan", "tokens", "10000", "grant"), seen.Where(entry => entry.Account == "plan").Select(entry => (entry.Account, entry.Unit, entry.Amount, entry.Kind)).Single());
        Assert.Equal(2, (await person.ReadAsync<Page<LedgerEntryView>>("billing/ledger?account=purchased")).Data.Count);
        Assert.DoesNotContain((await stranger.ReadAsync<Page<LedgerEntryView>>("billing/ledger")).Data, entry => seen.Exists(other => other.Id == entry.Id));
        (await person.GetAsync("billing/ledger?account=theirs&cursor=x")).Is(ProblemKind.InvalidRequest);
    }

    private Task<int> PostAsync(Visitor person, string kind, long posted, long held) => hub.Database.AsAdminAsync<int>(
        $"""
         with changed as (
             update balances set posted = {posted}, held = {held}
             where account_id = (select id from accounts where organization_id = '{person.OrganizationId}' and kind = '{kind}') returning 1)
         select count(*)::int from changed
         """);
}
