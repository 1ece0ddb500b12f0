using System.Collections.Concurrent;
using System.Globalization;

namespace AiHub.Domain.Catalog;

/// <summary>
/// The hours of a week in which a price holds, on somebody's wall clock: <c>Asia/Shanghai mon-fri 09:00-12:00,14:00-18:00 except cn-statutory</c>.
/// Days and times are those of the zone; an end is not part of its span; <c>22:00-06:00</c> goes past midnight and belongs to both its days;
/// <c>except</c> leaves out the holidays of a calendar, <c>on</c> keeps only them.
/// </summary>
public sealed class PriceHours
{
    private static readonly string[] DayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];
    private static readonly ConcurrentDictionary<string, PriceHours> Known = new();

    private readonly TimeZoneInfo _zone;
    private readonly bool[] _days;
    private readonly (int From, int To)[] _spans;
    private readonly string? _calendar;
    private readonly bool _onHolidays;

    private PriceHours(TimeZoneInfo zone, bool[] days, (int From, int To)[] spans, string? calendar, bool onHolidays) =>
        (_zone, _days, _spans, _calendar, _onHolidays) = (zone, days, spans, calendar, onHolidays);

    /// <exception cref="FormatException">The text is not one that <see cref="TryParse"/> reads; rows are checked before they are written.</exception>
    public static PriceHours Of(string text) =>
        Known.GetOrAdd(text, static unread => TryParse(unread, out var hours) ? hours : throw new FormatException($"'{unread}' names no hours of a week."));

    public static bool TryParse(string text, [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out PriceHours? hours)
    {
        hours = null;
        var words = text.Split(' ');
        if (words.Length is not (3 or 5)
            || !TimeZoneInfo.TryFindSystemTimeZoneById(words[0], out var zone)
            || Days(words[1]) is not { } days
            || Spans(words[2]) is not { } spans
            || (words.Length == 5 && (words[3] is not ("except" or "on") || words[4].Length == 0)))
        {
            return false;
        }

        hours = new PriceHours(zone, days, spans, words.ElementAtOrDefault(4), words.ElementAtOrDefault(3) == "on");
        return true;
    }

    public bool Cover(DateTimeOffset instant, Holidays holidays)
    {
        var local = TimeZoneInfo.ConvertTime(instant, _zone);
        var minute = local.Hour * 60 + local.Minute;

        return _days[(int)local.DayOfWeek]
            && Array.Exists(_spans, span => span.From < span.To ? minute >= span.From && minute < span.To : minute >= span.From || minute < span.To)
            && (_calendar is null || holidays.Contain(_calendar, DateOnly.FromDateTime(local.DateTime)) == _onHolidays);
    }

    private static bool[]? Days(string text)
    {
        var days = new bool[7];
        foreach (var part in text.Split(','))
        {
            var ends = part.Split('-');
            var (first, last) = (Array.IndexOf(DayNames, ends[0]), Array.IndexOf(DayNames, ends[^1]));
            if (ends.Length > 2 || first < 0 || last < 0)
            {
                return null;
            }

            for (var day = first; ; day = (day + 1) % 7)
            {
                days[day] = true;
                if (day == last)
                {
                    break;
                }
            }
        }

        return days;
    }

    private static (int From, int To)[]? Spans(string text)
    {
        var spans = text.Split(',').Select(part => part.Split('-') is [var from, var to] ? (From: Minute(from), To: Minute(to)) : (From: null, To: null)).ToArray();
        return Array.Exists(spans, span => span.From is null or 1440 || span.To is null || span.From == span.To)
            ? null
            : [.. spans.Select(span => (span.From!.Value, span.To!.Value))];
    }

    private static int? Minute(string text) =>
        text == "24:00" ? 1440
        : TimeOnly.TryParseExact(text, "HH:mm", CultureInfo.InvariantCulture, DateTimeStyles.None, out var time) ? time.Hour * 60 + time.Minute
        : null;
}
