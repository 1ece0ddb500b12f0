using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Caching;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>Which upstreams may answer a call, in the order they are tried. Prices are frozen here: a change never affects a call already planned.</summary>
/// <param name="Model">The model asked for; an upstream further down may serve another that the request named to fall back on.</param>
public sealed record RoutePlan(Model Model, IReadOnlyList<PlannedUpstream> Upstreams)
{
    public Guid OrganizationId { get; init; }

    /// <summary>Whoever answers is paid by the organization itself.</summary>
    public bool IsOwn => Upstreams.All(upstream => upstream.Own is not null);

    /// <summary>The conversation the call belongs to; null when nothing tells it from another, or it makes no difference.</summary>
    public UInt128? Conversation { get; init; }

    /// <summary>The answer is only right if no parameter of the request was left out.</summary>
    public bool RequireParameters { get; init; }

    /// <summary>What the answer cache has to do with the call; null when nobody asked for it.</summary>
    public CacheTicket? Cache { get; init; }
}

/// <param name="Id">The endpoint; several upstreams of a plan may be the same endpoint with other keys.</param>
/// <param name="Key">The upstream's connector in the registry.</param>
/// <param name="Prices">What the upstream costs this caller, in its currency.</param>
/// <param name="Model">The model it serves.</param>
/// <param name="Credential">Which of the vendor's keys it uses; never the key itself.</param>
public sealed record PlannedUpstream(
    Guid Id, string Key, string VendorId, string VendorModel, Uri Address, PriceList Prices, Model Model, string Credential)
{
    /// <summary>What it costs whoever has agreed nothing; null where that is <see cref="Prices"/>, or where only this caller has prices for it.</summary>
    public PriceList? ListPrices { get; init; }

    /// <summary>The organization's own key that it uses; null for the hub's.</summary>
    public OwnKey? Own { get; init; }

    /// <summary>How an own key reaches it; the connectors of the hub's keys are in the registry.</summary>
    public ConnectorSpec? Connector { get; init; }

    /// <summary>What its failures are counted under. With an own key they are nobody else's: not even an endpoint that is down says so to others.</summary>
    public Guid HealthId => Own is null ? Id : Joined(Id, Own.Id);

    /// <summary>What the hub charges for it: its price or, with an own key, the fee.</summary>
    public Money CostOf(Consumption used) => CostOf(Prices.Price(used));

    /// <summary>The same with the price rows it follows from, and what the vendor asks: the list price, as what was agreed with a customer is nothing to a vendor.</summary>
    public (Charge Charge, Money VendorCost) Settle(Consumption used)
    {
        var priced = Prices.Price(used);
        return (priced with { Cost = CostOf(priced) }, ListPrices is { } listed ? listed.Price(used).Cost : priced.Cost);
    }

    private Money CostOf(Charge priced) => Own is { } own ? OwnKey.Fee(priced.Cost, own.FeeBasisPoints) : priced.Cost;

    private static Guid Joined(Guid endpoint, Guid key)
    {
        Span<byte> left = stackalloc byte[16];
        Span<byte> right = stackalloc byte[16];
        endpoint.TryWriteBytes(left);
        key.TryWriteBytes(right);
        for (var i = 0; i < left.Length; i++)
        {
            left[i] ^= right[i];
        }

        return new Guid(left);
    }
}

public enum RouteRefusalReason
{
    UnknownModel,

    /// <summary>The key, its team or its organization is limited to other models or vendors.</summary>
    NotAllowed,

    /// <summary>Nobody has set a price in the caller's currency; unpriced is refused, never free.</summary>
    Unpriced,

    /// <summary>The model does something else than what it is asked for.</summary>
    WrongKind,

    /// <summary>No vendor that serves the model is switched on.</summary>
    NoVendor,

    /// <summary>Vendors serve the model, but the request or its organization rules all of them out.</summary>
    NoneFits,
}

public readonly record struct RouteOutcome(RoutePlan? Plan, RouteRefusalReason? Refusal)
{
    /// <summary>The same, unless the model is not one of this kind.</summary>
    public RouteOutcome For(ModelKind kind) => Plan is null || Plan.Model.Kind == kind ? this : new RouteOutcome(null, RouteRefusalReason.WrongKind);
}
