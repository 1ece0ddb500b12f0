using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Worker.Accounts;
using AiHub.Worker.Quotas;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Worker;

public sealed class PeriodRunTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private static readonly DateTimeOffset Start = Customer.Start;

    [Fact]
    public async Task The_next_month_s_grant_lets_the_next_call_through()
    {
        var customer = await books.CustomerAsync();
        await customer.SettleAsync(await customer.HoldAsync(10_000), 10_000);
        var refused = (await customer.AskAsync(1)).Refusal!;
        Assert.Equal((HoldRefusalReason.QuotaExhausted, 10_000, 10_000), (refused.Reason, refused.Limit, refused.Used));

        var nextMonth = refused.ResetsAt!.Value;
        await RunAsync(nextMonth.AddMilliseconds(-1));
        Assert.NotNull((await customer.AskAsync(1, at: nextMonth.AddMilliseconds(-1))).Refusal);
        await RunAsync(nextMonth);

        Assert.Equal(10_000, (await customer.HoldAsync(10_000, at: nextMonth)).PlanTokens);
    }

    [Fact]
    public async Task A_run_that_is_months_late_grants_every_month_once_and_ends_the_past_ones()
    {
        var customer = await books.CustomerAsync();
        await customer.SettleAsync(await customer.HoldAsync(1_000), 1_000);
        var late = Start.AddMonths(4);

        await RunAsync(late);
        await RunAsync(late);

        await using var db = books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            var periods = await db.Periods.AsNoTracking().OrderBy(period => period.Sequence).ToListAsync();
            Assert.Equal([0, 1, 2, 3, 4], periods.Select(period => period.Sequence));
            Assert.All(periods.Zip(periods.Skip(1)), pair => Assert.Equal(pair.First.EndsAt, pair.Second.StartsAt));
            Assert.Equal(5, await db.Journals.CountAsync(journal => journal.Kind == "grant"));
            Assert.Equal(4, await db.Journals.CountAsync(journal => journal.Kind == "expire"));
        }, default);
        Assert.Equal((10_000, 0), (await customer.BalancesAsync()).Allowance);
        Assert.Equal(9_000 + 30_000, await customer.BookedAsync(AccountKind.Breakage, "TOK"));
    }

    [Fact]
    public async Task Whatever_is_booked_has_an_id_that_tells_when_it_was_made()
    {
        var customer = await books.CustomerAsync();
        var late = Start.AddMonths(1).AddDays(3);
        await RunAsync(late);

        await using var db = books.Database.OpenAsAdmin();
        var accounts = await db.Accounts.Where(account => account.OrganizationId == customer.Id).Select(account => account.Id).ToListAsync();
        var journals = await db.Journals.Where(journal => journal.OrganizationId == customer.Id).ToListAsync();

        Assert.Equal(accounts.Count, accounts.Distinct().Count());
        Assert.All(accounts, id => Assert.Equal((7, Start), (id.Version, MadeAt(id))));
        Assert.All(journals, journal => Assert.Equal(7, journal.Id.Version));
        Assert.Equal(late, MadeAt(journals.Single(journal => journal.Kind == "expire").Id));

        static DateTimeOffset MadeAt(Guid id) => DateTimeOffset.FromUnixTimeMilliseconds(Convert.ToInt64(id.ToString("N")[..12], 16));
    }

    [Fact]
    public async Task Workers_running_at_the_same_time_grant_once()
    {
        var customers = new List<Customer>();
        for (var i = 0; i < 5; i++)
        {
            customers.Add(await books.CustomerAsync(i % 2 == 0 ? PlanIds.Free : PlanIds.Pro));
        }

        var later = Start.AddMonths(1).AddDays(1);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => RunAsync(later)));

        await using var db = books.Database.OpenAsAdmin();
        foreach (var customer in customers)
        {
            Assert.Equal(2, await db.Periods.CountAsync(period => period.OrganizationId == customer.Id));
            Assert.Equal(2, await db.Journals.CountAsync(journal => journal.OrganizationId == customer.Id && journal.Kind == "grant"));
        }
    }

    [Fact]
    public async Task A_paid_plan_renews_on_its_day_and_an_unlimited_one_has_months_without_grants()
    {
        var pro = await books.CustomerAsync(PlanIds.Pro);
        var enterprise = await books.CustomerAsync(PlanIds.Enterprise);
        await RunAsync(Start.AddMonths(1));

        await using var db = books.Database.OpenAsAdmin();
        Assert.Equal(
            [(Start, Start.AddMonths(1), (long?)5_000_000), (Start.AddMonths(1), Start.AddMonths(2), 5_000_000)],
            db.Periods.Where(period => period.OrganizationId == pro.Id).OrderBy(period => period.Sequence).AsEnumerable().Select(period => (period.StartsAt, period.EndsAt, period.GrantedTokens)));
        Assert.Equal([null, null], await db.Periods.Where(period => period.OrganizationId == enterprise.Id).Select(period => period.GrantedTokens).ToListAsync());
        Assert.Empty(await db.Journals.Where(journal => journal.OrganizationId == enterprise.Id).ToListAsync());
    }

    [Fact]
    public async Task One_organization_with_something_wrong_does_not_cost_the_others_their_month()
    {
        var broken = await books.CustomerAsync();
        var fine = await books.CustomerAsync();
        await books.Database.AsAdminAsync<object>($"update organizations set time_zone = 'Mars/Olympus' where id = '{broken.Id}' returning id");

        var failed = new List<Guid>();
        await RunAsync(Start.AddMonths(1), (organization, _) => failed.Add(organization));

        await using var db = books.Database.OpenAsAdmin();
        Assert.Equal([broken.Id], failed.Distinct());
        Assert.Equal(2, await db.Periods.CountAsync(period => period.OrganizationId == fine.Id));
        await books.Database.AsAdminAsync<object>($"update organizations set time_zone = 'UTC' where id = '{broken.Id}' returning id");
    }

    [Fact]
    public async Task An_ended_subscription_gets_no_more_months()
    {
        var customer = await books.CustomerAsync();
        await books.Database.AsAdminAsync<object>($"update subscriptions set status = 'ended', ended_at = '2026-05-25' where organization_id = '{customer.Id}' returning id");

        await RunAsync(Start.AddMonths(2));

        await using var db = books.Database.OpenAsAdmin();
        Assert.Equal(1, await db.Periods.CountAsync(period => period.OrganizationId == customer.Id));
    }

    [Fact]
    public async Task More_lots_and_holds_than_one_batch_are_all_dealt_with()
    {
        var customer = await books.CustomerAsync();
        await Task.WhenAll(Enumerable.Range(0, 450).Select(_ => customer.HoldAsync(1)));
        var swept = await HoldSweep.RunAsync(books.Ledger, Start + Customer.Lease, default);

        Assert.Equal(450, swept.Count(hold => hold.OrganizationId == customer.Id));
        Assert.Equal((10_000, 0), (await customer.BalancesAsync()).Allowance);

        for (var i = 0; i < 210; i++)
        {
            await customer.GrantTokensAsync(1, Start.AddDays(1), $"small:{i}");
        }

        Assert.True((await RunAsync(Start.AddDays(2))).Expired >= 210);
        Assert.Equal((10_000, 0), (await customer.BalancesAsync()).Allowance);
    }

    private async Task<(int Granted, int Expired)> RunAsync(DateTimeOffset now, Action<Guid, Exception>? failed = null)
    {
        await using var db = books.Database.Open();
        return await PeriodRun.RunAsync(db, books.Ledger, now, failed ?? ((organization, failure) => Assert.Fail($"{organization}: {failure}")), default);
    }
}
