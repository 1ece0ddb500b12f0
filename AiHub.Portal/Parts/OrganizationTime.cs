using System.Globalization;
using AiHub.Portal.Resources;
using AiHub.Portal.SignIn;

namespace AiHub.Portal.Parts;

/// <summary>Moments in the organization's time zone: the one its days, periods and invoices are counted in.</summary>
public sealed class OrganizationTime(Session session, TimeProvider time)
{
    public DateTimeOffset Now => Local(time.GetUtcNow());

    public DateOnly Today => DateOnly.FromDateTime(Now.DateTime);

    /// <summary>The moment a day begins there.</summary>
    public DateTimeOffset StartOf(DateOnly day)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(session.Organization.TimeZone);
        var midnight = day.ToDateTime(TimeOnly.MinValue);
        // Where clocks are put forward at midnight the day begins an hour late.
        var first = zone.IsInvalidTime(midnight) ? midnight.AddHours(1) : midnight;
        return new DateTimeOffset(first, zone.GetUtcOffset(first));
    }

    public DateTimeOffset Local(DateTimeOffset moment) => TimeZoneInfo.ConvertTime(moment, TimeZoneInfo.FindSystemTimeZoneById(session.Organization.TimeZone));

    /// <summary>The moment a day is over.</summary>
    public DateTimeOffset EndOf(DateOnly day)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(session.Organization.TimeZone);
        var midnight = day.AddDays(1).ToDateTime(TimeOnly.MinValue);
        return new DateTimeOffset(midnight, zone.GetUtcOffset(midnight));
    }

    public string Date(DateTimeOffset moment) => Day(DateOnly.FromDateTime(Local(moment).DateTime));

    public static string Day(DateOnly day) => day.ToString(Text.Format_Date, CultureInfo.CurrentCulture);

    public static string ShortDay(DateOnly day) => day.ToString(Text.Format_ShortDate, CultureInfo.CurrentCulture);
}
