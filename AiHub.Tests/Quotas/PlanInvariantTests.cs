using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Worker.Invoicing;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AiHub.Tests.Quotas;

/// <summary>What must be true of plans whatever a customer changes and when, numbered as the billing rules number it.</summary>
public sealed class PlanInvariantTests
{
    private static readonly DateTimeOffset Begin = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A ladder with more rungs than are sold, so that one term sees more than one change.
    private static readonly Plan[] Ladder = [Rung("starter", 9, 300_000), Rung("developer", 29, 1_000_000), Rung("pro", 99, 5_000_000), Rung("scale", 499, 40_000_000)];

    private static Arbitrary<Term> Terms => (
        from second in Gen.Choose(0, 4 * 366 * 86_400)
        from zone in Gen.Elements("Asia/Shanghai", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "UTC")
        from interval in Gen.Elements(PlanInterval.Month, PlanInterval.Year)
        from first in Gen.Choose(0, Ladder.Length - 1)
        from wishes in Gen.ListOf(from rung in Gen.Choose(0, Ladder.Length - 1) from permille in Gen.Choose(0, 999) select (rung, permille))
        select new Term(Begin.AddSeconds(second), zone, interval, Ladder[first], [.. wishes.OrderBy(wish => wish.permille).Select(wish => (Ladder[wish.rung], wish.permille))])).ToArbitrary();

    [Property(MaxTest = 1_000)]
    public Property Invariant_19_what_a_term_costs_lies_between_nothing_and_the_dearest_plan_and_going_back_up_and_down_costs_nothing() => Prop.ForAll(Terms, term =>
    {
        var (position, paid) = (term.Position, Minor(term.First, term.Interval));
        foreach (var (wish, at) in term.Wishes)
        {
            var quote = PlanChange.Quote(position, wish, term.Interval, Currency.USD, at)!;
            Assert.True(quote.AmountMinor >= 0);
            // The same wish a second time, and the way back, cost nothing now.
            position = quote.Timing == ChangeTiming.AtOnce ? position with { Plan = wish } : position;
            Assert.Equal(0, PlanChange.Quote(position, wish, term.Interval, Currency.USD, at)!.AmountMinor);
            paid += quote.AmountMinor;
        }

        Assert.InRange(paid, Minor(term.First, term.Interval), Minor(position.Plan, term.Interval));
        Assert.InRange(paid, 0, Ladder.Max(plan => Minor(plan, term.Interval)));
    });

    [Property(MaxTest = 1_000)]
    public Property Invariant_20_the_tokens_of_a_month_are_the_plans_weighted_by_their_time() => Prop.ForAll(Terms, term =>
    {
        var (position, changes) = (term.Position, 0);
        var (startsAt, endsAt) = (position.PeriodStartsAt!.Value, position.PeriodEndsAt!.Value);
        var (granted, weighted, since) = (term.First.MonthlyTokens!.Value, 0m, startsAt);
        foreach (var (wish, at) in term.Wishes)
        {
            var quote = PlanChange.Quote(position, wish, term.Interval, Currency.USD, at)!;
            if (quote.Timing == ChangeTiming.AtTermEnd || at >= endsAt)
            {
                Assert.Equal(0, quote.Tokens);
                continue;
            }

            weighted += Weighted(position.Plan, at - since);
            (granted, since, changes, position) = (granted + quote.Tokens, at, changes + 1, position with { Plan = wish });
        }

        weighted += Weighted(position.Plan, endsAt - since);
        // Each change is rounded once, half to even.
        Assert.InRange(Math.Abs(granted - weighted), 0, changes * 0.5m);

        decimal Weighted(Plan plan, TimeSpan part) => plan.MonthlyTokens!.Value * ((decimal)part.Ticks / (endsAt - startsAt).Ticks);
    });

