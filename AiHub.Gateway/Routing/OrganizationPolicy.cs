using System.Collections.Frozen;
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
    };

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
