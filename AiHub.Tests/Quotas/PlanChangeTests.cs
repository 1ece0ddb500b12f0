using AiHub.Domain;
using AiHub.Domain.Quotas;

namespace AiHub.Tests.Quotas;

/// <summary>The arithmetic of changing plans, without a database or a clock.</summary>
public sealed class PlanChangeTests
{
    private static readonly Plan Free = Of(PlanIds.Free, 0, null, 10_000);
    private static readonly Plan Developer = Of(PlanIds.Developer, 29, 290, 1_000_000);
    private static readonly Plan Pro = Of(PlanIds.Pro, 99, 990, 5_000_000);

    private static readonly DateTimeOffset April = new(2026, 4, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void An_upgrade_in_the_middle_of_april_costs_what_is_left_of_it()
    {
        var quote = PlanChange.Quote(Position(Developer, PlanInterval.Month, April, "UTC"), Pro, PlanInterval.Month, Currency.USD, April.AddDays(15.5))!;

        Assert.Equal(
            (ChangeTiming.AtOnce, SubscriptionChargeKind.Upgrade, 3383L, 1, April.AddMonths(1), 1_933_333L),
            (quote.Timing, quote.Kind, quote.AmountMinor, quote.PaidMonths, quote.PaidThrough, quote.Tokens));
        Assert.Equal(
            [
                new SubscriptionLine(SubscriptionLineKind.Unused, PlanIds.Developer, PlanInterval.Month, April.AddDays(15.5), April.AddMonths(1), -1402),
                new SubscriptionLine(SubscriptionLineKind.Remaining, PlanIds.Pro, PlanInterval.Month, April.AddDays(15.5), April.AddMonths(1), 4785),
            ],
            quote.Lines);
    }

    [Fact]
    public void A_month_with_a_clock_change_is_as_long_as_it_really_is()
    {
        var march = new DateTimeOffset(2026, 3, 1, 0, 0, 0, TimeSpan.FromHours(-5));
        var position = Position(Developer, PlanInterval.Month, march, "America/New_York");

        Assert.Equal(2_674_800, (position.PaidThrough!.Value - march).TotalSeconds);
        Assert.Equal(7000, PlanChange.Quote(position, Pro, PlanInterval.Month, Currency.USD, march)!.AmountMinor);
    }

    [Fact]
    public void From_free_a_term_begins_now()
    {
        var at = new DateTimeOffset(2026, 1, 31, 10, 0, 0, TimeSpan.Zero);
        var quote = PlanChange.Quote(Unpaid(Free, at), Developer, PlanInterval.Month, Currency.USD, at)!;

        Assert.Equal((SubscriptionChargeKind.Start, 2900, 1, new DateTimeOffset(2026, 2, 28, 10, 0, 0, TimeSpan.Zero)), (quote.Kind, quote.AmountMinor, quote.PaidMonths, quote.PaidThrough));
    }

    [Theory]
    [InlineData("pro", "month", "developer", "month")]
    [InlineData("pro", "month", "free", "month")]
    [InlineData("pro", "year", "pro", "month")]
    [InlineData("developer", "year", "pro", "month")]
    [InlineData("pro", "month", "developer", "year")]
    public void Down_is_at_the_end_of_what_is_paid_for_and_costs_nothing_now(string from, string interval, string to, string toInterval)
    {
        var quote = PlanChange.Quote(
            Position(Named(from), Enum.Parse<PlanInterval>(interval, true), April, "Asia/Shanghai"), Named(to), Enum.Parse<PlanInterval>(toInterval, true), Currency.USD, April.AddDays(3))!;

        Assert.Equal((ChangeTiming.AtTermEnd, 0L, 0L), (quote.Timing, quote.AmountMinor, quote.Tokens));
    }

    [Fact]
    public void A_year_instead_of_a_month_begins_where_the_month_began()
    {
        var at = April.AddDays(10);
        var quote = PlanChange.Quote(Position(Developer, PlanInterval.Month, April, "UTC"), Developer, PlanInterval.Year, Currency.USD, at)!;

        Assert.Equal((12, April.AddYears(1), 0L), (quote.PaidMonths, quote.PaidThrough, quote.Tokens));
        Assert.Equal(-1933 + (long)Math.Round(29000m * 355 / 365, MidpointRounding.ToEven), quote.AmountMinor);
    }

    [Fact]
    public void What_was_paid_in_advance_is_counted_too()
    {
        var position = Position(Developer, PlanInterval.Month, April, "UTC") with { PaidMonths = 3, PaidThrough = April.AddMonths(3) };
        var quote = PlanChange.Quote(position, Pro, PlanInterval.Month, Currency.USD, April.AddDays(15.5))!;

        Assert.Equal(6, quote.Lines.Count);
        Assert.Equal(3383 + 7000 + 7000, quote.AmountMinor);
    }

    [Fact]
    public void Whatever_is_changed_when_the_sum_of_a_term_is_between_nothing_and_the_dearest_plan()
    {
        var random = new Random(20261128);
        foreach (var _ in Enumerable.Range(0, 1_000))
        {
            var zone = random.GetItems(["Asia/Shanghai", "America/New_York", "UTC", "Australia/Lord_Howe"], 1)[0];
            var interval = (PlanInterval)random.Next(2);
            var anchor = new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(random.Next(366 * 86_400));
            var position = Position(Developer, interval, anchor, zone);
            var whole = position.PaidThrough!.Value - anchor;
            var at = anchor.AddTicks((long)(whole.Ticks * random.NextDouble()));

            var quote = PlanChange.Quote(position, Pro, interval, Currency.USD, at)!;

            var (old, dear) = (Developer.Price(Currency.USD, interval)!.Value.Nanos / 10_000_000, Pro.Price(Currency.USD, interval)!.Value.Nanos / 10_000_000);
            Assert.InRange(quote.AmountMinor, 0, dear - old);
            Assert.InRange(old + quote.AmountMinor, old, dear);
            // What is paid in all is what both plans cost for their time, within a cent for each line.
            var exact = (decimal)(old + ((dear - old) * ((decimal)(position.PaidThrough.Value - at).Ticks / whole.Ticks)));
            Assert.InRange(Math.Abs(old + quote.AmountMinor - exact), 0, 1);
            Assert.InRange(quote.Tokens, 0, Pro.MonthlyTokens!.Value - Developer.MonthlyTokens!.Value);
        }
    }

    private static Plan Named(string id) => id switch { PlanIds.Free => Free, PlanIds.Developer => Developer, _ => Pro };

    private static PlanPosition Unpaid(Plan plan, DateTimeOffset anchor) => new(plan, PlanInterval.Month, anchor, null, null, "UTC", null, null);

    private static PlanPosition Position(Plan plan, PlanInterval interval, DateTimeOffset anchor, string zone)
    {
        var months = PlanChange.Months(interval);
        return new PlanPosition(
            plan, interval, anchor.ToUniversalTime(), months, PlanChange.Boundary(anchor, zone, months), zone, anchor.ToUniversalTime(), PlanChange.Boundary(anchor, zone, 1));
    }

    private static Plan Of(string id, long usd, long? year, long tokens) => new()
    {
        Id = id,
        Name = id,
        MonthlyTokens = tokens,
        AllowsOverage = true,
        Cycle = PlanCycle.Anniversary,
        UsdNanos = usd * Money.NanosPerUnit,
        UsdYearNanos = year * Money.NanosPerUnit,
        Position = 0,
    };
}
