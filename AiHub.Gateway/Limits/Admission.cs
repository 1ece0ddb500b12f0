namespace AiHub.Gateway.Limits;

/// <summary>What the gate decided.</summary>
/// <param name="Requests">The tightest of the limits on requests; null when there is none.</param>
/// <param name="Tokens">The tightest of the limits on tokens; null when there is none.</param>
/// <param name="Refusal">Null when the request may pass.</param>
/// <param name="Slot">What an admitted call has to give back when it ends; null when there is nothing.</param>
public sealed record Admission(LimitFigures? Requests, LimitFigures? Tokens, Refusal? Refusal, CallSlot? Slot = null)
{
    public static readonly Admission Unlimited = new(null, null, null);

    /// <summary>From what each limit says. The one that makes the caller wait longest is the one to name.</summary>
    internal static Admission Of(IReadOnlyList<LimitState> states)
    {
        if (states.Count == 0)
        {
            return Unlimited;
        }

        var longest = states.MaxBy(state => state.Wait);
        var refusal = longest.Wait > TimeSpan.Zero ? new Refusal(longest.Scope, longest.Wait) : null;

        return new Admission(Tightest(LimitKind.Requests), Tightest(LimitKind.Tokens), refusal);

        LimitFigures? Tightest(LimitKind kind)
        {
            // A refusal of this kind is the figure to see; otherwise the least that is left.
            if (refusal?.Scope.Kind == kind)
            {
                return longest.Figures;
            }

            LimitFigures? least = null;
            foreach (var state in states)
            {
                if (state.Scope.Kind == kind && !(least?.Remaining <= state.Figures.Remaining))
                {
                    least = state.Figures;
                }
            }

            return least;
        }
    }
}

/// <param name="Remaining">What would pass right now.</param>
/// <param name="Reset">Until all of <paramref name="Limit"/> would pass.</param>
public readonly record struct LimitFigures(int Limit, long Remaining, TimeSpan Reset);

/// <summary>Which limit, whose, and when there is room again.</summary>
public sealed record Refusal(LimitScope Scope, TimeSpan RetryAfter);

/// <param name="Used">What is used, this call included if it was admitted.</param>
/// <param name="Wait">Until there is room; zero when there was.</param>
/// <param name="Second">Where its tokens were counted.</param>
internal readonly record struct LimitState(LimitScope Scope, long Used, TimeSpan Reset, TimeSpan Wait, long Second = 0)
{
    public LimitFigures Figures => new(Scope.Limit, Math.Max(0, Scope.Limit - Used), Reset);
}
