using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Walks through a plan: which upstream a call tries next, given how the last one failed. A busy or dead key leads to the endpoint's next key,
/// anything else past all of them; what rests is asked only when nothing else is left.
/// </summary>
public sealed class RouteWalk(RoutePlan plan, UpstreamHealth health, RetryBudget budget)
{
    /// <summary>More tries than this keep a caller waiting for a failure that is sure.</summary>
    public const int MostTries = 6;

    private readonly HashSet<Guid> _failed = [];
    private readonly Queue<PlannedUpstream> _resting = new();
    private int _next;
    private int _tries;

    /// <summary>The upstream to begin with.</summary>
    public PlannedUpstream First()
    {
        budget.Earn(plan.Model.Id);
        _tries = 1;
        return Advance()!;
    }

    /// <returns>Null when the call has failed for good.</returns>
    public PlannedUpstream? After(PlannedUpstream upstream, UpstreamException failure)
    {
        if (!failure.MayFallBack || _tries == MostTries)
        {
            return null;
        }

        if (!UpstreamHealth.IsOfTheKey(failure))
        {
            _failed.Add(upstream.HealthId);
        }

        if (Advance() is not { } next || !budget.TrySpend(plan.Model.Id))
        {
            return null;
        }

        _tries++;
        return next;
    }

    private PlannedUpstream? Advance()
    {
        while (_next < plan.Upstreams.Count)
        {
            var upstream = plan.Upstreams[_next++];
            if (_failed.Contains(upstream.HealthId))
            {
                continue;
            }

            if (health.TryEnter(upstream))
            {
                return upstream;
            }

            _resting.Enqueue(upstream);
        }

        // If all others rest or have failed, somebody has to find out who is well again.
        while (_resting.TryDequeue(out var upstream))
        {
            if (!_failed.Contains(upstream.HealthId))
            {
                return upstream;
            }
        }

        return null;
    }
}
