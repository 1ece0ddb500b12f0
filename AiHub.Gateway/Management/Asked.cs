using System.Globalization;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Gateway.Management;

/// <summary>Days from the first to the last, both included.</summary>
public readonly record struct Days(DateOnly From, DateOnly To);

/// <summary>Reads query parameters; what cannot be read is remembered with the parameter's name.</summary>
public sealed class Asked(HttpContext http)
{
    public const int DefaultPage = 50;
    public const int LargestPage = 100;
    public const int MostDays = 366;
    private const int DefaultDays = 30;

    public FieldErrors Errors { get; } = new(http.Request.Language());

    public DateOnly? Day(string name, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return day;
        }

        Errors.Add(name, FieldText.Date);
        return null;
    }

    /// <summary>The last thirty days unless asked otherwise.</summary>
    public Days Range(string? from, string? to, DateOnly today, int mostDays = MostDays)
    {
        var last = Day("to", to) ?? today;
        var first = Day("from", from) ?? (last.DayNumber >= DefaultDays ? last.AddDays(1 - DefaultDays) : last);

        if (!Errors.Any && first > last)
        {
            Errors.Add("to", FieldText.DateOrder);
        }
        else if (!Errors.Any && last.DayNumber - first.DayNumber >= mostDays)
        {
            Errors.Add("from", FieldText.DateRange, mostDays);
        }

        return new Days(first, last);
    }

    public int Limit(string? text)
    {
        if (text is null)
        {
            return DefaultPage;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var limit) && limit is >= 1 and <= LargestPage)
        {
            return limit;
        }

        Errors.Add("limit", FieldText.Range, 1, LargestPage);
        return DefaultPage;
    }

    public Cursor? Cursor(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (Management.Cursor.TryParse(text, out var cursor))
        {
            return cursor;
        }

        Errors.Add("cursor", FieldText.Cursor);
        return null;
    }

    /// <summary>The number of the last row of the page before, where rows are numbered.</summary>
    public long? Number(string? cursor)
    {
        if (cursor is null)
        {
            return null;
        }

        if (long.TryParse(cursor, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
        {
            return number;
        }

        Errors.Add("cursor", FieldText.Cursor);
        return null;
    }

    public Guid? Id(string name, string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (Guid.TryParse(text, out var id))
        {
            return id;
        }

        Errors.Add(name, FieldText.Guid);
        return null;
    }

    public bool Flag(string name, string? text)
    {
        if (text is not (null or "true" or "false"))
        {
            Errors.Add(name, FieldText.OneOf, "true, false");
        }

        return text == "true";
    }

    public T? OneOf<T>(string name, string? text) where T : struct, Enum
    {
        if (text is null)
        {
            return null;
        }

        foreach (var value in Enum.GetValues<T>())
        {
            if (Wire.Name(value) == text)
            {
                return value;
            }
        }

        Errors.Add(name, FieldText.OneOf, string.Join(", ", Enum.GetValues<T>().Select(Wire.Name)));
        return null;
    }

    /// <summary>A text to compare with; one PostgreSQL cannot hold equals nothing.</summary>
    public string? Word(string name, string? text)
    {
        if (text is not null && text.Any(char.IsControl))
        {
            Errors.Add(name, FieldText.ControlCharacter);
        }

        return text;
    }
}
