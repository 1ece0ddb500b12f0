using AiHub.Domain.Quotas;

namespace AiHub.Gateway.Limits;

/// <summary>
/// What this replica admitted in the last minute and has under way: enough to keep to its share of the limits when it is alone, and to report it
/// afterwards.
/// </summary>
internal sealed class LocalWindows
{
    private const int FirstSweep = 10_000;

    // What the cache last said about a limit is worth something for as long as little can have happened elsewhere since.
    private const long KnownFor = 5_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(LimitOwner, Guid, LimitKind), Log> _logs = [];
    private int _sweepAt = FirstSweep;

    private static long Window => (long)LimitScope.Window.TotalMilliseconds;

    /// <summary>Admits the call if this replica's share of every limit has room, and only then counts it.</summary>
    public IReadOnlyList<LimitState> Admit(LimitedCall call, long now, int replicas)
    {
        lock (_lock)
        {
            var states = call.Scopes.Select(scope => LogOf(scope, now).StateOf(scope, call.Needs(scope), now, replicas)).ToArray();
            if (Array.Exists(states, state => state.Wait > TimeSpan.Zero))
            {
                return states;
            }

            for (var index = 0; index < states.Length; index++)
            {
                var scope = call.Scopes[index];
                var log = LogOf(scope, now);
                log.Add(now, call.Needs(scope));
                log.SinceKnown += call.Needs(scope);
                log.Unreported += scope.Kind == LimitKind.Concurrency ? 0 : call.Needs(scope);
                states[index] = states[index] with { Used = states[index].Used + call.Needs(scope), Reset = LimitScope.Window };
            }

            Sweep(now);

            return states;
        }
    }

    /// <summary>What the cache has not heard of under each limit; whoever takes it has to tell it.</summary>
    public long[] TakeUnreported(LimitedCall call, long now)
    {
        lock (_lock)
        {
            return [.. call.Scopes.Select(scope => LogOf(scope, now).TakeUnreported())];
        }
    }

    public void ReturnUnreported(LimitedCall call, IReadOnlyList<long> amounts, long now)
    {
        lock (_lock)
        {
            for (var index = 0; index < amounts.Count; index++)
            {
                LogOf(call.Scopes[index], now).Unreported += amounts[index];
            }
        }
    }

    /// <summary>Keeps what the cache said, and counts the call if it was admitted.</summary>
    public void Note(LimitedCall call, IReadOnlyList<LimitState> states, long now)
    {
        lock (_lock)
        {
            var admitted = states.All(state => state.Wait == TimeSpan.Zero);
            foreach (var state in states)
            {
                var log = LogOf(state.Scope, now);
                (log.Known, log.KnownAt, log.SinceKnown) = (state.Used, now, 0);
                if (admitted)
                {
                    log.Add(now, call.Needs(state.Scope));
                }
            }

            Sweep(now);
        }
    }

    /// <summary>The call is under way no longer, and this is what it used, if that is known.</summary>
    public void End(CallSlot slot, long? used, long now)
    {
        lock (_lock)
        {
            foreach (var scope in slot.Call.Scopes)
            {
                if (scope.Kind == LimitKind.Concurrency)
                {
                    LogOf(scope, now).Remove();
                }
                else if (scope.Kind == LimitKind.Tokens && used - slot.Call.Needs(scope) is { } by and not 0)
                {
                    var log = LogOf(scope, now);
                    log.Correct(slot.AdmittedAt, by, now);
                    log.Unreported = slot.IsAlone ? Math.Max(0, log.Unreported + by) : log.Unreported;
                }
            }
        }
    }

    private void Sweep(long now)
    {
        if (_logs.Count < _sweepAt)
        {
            return;
        }

        foreach (var (key, _) in _logs.Where(log => log.Value.IsIdle(now)).ToArray())
        {
            _logs.Remove(key);
        }

        _sweepAt = Math.Max(FirstSweep, 2 * _logs.Count);
    }

