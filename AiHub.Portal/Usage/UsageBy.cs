using AiHub.Portal.Resources;

namespace AiHub.Portal.Usage;

/// <summary>What the chart stacks; the names are part of the page's address.</summary>
public static class UsageBy
{
    public const string Model = "model";

    public static readonly IReadOnlyList<string> All = [Model, "key", "team", "user", "vendor"];

    public static string Known(string? by) => by is not null && All.Contains(by) ? by : Model;

    public static string Name(string by) => by switch
    {
        "key" => Text.Calls_Key,
        "team" => Text.Filter_Team,
        "user" => Text.Filter_Member,
        "vendor" => Text.Models_Vendor,
        _ => Text.Calls_Model,
    };

    /// <summary>Calls without a team are a group as well.</summary>
    public static string Label(string by, string id, string label) => id.Length == 0 && by == "team" ? Text.Usage_NoTeam : label;

    /// <summary>The page's filter narrowed down to one group; null where that cannot be said.</summary>
    public static UsageQuery? Narrow(UsageQuery query, string by, string id) => by switch
    {
        _ when id.Length == 0 => null,
        "key" => query with { Key = Guid.Parse(id) },
        "team" => query with { Team = Guid.Parse(id) },
        "user" => query with { Member = Guid.Parse(id) },
        "vendor" => query with { Vendor = id },
        _ => query with { Model = id },
    };
}
