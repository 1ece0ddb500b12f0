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

    /// <summary>The key is limited to other models.</summary>
    NotAllowed,

    /// <summary>Nobody has set a price in the caller's currency; unpriced is refused, never free.</summary>
    Unpriced,

    /// <summary>The model does something else than what it is asked for.</summary>
    WrongKind,

    /// <summary>No vendor that serves the model is switched on.</summary>
    NoVendor,
}

public readonly record struct RouteOutcome(RoutePlan? Plan, RouteRefusalReason? Refusal)
{
    /// <summary>The same, unless the model is not one of this kind.</summary>
    public RouteOutcome For(ModelKind kind) => Plan is null || Plan.Model.Kind == kind ? this : new RouteOutcome(null, RouteRefusalReason.WrongKind);
}
