using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Accounts;

/// <summary>Whatever is done in whatever order, and at the same time, the books are in order.</summary>
public sealed class LedgerPropertyTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    public abstract record Step
    {
        public sealed record Ask(long Tokens, long Minimum, long Nanos) : Step;

        public sealed record Settle(int Which, long Tokens, long Nanos) : Step;

        public sealed record Release(int Which) : Step;

        public sealed record Renew(int Which) : Step;

        public sealed record TopUp(long Nanos) : Step;

        public sealed record Promote(long Nanos, int Days) : Step;

        public sealed record Pass(int Hours) : Step;

        public sealed record Sweep : Step;

        public sealed record Rollover : Step;
    }

    [Property(MaxTest = 15, Arbitrary = [typeof(Steps)])]
    public async Task In_any_order_nothing_is_lost_made_or_overdrawn(Step[] steps)
    {
        var story = await Story.BeginAsync(books);
        foreach (var chapter in steps.Chunk(6))
        {
            foreach (var step in chapter)
            {
                await story.DoAsync(step);
            }

            await story.CheckAsync();
        }
    }

    [Property(MaxTest = 10, Arbitrary = [typeof(Steps)])]
    public async Task All_at_once_nothing_is_lost_made_or_overdrawn(Step[] steps)
    {
        var story = await Story.BeginAsync(books);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => story.DoAsync(new Step.Ask(500, 1, 700))));

        await Task.WhenAll(steps.Select(story.DoAsync));
        await story.CheckAsync();

        // Crash: whatever is still held is swept, and nothing stays held.
        await books.Ledger.SweepAsync(story.Now.AddYears(1), 10_000, default);
        await story.CheckAsync();
        var balances = await story.Customer.BalancesAsync();
        Assert.Equal((0, 0, 0), (balances.Allowance.Held, balances.Granted.Held, balances.Purchased.Held));
    }

    [Property(MaxTest = 6)]
    public async Task The_order_of_settlements_within_what_was_held_makes_no_difference(NonEmptyArray<byte> used, int seed)
    {
        var balances = new List<Balances>();
        foreach (var order in new[] { seed, seed + 1 })
        {
            var customer = await books.CustomerAsync();
            var holds = new List<(Hold Hold, long Tokens)>();
            foreach (var tokens in used.Get.Take(12))
            {
                holds.Add((await customer.HoldAsync(300), tokens));
            }

            var shuffled = holds.ToArray();
            new System.Random(order).Shuffle(shuffled);
            foreach (var (hold, tokens) in shuffled)
            {
                Assert.Equal(tokens, (await customer.SettleAsync(hold, tokens)).PlanTokensCharged);
            }

            balances.Add(await customer.BalancesAsync());
        }

        Assert.Equal(balances[0], balances[1]);
    }

    [Fact]
    public async Task Calls_racing_for_one_allowance_never_overdraw_it()
    {
        var customer = await books.CustomerAsync();
        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Ledger>.Instance);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 64).Select(i => (i % 2 == 0 ? books.Ledger : replica).HoldAsync(
            new HoldRequest(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, 3_000, 3_000, new(0, Domain.Currency.USD), Customer.Start, Customer.Lease), default)));

        Assert.Equal(3, outcomes.Count(outcome => outcome.Hold is not null));
        Assert.All(outcomes.Where(outcome => outcome.Refusal is not null), outcome => Assert.Equal(HoldRefusalReason.QuotaExhausted, outcome.Refusal!.Reason));
        Assert.Equal((10_000, 9_000), (await customer.BalancesAsync()).Allowance);
    }

    [Fact]
    public async Task Replicas_settling_the_same_call_at_once_charge_it_once()
    {
        var customer = await books.CustomerAsync();
        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Ledger>.Instance);
        var hold = await customer.HoldAsync(1_000);

        var settled = await Task.WhenAll(Enumerable.Range(0, 20).Select(i =>
            (i % 2 == 0 ? books.Ledger : replica).SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 800), Customer.Start), default)));

        Assert.Single(settled, result => result.Applied);
        Assert.All(settled, result => Assert.Equal(800, result.PlanTokensCharged));
        Assert.Equal((9_200, 0), (await customer.BalancesAsync()).Allowance);
    }

    [Fact]
    public async Task Replicas_working_for_the_same_organizations_wait_for_each_other_and_never_lock_up()
    {
        var customers = new List<Customer>();
        for (var i = 0; i < 6; i++)
        {
            customers.Add(await books.CustomerAsync());
        }

        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, Microsoft.Extensions.Logging.Abstractions.NullLogger<Ledger>.Instance);
        await Task.WhenAll(Enumerable.Range(0, 240).Select(async i =>
        {
            var ledger = i % 2 == 0 ? books.Ledger : replica;
            var customer = customers[i % customers.Count];
            var hold = (await ledger.HoldAsync(
                new HoldRequest(Guid.CreateVersion7(), customer.Id, null, customer.OwnerId, customer.KeyId, 100, 1, new(0, Domain.Currency.USD), Customer.Start, Customer.Lease), default)).Hold!;
            await ledger.RenewAsync([hold.Id], Customer.Start, Customer.Lease, default);
            await ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 50), Customer.Start), default);
        }));

        foreach (var customer in customers)
        {
            Assert.Equal((8_000, 0), (await customer.BalancesAsync()).Allowance);
        }
    }

    private sealed class Story(LedgerFixture books, Customer customer)
    {
        private readonly List<Hold> _holds = [];
        private long _topUps;
        private long _promotions;
        private long _hours;

        public Customer Customer => customer;

        public DateTimeOffset Now => Customer.Start.AddHours(Interlocked.Read(ref _hours));

        public static async Task<Story> BeginAsync(LedgerFixture books)
        {
            var story = new Story(books, await books.CustomerAsync(PlanIds.Developer));
            // Small enough that a story reaches the end of it.
            await story.DoAsync(new Step.Ask(998_000, 1, 0));
            await story.DoAsync(new Step.Settle(0, 998_000, 0));
            return story;
        }

        public async Task DoAsync(Step step)
        {
            switch (step)
            {
                case Step.Ask(var tokens, var minimum, var nanos):
                    var request = Guid.CreateVersion7();
                    var outcome = await customer.AskAsync(tokens, minimum, nanos, request, Now);
                    if (outcome.Hold is { } held)
                    {
                        Assert.Equal(outcome, await customer.AskAsync(tokens, minimum, nanos, request, Now));
                        // Tokens beyond the allowance are held in money, unless all of them together cost no more than what rounding takes: a nano-unit.
                        Assert.True(held.PlanTokens == tokens || held.Money.Nanos > 0 || held.PlanTokens >= minimum || nanos * (minimum - held.PlanTokens) <= tokens);
                        lock (_holds)
                        {
                            _holds.Add(held);
                        }
                    }

                    break;

                case Step.Settle(var which, var tokens, var nanos) when Pick(which) is { } hold:
                    var first = await customer.SettleAsync(hold, tokens, nanos, Now);
                    Assert.Equal(first with { Applied = false }, await customer.SettleAsync(hold, tokens + 1, nanos + 1, Now));
                    var record = await customer.RecordAsync(hold.RequestId);
                    if (record is not null)
                    {
                        Assert.Equal((first.PlanTokensCharged, first.MoneyCharged.Nanos), (record.PlanTokensCharged, record.ChargedNanos));
                        Assert.True(first.MoneyCharged.Nanos + first.WrittenOff.Nanos <= record.Cost.Nanos);
                    }

                    break;

                case Step.Release(var which) when Pick(which) is { } hold:
                    await books.Ledger.ReleaseAsync(hold.Id, Now, default);
                    break;

                case Step.Renew(var which) when Pick(which) is { } hold:
                    await books.Ledger.RenewAsync([hold.Id], Now, Customer.Lease, default);
                    break;

                case Step.TopUp(var nanos):
                    await customer.TopUpAsync(nanos, $"top-up:{Interlocked.Increment(ref _topUps)}");
                    break;

                case Step.Promote(var nanos, var days):
                    await customer.GrantMoneyAsync(nanos, Customer.Start.AddDays(days), $"promotion:{Interlocked.Increment(ref _promotions)}");
                    break;

                case Step.Pass(var hours):
                    Interlocked.Add(ref _hours, hours);
                    break;

                case Step.Sweep:
                    await books.Ledger.SweepAsync(Now, 10_000, default);
                    break;

                case Step.Rollover:
                    await using (var db = books.Database.Open())
                    {
                        await db.InOrganizationAsync(customer.Id, () => db.GrantPeriodsAsync(Now, default), default);
                        await books.Ledger.ExpireAsync(Now, 10_000, default);
                    }

                    break;
            }
        }

        public async Task CheckAsync()
        {
            Assert.Empty(await books.Ledger.AuditAsync(Customer.Start, default));

            var balances = await customer.BalancesAsync();
            Assert.All([balances.Allowance, balances.Granted, balances.Purchased], balance => Assert.True(0 <= balance.Held && balance.Held <= balance.Posted));

            // granted = used + expired + remaining
            Assert.Equal(
                -await customer.BookedAsync(AccountKind.TokensGranted, "TOK"),
                await customer.BookedAsync(AccountKind.TokensUsed, "TOK") + await customer.BookedAsync(AccountKind.Breakage, "TOK") + balances.Allowance.Posted);
            Assert.Equal(
                -await customer.BookedAsync(AccountKind.Promotion) - await customer.BookedAsync(AccountKind.Payments) - await customer.BookedAsync(AccountKind.WriteOff),
                await customer.BookedAsync(AccountKind.UsageRevenue) + await customer.BookedAsync(AccountKind.Breakage) + balances.Granted.Posted + balances.Purchased.Posted);

            // The usage records say the same as the books.
            await using var db = books.Database.Open();
            await db.InOrganizationAsync(customer.Id, async () =>
            {
                Assert.Equal(await customer.BookedAsync(AccountKind.TokensUsed, "TOK"), await db.UsageRecords.SumAsync(record => record.PlanTokensCharged));
                Assert.Equal(
                    await customer.BookedAsync(AccountKind.UsageRevenue) + await customer.BookedAsync(AccountKind.WriteOff),
                    await db.UsageRecords.SumAsync(record => record.ChargedNanos));
            }, default);
        }

        private Hold? Pick(int which)
        {
            lock (_holds)
            {
                return _holds.Count == 0 ? null : _holds[which % _holds.Count];
            }
        }
    }

    public static class Steps
    {
        public static Arbitrary<Step[]> Sequences() => Gen.ArrayOf(Step(), 18).ToArbitrary();

        private static Gen<Step> Step() => Gen.Frequency<Step>(
            (6, from tokens in Gen.Choose(0, 1_500) from minimum in Gen.Choose(0, 200) from nanos in Gen.Choose(0, 3_000) select (Step)new Step.Ask(tokens, minimum, nanos)),
            (6, from which in Gen.Choose(0, 50) from tokens in Gen.Choose(0, 2_000) from nanos in Gen.Choose(0, 4_000) select (Step)new Step.Settle(which, tokens, nanos)),
            (1, Gen.Choose(0, 50).Select(Step (which) => new Step.Release(which))),
            (1, Gen.Choose(0, 50).Select(Step (which) => new Step.Renew(which))),
            (2, Gen.Choose(1, 5_000).Select(Step (nanos) => new Step.TopUp(nanos))),
            (2, from nanos in Gen.Choose(1, 2_000) from days in Gen.Choose(1, 60) select (Step)new Step.Promote(nanos, days)),
            (2, Gen.Choose(1, 24 * 20).Select(Step (hours) => new Step.Pass(hours))),
            (1, Gen.Constant<Step>(new Step.Sweep())),
            (2, Gen.Constant<Step>(new Step.Rollover())));
    }
}
