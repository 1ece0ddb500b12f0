using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Usage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Tests.Accounts;

public sealed class LedgerTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private static readonly DateTimeOffset Now = Customer.Start;
    private static readonly DateTimeOffset MonthEnd = new(2026, 5, 31, 16, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_call_within_the_plan_costs_tokens_and_no_money()
    {
        var customer = await books.CustomerAsync();

        var hold = await customer.HoldAsync(3_000, nanos: 500);
        Assert.Equal((3_000, 0), (hold.PlanTokens, hold.Money.Nanos));
        Assert.Equal(new Balances((10_000, 3_000), (0, 0), (0, 0)), await customer.BalancesAsync());

        Assert.Equal(new Settled(true, 1_200, Usd(0), Usd(0)), await customer.SettleAsync(hold, 1_200, 200));
        Assert.Equal(new Balances((8_800, 0), (0, 0), (0, 0)), await customer.BalancesAsync());
        Assert.Equal(1_200, await customer.BookedAsync(AccountKind.TokensUsed, "TOK"));
        Assert.Equal(0, await customer.BookedAsync(AccountKind.UsageRevenue));
    }

    [Fact]
    public async Task The_usage_record_is_kept_whole_and_says_who_paid()
    {
        var customer = await books.CustomerAsync();
        var hold = await customer.HoldAsync(3_000);
        var usage = customer.Usage(hold, 1_200, 200);

        await books.Ledger.SettleAsync(new Settlement(hold.Id, usage, Now), default);

        var kept = (await customer.RecordAsync(hold.RequestId))!;
        Assert.Equal(
            (usage.ModelId, usage.UpstreamId, usage.VendorId, usage.Surface, usage.OccurredAt, usage.Tokens, usage.Source, usage.Status),
            (kept.ModelId, kept.UpstreamId, kept.VendorId, kept.Surface, kept.OccurredAt, kept.Tokens, kept.Source, kept.Status));
        Assert.Equal(
            (usage.ErrorCode, usage.Streamed, usage.FinishReason, usage.PlanTokens, usage.Cost, usage.Latency, usage.TimeToFirstToken, usage.Attempts),
            (kept.ErrorCode, kept.Streamed, kept.FinishReason, kept.PlanTokens, kept.Cost, kept.Latency, kept.TimeToFirstToken, kept.Attempts));
        Assert.Equal(usage.PriceRows, kept.PriceRows);
        Assert.Equal((1_200, 0, (Guid?)hold.Id), (kept.PlanTokensCharged, kept.ChargedNanos, kept.JournalId));
    }

    [Fact]
    public async Task Settling_twice_charges_once_and_answers_the_same()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        await customer.TopUpAsync(1_000);
        var hold = await customer.HoldAsync(100, nanos: 400);

        Assert.Equal(new Settled(true, 0, Usd(300), Usd(0)), await customer.SettleAsync(hold, 75, 300));
        Assert.Equal(new Settled(false, 0, Usd(300), Usd(0)), await customer.SettleAsync(hold, 99, 999));
        Assert.Equal(new Balances((0, 0), (0, 0), (700, 0)), await customer.BalancesAsync());
    }

    [Fact]
    public async Task Asking_again_for_the_same_request_answers_the_same_hold()
    {
        var customer = await books.CustomerAsync();
        var request = Guid.CreateVersion7();

        var first = await customer.AskAsync(3_000, request: request);
        var again = await customer.AskAsync(3_000, request: request);

        Assert.Equal(first, again);
        Assert.Equal(3_000, (await customer.BalancesAsync()).Allowance.Held);
        await Assert.ThrowsAsync<LedgerException>(() => customer.AskAsync(4_000, request: request));
    }

    [Fact]
    public async Task A_free_plan_gives_what_is_left_but_never_less_than_the_call_needs()
    {
        var customer = await books.CustomerAsync();
        await customer.SettleAsync(await customer.HoldAsync(9_000), 9_000);

        var rest = await customer.HoldAsync(5_000, minimum: 600, nanos: 5_000);
        Assert.Equal((1_000, 0), (rest.PlanTokens, rest.Money.Nanos));
        await customer.SettleAsync(rest, 700, 700);

        var refused = (await customer.AskAsync(5_000, minimum: 301)).Refusal!;
        Assert.Equal(new HoldRefusal(HoldRefusalReason.QuotaExhausted, 10_000, 9_700, 0, 301, MonthEnd), refused);
        Assert.NotNull((await customer.AskAsync(5_000, minimum: 300)).Hold);
    }

    [Fact]
    public async Task What_the_plan_does_not_cover_is_paid_by_its_share_of_the_price()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.SettleAsync(await customer.HoldAsync(999_000), 999_000);
        await customer.GrantMoneyAsync(2_000);
        await customer.TopUpAsync(10_000);

        // 1,000 of 4,000 tokens are left: three quarters of the price are held in money, promotional money first.
        var hold = await customer.HoldAsync(4_000, nanos: 8_000);
        Assert.Equal((1_000, 6_000), (hold.PlanTokens, hold.Money.Nanos));
        Assert.Equal(new Balances((1_000, 1_000), (2_000, 2_000), (10_000, 4_000)), await customer.BalancesAsync());

        Assert.Equal(new Settled(true, 1_000, Usd(2_500), Usd(0)), await customer.SettleAsync(hold, 2_000, 5_000));
        Assert.Equal(new Balances((0, 0), (0, 0), (9_500, 0)), await customer.BalancesAsync());
        Assert.Equal(2_500, await customer.BookedAsync(AccountKind.UsageRevenue));
    }

    [Fact]
    public async Task An_empty_wallet_does_not_keep_a_plan_from_being_used_up()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.SettleAsync(await customer.HoldAsync(999_000), 999_000);

        var rest = await customer.HoldAsync(4_000, minimum: 500, nanos: 8_000);
        Assert.Equal((1_000, 0), (rest.PlanTokens, rest.Money.Nanos));

        var refused = (await customer.AskAsync(4_000, nanos: 8_000)).Refusal!;
        Assert.Equal(HoldRefusalReason.QuotaExhausted, refused.Reason);
        Assert.Equal((1_000_000, 999_000, 1_000), (refused.Limit, refused.Used, refused.Held));
    }

    [Fact]
    public async Task A_wallet_that_does_not_cover_the_call_is_said_to_be_short()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        await customer.TopUpAsync(1_000);
        await customer.HoldAsync(10, nanos: 300);

        var refused = (await customer.AskAsync(10, minimum: 10, nanos: 701)).Refusal!;

        Assert.Equal(new HoldRefusal(HoldRefusalReason.InsufficientBalance, 1_000, 0, 300, 701, new(2026, 6, 20, 8, 0, 0, TimeSpan.Zero)), refused);
        Assert.NotNull((await customer.AskAsync(10, nanos: 700)).Hold);
    }

    [Fact]
    public async Task An_unlimited_plan_is_paid_in_money_down_to_the_credit_limit()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        Assert.Equal(HoldRefusalReason.InsufficientBalance, (await customer.AskAsync(10, minimum: 10, nanos: 1, currency: Currency.CNY)).Refusal!.Reason);

        await customer.SetCreditLimitAsync(5_000);
        var hold = (await customer.AskAsync(10, nanos: 5_000, currency: Currency.CNY)).Hold!;
        Assert.Equal((0, 5_000), (hold.PlanTokens, hold.Money.Nanos));
        Assert.NotNull((await customer.AskAsync(10, minimum: 10, nanos: 1, currency: Currency.CNY)).Refusal);

        // Above the hold and above the credit limit: what is beyond is the hub's loss.
        Assert.Equal(
            new Settled(true, 0, new Money(5_000, Currency.CNY), new Money(2_000, Currency.CNY)),
            await customer.SettleAsync(hold, 14, 7_000));
        Assert.Equal((-5_000, 0), (await customer.BalancesAsync()).Purchased);
        Assert.Equal((7_000, -2_000), (await customer.BookedAsync(AccountKind.UsageRevenue, "CNY"), await customer.BookedAsync(AccountKind.WriteOff, "CNY")));
    }

    [Fact]
    public async Task A_call_that_ran_over_takes_the_allowance_then_the_wallet()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.SettleAsync(await customer.HoldAsync(998_000), 998_000);
        await customer.TopUpAsync(1_000);
        var hold = await customer.HoldAsync(500, nanos: 500);

        // 2,000 were left, 3,000 were used: a third of the price is money.
        Assert.Equal(new Settled(true, 2_000, Usd(1_000), Usd(0)), await customer.SettleAsync(hold, 3_000, 3_000));
        Assert.Equal(new Balances((0, 0), (0, 0), (0, 0)), await customer.BalancesAsync());
    }

    [Fact]
    public async Task A_free_call_that_ran_over_is_the_hub_s_loss()
    {
        var customer = await books.CustomerAsync();
        await customer.SettleAsync(await customer.HoldAsync(9_900), 9_900);
        var hold = await customer.HoldAsync(100);

        Assert.Equal(new Settled(true, 100, Usd(0), Usd(300)), await customer.SettleAsync(hold, 400, 400));
        Assert.Equal(new Balances((0, 0), (0, 0), (0, 0)), await customer.BalancesAsync());
        Assert.Equal(-300, await customer.BookedAsync(AccountKind.WriteOff));
    }

    [Fact]
    public async Task A_call_that_ran_over_never_takes_what_another_call_holds()
    {
        var customer = await books.CustomerAsync();
        var one = await customer.HoldAsync(4_000);
        var other = await customer.HoldAsync(6_000);

        Assert.Equal(4_000, (await customer.SettleAsync(one, 9_000)).PlanTokensCharged);
        Assert.Equal(6_000, (await customer.SettleAsync(other, 6_000)).PlanTokensCharged);
    }

    [Fact]
    public async Task A_failed_call_gives_everything_back_and_leaves_its_record()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.TopUpAsync(1_000);
        var hold = await customer.HoldAsync(2_000_000, nanos: 1_000);
        Assert.Equal(500, hold.Money.Nanos);

        Assert.Equal(new Settled(true, 0, Usd(0), Usd(0)), await customer.SettleAsync(hold, 0));

        Assert.Equal(new Balances((1_000_000, 0), (0, 0), (1_000, 0)), await customer.BalancesAsync());
        Assert.Null((await customer.RecordAsync(hold.RequestId))!.JournalId);
    }

    [Fact]
    public async Task A_call_that_counts_no_tokens_is_paid_in_money_alone()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        Assert.Equal(HoldRefusalReason.QuotaExhausted, (await customer.AskAsync(0, minimum: 0, nanos: 50)).Refusal!.Reason);

        await customer.TopUpAsync(100);
        var hold = await customer.HoldAsync(0, minimum: 0, nanos: 50);
        Assert.Equal(new Settled(true, 0, Usd(40), Usd(0)), await customer.SettleAsync(hold, 0, 40));
    }

    [Fact]
    public async Task A_suspended_organization_holds_nothing()
    {
        var customer = await books.CustomerAsync();
        var before = await customer.HoldAsync(10);
        await customer.SuspendAsync();

        Assert.Equal(HoldRefusalReason.Suspended, (await customer.AskAsync(10)).Refusal!.Reason);
        Assert.Equal(HoldRefusalReason.Suspended, (await new Customer(books.Database, books.Ledger).AskAsync(10)).Refusal!.Reason);
        Assert.Equal(10, (await customer.SettleAsync(before, 10)).PlanTokensCharged);
    }

    [Fact]
    public async Task The_ledger_never_converts()
    {
        var customer = await books.CustomerAsync(currency: Currency.CNY);
        await Assert.ThrowsAsync<LedgerException>(() => customer.AskAsync(10, nanos: 5));

        var hold = (await customer.AskAsync(10, currency: Currency.CNY)).Hold!;
        await Assert.ThrowsAsync<LedgerException>(() => customer.SettleAsync(hold with { Money = Usd(0) }, 10));
        await Assert.ThrowsAsync<LedgerException>(() => customer.SettleAsync(hold with { RequestId = Guid.CreateVersion7() }, 10));
        await Assert.ThrowsAsync<LedgerException>(() => customer.SettleAsync(hold with { Id = Guid.CreateVersion7() }, 10));
    }

    [Fact]
    public async Task The_soonest_to_expire_is_used_first()
    {
        var customer = await books.CustomerAsync();
        await customer.GrantTokensAsync(500, Now.AddDays(2), "late");
        await customer.GrantTokensAsync(300, Now.AddDays(1), "soon");
        await customer.GrantTokensAsync(200, null, "never");

        var hold = await customer.HoldAsync(700);
        await customer.SettleAsync(hold, 600);

        Assert.Equal(
            [("soon", 0L), ("late", 200L), ("plan", 10_000L), ("never", 200L)],
            await LotsAsync(customer));
    }

    [Fact]
    public async Task A_hold_placed_before_the_boundary_stays_payable_and_its_rest_expires_with_it()
    {
        var customer = await books.CustomerAsync();
        var hold = await customer.HoldAsync(4_000, at: MonthEnd.AddMinutes(-1));
        var later = MonthEnd.AddMinutes(1);

        await books.Ledger.ExpireAsync(later, 1_000, default);
        Assert.Equal((4_000, 4_000), (await customer.BalancesAsync()).Allowance);
        Assert.Equal(6_000, await customer.BookedAsync(AccountKind.Breakage, "TOK"));
        Assert.NotNull((await customer.AskAsync(1, at: later)).Refusal);

        Assert.Equal(2_500, (await customer.SettleAsync(hold, 2_500, at: later)).PlanTokensCharged);
        Assert.Equal((0, 0), (await customer.BalancesAsync()).Allowance);
        Assert.Equal((7_500, 2_500), (await customer.BookedAsync(AccountKind.Breakage, "TOK"), await customer.BookedAsync(AccountKind.TokensUsed, "TOK")));
        Assert.Equal(0, await books.Ledger.ExpireAsync(later, 1_000, default));
    }

    [Fact]
    public async Task An_expired_lot_pays_what_was_held_in_it_and_no_more_even_while_the_run_is_late()
    {
        var customer = await books.CustomerAsync();
        var hold = await customer.HoldAsync(4_000, at: MonthEnd.AddMinutes(-1));

        Assert.Equal(new Settled(true, 4_000, Usd(0), Usd(500)), await customer.SettleAsync(hold, 5_000, 2_500, at: MonthEnd.AddMinutes(1)));
        await books.Ledger.ExpireAsync(MonthEnd.AddMinutes(2), 1_000, default);
        Assert.Equal(6_000, await customer.BookedAsync(AccountKind.Breakage, "TOK"));
    }

    [Fact]
    public async Task A_lease_that_is_not_renewed_is_swept_and_the_call_still_pays_from_what_is_free()
    {
        var customer = await books.CustomerAsync();
        var kept = await customer.HoldAsync(1_000);
        var lost = await customer.HoldAsync(2_000);

        Assert.Equal([kept.Id], await books.Ledger.RenewAsync([kept.Id], Now.AddMinutes(1), Customer.Lease, default));
        var swept = await books.Ledger.SweepAsync(Now + Customer.Lease, 1_000, default);
        Assert.Contains(new SweptHold(lost.Id, customer.Id, lost.RequestId), swept);
        Assert.DoesNotContain(swept, hold => hold.HoldId == kept.Id);
        Assert.Equal((10_000, 1_000), (await customer.BalancesAsync()).Allowance);
        Assert.Empty(await books.Ledger.RenewAsync([lost.Id], Now, Customer.Lease, default));

        await customer.HoldAsync(8_500);
        Assert.Equal(new Settled(true, 500, Usd(0), Usd(750)), await customer.SettleAsync(lost, 2_000, 1_000));
        Assert.Equal(500, (await customer.RecordAsync(lost.RequestId))!.PlanTokensCharged);
        Assert.False((await customer.SettleAsync(lost, 2_000, 1_000)).Applied);
    }

    [Fact]
    public async Task A_released_hold_is_closed()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.TopUpAsync(700);
        await customer.GrantMoneyAsync(300);
        var hold = await customer.HoldAsync(2_000_000, nanos: 2_000);
        Assert.Equal(1_000, hold.Money.Nanos);

        Assert.True(await books.Ledger.ReleaseAsync(hold.Id, Now, default));
        Assert.False(await books.Ledger.ReleaseAsync(hold.Id, Now, default));

        Assert.Equal(new Balances((1_000_000, 0), (300, 0), (700, 0)), await customer.BalancesAsync());
        Assert.Equal(new Settled(false, 0, Usd(0), Usd(0)), await customer.SettleAsync(hold, 5));
    }

    [Fact]
    public async Task A_caller_who_gave_up_leaves_nothing_held()
    {
        var customer = await books.CustomerAsync();
        for (var i = 0; i < 20; i++)
        {
            using var giveUp = new CancellationTokenSource();
            var asked = books.Ledger.HoldAsync(
                new HoldRequest(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, 10, 1, Usd(0), Now, Customer.Lease), giveUp.Token);
            await Task.Delay(i % 4);
            await giveUp.CancelAsync();
            try
            {
                await customer.SettleAsync((await asked).Hold!, 0);
            }
            catch (OperationCanceledException)
            {
            }
        }

        Assert.Equal((10_000, 0), (await customer.BalancesAsync()).Allowance);
    }

    [Fact]
    public async Task One_impossible_row_fails_alone()
    {
        var customer = await books.CustomerAsync();
        var good = await Task.WhenAll(Enumerable.Range(0, 30).Select(async i => i % 3 == 0
            ? (object)await Record.ExceptionAsync(() => customer.AskAsync(-5))
            : await customer.AskAsync(5)));

        Assert.Equal(10, good.OfType<PostgresException>().Count());
        Assert.Equal(20, good.OfType<HoldOutcome>().Count(outcome => outcome.Hold is { PlanTokens: 5 }));

        var holds = good.OfType<HoldOutcome>().Select(outcome => outcome.Hold!).ToList();
        var settled = await Task.WhenAll(holds.Select(async (hold, i) => i % 2 == 0
            ? await Record.ExceptionAsync(() => books.Ledger.SettleAsync(new Settlement(hold.Id, Broken(customer.Usage(hold, 5)), Now), default))
            : (object)await customer.SettleAsync(hold, 5)));
        Assert.Equal(10, settled.OfType<PostgresException>().Count());
        Assert.Equal((10_000 - 50, 50), (await customer.BalancesAsync()).Allowance);
    }

    [Fact]
    public async Task Posting_the_same_again_changes_nothing_and_something_else_under_its_key_is_refused()
    {
        var customer = await books.CustomerAsync();

        Assert.True(await customer.PostAsync("order:1", "payments", "wallet_purchased", "USD", 100, null));
        Assert.False(await customer.PostAsync("order:1", "payments", "wallet_purchased", "USD", 100, null));
        Assert.Equal("23505", (await Assert.ThrowsAsync<PostgresException>(() => customer.PostAsync("order:1", "payments", "wallet_purchased", "USD", 101, null))).SqlState);
        Assert.Equal("23514", (await Assert.ThrowsAsync<PostgresException>(() => customer.PostAsync("refund:1", "wallet_purchased", "payments", "USD", 101, null))).SqlState);
        Assert.True(await customer.PostAsync("refund:1", "wallet_purchased", "payments", "USD", 100, null));
        Assert.Equal((0, 0), (await customer.BalancesAsync()).Purchased);
        Assert.Equal("23514", (await Assert.ThrowsAsync<PostgresException>(() => customer.PostAsync("x", "payments", "wallet_purchased", "CNY", 1, null))).SqlState);
    }

    [Fact]
    public async Task A_stopping_ledger_finishes_what_was_asked()
    {
        var customer = await books.CustomerAsync();
        var ledger = new Ledger(books.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var asked = Enumerable.Range(0, 200).Select(_ => ledger.HoldAsync(
            new HoldRequest(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, 10, 1, Usd(0), Now, Customer.Lease), default)).ToList();

        await ledger.DisposeAsync();

        Assert.All(await Task.WhenAll(asked), outcome => Assert.NotNull(outcome.Hold));
        Assert.Equal((10_000, 2_000), (await customer.BalancesAsync()).Allowance);
    }

    private async Task<List<(string, long)>> LotsAsync(Customer customer)
    {
        await using var db = books.Database.OpenAsAdmin();
        return [.. db.Lots.Where(lot => lot.OrganizationId == customer.Id)
            .Join(db.Journals, lot => lot.Id, journal => journal.Id, (lot, journal) => new { lot.ExpiresAt, lot.Remaining, journal.IdempotencyKey })
            .AsEnumerable()
            .OrderBy(lot => lot.ExpiresAt ?? DateTimeOffset.MaxValue)
            .Select(lot => (lot.IdempotencyKey.StartsWith("grant:", StringComparison.Ordinal) ? "plan" : lot.IdempotencyKey, lot.Remaining))];
    }

    private static UsageRecord Broken(UsageRecord usage) => new()
    {
        Id = usage.Id,
        OrganizationId = usage.OrganizationId,
        UserId = usage.UserId,
        KeyId = usage.KeyId,
        ModelId = null!,
        UpstreamId = usage.UpstreamId,
        VendorId = usage.VendorId,
        Surface = usage.Surface,
        OccurredAt = usage.OccurredAt,
        Tokens = new TokenUsage(1),
        Source = usage.Source,
        Status = usage.Status,
        Streamed = usage.Streamed,
        PlanTokens = usage.PlanTokens,
        Cost = usage.Cost,
        PriceRows = [],
        Latency = usage.Latency,
    };

    private static Money Usd(long nanos) => new(nanos, Currency.USD);
}
