using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Tests.Accounts;

public sealed class BudgetTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private static readonly DateTimeOffset Now = Customer.Start;

    [Fact]
    public async Task A_hard_budget_leaves_a_call_what_is_left_of_it_and_then_nothing()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(1_000);

        var first = (await AskAsync(customer, expected: 50, least: 10, most: 600)).Hold!;
        var second = (await AskAsync(customer, expected: 50, least: 10, most: 600)).Hold!;
        Assert.Equal((600, 400), (first.Covers!.PlanTokens, second.Covers!.PlanTokens));
        Assert.Equal([(0L, 1_000L)], await customer.CountedAsync(budget));

        var refused = (await AskAsync(customer, expected: 50, least: 10, most: 600)).Refusal!;
        Assert.Equal(
            (HoldRefusalReason.BudgetExhausted, 1_000, 0, 1_000, 10, true),
            (refused.Reason, refused.Limit, refused.Used, refused.Held, refused.Needed, refused.MayPass));
        Assert.Equal(new RefusingBudget(budget.Id, "user", "Wei", "TOK", "month", null, null, "Wei"), refused.Budget);
        Assert.Equal(new DateTimeOffset(2026, 5, 31, 16, 0, 0, TimeSpan.Zero), refused.ResetsAt);

        await customer.SettleAsync(first, 600);
        await customer.SettleAsync(second, 400);
        Assert.Equal([(1_000L, 0L)], await customer.CountedAsync(budget));
        Assert.False((await AskAsync(customer, expected: 1, least: 1, most: 1)).Refusal!.MayPass);
    }

    [Fact]
    public async Task Where_plenty_is_free_only_the_expected_is_held_and_near_the_end_the_most()
    {
        var customer = await books.CustomerAsync(PlanIds.Enterprise);
        await customer.TopUpAsync(100_000);

        var plenty = (await AskAsync(customer, expected: 50, least: 10, most: 600, nanosPerToken: 10)).Hold!;
        Assert.Equal((500, null), (plenty.Money.Nanos, plenty.Covers));
        await customer.SettleAsync(plenty, 600, 6_000);

        var careful = (await AskAsync(customer, expected: 50, least: 10, most: 600, nanosPerToken: 10)).Hold!;
        Assert.Equal((6_000, new HoldCover(600, new Money(6_000, Currency.USD), false)), (careful.Money.Nanos, careful.Covers));

        // What is left pays for part of the longest answer; below the least it pays for nothing.
        await AskAsync(customer, expected: 8_750, least: 8_750, most: 8_750, nanosPerToken: 10);
        var last = (await AskAsync(customer, expected: 50, least: 10, most: 600, nanosPerToken: 10)).Hold!;
        Assert.Equal((500, 50), (last.Money.Nanos, last.Covers!.PlanTokens));
        Assert.Equal(HoldRefusalReason.InsufficientBalance, (await AskAsync(customer, expected: 1, least: 1, most: 1, nanosPerToken: 10)).Refusal!.Reason);
    }

    [Fact]
    public async Task Organization_team_user_and_key_are_all_counted_and_the_first_that_is_used_up_is_named()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var (team, key) = await TeamAndKeyAsync(customer);
        var organization = await customer.BudgetAsync(5_000, BudgetScope.Organization);
        var ofTeam = await customer.BudgetAsync(300, BudgetScope.Team, subject: team);
        var ofUser = await customer.BudgetAsync(10_000, BudgetScope.User, unit: "USD", hard: false);
        var ofKey = await customer.BudgetAsync(300, BudgetScope.Key, subject: key);
        var otherTeam = await customer.BudgetAsync(0, BudgetScope.Key, subject: await KeyAsync(customer, null));

        var hold = (await AskAsync(customer, expected: 200, least: 200, most: 200, nanosPerToken: 3, team: team, key: key)).Hold!;
        Assert.Equal((0, 200), (await customer.CountedAsync(organization)).Single());
        await customer.SettleAsync(hold, 150, 450);

        Assert.Equal((150, 0), (await customer.CountedAsync(organization)).Single());
        Assert.Equal((150, 0), (await customer.CountedAsync(ofTeam)).Single());
        Assert.Equal((450, 0), (await customer.CountedAsync(ofUser)).Single());
        Assert.Equal((150, 0), (await customer.CountedAsync(ofKey)).Single());
        Assert.Equal((0, 0), (await customer.CountedAsync(otherTeam)).Single());

        // Team and key leave too little; the team is asked first.
        var refused = (await AskAsync(customer, expected: 200, least: 200, most: 200, team: team, key: key)).Refusal!;
        Assert.Equal((ofTeam.Id, "team", "Research"), (refused.Budget!.Id, refused.Budget.Scope, refused.Budget.Subject));
        Assert.NotNull((await AskAsync(customer, expected: 200, least: 200, most: 200)).Hold);
    }

    [Fact]
    public async Task A_soft_budget_counts_and_refuses_nothing()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(100, hard: false);

        await customer.SettleAsync(await customer.HoldAsync(500), 700);

        Assert.Equal([(700L, 0L)], await customer.CountedAsync(budget));
        Assert.NotNull((await customer.AskAsync(1)).Hold);
    }

    [Fact]
    public async Task A_budget_of_a_model_or_vendor_counts_what_that_one_answered()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var model = await customer.BudgetAsync(1_000, model: "sim/echo");
        var vendor = await customer.BudgetAsync(1_000, vendor: "sim");
        var other = await customer.BudgetAsync(1_000, vendor: "other");

        // Either vendor may answer, so both budgets hold for it; one does.
        var hold = (await AskAsync(customer, 100, 100, 100, models: ["sim/echo"], vendors: ["other", "sim"])).Hold!;
        Assert.Equal(((0, 100), (0, 100), (0, 100)), (await OnlyAsync(model), await OnlyAsync(vendor), await OnlyAsync(other)));
        await customer.SettleAsync(hold, 90);
        Assert.Equal(((90, 0), (90, 0), (0, 0)), (await OnlyAsync(model), await OnlyAsync(vendor), await OnlyAsync(other)));

        Assert.Contains((await AskAsync(customer, 950, 950, 950, models: ["sim/echo"], vendors: ["sim"])).Refusal!.Budget!.Id, new[] { model.Id, vendor.Id });
        Assert.NotNull((await AskAsync(customer, 950, 950, 950, models: ["sim/lorem"], vendors: ["third"])).Hold);

        async Task<(long, long)> OnlyAsync(Budget budget) => (await customer.CountedAsync(budget)).Single();
    }

    [Fact]
    public async Task A_new_day_counts_for_itself_and_a_call_belongs_to_the_day_it_began_in()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(1_000, period: BudgetPeriod.Day);
        var midnight = new DateTimeOffset(2026, 5, 20, 16, 0, 0, TimeSpan.Zero);

        var late = (await AskAsync(customer, 800, 800, 800, at: midnight.AddSeconds(-1))).Hold!;
        Assert.Equal(midnight, (await AskAsync(customer, 800, 800, 800, at: midnight.AddSeconds(-1))).Refusal!.ResetsAt);
        var early = (await AskAsync(customer, 800, 800, 800, at: midnight)).Hold!;
        await customer.SettleAsync(late, 700, at: midnight.AddMinutes(1));
        await customer.SettleAsync(early, 600, at: midnight.AddMinutes(1));

        Assert.Equal([(700L, 0L), (600L, 0L)], await customer.CountedAsync(budget));
    }

    [Fact]
    public async Task A_new_budget_counts_what_its_period_has_used_and_what_is_under_way()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        await customer.SettleAsync(await customer.HoldAsync(400), 300);
        var underWay = await customer.HoldAsync(250);

        var budget = await customer.BudgetAsync(1_000);
        Assert.Equal([(300L, 250L)], await customer.CountedAsync(budget));
        Assert.NotNull((await AskAsync(customer, 460, 460, 460)).Refusal);

        await customer.SettleAsync(underWay, 200);
        Assert.Equal([(500L, 0L)], await customer.CountedAsync(budget));
    }

    [Fact]
    public async Task A_raise_holds_until_its_end_and_an_ended_budget_no_more()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(100, period: BudgetPeriod.Lifetime);
        await using var db = books.Database.Open();
        Assert.NotNull((await AskAsync(customer, 150, 150, 150)).Refusal);

        await db.InOrganizationAsync(customer.Id, () => db.ChangeBudgetAsync(Raised(budget, 500, Now.AddDays(1)), default), default);
        Assert.NotNull((await AskAsync(customer, 150, 150, 150)).Hold);
        var after = (await AskAsync(customer, 150, 150, 150, at: Now.AddDays(1))).Refusal!;
        Assert.Equal((100, 150, null), (after.Limit, after.Held, after.ResetsAt));

        await db.InOrganizationAsync(customer.Id, () => db.EndBudgetAsync(budget, Now, default), default);
        Assert.NotNull((await AskAsync(customer, 150, 150, 150, at: Now.AddDays(1))).Hold);
    }

    [Fact]
    public async Task What_is_released_or_swept_is_given_back_and_a_lapsed_call_still_counts()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(1_000);
        var released = (await AskAsync(customer, 100, 100, 100)).Hold!;
        var lapsed = (await AskAsync(customer, 200, 200, 200)).Hold!;

        await books.Ledger.ReleaseAsync(released.Id, Now, default);
        Assert.Equal([(0L, 200L)], await customer.CountedAsync(budget));
        await books.Ledger.SweepAsync(Now + Customer.Lease, 1_000, default);
        Assert.Equal([(0L, 0L)], await customer.CountedAsync(budget));
        await customer.SettleAsync(lapsed, 180);
        Assert.Equal([(180L, 0L)], await customer.CountedAsync(budget));
    }

    [Fact]
    public async Task Calls_racing_over_two_replicas_never_exceed_a_hard_budget()
    {
        var customer = await books.CustomerAsync(PlanIds.Developer);
        var budget = await customer.BudgetAsync(10_000, unit: "USD");
        await using var replica = new Ledger(books.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 60).Select(i => AskAsync(customer, 10, 10, 10, nanosPerToken: 100, ledger: i % 2 == 0 ? books.Ledger : replica)));

        Assert.Equal(10, outcomes.Count(outcome => outcome.Hold is not null));
        Assert.Equal([(0L, 10_000L)], await customer.CountedAsync(budget));
    }

    [Fact]
    public async Task A_budget_of_somebody_else_s_team_or_currency_cannot_be_set()
    {
        var ours = await books.CustomerAsync();
        var (theirTeam, _) = await TeamAndKeyAsync(await books.CustomerAsync());

        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => ours.BudgetAsync(1, BudgetScope.Team, subject: theirTeam));
        await Assert.ThrowsAsync<Npgsql.PostgresException>(() => ours.BudgetAsync(1, unit: "CNY"));
    }

    // Daylight saving north and south, at midnight, by half an hour, a skipped day, none at all.
    private static readonly string[] Zones =
    [
        "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Beirut", "America/Asuncion", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia",
        "Asia/Kathmandu", "Africa/Cairo", "UTC",
    ];

    [Property(MaxTest = 60)]
    public Property Every_instant_is_in_exactly_one_period_of_a_budget() => Prop.ForAll(
        Instants(), Instants(), (from zone in Gen.Elements(Zones)
                                 from period in Gen.Elements("day", "week", "month")
                                 from alignment in Gen.Elements("calendar", "anniversary")
                                 select (zone, period, alignment)).ToArbitrary(),
        (anchor, instant, terms) =>
        {
            var (start, end) = PeriodAt(instant);
            Assert.True(start <= instant && instant < end, $"{start:O} {instant:O} {end:O}");
            Assert.Equal((start, end), PeriodAt(start));
            Assert.Equal((start, end), PeriodAt(end.AddSeconds(-1)));
            Assert.Equal(end, PeriodAt(end).Start);
            Assert.InRange(end - start, TimeSpan.FromHours(22), TimeSpan.FromDays(32));

            (DateTimeOffset Start, DateTimeOffset End) PeriodAt(DateTimeOffset at)
            {
                var both = books.Database.AsAdminAsync<DateTime[]>(
                    $"select array[starts_at, ends_at] from budget_period('{terms.period}', '{terms.alignment}', '{anchor:O}', '{terms.zone}', '{at:O}')").GetAwaiter().GetResult();
                return (new DateTimeOffset(both[0], TimeSpan.Zero), new DateTimeOffset(both[1], TimeSpan.Zero));
            }
        });

    private static Arbitrary<DateTimeOffset> Instants() =>
        (from day in Gen.Choose(0, 365 * 12)
         from second in Gen.Choose(0, (24 * 60 * 60) - 1)
         select new DateTimeOffset(2010, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day).AddSeconds(second)).ToArbitrary();

    private Task<HoldOutcome> AskAsync(
        Customer customer, long expected, long least, long most, long nanosPerToken = 0, Guid? team = null, Guid? key = null, DateTimeOffset? at = null,
        string[]? models = null, string[]? vendors = null, Ledger? ledger = null) => (ledger ?? books.Ledger).HoldAsync(
        new HoldRequest(
            Guid.CreateVersion7(), customer.Id, team, customer.OwnerId, key ?? customer.KeyId, expected, least,
            new Money(expected * nanosPerToken, Currency.USD), at ?? Now, Customer.Lease)
        {
            MinimumCost = new Money(least * nanosPerToken, Currency.USD),
            MostPlanTokens = most,
            MostCost = new Money(most * nanosPerToken, Currency.USD),
            Models = models ?? [],
            Vendors = vendors ?? [],
        },
        default);

    private async Task<(Guid Team, Guid Key)> TeamAndKeyAsync(Customer customer)
    {
        var team = new Team { Id = Guid.CreateVersion7(), OrganizationId = customer.Id, Name = "Research", CreatedAt = Now };
        await using var db = books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.Teams.Add(team);
            await db.SaveChangesAsync();
        }, default);
        return (team.Id, await KeyAsync(customer, team.Id));
    }

    private async Task<Guid> KeyAsync(Customer customer, Guid? team)
    {
        var secret = ApiKeySecret.Generate();
        var key = new ApiKey
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = customer.Id,
            TeamId = team,
            UserId = customer.OwnerId,
            Name = "key",
            Hash = ApiKeySecret.Hash(secret),
            Prefix = "p",
            LastFour = "f",
            CreatedAt = Now,
        };
        await using var db = books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.ApiKeys.Add(key);
            await db.SaveChangesAsync();
        }, default);
        return key.Id;
    }

    private static Budget Raised(Budget budget, long amount, DateTimeOffset until) => new()
    {
        Id = budget.Id,
        OrganizationId = budget.OrganizationId,
        Scope = budget.Scope,
        SubjectId = budget.SubjectId,
        Unit = budget.Unit,
        Amount = budget.Amount,
        Period = budget.Period,
        Alignment = budget.Alignment,
        Anchor = budget.Anchor,
        Hard = budget.Hard,
        AlertAt = budget.AlertAt,
        CreatedAt = budget.CreatedAt,
        RaisedAmount = amount,
        RaisedUntil = until,
    };
}
