using System.Collections.Concurrent;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Remembers which endpoints and keys failed lately, so that calls go elsewhere for a while. Only what the vendor did counts: a request it rightly
/// rejected or a caller that hung up says nothing about it, and one caller alone never closes an endpoint that answers others.
/// </summary>
public sealed class UpstreamHealth(TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Breaker> _endpoints = new();
    private readonly ConcurrentDictionary<(string Credential, Guid Endpoint), KeyRest> _keys = new();

    /// <returns>When the endpoint should be tried again; null when it is well, or may be probed.</returns>
    public DateTimeOffset? RestsUntil(Guid endpoint) => _endpoints.TryGetValue(endpoint, out var breaker) ? breaker.RestsUntil(time.GetUtcNow()) : null;

    /// <returns>When the key should be tried again at this endpoint; null when it is well.</returns>
    public DateTimeOffset? RestsUntil(string credential, Guid endpoint)
    {
        var now = time.GetUtcNow();
        return Later(Rest((credential, endpoint)), Rest((credential, Guid.Empty)));

        DateTimeOffset? Rest((string, Guid) key) => _keys.TryGetValue(key, out var rest) && rest.Until > now ? rest.Until : null;

        static DateTimeOffset? Later(DateTimeOffset? one, DateTimeOffset? other) => one is null ? other : other is null || one > other ? one : other;
    }

    /// <summary>Asks whether a call may go there now. After a rest it lets one call through to find out; the others wait for what it finds.</summary>
    public bool TryEnter(PlannedUpstream upstream) =>
        RestsUntil(upstream.Credential, upstream.HealthId) is null
        && (!_endpoints.TryGetValue(upstream.HealthId, out var breaker) || breaker.TryEnter(time.GetUtcNow()));

    public void Succeeded(PlannedUpstream upstream, Guid organization)
    {
        _keys.TryRemove((upstream.Credential, upstream.HealthId), out _);
        _keys.TryRemove((upstream.Credential, Guid.Empty), out _);
        // Most endpoints never fail; what they do right need not be remembered.
        if (_endpoints.TryGetValue(upstream.HealthId, out var breaker))
        {
            breaker.Succeeded(organization, time.GetUtcNow());
        }
        else
        {
            _endpoints.GetOrAdd(upstream.HealthId, _ => new Breaker()).Succeeded(organization, time.GetUtcNow());
        }
    }

    public void Failed(PlannedUpstream upstream, UpstreamException failure, Guid organization)
    {
        var now = time.GetUtcNow();
        switch (failure.Scope)
        {
            case FailureScope.Request:
                Left(upstream);
                break;
            case FailureScope.DeadKey:
                Left(upstream);
                RestKey((upstream.Credential, Guid.Empty), KeyRest.OfDead);
                break;
            case FailureScope.ForbiddenKey:
                Left(upstream);
                RestKey((upstream.Credential, upstream.HealthId), KeyRest.OfDead);
                break;
            case FailureScope.BusyKey:
                Left(upstream);
                RestKey((upstream.Credential, upstream.HealthId), times => failure.RetryAfter is { } asked ? KeyRest.AsAsked(asked) : KeyRest.OfBusy(times));
                break;
            default:
                _endpoints.GetOrAdd(upstream.HealthId, _ => new Breaker()).Failed(organization, failure.RetryAfter, now);
                break;
        }

        void RestKey((string, Guid) key, Func<int, TimeSpan> rest) => _keys.AddOrUpdate(
            key,
            _ => new KeyRest(1, now + rest(1)),
            (_, before) => new KeyRest(before.Times + 1, now + rest(before.Times + 1)));
    }

    /// <summary>A call that went there ended without telling anything about it.</summary>
    public void Left(PlannedUpstream upstream)
    {
        if (_endpoints.TryGetValue(upstream.HealthId, out var breaker))
        {
            breaker.Left();
        }
    }

    /// <summary>True when another key of the same endpoint may succeed where this one did not.</summary>
    public static bool IsOfTheKey(UpstreamException failure) => failure.Scope is FailureScope.DeadKey or FailureScope.ForbiddenKey or FailureScope.BusyKey;

    private sealed record KeyRest(int Times, DateTimeOffset Until)
    {
        private static readonly TimeSpan ShortestBusy = TimeSpan.FromSeconds(2);
        private static readonly TimeSpan LongestBusy = TimeSpan.FromMinutes(5);

        // Wrong credentials do not get right by themselves within seconds.
        private static readonly TimeSpan ShortestDead = TimeSpan.FromMinutes(1);
        private static readonly TimeSpan LongestDead = TimeSpan.FromHours(1);

        public static TimeSpan OfBusy(int times) => Doubled(ShortestBusy, times, LongestBusy);

        public static TimeSpan OfDead(int times) => Doubled(ShortestDead, times, LongestDead);

        public static TimeSpan AsAsked(TimeSpan asked) => asked < LongestDead ? asked : LongestDead;

        private static TimeSpan Doubled(TimeSpan first, int times, TimeSpan longest)
        {
            var rest = first * Math.Pow(2, Math.Min(times - 1, 12));
            return rest < longest ? rest : longest;
        }
    }
}
