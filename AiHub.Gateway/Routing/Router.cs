using System.Buffers.Binary;
using System.Security.Cryptography;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Access;
using AiHub.Gateway.Providers;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Routing;

/// <summary>Decides which upstreams may answer a call and in which order they are tried.</summary>
public sealed class Router(
    Func<CatalogueSnapshot> catalogue, UpstreamHealth health, EndpointPace pace, Affinity affinity, IOptions<RoutingOptions> options, TimeProvider time)
{
    // More models than these are not tried for one call.
    private const int MostModels = 5;

    public RouteOutcome Plan(string name, Caller caller, Guid seed) => Plan(name, caller, seed, RoutePreferences.None);

    /// <param name="seed">Spreads calls that belong to no conversation over equal upstreams by their weights; the same seed gives the same order.</param>
    /// <param name="chat">The request, by whose beginning its conversation is known when it names none.</param>
    public RouteOutcome Plan(string name, Caller caller, Guid seed, RoutePreferences preferences, ReadOnlyMemory<byte> chat = default)
    {
        var snapshot = catalogue();
        var names = snapshot.IsAuto(name) ? [.. snapshot.AutoModels, .. preferences.FallbackModels] : (IReadOnlyList<string>)[name, .. preferences.FallbackModels];
        var plans = new List<(Model Model, UInt128? Conversation, List<Candidate> Candidates)>();
        RouteRefusalReason? refusal = null;
        foreach (var each in names)
        {
            var suffix = ModelSuffix.Read(each, preferences.Sort, snapshot);
            if (Find(suffix, caller, preferences, snapshot, out var model) is { } reason)
            {
                refusal ??= reason;
                continue;
            }

            var candidates = CandidatesOf(model!, suffix.FreeOnly, caller, preferences, snapshot, out var none);
            if (candidates.Count == 0)
            {
                refusal ??= none;
                continue;
            }

            var conversation = candidates.Count > 1 ? Affinity.NameOf(caller.OrganizationId, model!.Id, preferences.Session, chat) : null;
            plans.Add((model!, conversation, Order(candidates, suffix.Sort, caller, preferences, conversation, seed)));
            if (plans.Count == MostModels || !preferences.AllowFallbacks)
            {
                break;
            }
        }

        return plans.Count == 0 ? new RouteOutcome(null, refusal ?? RouteRefusalReason.UnknownModel) : new RouteOutcome(Join(plans), null);

        RoutePlan Join(List<(Model Model, UInt128? Conversation, List<Candidate> Candidates)> plans)
        {
            var upstreams = plans.SelectMany(plan => plan.Candidates).Select(candidate => candidate.Planned);
            if (!preferences.AllowFallbacks)
            {
                // Another key of the same endpoint is no fallback.
                var only = plans[0].Candidates[0].Planned.HealthId;
                upstreams = upstreams.Where(upstream => upstream.HealthId == only);
            }

            return new RoutePlan(plans[0].Model, [.. upstreams])
            {
                OrganizationId = caller.OrganizationId,
                Conversation = plans[0].Conversation,
                RequireParameters = preferences.RequireParameters,
            };
        }
    }

    /// <summary>The models this caller can call now, by id.</summary>
    public IEnumerable<Model> Callable(Caller caller)
    {
        var snapshot = catalogue();
        var now = time.GetUtcNow();
        return snapshot.Models
            .Where(model => caller.MayCall(model.Id) && caller.Policy.Allows(model) && snapshot.UpstreamsOf(model).Any(serving =>
                caller.MayUse(serving.Vendor.Id) && caller.Policy.Allows(serving.Vendor) && snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now, customer: caller.OrganizationId) is not null)
                || caller.OwnKeys.Count > 0 && caller.MayCall(model.Id) && caller.Policy.Allows(model) && OwnCandidates(model, false, caller, RoutePreferences.None, snapshot).Any())
            .OrderBy(model => model.Id, StringComparer.Ordinal);
    }

    private static RouteRefusalReason? Find(ModelSuffix asked, Caller caller, RoutePreferences preferences, CatalogueSnapshot snapshot, out Model? model)
    {
        var found = model = snapshot.Find(asked.Model);
        return found is null ? RouteRefusalReason.UnknownModel
            : !caller.MayCall(found.Id) || !caller.Policy.Allows(found) ? RouteRefusalReason.NotAllowed
            : snapshot.UpstreamsOf(found).Count == 0 && !snapshot.OpenOf(found).Any(open => caller.OwnKeys.Any(own => own.VendorId == open.Vendor.Id)) ? RouteRefusalReason.NoVendor
            // What nobody has written down about a model is not known to be supported.
            : preferences.RequireParameters && !preferences.Parameters.All(parameter => found.SupportedParameters.Contains(parameter)) ? RouteRefusalReason.NoneFits
            : null;
    }

    private List<Candidate> CandidatesOf(
        Model model, bool freeOnly, Caller caller, RoutePreferences preferences, CatalogueSnapshot snapshot, out RouteRefusalReason none)
    {
        var now = time.GetUtcNow();
        var agreed = snapshot.HasAgreed(caller.OrganizationId);
        var candidates = new List<Candidate>();
        none = RouteRefusalReason.NoneFits;
        foreach (var serving in snapshot.UpstreamsOf(model))
        {
            if (!Fits(serving.Vendor, caller, preferences) || caller.OwnKeys.Any(own => own.Use == OwnKeyUse.Only && own.VendorId == serving.Vendor.Id))
            {
                continue;
            }

            if (snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now, preferences.ServiceTier, caller.OrganizationId) is not { } prices)
            {
                none = RouteRefusalReason.Unpriced;
                continue;
            }

            if ((freeOnly && prices.Rows.Any(row => prices.Asked(row) > 0))
                || (preferences.MaxPrice is { } most && !Within(most, snapshot.PricesOf(serving.Upstream.Id, most.Currency, now, preferences.ServiceTier, caller.OrganizationId))))
            {
                continue;
            }

            var planned = new PlannedUpstream(
                serving.Upstream.Id,
                serving.Key,
                serving.Upstream.VendorId,
                serving.Upstream.VendorModel,
                serving.Target.ChatUrl,
                prices,
                model,
                serving.Credential)
            {
                ListPrices = agreed ? snapshot.PricesOf(serving.Upstream.Id, caller.Currency, now, preferences.ServiceTier) : null,
            };
            candidates.Add(new Candidate(serving, Level(prices), Rest(planned), planned));
        }

        candidates.AddRange(OwnCandidates(model, freeOnly, caller, preferences, snapshot));
        return candidates;
    }

    private IEnumerable<Candidate> OwnCandidates(Model model, bool freeOnly, Caller caller, RoutePreferences preferences, CatalogueSnapshot snapshot)
    {
        var now = time.GetUtcNow();
        foreach (var own in caller.OwnKeys)
        {
            foreach (var open in snapshot.OpenOf(model))
            {
                if (own.Reach(open) is not { } target
                    || !Fits(open.Vendor, caller, preferences)
                    // Nobody has told the hub under which law an endpoint of a customer's is, and what it keeps.
                    || (own.IsElsewhere && (caller.Policy.Country is not null || caller.Policy.DenyDataCollection || preferences.DenyDataCollection || preferences.ZeroDataRetention))
                    || snapshot.PricesOf(open.Upstream.Id, caller.Currency, now, preferences.ServiceTier) is not { } prices
                    || (freeOnly && prices.Rows.Any(row => prices.Asked(row) > 0))
                    || (preferences.MaxPrice is { } most && !Within(most, snapshot.PricesOf(open.Upstream.Id, most.Currency, now, preferences.ServiceTier))))
                {
                    continue;
                }

                var serving = new ServedUpstream(open.Upstream, open.Vendor, target, own.Id.ToString());
                var planned = new PlannedUpstream(
                    open.Upstream.Id, serving.Key, open.Upstream.VendorId, open.Upstream.VendorModel, target.ChatUrl, prices, model, serving.Credential)
                {
                    Own = own,
                    Connector = new ConnectorSpec(serving.Key, VendorSettings.Connector(open.Vendor), target),
                };
                yield return new Candidate(serving, Level(prices), Rest(planned), planned) { Turn = own.Use == OwnKeyUse.Fallback ? 2 : 0 };
            }
        }
    }

    private static bool Fits(Vendor vendor, Caller caller, RoutePreferences preferences) =>
        caller.MayUse(vendor.Id)
        && caller.Policy.Allows(vendor)
        && (preferences.Only.Count == 0 || preferences.Only.Contains(vendor.Id, StringComparer.OrdinalIgnoreCase))
        && !preferences.Ignore.Contains(vendor.Id, StringComparer.OrdinalIgnoreCase)
        && (!preferences.DenyDataCollection || vendor is { RetainsPrompts: false, TrainsOnPrompts: false })
        && (!preferences.ZeroDataRetention || vendor.RetainsPrompts == false);

    private static bool Within(MaxPrice most, PriceList? prices)
    {
        return prices is not null && Pays(most.PromptNanos, PriceComponent.Input) && Pays(most.CompletionNanos, PriceComponent.Output)
            && Pays(most.ImageNanos, PriceComponent.Image);

        // A row is per million of its unit, a limit as people quote it.
        bool Pays(long? limit, PriceComponent component) =>
            limit is null || prices.Find(component) is not { } row || prices.Asked(row) <= (Int128)limit.Value * (1_000_000 / component.Per());
    }

    private List<Candidate> Order(
        List<Candidate> candidates, RouteSort? sort, Caller caller, RoutePreferences preferences, UInt128? conversation, Guid seed)
    {
        if (candidates.Count == 1)
        {
            return candidates;
        }

        var policy = sort switch
        {
            RouteSort.Price => RoutePolicy.Cheapest,
            RouteSort.Latency => RoutePolicy.Latency,
            RouteSort.Throughput => RoutePolicy.Throughput,
            _ => caller.Policy.Policy ?? options.Value.Policy,
        };
        // Where the request itself says who comes first, its conversation does not decide.
        var place = conversation is { } name && sort is null && preferences.Order.Count == 0 ? affinity.PlaceOf(name) : null;
        var salt = conversation ?? ToNumber(seed);

        return
        [
            .. candidates
                // One that rests is asked last rather than never: if all rest, somebody has to find out who is well again.
                .OrderBy(candidate => candidate.RestsUntil ?? DateTimeOffset.MinValue)
                .ThenBy(candidate => candidate.Turn)
                .ThenBy(candidate => candidate.Planned.Key != place)
                .ThenBy(candidate => Position(candidate.Planned.VendorId, preferences.Order))
                .ThenBy(candidate => Rank(candidate, policy))
                .ThenBy(candidate => Distance(candidate.Planned.Id, Share(candidate, policy), salt))
                .ThenBy(candidate => Distance(candidate.Serving.CredentialId, 1, salt)),
        ];
    }

    /// <summary>What comes first whatever its share.</summary>
    private double Rank(Candidate candidate, RoutePolicy policy) => policy switch
    {
        RoutePolicy.Priority => candidate.Serving.Upstream.Priority,
        RoutePolicy.Cheapest => candidate.Level,
        RoutePolicy.Latency => pace.Latency(candidate.Planned.Id),
        RoutePolicy.Throughput => -pace.Throughput(candidate.Planned.Id),
        _ => 0,
    };

    /// <summary>How many of the calls go there, relative to the others of its rank.</summary>
    private static double Share(Candidate candidate, RoutePolicy policy)
    {
        double weight = candidate.Serving.Upstream.Weight;
        // What costs nothing takes nearly everything, not infinitely much.
        return policy == RoutePolicy.Price ? weight / Math.Pow(Math.Max(candidate.Level, 1) / 1e9, 2) : weight;
    }

    private DateTimeOffset? Rest(PlannedUpstream planned)
    {
        var endpoint = health.RestsUntil(planned.HealthId);
        var key = health.RestsUntil(planned.Credential, planned.HealthId);
        return endpoint is null || key > endpoint ? key : endpoint;
    }

    private static int Position(string vendor, IReadOnlyList<string> order)
    {
        for (var i = 0; i < order.Count; i++)
        {
            if (string.Equals(order[i], vendor, StringComparison.OrdinalIgnoreCase))
            {
                return i;
            }
        }

        return int.MaxValue;
    }

    // One figure to compare prices by: three tokens are read for each that is written, as is usual. Nanos per million.
    private static long Level(PriceList prices) =>
        prices.Find(PriceComponent.Input) is { } input && prices.Find(PriceComponent.Output) is { } output
            ? (long)(((Int128)prices.Asked(input) * 3 + prices.Asked(output)) / 4)
            : prices.Rows.Max(prices.Asked);

    // Weighted rendezvous hashing: over many salts an upstream of weight 2 is nearest twice as often as one of weight 1.
    private static double Distance(Guid upstream, double weight, UInt128 salt)
    {
        Span<byte> bytes = stackalloc byte[32];
        upstream.TryWriteBytes(bytes);
        BinaryPrimitives.WriteUInt128LittleEndian(bytes[16..], salt);
        var share = (BinaryPrimitives.ReadUInt64LittleEndian(SHA256.HashData(bytes)) + 1.0) / (ulong.MaxValue + 2.0);
        return weight > 0 ? -Math.Log(share) / weight : double.MaxValue;
    }

    private static UInt128 ToNumber(Guid seed)
    {
        Span<byte> bytes = stackalloc byte[16];
        seed.TryWriteBytes(bytes);
        return BinaryPrimitives.ReadUInt128LittleEndian(bytes);
    }

    /// <param name="Level">Its price as one figure.</param>
    private sealed record Candidate(ServedUpstream Serving, long Level, DateTimeOffset? RestsUntil, PlannedUpstream Planned)
    {
        /// <summary>Own keys come before the hub's, or after.</summary>
        public int Turn { get; init; } = 1;
    }
}
