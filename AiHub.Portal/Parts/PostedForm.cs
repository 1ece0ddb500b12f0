using System.Globalization;

namespace AiHub.Portal.Parts;

/// <summary>The form that came with the request, as it was filled in: what was refused is shown again to be corrected, not lost.</summary>
public sealed class PostedForm(HttpContext http)
{
    /// <summary>How a field of a day writes it.</summary>
    public const string DayFormat = "yyyy-MM-dd";

    private const string NameField = "_handler";

    private readonly IFormCollection? _fields = HttpMethods.IsPost(http.Request.Method) && http.Request.HasFormContentType ? http.Request.Form : null;

    /// <summary>Whether it is this form.</summary>
    public bool Is(string form) => _fields is not null && _fields[NameField].ToString() is var name && name == form;

    public string Text(string field) => _fields?[field].ToString().Trim() ?? string.Empty;

    /// <returns>Null where nothing was filled in.</returns>
    public string? Filled(string field) => Text(field) is { Length: > 0 } text ? text : null;

    /// <summary>What to show in a field of <paramref name="form"/>: what was posted, else what holds.</summary>
    public string? Shown(string form, string field, string? otherwise = null) => Is(form) ? Text(field) : otherwise;

    public bool Checked(string form, string field, bool otherwise = false) => Is(form) ? Has(field) : otherwise;

    public bool Has(string field) => _fields?.ContainsKey(field) is true;

    /// <summary>Every value of a field that may be ticked more than once.</summary>
    public IReadOnlyList<string> All(string field) => _fields?[field] is { Count: > 0 } values ? [.. values.OfType<string>().Where(value => value.Length > 0)] : [];

    /// <summary>The items of a list written in one field: by line, comma or space.</summary>
    public IReadOnlyList<string> List(string field) => [.. Text(field).Split([',', '，', '、', ' ', '\n', '\r', '\t'], StringSplitOptions.RemoveEmptyEntries).Distinct()];

    /// <summary>The lines of a field whose items may hold commas and spaces.</summary>
    public IReadOnlyList<string> Lines(string field) => [.. Text(field).Split(['\n', '\r'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Distinct()];

    public Guid? Id(string field) => Guid.TryParse(Text(field), out var id) ? id : null;

    /// <returns>False when something was filled in that is no day; null where nothing was.</returns>
    public bool TryDay(string field, out DateOnly? day)
    {
        day = DateOnly.TryParseExact(Text(field), DayFormat, CultureInfo.InvariantCulture, DateTimeStyles.None, out var value) ? value : null;
        return day is not null || Filled(field) is null;
    }

    /// <returns>False when something was filled in that is no whole number; null where nothing was.</returns>
    public bool TryNumber(string field, out int? number)
    {
        number = null;
        if (Filled(field) is not { } text)
        {
            return true;
        }

        if (!int.TryParse(text, NumberStyles.AllowThousands, CultureInfo.CurrentCulture, out var value))
        {
            return false;
        }

        number = value;
        return true;
    }
}
