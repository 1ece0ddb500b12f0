namespace AiHub.Domain.Quotas;

/// <summary>
/// Where the months of a subscription end. Each end is computed from the anchor, never from the month before:
/// begun on 31 January they end on 28 February, 31 March, 30 April.
/// </summary>
public static class BillingMonths
{
    /// <summary>The start of month 0: the anchor itself, or the first of its calendar month.</summary>
    public static DateTimeOffset Start(PlanCycle cycle, DateTimeOffset anchor, TimeZoneInfo zone) => Boundary(cycle, anchor, zone, 0);

    /// <summary>The end of month <paramref name="sequence"/>, which is the start of the next.</summary>
    public static DateTimeOffset End(PlanCycle cycle, DateTimeOffset anchor, TimeZoneInfo zone, int sequence) => Boundary(cycle, anchor, zone, sequence + 1);

    private static DateTimeOffset Boundary(PlanCycle cycle, DateTimeOffset anchor, TimeZoneInfo zone, int months)
    {
        if (cycle == PlanCycle.Anniversary && months == 0)
        {
            return anchor.ToUniversalTime();
        }

        var local = TimeZoneInfo.ConvertTime(anchor, zone).DateTime;
        var from = cycle == PlanCycle.CalendarMonth ? new DateTime(local.Year, local.Month, 1) : local;

        return Utc(from.AddMonths(months), zone);
    }

    private static DateTimeOffset Utc(DateTime local, TimeZoneInfo zone)
    {
        // A clock put forward skips this time: take the moment it was put forward.
        while (zone.IsInvalidTime(local))
        {
            local = local.AddMinutes(1);
        }

        // A clock put back shows this time twice: take the first.
        var offset = zone.IsAmbiguousTime(local) ? zone.GetAmbiguousTimeOffsets(local).Max() : zone.GetUtcOffset(local);
        return new DateTimeOffset(local, offset).ToUniversalTime();
    }
}
