using System.Buffers.Binary;
using System.Security.Cryptography;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;

namespace AiHub.Gateway.Routing;

/// <summary>Decides which upstreams may answer a call and in which order they are tried.</summary>
public sealed class Router(Catalogue catalogue, UpstreamHealth health, TimeProvider time)
{
    /// <param name="seed">Spreads calls over equal upstreams by their weights; the same seed gives the same order.</param>
    public RouteOutcome Plan(string name, Caller caller, Guid seed)
    {
        var snapshot = catalogue.Current;
        if (snapshot.Find(name) is not { } model)
        {
            return Refuse(RouteRefusalReason.UnknownModel);
        }

        if (!caller.MayCall(model.Id) || !caller.Policy.Allows(model))
        {
            return Refuse(RouteRefusalReason.NotAllowed);
        }

        var known = snapshot.UpstreamsOf(model);
        if (known.Count == 0)
        {
            return Refuse(RouteRefusalReason.NoVendor);
        }

        var served = known.Where(serving => caller.MayUse(serving.Vendor.Id) && caller.Policy.Allows(serving.Vendor)).ToList();
        if (served.Count == 0)
        {
            return Refuse(RouteRefusalReason.NotAllowed);
        }

        var now = time.GetUtcNow();
        var priced = served
            .Select(serving => (Serving: serving, Prices: snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now)))
            .Where(candidate => candidate.Prices is not null)
            // One that rests is asked last rather than never: if all rest, somebody has to find out who is well again.
            .OrderBy(candidate => health.RestsUntil(candidate.Serving.Upstream.Id) ?? DateTimeOffset.MinValue)
            .ThenBy(candidate => candidate.Serving.Upstream.Priority)
            .ThenBy(candidate => Distance(candidate.Serving.Upstream.Id, candidate.Serving.Upstream.Weight, seed))
            .Select(candidate => new PlannedUpstream(
                candidate.Serving.Upstream.Id,
                candidate.Serving.Key,
                candidate.Serving.Upstream.VendorId,
                candidate.Serving.Upstream.VendorModel,
                candidate.Serving.Target.ChatUrl,
                candidate.Prices!))
            .ToArray();

        return priced.Length > 0 ? new RouteOutcome(new RoutePlan(model, priced), null) : Refuse(RouteRefusalReason.Unpriced);
    }

    /// <summary>The models this caller can call now, by id.</summary>
    public IEnumerable<Model> Callable(Caller caller)
    {
        var snapshot = catalogue.Current;
        var now = time.GetUtcNow();
        return snapshot.Models
            .Where(model => caller.MayCall(model.Id) && caller.Policy.Allows(model) && snapshot.UpstreamsOf(model).Any(serving => caller.MayUse(serving.Vendor.Id) && caller.Policy.Allows(serving.Vendor) && snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now) is not null))
            .OrderBy(model => model.Id, StringComparer.Ordinal);
    }

    private static RouteOutcome Refuse(RouteRefusalReason reason) => new(null, reason);

    // Weighted rendezvous hashing: over many seeds an upstream of weight 2 is nearest twice as often as one of weight 1.
    private static double Distance(Guid upstream, int weight, Guid seed)
    {
        Span<byte> bytes = stackalloc byte[32];
        upstream.TryWriteBytes(bytes);
        seed.TryWriteBytes(bytes[16..]);
        var share = (BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes)) + 1.0) / (ulong.MaxValue + 2.0);
        return weight > 0 ? -Math.Log(share) / weight : double.MaxValue;
    }
}
