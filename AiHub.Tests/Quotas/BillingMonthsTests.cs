using AiHub.Domain.Quotas;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AiHub.Tests.Quotas;

public sealed class BillingMonthsTests
{
    // Daylight saving north and south, at midnight (Beirut, Asunción), by half an hour (Lord Howe), a skipped day (Apia), odd offsets, none at all.
    private static readonly string[] Zones =
    [
        "Asia/Shanghai", "America/New_York", "Europe/Berlin", "Asia/Beirut", "America/Asuncion", "Australia/Lord_Howe", "Pacific/Apia",
        "Asia/Kathmandu", "Pacific/Chatham", "America/Sao_Paulo", "UTC",
    ];

    [Property(MaxTest = 200)]
    public Property Months_follow_each_other_without_gap_or_overlap_and_never_drift() => Prop.ForAll(
        Anchors(), Gen.Elements(Zones).ToArbitrary(), Gen.Elements(PlanCycle.CalendarMonth, PlanCycle.Anniversary).ToArbitrary(),
        (anchor, zoneId, cycle) =>
        {
            var terms = new SubscriptionTerms { SubscriptionId = Guid.Empty, OrganizationId = Guid.Empty, Anchor = anchor, Cycle = cycle, TimeZone = zoneId };
            var zone = TimeZoneInfo.FindSystemTimeZoneById(zoneId);
            var local = TimeZoneInfo.ConvertTime(anchor, zone).DateTime;
            var day = cycle == PlanCycle.CalendarMonth ? 1 : local.Day;

            var months = terms.Due(anchor.AddYears(5)).ToList();

            Assert.InRange(months.Count, 59, 62);
            Assert.True(months[0].StartsAt <= anchor && anchor < months[0].EndsAt);
            for (var i = 0; i < months.Count; i++)
            {
                Assert.Equal(i, months[i].Sequence);
                Assert.True(months[i].StartsAt < months[i].EndsAt);
                Assert.Equal(TimeSpan.Zero, months[i].EndsAt.Offset);
                Assert.True(i == 0 || months[i].StartsAt == months[i - 1].EndsAt);

                // The day of the anchor, or the last of a shorter month; a time the clocks skip may push it past midnight.
                var end = TimeZoneInfo.ConvertTime(months[i].EndsAt, zone).DateTime;
                var nominal = new DateTime(local.Year, local.Month, 1).AddMonths(i + 1);
                nominal = nominal.AddDays(Math.Min(day, DateTime.DaysInMonth(nominal.Year, nominal.Month)) - 1);
                nominal = cycle == PlanCycle.CalendarMonth ? nominal : nominal + local.TimeOfDay;
                Assert.True(end == nominal || IsSkipped(nominal, zone));
            }

            Assert.Empty(new SubscriptionTerms
            {
                SubscriptionId = Guid.Empty,
                OrganizationId = Guid.Empty,
                Anchor = anchor,
                Cycle = cycle,
                TimeZone = zoneId,
                LastSequence = months[^1].Sequence,
                LastEndsAt = months[^1].EndsAt,
            }.Due(anchor.AddYears(5)));
        });

    // Also the days a zone left out when it crossed the date line, which the framework does not call invalid.
    private static bool IsSkipped(DateTime local, TimeZoneInfo zone) =>
        zone.IsInvalidTime(local) || TimeZoneInfo.ConvertTimeFromUtc(TimeZoneInfo.ConvertTimeToUtc(local, zone), zone) != local;

    [Theory]
    [InlineData(31, "2027-02-28", "2027-03-31", "2027-04-30", "2027-05-31")]
    [InlineData(30, "2027-02-28", "2027-03-30", "2027-04-30", "2027-05-30")]
    [InlineData(29, "2027-02-28", "2027-03-29", "2027-04-29", "2027-05-29")]
    [InlineData(1, "2027-02-01", "2027-03-01", "2027-04-01", "2027-05-01")]
    public void A_short_month_does_not_shift_the_ones_after_it(int day, params string[] ends)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");
        var anchor = new DateTimeOffset(2027, 1, day, 9, 30, 0, TimeSpan.FromHours(8));

