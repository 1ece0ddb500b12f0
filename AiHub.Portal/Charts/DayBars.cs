using System.Globalization;

namespace AiHub.Portal.Charts;

/// <summary>One day of a stacked chart: a value per series, and how each is written.</summary>
public sealed record DayBar(DateOnly Date, IReadOnlyList<decimal> Values, IReadOnlyList<string> Written, string Total);

/// <summary>A rectangle in per cent of the plot.</summary>
public readonly record struct BarPart(int Series, string X, string Y, string Width, string Height);

/// <summary>Where the bars stand. Everything is in per cent, so that one SVG fits every width without distorting its text.</summary>
public sealed class BarLayout
{
    private const decimal Filled = 0.7m;

    private readonly int _days;

    public BarLayout(IReadOnlyList<DayBar> bars)
    {
        _days = Math.Max(bars.Count, 1);
        Top = Ceiling(bars.Select(bar => bar.Values.Sum()).DefaultIfEmpty().Max());
    }

    /// <summary>The value at the upper edge: a round number not below the highest bar.</summary>
    public decimal Top { get; }

    public string SlotX(int day) => Percent(100m * day / _days);

    public string SlotWidth => Percent(100m / _days);

    public IEnumerable<BarPart> Parts(int day, DayBar bar)
    {
        var slot = 100m / _days;
        var below = 0m;
        for (var series = 0; series < bar.Values.Count; series++)
        {
            var height = bar.Values[series] / Top * 100;
            if (height > 0)
            {
                yield return new BarPart(series, Percent((slot * day) + (slot * (1 - Filled) / 2)), Percent(100 - below - height), Percent(slot * Filled), Percent(height));
            }

            below += height;
        }
    }

    /// <summary>1, 2, 2.5 or 5 times a power of ten.</summary>
    public static decimal Ceiling(decimal highest)
    {
        if (highest <= 0)
        {
            return 1;
        }

        var power = 1m;
        while (power < highest)
        {
            power *= 10;
        }

        while (power / 10 >= highest)
        {
            power /= 10;
        }

        return new[] { 0.2m, 0.25m, 0.5m, 1m }.Select(step => step * power).First(step => step >= highest);
    }

    private static string Percent(decimal value) => value.ToString("0.###", CultureInfo.InvariantCulture) + "%";
}