    [Property(MaxTest = 1_000)]
    public Property Invariant_21_nothing_goes_down_before_what_is_paid_for_is_over() => Prop.ForAll(Terms, term =>
    {
        var position = term.Position;
        foreach (var (wish, at) in term.Wishes)
        {
            foreach (var (plan, interval) in new[] { (wish, PlanInterval.Month), (wish, PlanInterval.Year), (Rung(PlanIds.Free, 0, 10_000), PlanInterval.Month) })
            {
                var quote = PlanChange.Quote(position, plan, interval, Currency.USD, at)!;
                var goesDown = interval < position.Interval || Minor(plan, PlanInterval.Month) < Minor(position.Plan, PlanInterval.Month);
                if (goesDown)
                {
                    Assert.Equal((ChangeTiming.AtTermEnd, 0L, 0L, position.PaidThrough), (quote.Timing, quote.AmountMinor, quote.Tokens, quote.PaidThrough));
                }

                Assert.True(quote.PaidThrough >= position.PaidThrough);
            }
        }
    });

    [Property(MaxTest = 1_000)]
    public Property What_is_shown_beforehand_is_what_is_charged_and_what_the_invoice_says_line_by_line() => Prop.ForAll(Terms, Gen.Elements(0, 600, 825).ToArbitrary(), (term, tax) =>
    {
        var (position, subscription) = (term.Position, new QuotedSubscription(Guid.CreateVersion7(), Guid.CreateVersion7(), term.First.Id, 0));
        foreach (var (wish, at) in term.Wishes)
        {
            // Shown, and minutes later asked for as of that moment.
            var (shown, asked) = (PlanChange.Quote(position, wish, term.Interval, Currency.USD, at)!, PlanChange.Quote(position, wish, term.Interval, Currency.USD, at)!);
            if (asked.Timing == ChangeTiming.AtTermEnd)
            {
                continue;
            }

            var charge = SubscriptionCharge.Of(asked, subscription, null, wish.Id, term.Interval, Collection.Prepaid, Currency.USD, at, at.AddMinutes(9));
            var (invoice, lines) = InvoiceDraft.OfSubscription(
                charge.OrganizationId, Seller(tax), "subscription", [.. charge.Lines.Select(line => InvoiceRun.LineOf(line, wish.Name))], null, null, null, at.AddDays(1));

            Assert.Equal((shown.AmountMinor, shown.AmountMinor), (charge.AmountMinor, invoice.TotalMinor));
            Assert.Equal(shown.Lines.Select(line => line.AmountMinor), lines.Select(line => line.AmountMinor));
            Assert.Equal((invoice.TotalMinor, invoice.TaxMinor), (invoice.SubtotalMinor + invoice.TaxMinor, lines.Sum(line => line.TaxMinor)));
            position = position with { Plan = wish };
        }
    });

    private static LegalEntity Seller(int basisPoints) => new()
    {
        Id = "test",
        Currency = Currency.USD,
        Name = "Seller",
        NumberPrefix = "T",
        TimeZone = "UTC",
        TaxName = "VAT",
        TaxBasisPoints = basisPoints,
        TaxInclusive = false,
        UpdatedAt = Begin,
    };

    private static long Minor(Plan plan, PlanInterval interval) => plan.Price(Currency.USD, interval)!.Value.Nanos / 10_000_000;

    private static Plan Rung(string id, long usd, long tokens) => new()
    {
        Id = id,
        Name = id,
        MonthlyTokens = tokens,
        AllowsOverage = true,
        Cycle = PlanCycle.Anniversary,
        UsdNanos = usd * Money.NanosPerUnit,
        UsdYearNanos = usd * 10 * Money.NanosPerUnit,
        Position = 0,
    };

    /// <summary>A paid term and what is wished for during it: which plan, after how many thousandths of the term.</summary>
    private sealed record Term(DateTimeOffset Anchor, string Zone, PlanInterval Interval, Plan First, IReadOnlyList<(Plan Plan, int Permille)> Asked)
    {
        public PlanPosition Position => new(
            First, Interval, Anchor, PlanChange.Months(Interval), PlanChange.Boundary(Anchor, Zone, PlanChange.Months(Interval)), Zone, Anchor, PlanChange.Boundary(Anchor, Zone, 1));

        public IEnumerable<(Plan Plan, DateTimeOffset At)> Wishes => Asked.Select(wish => (wish.Plan, Anchor + ((Position.PaidThrough!.Value - Anchor) * (wish.Permille / 1_000d))));
    }
}
