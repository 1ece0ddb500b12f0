using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Routing;

/// <summary>Which upstreams may answer a call, in the order they are tried. Prices are frozen here: a change never affects a call already planned.</summary>
public sealed record RoutePlan(Model Model, IReadOnlyList<PlannedUpstream> Upstreams);

/// <param name="Key">The upstream's connector in the registry.</param>
/// <param name="Prices">The upstream's list prices in the caller's currency.</param>
public sealed record PlannedUpstream(Guid Id, string Key, string VendorId, string VendorModel, Uri Address, PriceList Prices);

public enum RouteRefusalReason
{
    UnknownModel,

    /// <summary>The key, its team or its organization is limited to other models or vendors.</summary>
    NotAllowed,

    /// <summary>Nobody has set a price in the caller's currency; unpriced is refused, never free.</summary>
    Unpriced,

    /// <summary>No vendor that serves the model is switched on.</summary>
    NoVendor,
}

public readonly record struct RouteOutcome(RoutePlan? Plan, RouteRefusalReason? Refusal);
