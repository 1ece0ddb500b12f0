using System.Globalization;
using System.Text;

namespace AiHub.Portal.Usage;

/// <summary>Which calls a page is about. It stands in the page's address, so that it can be sent to somebody and comes back with the back button.</summary>
public sealed record UsageQuery(
    DateOnly? From = null,
    DateOnly? To = null,
    string? Model = null,
    string? Vendor = null,
    Guid? Key = null,
    Guid? Member = null,
    Guid? Team = null,
    string? Tag = null,
    string? Status = null)
{
    public static readonly IReadOnlyList<string> Statuses = ["succeeded", "cancelled", "failed"];

    /// <summary>What cannot be read is left out, as if it had not been asked.</summary>
    public static UsageQuery Read(HttpContext context)
    {
        var query = context.Request.Query;

        return new UsageQuery(
            Day(query["from"]),
            Day(query["to"]),
            Word(query["model"]),
            Word(query["vendor"]),
            Id(query["key"]),
            Id(query["member"]),
            Id(query["team"]),
            Word(query["tag"]),
            Word(query["status"]) is { } status && Statuses.Contains(status) ? status : null);
    }

    /// <summary>The parameters in the words of the page's address; empty ones are left out there.</summary>
    public IReadOnlyList<(string Name, string? Value)> Parameters =>
    [
        ("from", Written(From)),
        ("to", Written(To)),
        ("model", Model),
        ("vendor", Vendor),
        ("key", Key?.ToString()),
        ("member", Member?.ToString()),
        ("team", Team?.ToString()),
        ("tag", Tag),
        ("status", Status),
    ];

    /// <summary>How many of them narrow the page down, days left aside.</summary>
    public int Count => Parameters.Skip(2).Count(parameter => parameter.Value is not null);

    public IEnumerable<(string Name, string? Value)> ToApi() => Parameters.Select(parameter => (
        parameter.Name switch { "key" => "key_id", "member" => "user_id", "team" => "team_id", var name => name }, parameter.Value));

    public UsageQuery WithoutStatus() => this with { Status = null };

    public string Address(string path, params (string Name, string? Value)[] more)
    {
        var address = new StringBuilder(path);
        var lead = '?';
        foreach (var (name, value) in Parameters.Concat(more).Where(parameter => !string.IsNullOrEmpty(parameter.Value)))
        {
            address.Append(lead).Append(name).Append('=').Append(Uri.EscapeDataString(value!));
            lead = '&';
        }

        return address.ToString();
    }

    /// <summary>Without one of its parameters.</summary>
    public UsageQuery Without(string name) => name switch
    {
        "from" or "to" => this with { From = null, To = null },
        "model" => this with { Model = null },
        "vendor" => this with { Vendor = null },
        "key" => this with { Key = null },
        "member" => this with { Member = null },
        "team" => this with { Team = null },
        "tag" => this with { Tag = null },
        "status" => this with { Status = null },
        _ => this,
    };

    public static string? Written(DateOnly? day) => day?.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);

    private static DateOnly? Day(string? text) =>
        DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) ? day : null;

    private static Guid? Id(string? text) => Guid.TryParse(text, out var id) ? id : null;

    private static string? Word(string? text) => string.IsNullOrWhiteSpace(text) || text.Any(char.IsControl) ? null : text.Trim();
}
