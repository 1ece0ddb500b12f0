namespace AiHub.Gateway.Limits;

/// <summary>
/// The place an admitted call takes under its limits. When disposed of, the place is free, and the tokens that were guessed are replaced by
/// those that were used. A gateway that dies says nothing any more, and its places are free when their leases end.
/// </summary>
public sealed class CallSlot : IDisposable
{
    private readonly LimitGate _gate;
    private readonly Lock _lock = new();
    private Func<long?> _tokens = () => null;
    private bool _ended;

    internal CallSlot(LimitGate gate, LimitedCall call, IReadOnlyList<LimitState> states, long admittedAt, bool alone) =>
        (_gate, Call, States, AdmittedAt, IsAlone) = (gate, call, states, admittedAt, alone);

    internal LimitedCall Call { get; }

    internal IReadOnlyList<LimitState> States { get; }

    internal long AdmittedAt { get; }

    /// <summary>The cache was not asked.</summary>
    internal bool IsAlone { get; }

    /// <summary>How to learn, at the end, what the call really used; null leaves the guess as it is.</summary>
    public void Counts(Func<long?> tokens) => _tokens = tokens;

    public void Dispose()
    {
        lock (_lock)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
        }

        _gate.End(this, _tokens());
    }

    /// <summary>Does something unless the call has ended, which waits until it is done.</summary>
    internal void WhileOpen(Action<CallSlot> action)
    {
        lock (_lock)
        {
            if (!_ended)
            {
                action(this);
            }
        }
    }
}

/// <summary>A call at the gate.</summary>
/// <param name="Group">The organization: all its counters live in one place of a cluster.</param>
/// <param name="Tokens">How many it is expected to use.</param>
public sealed record LimitedCall(Guid Id, Guid Group, IReadOnlyList<LimitScope> Scopes, long Tokens)
{
    /// <summary>What it needs of a limit. A call that alone is more than the limit passes when nothing else has: it could never pass otherwise.</summary>
    internal long Needs(LimitScope scope) => scope.Kind == LimitKind.Tokens ? Math.Clamp(Tokens, 0, scope.Limit) : 1;
}
