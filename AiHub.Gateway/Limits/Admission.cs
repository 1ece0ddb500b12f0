namespace AiHub.Gateway.Limits;

/// <summary>What the gate decided.</summary>
/// <param name="Requests">The tightest of the limits on requests; null when there is none.</param>
/// <param name="Refusal">Null when the request may pass.</param>
public sealed record Admission(LimitFigures? Requests, Refusal? Refusal)
{
    public static readonly Admission Unlimited = new(null, null);

    /// <summary>From what each limit says. The one that makes the caller wait longest is the one to name.</summary>
    internal static Admission Of(IReadOnlyList<LimitState> states)
    {
        if (states.Count == 0)
        {
            return Unlimited;
        }

        var longest = states.MaxBy(state => state.Wait);
        if (longest.Wait > TimeSpan.Zero)
        {
            return new Admission(longest.Figures, new Refusal(longest.Scope, longest.Wait));
        }

        return new Admission(states.MinBy(state => state.Figures.Remaining).Figures, null);
    }
}

/// <param name="Remaining">Requests that would pass right now.</param>
/// <param name="Reset">Until all of <paramref name="Limit"/> would pass.</param>
public readonly record struct LimitFigures(int Limit, int Remaining, TimeSpan Reset);

/// <summary>Which limit, whose, and when there is room again.</summary>
public sealed record Refusal(LimitScope Scope, TimeSpan RetryAfter);

/// <param name="Used">Requests in the window, this one included if it was admitted.</param>
/// <param name="Wait">Until there is room; zero when there was.</param>
internal readonly record struct LimitState(LimitScope Scope, int Used, TimeSpan Reset, TimeSpan Wait)
{
    public LimitFigures Figures => new(Scope.Limit, Math.Max(0, Scope.Limit - Used), Reset);
}
