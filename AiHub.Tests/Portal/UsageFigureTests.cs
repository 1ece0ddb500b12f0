using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Charts;
using AiHub.Portal.Usage;

namespace AiHub.Tests.Portal;

public sealed class UsageFigureTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly PeriodView January = new(Start, Start.AddDays(31));

    [Fact]
    public void The_pace_carries_the_part_so_far_to_the_end_of_the_period()
    {
        var pace = Pace.Of(January, Quota(used: 1_000, limit: 10_000), Start.AddDays(10));

        Assert.Equal(new Pace(3_100, ExceedsPlan: false), pace);
    }

    [Fact]
    public void A_pace_beyond_the_plan_says_so() =>
        Assert.Equal(new Pace(12_400, ExceedsPlan: true), Pace.Of(January, Quota(used: 4_000, limit: 10_000), Start.AddDays(10)));

    [Fact]
    public void There_is_no_pace_on_the_first_day_without_use_or_after_the_end()
    {
        Assert.Null(Pace.Of(January, Quota(used: 9_000, limit: 10_000), Start.AddHours(23)));
        Assert.Null(Pace.Of(January, Quota(used: 0, limit: 10_000), Start.AddDays(10)));
        Assert.Null(Pace.Of(January, Quota(used: 10, limit: 10_000), Start.AddDays(31)));
    }

    [Fact]
    public void A_huge_use_does_not_overflow_the_pace() =>
        Assert.Equal(new Pace(31_000_000_000_000_000, ExceedsPlan: false), Pace.Of(January, Quota(used: 1_000_000_000_000_000, limit: null), Start.AddDays(1)));

    [Theory]
    [InlineData(7, 7, "2026-01-25")]
    [InlineData(90, 90, "2025-11-03")]
    [InlineData(8, 30, "2026-01-02")]
    [InlineData(null, 30, "2026-01-02")]
    public void A_range_ends_today_and_is_one_of_those_on_offer(int? asked, int days, string from)
    {
        var range = UsageRange.Until(new DateOnly(2026, 1, 31), asked);

        Assert.Equal(new UsageRange(days, DateOnly.ParseExact(from, "yyyy-MM-dd", CultureInfo.InvariantCulture), new DateOnly(2026, 1, 31)), range);
    }

    [Theory]
    [InlineData("0", "1")]
    [InlineData("0.00000013", "0.0000002")]
    [InlineData("1", "1")]
    [InlineData("1.01", "2")]
    [InlineData("23", "25")]
    [InlineData("26", "50")]
    [InlineData("78000", "100000")]
    public void A_chart_ends_at_a_round_number_not_below_its_highest_bar(string highest, string top) =>
        Assert.Equal(Number(top), BarLayout.Ceiling(Number(highest)));

    [Fact]
    public void Bars_stack_upwards_and_fill_the_plot_exactly()
    {
        DayBar[] days = [Bar(60, 40), Bar(0, 50)];
        var layout = new BarLayout(days);

        Assert.Equal(100, layout.Top);
        Assert.Equal([new(0, "7.5%", "40%", "35%", "60%"), new(1, "7.5%", "0%", "35%", "40%")], layout.Parts(0, days[0]));
        Assert.Equal([new(1, "57.5%", "50%", "35%", "50%")], layout.Parts(1, days[1]));
        Assert.Equal(("50%", "50%"), (layout.SlotX(1), layout.SlotWidth));
    }

    private static QuotaView Quota(long used, long? limit) => new(limit, used, 0, limit - used, January.EndsAt);

    private static DayBar Bar(params decimal[] values) => new(new DateOnly(2026, 1, 1), values, [.. values.Select(value => value.ToString(CultureInfo.InvariantCulture))], "");

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
