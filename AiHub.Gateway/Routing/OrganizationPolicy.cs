using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Routing;

/// <summary>What an organization lets its calls be answered by. <see cref="Unrestricted"/> lets everything.</summary>
public sealed record OrganizationPolicy
{
    public static readonly OrganizationPolicy Unrestricted = new();

    /// <summary>Ids of the vendors that may answer; null allows all.</summary>
    public FrozenSet<string>? AllowedVendors { get; init; }

    /// <summary>Ids of vendors that may not answer, whoever allows them.</summary>
    public FrozenSet<string> DeniedVendors { get; init; } = [];

    /// <summary>Ids of the models that may be called; null allows all.</summary>
    public FrozenSet<string>? AllowedModels { get; init; }

    /// <summary>Ids of models that may not be called, whoever allows them.</summary>
    public FrozenSet<string> DeniedModels { get; init; } = [];

    /// <summary>Names of the tags a key must have to call anything.</summary>
    public FrozenSet<string> RequiredTags { get; init; } = [];

    /// <summary>Only vendors that serve under the law of this country, for example <c>CN</c> for "domestic models only"; null allows all.</summary>
    public string? Country { get; init; }

    /// <summary>Only vendors known not to keep or train on prompts, whatever a request says.</summary>
    public bool DenyDataCollection { get; init; }

    /// <summary>How its calls are spread over endpoints; null leaves it to the hub.</summary>
    public RoutePolicy? Policy { get; init; }

    /// <summary>Parameters for calls that do not say, by name.</summary>
    public FrozenDictionary<string, JsonElement>? DefaultParameters { get; init; }

    /// <summary>Until what is said is deleted; null when nothing of it is kept.</summary>
    public int? RetentionDays { get; init; }

    public bool Allows(Model model) => (AllowedModels is null || AllowedModels.Contains(model.Id)) && !DeniedModels.Contains(model.Id);

    public bool Allows(Vendor vendor) =>
        (AllowedVendors is null || AllowedVendors.Contains(vendor.Id))
        && !DeniedVendors.Contains(vendor.Id)
        && (Country is null || vendor.Country == Country)
        && (!DenyDataCollection || vendor is { RetainsPrompts: false, TrainsOnPrompts: false });

    /// <summary>This and another rule as well: what either refuses is refused, so nobody below can widen what was decided above.</summary>
    public OrganizationPolicy And(Domain.Access.Policy rule) => this with
    {
        AllowedVendors = Both(AllowedVendors, rule.AllowedVendors),
        DeniedVendors = DeniedVendors.Concat(rule.DeniedVendors).ToFrozenSet(),
        AllowedModels = Both(AllowedModels, rule.AllowedModels),
        DeniedModels = DeniedModels.Concat(rule.DeniedModels).ToFrozenSet(),
        // Under the law of two countries at once no vendor serves.
        Country = Country is null || Country == rule.Country ? rule.Country : rule.Country is null ? Country : "",
        DenyDataCollection = DenyDataCollection || rule.ZeroRetention,
        RequiredTags = RequiredTags.Concat(rule.RequiredTags).ToFrozenSet(),
        DefaultParameters = Defaults(DefaultParameters, rule.DefaultParameters),
        RetentionDays = Retention(RetentionDays, rule),
    };

    /// <summary>What is kept nobody below can have kept longer, or where it is not kept above.</summary>
    private static int? Retention(int? days, Domain.Access.Policy rule) => (rule.TeamId, rule.CapturesContent) switch
    {
        (null, true) => rule.RetentionDays,
        (null, _) or (_, false) => null,
        (_, true) => days is { } most ? Math.Min(most, rule.RetentionDays ?? most) : null,
        _ => days,
    };

    // The team's own go first: they are wishes, not rights.
    private static FrozenDictionary<string, JsonElement>? Defaults(FrozenDictionary<string, JsonElement>? above, string? json)
    {
        if (json is null)
        {
            return above;
        }

        var all = above?.ToDictionary() ?? [];
        foreach (var member in JsonElement.Parse(json).EnumerateObject())
        {
            all[member.Name] = member.Value;
        }

        return all.Count == 0 ? null : all.ToFrozenDictionary();
    }

    private static FrozenSet<string>? Both(FrozenSet<string>? allowed, IReadOnlyCollection<string> more) =>
        more.Count == 0 ? allowed : allowed is null ? more.ToFrozenSet() : allowed.Intersect(more).ToFrozenSet();
}

/// <summary>How calls are spread over the endpoints of a model.</summary>
public enum RoutePolicy
{
    /// <summary>The lowest priority number first; equals share by weight.</summary>
    Priority,

    /// <summary>By weight alone.</summary>
    Weighted,

    /// <summary>By the inverse square of the price: half the price, four times the calls.</summary>
    Price,

    /// <summary>The cheapest first.</summary>
    Cheapest,

    /// <summary>The one that begins to answer soonest first.</summary>
    Latency,

    /// <summary>The one that writes the most tokens a second first.</summary>
    Throughput,
}

public sealed class RoutingOptions
{
    public const string Section = "Routing";

    /// <summary>How calls are spread when neither the request nor its organization says.</summary>
    public RoutePolicy Policy { get; init; } = RoutePolicy.Priority;
}
