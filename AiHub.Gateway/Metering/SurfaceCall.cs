using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Metering;

/// <summary>An admitted call that is not chat.</summary>
public sealed class SurfaceCall : AdmittedCall
{
    public required SurfaceRequest Request { get; init; }

    /// <summary>What the hold was reckoned from; an estimate never goes beyond it.</summary>
    public required Consumption Expected { get; init; }

    public override bool Streamed => Request.Stream || Request.Surface.AnswersWithBytes(Request);

    /// <summary>What a call may use, in the ways of counting that somebody who may answer it has prices for.</summary>
    public static Consumption Expect(SurfaceRequest request, RoutePlan plan)
    {
        var expected = request.Surface.Expect(request, plan.Model);
        return plan.Upstreams.Any(upstream => upstream.Prices.CountsTokens) ? expected : expected with { Tokens = default };
    }

    /// <summary>At the dearest upstream that may answer.</summary>
    public static Money Dearest(RoutePlan plan, Consumption used) => plan.Upstreams.Select(upstream => upstream.CostOf(used)).Max();
}

/// <summary>A call that may begin, or why nothing could be held for it.</summary>
public readonly record struct SurfaceCallOutcome(SurfaceCall? Call, HoldRefusal? Refusal);
