using System.Collections.Frozen;

namespace AiHub.Domain.Catalog;

/// <summary>One day off of a calendar, for example of <c>cn-statutory</c>.</summary>
public sealed class Holiday
{
    public required string Calendar { get; init; }
    public required DateOnly Day { get; init; }
}

/// <summary>The days off of every calendar that prices ask for.</summary>
public sealed class Holidays(IEnumerable<Holiday> days)
{
    public static readonly Holidays None = new([]);

    private readonly FrozenSet<(string, DateOnly)> _days = days.Select(day => (day.Calendar, day.Day)).ToFrozenSet();

    public bool Contain(string calendar, DateOnly day) => _days.Contains((calendar, day));
}
