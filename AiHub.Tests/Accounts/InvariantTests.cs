using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Quotas;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Tests.Accounts;

/// <summary>
/// What must be true of the books at every moment, numbered as the billing rules number it; those of plans, invoices, payments and the cache are proved
/// where these are, under the same numbers.
/// </summary>
public sealed class InvariantTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private const int Few = 4;
    private static readonly DateTimeOffset Now = Customer.Start;

    [Fact]
    public void Every_number_has_its_proof() => Assert.Equal(
        Enumerable.Range(1, 29),
        typeof(InvariantTests).Assembly.GetTypes().SelectMany(type => type.GetMethods()).Select(method => method.Name).Where(name => name.StartsWith("Invariant_", StringComparison.Ordinal))
            .Select(name => int.Parse(name.AsSpan("Invariant_".Length, 2), CultureInfo.InvariantCulture)).Order());

    [Property(MaxTest = Few)]
    public async Task Invariant_01_every_journal_sums_to_zero_in_each_unit_with_two_entries_of_one_organization_or_more(PositiveInt seed)
    {
        var customer = await BusyAsync(seed.Get);

        Assert.Equal(0, await CountAsync(
            $"""
             select count(*) from (
                 select journal_id from entries where organization_id = '{customer.Id}' group by journal_id, unit having sum(amount) <> 0
                 union all select journal_id from entries where organization_id = '{customer.Id}' group by journal_id having count(*) < 2
                 union all select entry.journal_id from entries entry join accounts account on account.id = entry.account_id
                           where entry.organization_id = '{customer.Id}' and account.organization_id <> entry.organization_id
                 union all select id from journals where organization_id = '{customer.Id}' and not exists (select from entries where journal_id = journals.id)) broken
             """));
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_02_posted_is_the_sum_of_entries_and_held_the_sum_of_open_holds(PositiveInt seed)
    {
        var customer = await BusyAsync(seed.Get);

        var balances = await customer.BalancesAsync();
        await using var db = books.Database.OpenAsAdmin();
        var open = await db.Holds.Where(hold => hold.OrganizationId == customer.Id && hold.State == HoldState.Held).ToListAsync();
        Assert.Equal(
            ((await customer.BookedAsync(AccountKind.Allowance, "TOK"), open.Sum(hold => hold.PlanTokens)),
                (await customer.BookedAsync(AccountKind.WalletGranted), open.Sum(hold => hold.GrantedNanos)),
                (await customer.BookedAsync(AccountKind.WalletPurchased), open.Sum(hold => hold.PurchasedNanos))),
            (balances.Allowance, balances.Granted, balances.Purchased));
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_03_what_is_available_never_falls_below_the_floor_however_many_race(PositiveInt money, byte credit)
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        await customer.TopUpAsync(money.Get);
        await customer.SetCreditLimitAsync(credit);
        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);

        var price = 1 + (money.Get / 7);
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 24).Select(async i =>
        {
            var outcome = await (i % 2 == 0 ? books.Ledger : replica).HoldAsync(Request(customer, tokens: 1, nanos: price), default);
            if (outcome.Hold is { } hold && i % 3 == 0)
            {
                await (i % 2 == 0 ? replica : books.Ledger).SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 1, price * 3), Now), default);
            }

            return outcome;
        }));

        var balance = (await customer.BalancesAsync()).Purchased;
        Assert.True(balance.Posted - balance.Held >= -credit);
        Assert.True(outcomes.Where(outcome => outcome.Hold is not null).Sum(outcome => outcome.Hold!.Money.Nanos) <= money.Get + credit);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_04_whatever_is_done_earlier_rows_stay_as_they_were_written(PositiveInt seed)
    {
        var customer = await BusyAsync(seed.Get);
        var before = await RowsAsync(null);

        await BusyAsync(seed.Get + 1, customer);

        Assert.Equal(before.Text, (await RowsAsync(before.Last)).Text);

        async Task<(string Text, long Last)> RowsAsync(long? last)
        {
            var upTo = last ?? await CountAsync($"select coalesce(max(id), 0) from entries where organization_id = '{customer.Id}'");
            var text = await books.Database.AsAdminAsync<string>(
                $"""
                 select md5(string_agg(row, '' order by row)) from (
                     select entries::text as row from entries where organization_id = '{customer.Id}' and id <= {upTo}
                     union all select journals::text from journals where organization_id = '{customer.Id}' and id in (select journal_id from entries where id <= {upTo})
                     union all select usage_records::text from usage_records where organization_id = '{customer.Id}' and journal_id in (select journal_id from entries where id <= {upTo})) kept
                 """);
            return (text, upTo);
        }
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_05_the_same_command_again_changes_nothing_and_another_under_its_key_is_an_error(PositiveInt amount)
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        Assert.True(await customer.PostAsync("order", "payments", "wallet_purchased", "USD", amount.Get, null));
        var request = Request(customer, tokens: 10, nanos: Math.Min(amount.Get, 5));
        var outcome = await books.Ledger.HoldAsync(request, default);
        var settled = await customer.SettleAsync(outcome.Hold!, 10, Math.Min(amount.Get, 5));
        var state = await StateAsync(customer);

        Assert.False(await customer.PostAsync("order", "payments", "wallet_purchased", "USD", amount.Get, null));
        Assert.Equal(outcome, await books.Ledger.HoldAsync(request, default));
        Assert.Equal(settled with { Applied = false }, await customer.SettleAsync(outcome.Hold!, 10, 1));
        await Assert.ThrowsAsync<PostgresException>(() => customer.PostAsync("order", "payments", "wallet_purchased", "USD", amount.Get + 1L, null));
        await Assert.ThrowsAsync<LedgerException>(() => books.Ledger.HoldAsync(request with { PlanTokens = 11 }, default));
        Assert.Equal(state, await StateAsync(customer));
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_06_the_reversal_of_a_journal_restores_every_balance_exactly(PositiveInt seed)
    {
        var customer = await BusyAsync(seed.Get);
        await customer.TopUpAsync(50_000, "plenty");
        var before = await StateAsync(customer);

        await customer.TopUpAsync(123, "mistake");
        var topUp = await JournalAsync("mistake");
        var hold = await customer.HoldAsync(700, nanos: 900);
        await customer.SettleAsync(hold, 650, 800);

        // The journal of a call carries its hold's id.
        Assert.True(await customer.ReverseAsync(hold.Id));
        Assert.True(await customer.ReverseAsync(topUp));
        Assert.False(await customer.ReverseAsync(topUp));
        Assert.Equal(before, await StateAsync(customer));
        await Assert.ThrowsAsync<PostgresException>(async () => await customer.ReverseAsync(await JournalAsync($"reverse:{topUp}")));

        Task<Guid> JournalAsync(string key) =>
            books.Database.AsAdminAsync<Guid>($"select id from journals where organization_id = '{customer.Id}' and idempotency_key = '{key}'");
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_07_lots_sum_to_their_account_and_are_used_in_their_order(byte[] amounts, byte[] days)
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        foreach (var (i, (amount, day)) in amounts.Zip(days).Take(6).Index())
        {
            await customer.GrantMoneyAsync(amount + 1, day % 5 == 0 ? null : Now.AddDays(1 + (day % 5)), $"promotion:{i}");
        }

        var granted = (await customer.BalancesAsync()).Granted.Posted;
        var spent = granted / 2;
        if (spent > 0)
        {
            await customer.SettleAsync(await customer.HoldAsync(1, nanos: spent), 1, spent);
        }

        await using var db = books.Database.OpenAsAdmin();
        var lots = await db.Lots.AsNoTracking().Where(lot => lot.OrganizationId == customer.Id).ToListAsync();
        Assert.Equal((await customer.BalancesAsync()).Granted.Posted, lots.Sum(lot => lot.Remaining));
        Assert.All(lots, lot => Assert.InRange(lot.Remaining, 0, lot.Original));

        // In the order (priority, expiry, creation, id) there are used-up lots, at most one begun, and whole ones.
        var used = lots.OrderBy(lot => lot.Priority).ThenBy(lot => lot.ExpiresAt ?? DateTimeOffset.MaxValue).ThenBy(lot => lot.CreatedAt).ThenBy(lot => lot.Id.ToString("N"), StringComparer.Ordinal)
            .Select(lot => lot.Remaining == 0 ? 0 : lot.Remaining < lot.Original ? 1 : 2).ToList();
        Assert.Equal(used.Order(), used);
        Assert.True(used.Count(state => state == 1) <= 1);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_08_what_came_in_is_what_was_consumed_expired_refunded_and_is_left(PositiveInt seed)
    {
        var customer = await BusyAsync(seed.Get);
        var balances = await customer.BalancesAsync();

        Assert.Equal(
            -await customer.BookedAsync(AccountKind.TokensGranted, "TOK"),
            await customer.BookedAsync(AccountKind.TokensUsed, "TOK") + await customer.BookedAsync(AccountKind.Breakage, "TOK") + balances.Allowance.Posted);
        Assert.Equal(
            -await customer.BookedAsync(AccountKind.Payments) - await customer.BookedAsync(AccountKind.Promotion) - await customer.BookedAsync(AccountKind.WriteOff),
            await customer.BookedAsync(AccountKind.UsageRevenue) + await customer.BookedAsync(AccountKind.Breakage) + balances.Granted.Posted + balances.Purchased.Posted);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_09_a_hold_ends_in_exactly_one_way_and_of_two_settlements_one_wins(PositiveInt seed)
    {
        var customer = await books.CustomerAsync();
        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var hold = await customer.HoldAsync(1 + (seed.Get % 900));

        var released = books.Ledger.ReleaseAsync(hold.Id, Now, default);
        var settled = await Task.WhenAll(
            books.Ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 1), Now), default), replica.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 1), Now), default));

        Assert.Equal(1, settled.Count(result => result.Applied) + (await released ? 1 : 0));
        Assert.Equal(await released ? "released" : "settled", await books.Database.AsAdminAsync<string>($"select state from holds where id = '{hold.Id}'"));
        Assert.Equal((await released ? 10_000 : 9_999, 0), (await customer.BalancesAsync()).Allowance);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_10_what_is_not_charged_of_a_hold_is_given_back(PositiveInt held, NonNegativeInt used)
    {
        var customer = await books.CustomerAsync();
        var tokens = 1 + (held.Get % 10_000);
        var charged = used.Get % (tokens + 1);

        var settled = await customer.SettleAsync(await customer.HoldAsync(tokens), charged);

        Assert.Equal(charged, settled.PlanTokensCharged);
        Assert.Equal((10_000 - charged, 0), (await customer.BalancesAsync()).Allowance);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_11_a_call_that_is_lost_at_any_step_holds_nothing_after_the_sweep_and_is_billed_at_most_once(bool isHeld, bool isSettled, bool isSettledAgain)
    {
        var customer = await books.CustomerAsync();
        var budget = await customer.BudgetAsync(10_000);
        var request = Request(customer, tokens: 500);
        var hold = isHeld ? (await books.Ledger.HoldAsync(request, default)).Hold! : null;
        var settlement = hold is null ? null : new Settlement(hold.Id, customer.Usage(hold, 400), Now);
        if (isSettled && settlement is not null)
        {
            await books.Ledger.SettleAsync(settlement, default);
        }

        await books.Ledger.SweepAsync(Now + Customer.Lease, 10_000, default);
        if (isSettledAgain && settlement is not null)
        {
            await books.Ledger.SettleAsync(settlement, default);
        }

        var billed = hold is not null && (isSettled || isSettledAgain) ? 400 : 0;
        Assert.Equal((10_000 - billed, 0), (await customer.BalancesAsync()).Allowance);
        Assert.Equal((billed, 0), (await customer.CountedAsync(budget)).Single());
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_12_the_order_of_settlements_does_not_change_what_is_left(NonEmptyArray<byte> used, int seed)
    {
        var left = new List<object>();
        foreach (var order in new[] { seed, seed + 1 })
        {
            var customer = await books.CustomerAsync(PlanIds.Developer);
            var budget = await customer.BudgetAsync(1_000_000, unit: "USD");
            var holds = new List<(Hold Hold, byte Tokens)>();
            foreach (var tokens in used.Get.Take(8))
            {
                holds.Add((await customer.HoldAsync(300, nanos: 600), tokens));
            }

            var shuffled = holds.ToArray();
            new System.Random(order).Shuffle(shuffled);
            foreach (var (hold, tokens) in shuffled)
            {
                await customer.SettleAsync(hold, tokens, 2 * tokens);
            }

            left.Add((await customer.BalancesAsync(), (await customer.CountedAsync(budget)).Single()));
        }

        Assert.Equal(left[0], left[1]);
    }

    [Property(MaxTest = 100)]
    public void Invariant_13_a_price_is_not_negative_and_grows_with_every_bucket_within_a_tier(ushort input, ushort cached, ushort output, ushort reasoning, byte more)
    {
        var usage = new TokenUsage(input, CacheRead: cached, OutputText: output, OutputReasoning: reasoning);
        var cost = Prices.Price(usage).Cost;

        Assert.True(cost.Nanos >= 0);
        foreach (var larger in new[]
        {
            usage with { InputUncached = input + more }, usage with { CacheRead = cached + more }, usage with { OutputText = output + more }, usage with { OutputReasoning = reasoning + more },
        })
        {
            Assert.True(Prices.Price(larger).Cost >= cost);
        }

        Assert.Equal(input + cached + output + reasoning, usage.Total);
        Assert.Equal(usage.Total, usage.Input + usage.Output);
    }

    [Property(MaxTest = 50)]
    public void Invariant_14_the_tier_depends_on_the_length_of_the_prompt_and_not_on_the_cache(ushort prompt, ushort cached)
    {
        var hit = Math.Min(cached, prompt);
        var row = Tiered.Row(PriceComponent.Output, prompt);

        Assert.Equal(row.Id, Tiered.Price(new TokenUsage(prompt, OutputText: 1)).PriceRows[^1]);
        Assert.Equal(row.Id, Tiered.Price(new TokenUsage(prompt - hit, CacheRead: hit, OutputText: 1)).PriceRows[^1]);
    }

    [Property(MaxTest = 50)]
    public void Invariant_15_a_price_of_the_past_is_the_same_for_ever(ushort input, ushort output, byte day)
    {
        var usage = new TokenUsage(input, OutputText: output);
        var at = Now.AddDays(day % 20);
        var rows = TieredRows(Now).Concat(TieredRows(Now.AddDays(30))).ToList();

        var first = new PriceBook(rows[..4]).At(Upstream, Currency.USD, at)!.Price(usage);
        var later = new PriceBook(rows.Select(Ended)).At(Upstream, Currency.USD, at)!.Price(usage);

        Assert.Equal((first.Cost, string.Join(',', first.PriceRows)), (later.Cost, string.Join(',', later.PriceRows)));

        PriceRow Ended(PriceRow row) => row.ValidFrom > Now ? row : Row(row.Component, row.NanosPerMillion, row.MinPromptTokens, row.ValidFrom, row.Id, row.ValidFrom.AddDays(30));
    }

    [Property(MaxTest = 100)]
    public void Invariant_16_a_request_is_rounded_by_less_than_one_nano_and_lines_by_at_most_half_each(NonEmptyArray<ushort> outputs)
    {
        Int128 exact = 0;
        var sum = 0L;
        foreach (var output in outputs.Get)
        {
            var millionths = (Int128)output * Prices.Row(PriceComponent.Output).NanosPerMillion;
            var cost = Prices.Price(new TokenUsage(0, OutputText: output)).Cost.Nanos;
            Assert.True(Int128.Abs(((Int128)cost * 1_000_000) - millionths) <= 500_000);
            exact += millionths;
            sum += cost;
        }

        Assert.True(Int128.Abs(((Int128)sum * 1_000_000) - exact) <= (Int128)outputs.Get.Length * 500_000);
    }

    [Property(MaxTest = 100)]
    public Property Invariant_17_periods_leave_no_gap_and_do_not_overlap_for_any_anchor_and_zone() => Prop.ForAll(
        (from day in Gen.Choose(0, 365 * 9) from minute in Gen.Choose(0, 1_439) select new DateTimeOffset(2019, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day).AddMinutes(minute)).ToArbitrary(),
        Gen.Elements("Asia/Shanghai", "America/New_York", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Apia", "UTC").ToArbitrary(),
        Gen.Elements(PlanCycle.Anniversary, PlanCycle.CalendarMonth).ToArbitrary(),
        (anchor, zone, cycle) =>
        {
            var months = new SubscriptionTerms { SubscriptionId = Guid.Empty, OrganizationId = Guid.Empty, Anchor = anchor, Cycle = cycle, TimeZone = zone }.Due(anchor.AddYears(2)).ToList();

            Assert.True(months[0].StartsAt <= anchor && anchor < months[0].EndsAt);
            Assert.All(months.Zip(months.Skip(1)), pair => Assert.Equal(pair.First.EndsAt, pair.Second.StartsAt));
            Assert.All(months, month => Assert.True(month.StartsAt < month.EndsAt));
        });

    [Property(MaxTest = Few)]
    public async Task Invariant_18_there_is_one_grant_and_at_most_one_expiry_a_period_however_the_worker_runs(byte[] hours)
    {
        var customer = await books.CustomerAsync();
        foreach (var run in hours.Take(4))
        {
            var at = Now.AddHours(run * 12);
            await Task.WhenAll(RolloverAsync(at), RolloverAsync(at.AddMinutes(-run)));
        }

        await RolloverAsync(Now.AddDays(130));
        Assert.Equal(0, await CountAsync(
            $"""
             select count(*) from (
                 select period.id from periods period left join journals journal on journal.id = period.id and journal.kind = 'grant'
                 where period.organization_id = '{customer.Id}' and journal.id is null
                 union all select lot_id from lot_draws draw join journals journal on journal.id = draw.journal_id and journal.kind = 'expire'
                           where draw.organization_id = '{customer.Id}' group by lot_id having count(*) > 1) wrong
             """));
        Assert.Equal(
            await CountAsync($"select count(*) from periods where organization_id = '{customer.Id}'"),
            await CountAsync($"select count(*) from journals where organization_id = '{customer.Id}' and kind = 'grant'"));
        Assert.Equal((10_000, 0), (await customer.BalancesAsync()).Allowance);
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_27_nothing_done_for_one_organization_shows_in_another(PositiveInt seed)
    {
        var ours = await BusyAsync(seed.Get);
        var before = await StateAsync(ours);
        var theirs = await BusyAsync(seed.Get + 7);

        await using var db = books.Database.Open();
        await db.InOrganizationAsync(theirs.Id, async () =>
        {
            Assert.All(await db.Journals.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
            Assert.All(await db.Holds.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
            Assert.All(await db.Budgets.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
            Assert.All(await db.BudgetWindows.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
            Assert.All(await db.LotDraws.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
            Assert.All(await db.UsageRecords.Select(row => row.OrganizationId).ToListAsync(), id => Assert.Equal(theirs.Id, id));
        }, default);
        Assert.Empty(await db.Budgets.ToListAsync());
        Assert.Equal(before, await StateAsync(ours));
    }

    /// <summary>An organization with a budget, promotions, money, calls in every state, a refund and perhaps a new month.</summary>
    private async Task<Customer> BusyAsync(int seed, Customer? existing = null)
    {
        var chance = new System.Random(seed);
        var customer = existing ?? await books.CustomerAsync(PlanIds.Developer);
        if (existing is null)
        {
            await customer.SettleAsync(await customer.HoldAsync(997_000), 997_000);
            await customer.BudgetAsync(50_000, unit: "USD", hard: false);
        }

        await customer.GrantMoneyAsync(chance.Next(1, 2_000), Now.AddDays(chance.Next(1, 40)), $"promotion:{seed}");
        await customer.TopUpAsync(chance.Next(2_000, 9_000), $"top-up:{seed}");
        for (var i = 0; i < 8; i++)
        {
            if ((await customer.AskAsync(chance.Next(1, 1_500), 1, chance.Next(0, 2_000))).Hold is not { } hold)
            {
                continue;
            }

            switch (chance.Next(4))
            {
                case 0:
                    await books.Ledger.ReleaseAsync(hold.Id, Now, default);
                    break;
                case 1:
                    break;
                default:
                    await customer.SettleAsync(hold, chance.Next(0, 2_000), chance.Next(0, 3_000));
                    break;
            }
        }

        return customer;
    }

    private async Task RolloverAsync(DateTimeOffset at)
    {
        await using var db = books.Database.Open();
        await PeriodRun.RunAsync(db, books.Ledger, at, (_, _) => { }, default);
    }

    /// <summary>All balances and lots of an organization as one value.</summary>
    private Task<string> StateAsync(Customer customer) => books.Database.AsAdminAsync<string>(
        $"""
         select string_agg(row, '; ' order by row) from (
             select format('%s %s %s', account_id, posted, held) as row from balances where organization_id = '{customer.Id}'
             union all select format('%s %s %s', id, remaining, held) from lots where organization_id = '{customer.Id}') state
         """);

    private Task<long> CountAsync(string sql) => books.Database.AsAdminAsync<long>(sql);

    private static HoldRequest Request(Customer customer, long tokens, long nanos = 0) =>
        new(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, tokens, tokens, new Money(nanos, Currency.USD), Now, Customer.Lease);

    private static readonly Guid Upstream = Guid.CreateVersion7();
    private static readonly PriceList Prices = new(Currency.USD, [Row(PriceComponent.Input, 270_000_333), Row(PriceComponent.Output, 1_100_000_777), Row(PriceComponent.CacheRead, 70_000_111)]);
    private static readonly PriceList Tiered = new(Currency.USD, [.. TieredRows(DateTimeOffset.UnixEpoch)]);

    private static IEnumerable<PriceRow> TieredRows(DateTimeOffset from) =>
    [
        Row(PriceComponent.Input, 1_000_000_000, 0, from), Row(PriceComponent.Output, 3_000_000_000, 0, from),
        Row(PriceComponent.Input, 2_000_000_000, 32_000, from), Row(PriceComponent.Output, 5_000_000_000, 32_000, from),
    ];

    private static PriceRow Row(
        PriceComponent component, long nanosPerMillion, long minPromptTokens = 0, DateTimeOffset? from = null, Guid? id = null, DateTimeOffset? to = null) => new()
        {
            Id = id ?? Guid.CreateVersion7(),
            UpstreamId = Upstream,
            Component = component,
            Currency = Currency.USD,
            NanosPerMillion = nanosPerMillion,
            MinPromptTokens = minPromptTokens,
            ValidFrom = from ?? DateTimeOffset.UnixEpoch,
            ValidTo = to,
            Source = "test",
        };
}