        Assert.Equal(
            ends.Select(end => $"{end}T09:30:00.0000000+08:00"),
            Enumerable.Range(0, 4).Select(month => TimeZoneInfo.ConvertTime(BillingMonths.End(PlanCycle.Anniversary, anchor, zone, month), zone).ToString("O")));
    }

    [Fact]
    public void A_leap_day_comes_back_in_leap_years()
    {
        var zone = TimeZoneInfo.Utc;
        var anchor = new DateTimeOffset(2028, 2, 29, 0, 0, 0, TimeSpan.Zero);

        Assert.Equal(new DateTimeOffset(2029, 2, 28, 0, 0, 0, TimeSpan.Zero), BillingMonths.End(PlanCycle.Anniversary, anchor, zone, 11));
        Assert.Equal(new DateTimeOffset(2032, 2, 29, 0, 0, 0, TimeSpan.Zero), BillingMonths.End(PlanCycle.Anniversary, anchor, zone, 47));
    }

    [Fact]
    public void A_calendar_month_begins_at_local_midnight()
    {
        var anchor = new DateTimeOffset(2026, 11, 30, 16, 0, 0, TimeSpan.Zero);

        var beijing = TimeZoneInfo.FindSystemTimeZoneById("Asia/Shanghai");
        Assert.Equal(anchor, BillingMonths.Start(PlanCycle.CalendarMonth, anchor, beijing));
        Assert.Equal(new DateTimeOffset(2026, 12, 31, 16, 0, 0, TimeSpan.Zero), BillingMonths.End(PlanCycle.CalendarMonth, anchor, beijing, 0));

        // March has an hour less where the clocks go forward.
        var newYork = TimeZoneInfo.FindSystemTimeZoneById("America/New_York");
        var march = new DateTimeOffset(2027, 3, 10, 0, 0, 0, TimeSpan.Zero);
        Assert.Equal(
            TimeSpan.FromSeconds(2_674_800),
            BillingMonths.End(PlanCycle.CalendarMonth, march, newYork, 0) - BillingMonths.Start(PlanCycle.CalendarMonth, march, newYork));
    }

    [Theory]
    [InlineData("2026-02-08T07:30:00Z", "2026-03-08T07:00:00.0000000+00:00")] // 02:30 does not exist on that day; the clock jumps to 03:00 EDT.
    [InlineData("2026-10-01T05:30:00Z", "2026-11-01T05:30:00.0000000+00:00")] // 01:30 comes twice; the first is meant.
    public void A_time_the_clocks_skip_or_repeat_is_one_moment(string anchor, string end) => Assert.Equal(
        end,
        BillingMonths.End(PlanCycle.Anniversary, DateTimeOffset.Parse(anchor), TimeZoneInfo.FindSystemTimeZoneById("America/New_York"), 0).ToString("O"));

    [Fact]
    public void Moving_to_another_time_zone_leaves_no_gap()
    {
        var before = new DateTimeOffset(2026, 5, 31, 16, 0, 0, TimeSpan.Zero);
        var moved = new SubscriptionTerms
        {
            SubscriptionId = Guid.Empty,
            OrganizationId = Guid.Empty,
            Anchor = new DateTimeOffset(2026, 5, 20, 0, 0, 0, TimeSpan.Zero),
            Cycle = PlanCycle.CalendarMonth,
            TimeZone = "America/New_York",
            LastSequence = 0,
            LastEndsAt = before,
        };

        var next = Assert.Single(moved.Due(before));
        Assert.Equal((1, before, new DateTimeOffset(2026, 7, 1, 4, 0, 0, TimeSpan.Zero)), (next.Sequence, next.StartsAt, next.EndsAt));
    }

    private static Arbitrary<DateTimeOffset> Anchors() =>
        (from day in Gen.Choose(0, 365 * 8)
         from minute in Gen.Choose(0, (24 * 60) - 1)
         select new DateTimeOffset(2004, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(day).AddMinutes(minute)).ToArbitrary();
}
