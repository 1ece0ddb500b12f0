using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using Npgsql;

namespace AiHub.Tests.Accounts;

/// <summary>A batch does to the books what its rows would have done one by one. <c>AIHUB_BATCH_SEED</c> replays one story.</summary>
public sealed class LedgerBatchTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private const int Stories = 40;
    private const int Rounds = 4;
    private const int MostRows = 9;

    [Fact]
    public async Task A_batch_comes_to_the_same_as_its_rows_in_turn()
    {
        var tookTheShortWay = 0;
        foreach (var seed in Environment.GetEnvironmentVariable("AIHUB_BATCH_SEED") is { } given
            ? [int.Parse(given, CultureInfo.InvariantCulture)]
            : Enumerable.Range(0, Stories).Select(_ => Random.Shared.Next()))
        {
            tookTheShortWay += await TellAsync(seed);
        }

        // Else the batches were never looked at.
        Assert.True(tookTheShortWay > 0);
    }

    /// <returns>How many rows the functions for whole batches would have taken in the last round.</returns>
    private async Task<int> TellAsync(int seed)
    {
        var random = new Random(seed);
        var plan = new[] { PlanIds.Free, PlanIds.Developer, PlanIds.Enterprise }[random.Next(3)];
        var (inTurn, atOnce) = (await books.CustomerAsync(plan), await books.CustomerAsync(plan));
        await EachAsync(random.Next(4) == 0 ? 0 : Scaled(random), (customer, nanos) => nanos == 0 ? Task.CompletedTask : customer.TopUpAsync(nanos));
        for (var promotion = random.Next(3); promotion > 0; promotion--)
        {
            // Each at another time: of two alike, the ids say which is used first.
            DateTimeOffset? ends = promotion == 1 && random.Next(2) == 0 ? null : Customer.Start.AddSeconds(random.Next(1, 20) + (20 * promotion));
            await EachAsync(Scaled(random), (customer, nanos) => customer.GrantMoneyAsync(nanos, ends, $"promotion-{promotion}"));
        }

        if (random.Next(3) == 0)
        {
            var (amount, hard, unit) = (Scaled(random), random.Next(2) == 0, random.Next(2) == 0 ? "USD" : Budget.Tokens);
            await EachAsync(amount, (customer, of) => customer.BudgetAsync(of, BudgetScope.Organization, unit, hard: hard));
        }

        var now = Customer.Start;
        for (var round = 0; round < Rounds; round++)
        {
            var rows = Enumerable.Range(0, random.Next(1, MostRows)).Select(_ => (Id: Guid.CreateVersion7(), Tokens: random.Next(5) == 0 ? 0 : random.NextInt64(1, 3_000), Cost: random.NextInt64(4_000_000), Late: random.Next(3))).ToList();
            if (random.Next(6) == 0)
            {
                rows.Add(rows[0]);
            }

            var (turn, once) = (new List<HoldAnswer>(), await books.Ledger.HoldAllAsync([.. rows.Select(row => Ask(atOnce, row))]));
            foreach (var row in rows)
            {
                turn.AddRange(await books.Ledger.HoldAllAsync([Ask(inTurn, row)]));
            }

            Assert.Equal(turn.Select(Bare), once.Select(Bare));
            await CompareAsync(seed);

            now += TimeSpan.FromSeconds(random.Next(12));
            var asked = rows.Zip(turn, once)
                .Where(row => row.Second.HoldId is not null && random.Next(5) > 0)
                // Some fail and cost nothing, some run over.
                .Select(row => (row.Second, row.Third, row.First.Id, Tokens: random.Next(6) == 0 ? 0 : random.NextInt64(1, 4_000), Cost: random.NextInt64(6_000_000), Tick: random.Next(3)))
                .Select(row => row.Tokens == 0 && random.Next(2) == 0 ? row with { Cost = 0 } : row)
                .OrderBy(_ => random.Next()).ToList();
            if (asked.Count == 0)
            {
                continue;
            }

            var (settledInTurn, settledAtOnce) = (new List<SettlementAnswer>(), await books.Ledger.SettleAllAsync([.. asked.Select(row => Settle(atOnce, row.Third, row.Id, row.Tokens, row.Cost, row.Tick))]));
            foreach (var row in asked)
            {
                settledInTurn.AddRange(await books.Ledger.SettleAllAsync([Settle(inTurn, row.Second, row.Id, row.Tokens, row.Cost, row.Tick)]));
            }

            Assert.Equal(settledInTurn, settledAtOnce);
            await CompareAsync(seed);
            now += TimeSpan.FromSeconds(random.Next(6));
        }

        return await ShortWayAsync(atOnce);

        HoldRequest Ask(Customer customer, (Guid Id, long Tokens, long Cost, int Late) row) => new(
            IdAt(customer, row.Id), customer.Id, null, customer.OwnerId, customer.KeyId, row.Tokens, Math.Min(row.Tokens, 10), new Money(row.Cost, Currency.USD), now.AddSeconds(row.Late), Customer.Lease)
        {
            MostPlanTokens = row.Tokens * 2,
            MostCost = new Money(row.Cost * 2, Currency.USD),
            Models = ["sim/echo"],
            Vendors = ["sim"],
        };

        Settlement Settle(Customer customer, HoldAnswer hold, Guid request, long tokens, long cost, int tick) => new(
            hold.HoldId!.Value, customer.Usage(new Hold(hold.HoldId.Value, IdAt(customer, request), customer.Id, 0, Money.Zero(Currency.USD), now), tokens, cost), now.AddSeconds(tick));

        // Another for each, and in both in the same order.
        Guid IdAt(Customer customer, Guid id) => Guid.Parse($"{id.ToString()[..^1]}{(customer == inTurn ? 'a' : 'b')}");

        async Task CompareAsync(int seed)
        {
            foreach (var sql in Books)
            {
                Assert.Equal((seed, await ReadAsync(inTurn, sql)), (seed, await ReadAsync(atOnce, sql)));
            }
        }

        async Task EachAsync(long amount, Func<Customer, long, Task> doAsync)
        {
            await doAsync(inTurn, amount);
            await doAsync(atOnce, amount);
        }
    }

    // What a customer's books say, without the ids, in an order that both have.
    private static readonly string[] Books =
    [
        "select kind, posted, held from balances join accounts on accounts.id = account_id where balances.organization_id = $1 order by kind",
        "select kind, original, remaining, held, expires_at from lots join accounts on accounts.id = account_id where lots.organization_id = $1 order by kind, lots.created_at, lots.id",
        "select state, plan_tokens, granted_nanos, purchased_nanos, covers_tokens, covers_nanos, lot_amounts, budget_amounts, budget_used, settled_tokens, settled_nanos, written_off_nanos, models, closed_at from holds where organization_id = $1 order by request_id",
        "select used, held from budget_windows where organization_id = $1",
        "select kind, amount, entries.unit, count(*) from entries join accounts on accounts.id = account_id where entries.organization_id = $1 group by kind, amount, entries.unit order by kind, amount",
        "select amount, count(*) from lot_draws where organization_id = $1 group by amount order by amount",
        "select plan_tokens, plan_tokens_charged, charged_nanos, cost_nanos, journal_id is null, tags, cardinality(price_rows), latency, time_to_first_token, tokens_input_uncached, tokens_output_text, tokens_image_out, finish_reason, status, source from usage_records where organization_id = $1 order by id",
    ];

    private async Task<string> ReadAsync(Customer customer, string sql)
    {
        await using var connection = new NpgsqlConnection(books.Database.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand($"select coalesce(string_agg(row_::text, E'\\n'), '') from ({sql}) row_", connection) { Parameters = { new() { Value = customer.Id } } };

        return (string)(await command.ExecuteScalarAsync())!;
    }

    // Three small calls of a customer with plenty of everything go the short way, if anything does.
    private async Task<int> ShortWayAsync(Customer customer)
    {
        await customer.GrantMoneyAsync(1_000_000_000_000, null, "plenty");
        await using var connection = new NpgsqlConnection(books.Database.AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select count(*)::int from ledger_hold_plenty(
                array[gen_random_uuid(), gen_random_uuid()], array[gen_random_uuid(), gen_random_uuid()], array[$1, $1], array[null, null]::uuid[], array[$1, $1], array[$1, $1],
                array[1, 1]::bigint[], array[1, 1]::bigint[], array[1, 1]::bigint[], array[1, 1]::bigint[], array['USD', 'USD'], array['', ''], array['', ''],
                array[$2, $2], array[$2, $2], 4, 16)
            """, connection)
        {
            Parameters = { new() { Value = customer.Id }, new() { Value = Customer.Start.AddMinutes(5) } },
        };

        return (int)(await command.ExecuteScalarAsync())!;
    }

    private static HoldAnswer Bare(HoldAnswer answer) => answer with { HoldId = null, Budget = null };

    private static long Scaled(Random random) => random.NextInt64(1, 10) * (long)Math.Pow(10, random.Next(3, 9));
}