    private Log LogOf(LimitScope scope, long now)
    {
        if (!_logs.TryGetValue(scope.Counter, out var log))
        {
            _logs[scope.Counter] = log = new Log(scope.Kind);
        }

        log.ForgetBefore(now);

        return log;
    }

    /// <summary>What was admitted under one limit, oldest first: the same sliding window as in admit.lua.</summary>
    private sealed class Log(LimitKind kind)
    {
        private readonly Queue<Part> _parts = new();
        private Part? _last;

        /// <summary>In the window, or under way.</summary>
        public long Used { get; private set; }

        public long Unreported { get; set; }

        /// <summary>What the cache said last, when, and what was admitted here since.</summary>
        public long Known { get; set; }

        public long KnownAt { get; set; }

        public long SinceKnown { get; set; }

        public LimitState StateOf(LimitScope scope, long needed, long now, int replicas)
        {
            // Rounded down, so that all replicas together stay within the limit; but never nothing at all.
            var share = Math.Min(scope.Limit, Math.Max(1, scope.Limit / replicas));
            var fits = Used + needed <= share || (kind == LimitKind.Tokens && Used == 0)
                // One slow answer must not punish who is far below the limit: there is room even if every replica goes on like this one.
                || (KnownAt > now - KnownFor && Known + (replicas * (SinceKnown + needed)) <= scope.Limit);
            var wait = fits ? 0 : kind == LimitKind.Concurrency ? 1000 : Math.Max(1, FitsAt(share - needed, now) - now);

            // The figures speak of the published limit: what this replica may not give counts as used.
            return new LimitState(scope, Math.Max(Used + scope.Limit - share, 0), Milliseconds(_last is null || Used == 0 ? 0 : _last.Moment + Window - now), Milliseconds(wait));
        }

        public void Add(long now, long amount)
        {
            Used += amount;
            if (kind == LimitKind.Concurrency)
            {
                return;
            }

            var moment = MomentOf(now);
            if (_last is not null && _last.Moment >= moment && _parts.Count > 0)
            {
                _last.Amount += amount;
                return;
            }

            _last = new Part(moment) { Amount = amount };
            _parts.Enqueue(_last);
        }

        public void Remove() => Used = Math.Max(0, Used - 1);

        public void Correct(long admittedAt, long by, long now)
        {
            if (_parts.FirstOrDefault(part => part.Moment == MomentOf(admittedAt)) is { } part)
            {
                var corrected = Math.Max(0, part.Amount + by);
                Used += corrected - part.Amount;
                part.Amount = corrected;
            }
            else if (by > 0)
            {
                // The call took longer than a window. What it used beyond the guess was used just now.
                Add(now, by);
            }
        }

        public void ForgetBefore(long now)
        {
            if (_last is not null && _last.Moment - now > 2 * Window)
            {
                _parts.Clear();
                (_last, Used) = (null, 0);
            }

            while (_parts.TryPeek(out var oldest) && oldest.Moment <= Math.Max(now, _last!.Moment) - Window)
            {
                Used -= _parts.Dequeue().Amount;
            }
        }

        public long TakeUnreported()
        {
            // What has left the window is no longer worth reporting.
            var taken = Math.Min(Unreported, Used);
            Unreported = 0;

            return taken;
        }

        public bool IsIdle(long now) => Used == 0 || (kind != LimitKind.Concurrency && _last is not null && _last.Moment <= now - Window);

        private long FitsAt(long room, long now)
        {
            var left = Used;
            foreach (var part in _parts)
            {
                left -= part.Amount;
                if (left <= Math.Max(0, room))
                {
                    return part.Moment + Window;
                }
            }

            return now + Window;
        }

        // Tokens are kept by the second, as in the cache; a second counts until its end has left the window.
        private long MomentOf(long now) => kind == LimitKind.Tokens ? (now / 1000 * 1000) + 999 : now;

        private static TimeSpan Milliseconds(long value) => TimeSpan.FromMilliseconds(Math.Max(0, value));
    }

    private sealed class Part(long moment)
    {
        public long Moment { get; } = moment;

        public long Amount { get; set; }
    }
}
