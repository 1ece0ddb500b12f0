using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Tests.Invoices;

/// <summary>Finance's kept figures: what they say, with what is not kept, is what the records and the ledger say.</summary>
public sealed class FinanceSpanTests
{
    [Fact]
    public async Task What_is_kept_of_days_that_are_over_is_what_the_ledger_says_also_when_something_comes_late()
    {
        // Nobody else's calls take spans away meanwhile.
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var random = new Random(72);
        var customers = new List<Customer>();
        for (var i = 0; i < 2; i++)
        {
            customers.Add(await Customer.OpenAsync(database, ledger, PlanIds.Enterprise, i == 0 ? Currency.USD : Currency.CNY, Customer.Start.AddDays(-40)));
            await customers[i].TopUpAsync(900_000_000_000, currency: i == 0 ? Currency.USD : Currency.CNY);
        }

        await database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{customers[0].OwnerId}', '2026-01-01') returning user_id");
        await TermsAsync(7777, "2026-05-10 03:12");
        for (var call = 0; call < 60; call++)
        {
            await CallAsync(Customer.Start.AddDays(-20).AddMinutes(random.Next(30 * 1440)));
        }

        await CloseAsync(database);
        await CompareAsync();

        // A call, and a journal, of a day that was closed.
        Assert.True(await SpansAsync(database, Customer.Start) == 1);
        await CallAsync(Customer.Start);
        Assert.Equal(0, await SpansAsync(database, Customer.Start));
        await CompareAsync();
        await CloseAsync(database);
        Assert.Equal(1, await SpansAsync(database, Customer.Start));
        await CompareAsync();

        // Other terms, of a day that was closed.
        await TermsAsync(5000, "2026-05-20 07:30");
        Assert.Equal((1, 0), (await SpansAsync(database, Customer.Start.AddDays(-1)), await SpansAsync(database, Customer.Start)));
        await CompareAsync();
        await CloseAsync(database);
        await CompareAsync();

        async Task CallAsync(DateTimeOffset at)
        {
            var customer = customers[random.Next(customers.Count)];
            var nanos = random.NextInt64(1, 3_000_000_000);
            var hold = (await customer.AskAsync(10, nanos: nanos, at: at, currency: customer == customers[0] ? Currency.USD : Currency.CNY)).Hold!;
            await ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 10, nanos, at, $"m/{random.Next(3)}"), at), default);
        }

        // As an operator would, in the transaction that names one.
        async Task TermsAsync(int basisPoints, string from)
        {
            await using var db = database.OpenAsAdmin();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.OperatorAtWorkAsync(customers[0].OwnerId, default);
            db.VendorTerms.Add(new VendorTerms { Id = Guid.CreateVersion7(), VendorId = "sim", BasisPoints = basisPoints, ValidFrom = DateTimeOffset.Parse($"{from}Z", CultureInfo.InvariantCulture), CreatedAt = Customer.Start });
            await db.SaveChangesAsync();
            await transaction.CommitAsync();
        }

        async Task CompareAsync()
        {
            await using var db = database.OpenAsAdmin();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.OperatorAtWorkAsync(customers[0].OwnerId, default);
            for (var round = 0; round < 8; round++)
            {
                // Days of the hub as its reports have them, and spans that cut through what is kept.
                var from = new DateTimeOffset(2026, 4, 25, 16, 0, 0, TimeSpan.Zero).AddDays(random.Next(40)).AddMinutes(round % 2 * random.Next(1440));
                var until = from.AddDays(random.Next(1, 20));

                Assert.Equal(
                    await db.Database.SqlQuery<string>($"select counted::text as \"Value\" from finance_models_counted({from}, {until}) counted order by 1").ToListAsync(),
                    await db.Database.SqlQuery<string>($"select shown::text as \"Value\" from finance_models({from}, {until}) shown order by 1").ToListAsync());
                Assert.Equal(
                    await db.Database.SqlQuery<string>(
                        $"""
                         select format('%s %s %s', day, unit, sum(amount)) as "Value"
                         from (select to_char(journal.booked_at at time zone {Organization.DefaultTimeZone}, 'YYYY-MM-DD') as day, entry.unit, entry.amount
                               from journals journal join entries entry on entry.journal_id = journal.id join accounts account on account.id = entry.account_id
                               where account.kind = 'usage_revenue' and journal.booked_at >= {from} and journal.booked_at < {until}) booked
                         group by day, unit order by 1
                         """).ToListAsync(),
                    await db.Database.SqlQuery<string>(
                        $"select format('%s %s %s', key, currency, usage_nanos) as \"Value\" from finance_revenue({from}, {until}, {Organization.DefaultTimeZone}, 'day') where usage_nanos <> 0 order by 1").ToListAsync());
            }
        }
    }

    [Fact]
    public async Task Revenue_is_that_of_the_plan_somebody_was_on_when_it_was_booked()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(database, ledger, PlanIds.Enterprise, Currency.USD, Customer.Start.AddDays(-40));
        await customer.TopUpAsync(900_000_000_000, currency: Currency.USD);
        foreach (var (days, nanos) in new[] { (-1, 1L), (1, 20L), (2, 300L), (6, 4_000L) })
        {
            var at = Customer.Start.AddDays(days);
            var hold = (await customer.AskAsync(10, nanos: nanos, at: at, currency: Currency.USD)).Hold!;
            await ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 10, nanos, at, "m/0"), at), default);
        }

        // Within its first subscription it came from Developer; the second, on Free, took the first one's place.
        await database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{customer.OwnerId}', '2026-01-01') returning user_id");
        await database.AsAdminAsync<Guid>(
            $"""
             insert into subscription_charges (id, organization_id, subscription_id, kind, status, from_plan_id, plan_id, interval, collection, currency, amount_minor, lines, at,
                 paid_months, paid_through, tokens, version, created_at)
             select gen_random_uuid(), organization_id, id, 'upgrade', 'open', '{PlanIds.Developer}', plan_id, 'month', 'prepaid', 'USD', 0, '[]', '{Customer.Start:O}',
                 1, '{Customer.Start.AddDays(9):O}', 0, 0, '{Customer.Start:O}'
             from subscriptions where organization_id = '{customer.Id}' returning id
             """);
        await database.AsAdminAsync<Guid>(
            $"update subscription_charges set status = 'applied', applied_at = '{Customer.Start:O}' where organization_id = '{customer.Id}' returning id");
        await database.AsAdminAsync<Guid>(
            $"update subscriptions set status = 'ended', ended_at = '{Customer.Start.AddDays(5):O}' where organization_id = '{customer.Id}' returning id");
        await database.AsAdminAsync<Guid>(
            $"insert into subscriptions (id, organization_id, plan_id, status, anchor) values (gen_random_uuid(), '{customer.Id}', '{PlanIds.Free}', 'active', '{Customer.Start:O}') returning id");

        string[] expected = [$"{PlanIds.Developer} 1", $"{PlanIds.Enterprise} 320", $"{PlanIds.Free} 4000"];
        Assert.Equal(expected, await ByPlanAsync());
        await CloseAsync(database);
        Assert.Equal(1, await SpansAsync(database, Customer.Start.AddDays(1)));
        Assert.Equal(expected, await ByPlanAsync());

        async Task<List<string>> ByPlanAsync()
        {
            await using var db = database.OpenAsAdmin();
            await using var transaction = await db.Database.BeginTransactionAsync();
            await db.OperatorAtWorkAsync(customer.OwnerId, default);
            return await db.Database.SqlQuery<string>(
                $"""
                 select format('%s %s', key, usage_nanos) as "Value"
                 from finance_revenue({Customer.Start.AddDays(-3)}, {Customer.Start.AddDays(9)}, {Organization.DefaultTimeZone}, 'plan') where usage_nanos <> 0 order by 1
                 """).ToListAsync();
        }
    }

    [Fact]
    public async Task Those_who_come_late_wait_for_nobody_whatever_days_they_touch_and_in_whatever_order()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var (yesterday, today) = (Customer.Start.AddDays(-1), Customer.Start);
        var late = new List<(NpgsqlConnection Connection, NpgsqlTransaction Transaction, Customer Customer)>();
        for (var i = 0; i < 2; i++)
        {
            var customer = await Customer.OpenAsync(database, ledger, PlanIds.Enterprise, Currency.USD, Customer.Start.AddDays(-40));
            var connection = new NpgsqlConnection(database.AdminConnectionString);
            await connection.OpenAsync();
            late.Add((connection, await connection.BeginTransactionAsync(), customer));
        }

        await CloseAsync(database);
        Assert.Equal((1, 1), (await SpansAsync(database, yesterday), await SpansAsync(database, today)));

        // Each in one transaction, that of the other still open: neither may wait for it, so it is no matter which commits first.
        await PostAsync(0, yesterday);
        await PostAsync(1, today);
        await Task.WhenAll(PostAsync(0, today), PostAsync(1, yesterday));
        await late[0].Transaction.CommitAsync();
        Assert.Equal((0, 0), (await SpansAsync(database, yesterday), await SpansAsync(database, today)));
        await CloseAsync(database);
        Assert.Equal((1, 1), (await SpansAsync(database, yesterday), await SpansAsync(database, today)));

        // What is committed after the spans were counted again has them counted once more.
        await late[1].Transaction.CommitAsync();
        Assert.Equal((0, 0), (await SpansAsync(database, yesterday), await SpansAsync(database, today)));
        await CloseAsync(database);
        Assert.Equal((1, 1), (await SpansAsync(database, yesterday), await SpansAsync(database, today)));
        Assert.Equal(4_000, await database.AsAdminAsync<decimal>("select sum(amount_nanos) from finance_revenue_sums where kind = 'usage_revenue'"));
        foreach (var (connection, transaction, _) in late)
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }

        async Task PostAsync(int who, DateTimeOffset at)
        {
            await using var command = new NpgsqlCommand(
                $"select ledger_post(gen_random_uuid(), '{late[who].Customer.Id}', '{at:O}', 'test', 'payments', 'usage_revenue', 'USD', 1000, '{at:O}', '{at:O}')",
                late[who].Connection, late[who].Transaction)
            { CommandTimeout = 10 };
            await command.ExecuteScalarAsync();
        }
    }

    private static async Task CloseAsync(TestDatabase database)
    {
        // The first look says when; a later one finds that nobody is left who was at work then, in other tests' databases too.
        await using var db = database.Open();
        for (var tries = 0; tries < 300 && await SpansAsync(database, Customer.Start) == 0; tries++)
        {
            await db.CloseFinancesAsync(default);
            await Task.Delay(100);
        }
    }

    private static Task<int> SpansAsync(TestDatabase database, DateTimeOffset at) =>
        database.AsAdminAsync<int>($"select count(*)::int from finance_kept('-infinity', 'infinity') where starts_at <= '{at:O}' and ends_at > '{at:O}'");
}
