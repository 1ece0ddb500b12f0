namespace AiHub.Gateway.Limits;

/// <summary>What this replica admitted in the last minute: enough to keep to its share of the limits when it is alone, and to report it afterwards.</summary>
internal sealed class LocalWindows
{
    private const int FirstSweep = 10_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(LimitOwner, Guid, LimitKind), Log> _logs = [];
    private int _sweepAt = FirstSweep;

    private static long Window => (long)LimitScope.Window.TotalMilliseconds;

    /// <summary>Admits the request if this replica's share of every limit has room, and only then counts it.</summary>
    public IReadOnlyList<LimitState> Admit(IReadOnlyList<LimitScope> scopes, long now, int replicas)
    {
        lock (_lock)
        {
            var states = States(scopes, now, replicas);
            if (states.Any(state => state.Wait > TimeSpan.Zero))
            {
                return states;
            }

            Add(scopes, now);
            Report(scopes, now, scopes.Select(_ => 1).ToArray());

            return [.. states.Select(state => state with { Used = state.Used + 1, Reset = LimitScope.Window })];
        }
    }

    /// <summary>How many requests under each limit the cache has not heard of; whoever takes them has to tell it.</summary>
    public int[] TakeUnreported(IReadOnlyList<LimitScope> scopes, long now)
    {
        lock (_lock)
        {
            return [.. scopes.Select(scope => LogOf(scope, now).TakeUnreported())];
        }
    }

    public void ReturnUnreported(IReadOnlyList<LimitScope> scopes, IReadOnlyList<int> counts, long now)
    {
        lock (_lock)
        {
            Report(scopes, now, counts);
        }
    }

    /// <summary>Counts a request that the cache has admitted.</summary>
    public void Note(IReadOnlyList<LimitScope> scopes, long now)
    {
        lock (_lock)
        {
            Add(scopes, now);
        }
    }

    private LimitState[] States(IReadOnlyList<LimitScope> scopes, long now, int replicas) => [.. scopes.Select(scope =>
    {
        // Rounded down, so that all replicas together stay within the limit; but never nothing at all.
        var share = Math.Min(scope.Limit, Math.Max(1, scope.Limit / replicas));
        var log = LogOf(scope, now);
        var wait = log.Count < share ? 0 : log.LeavesAt(share) - now;

        // The figures speak of the published limit: what this replica may not give counts as used.
        return new LimitState(scope, log.Count + scope.Limit - share, Milliseconds(log.Count == 0 ? 0 : log.Newest + Window - now), Milliseconds(wait));
    })];

    private void Add(IReadOnlyList<LimitScope> scopes, long now)
    {
        foreach (var scope in scopes)
        {
            LogOf(scope, now).Add(now);
        }

        if (_logs.Count >= _sweepAt)
        {
            foreach (var (key, _) in _logs.Where(log => log.Value.Newest <= now - Window).ToArray())
            {
                _logs.Remove(key);
            }

            _sweepAt = Math.Max(FirstSweep, 2 * _logs.Count);
        }
    }

    private void Report(IReadOnlyList<LimitScope> scopes, long now, IReadOnlyList<int> counts)
    {
        for (var index = 0; index < scopes.Count; index++)
        {
            LogOf(scopes[index], now).Unreported += counts[index];
        }
    }

    private Log LogOf(LimitScope scope, long now)
    {
        var key = (scope.Owner, scope.Id, scope.Kind);
        if (!_logs.TryGetValue(key, out var log))
        {
            _logs[key] = log = new Log();
        }

        log.ForgetBefore(now);

        return log;
    }

    private static TimeSpan Milliseconds(long value) => TimeSpan.FromMilliseconds(Math.Max(0, value));

    /// <summary>The moments of one limit's admitted requests, oldest first: the same sliding window as in admit.lua.</summary>
    private sealed class Log
    {
        private readonly Queue<long> _moments = new();

        public int Count => _moments.Count;

        public long Newest { get; private set; }

        public int Unreported { get; set; }

        public void Add(long now)
        {
            Newest = Math.Max(now, Newest);
            _moments.Enqueue(Newest);
        }

        public void ForgetBefore(long now)
        {
            if (Newest - now > Window)
            {
                _moments.Clear();
                Newest = 0;
            }

            while (_moments.TryPeek(out var oldest) && oldest <= Math.Max(now, Newest) - Window)
            {
                _moments.Dequeue();
            }
        }

        public int TakeUnreported()
        {
            // What has left the window is no longer worth reporting.
            var taken = Math.Min(Unreported, Count);
            Unreported = 0;

            return taken;
        }

        /// <summary>When fewer than <paramref name="share"/> requests are left in the window.</summary>
        public long LeavesAt(int share) => (share > 0 ? _moments.ElementAt(Count - share) : Newest) + Window;
    }
}
