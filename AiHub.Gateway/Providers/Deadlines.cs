namespace AiHub.Gateway.Providers;

/// <summary>How long a vendor may keep us waiting. Connecting has its own limit, in <see cref="HandlerPool"/>.</summary>
public sealed record UpstreamTimeouts
{
    public static readonly UpstreamTimeouts Default = new();

    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>From sending the request to the first piece of a streamed answer; models that think first need minutes.</summary>
    public TimeSpan FirstToken { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Between two reads of an answer that has begun.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(2);

    public TimeSpan Total { get; init; } = TimeSpan.FromMinutes(30);
}

/// <summary>
/// Cancels one upstream call when the vendor is too slow: before its first token, between reads, or in total.
/// Only the time spent waiting for the vendor counts as idle; a slow reader at our own door does not.
/// </summary>
internal sealed class Deadlines : IDisposable
{
    private readonly UpstreamTimeouts _limits;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _expiry;
    private readonly ITimer _timer;
    private readonly long _startedAt;
    private long _waitingSince;
    private bool _answering;
    private bool _disposed;

    public Deadlines(UpstreamTimeouts limits, bool streamed, TimeProvider time, CancellationToken caller)
    {
        _limits = limits;
        _time = time;
        _expiry = CancellationTokenSource.CreateLinkedTokenSource(caller);
        _startedAt = time.GetTimestamp();
        // A whole answer comes in one piece at the end, so only the total limits it.
        _answering = !streamed;
        _timer = time.CreateTimer(_ => Check(), null, Next(), Timeout.InfiniteTimeSpan);
    }

    public CancellationToken Token => _expiry.Token;

    /// <summary>Which limit was exceeded; null while none was.</summary>
    public string? Expired { get; private set; }

    public TimeSpan Elapsed => _time.GetElapsedTime(_startedAt);

    public void StartWaiting() => Volatile.Write(ref _waitingSince, _time.GetTimestamp());

    public void StopWaiting() => Volatile.Write(ref _waitingSince, 0);

    public void FirstToken() => Volatile.Write(ref _answering, true);

    public void Dispose()
    {
        lock (_timer)
        {
            _disposed = true;
        }

        _timer.Dispose();
        _expiry.Dispose();
    }

    // One timer for all limits; it looks at what happened since it was set instead of being reset at every read.
    private void Check()
    {
        lock (_timer)
        {
            if (_disposed)
            {
                return;
            }

            var next = Next();
            if (next > TimeSpan.Zero)
            {
                _timer.Change(next, Timeout.InfiniteTimeSpan);
                return;
            }

            Expired = Elapsed >= _limits.Total ? "total" : Volatile.Read(ref _answering) ? "idle" : "first token";
        }

        _expiry.Cancel();
    }

    private TimeSpan Next()
    {
        var left = _limits.Total - Elapsed;
        if (!Volatile.Read(ref _answering))
        {
            return Shorter(left, _limits.FirstToken - Elapsed);
        }

        return Volatile.Read(ref _waitingSince) is var since and not 0
            ? Shorter(left, _limits.Idle - _time.GetElapsedTime(since))
            : Shorter(left, _limits.Idle);
    }

    private static TimeSpan Shorter(TimeSpan left, TimeSpan right)
    {
        var shorter = left < right ? left : right;
        return shorter > TimeSpan.Zero ? shorter : TimeSpan.Zero;
    }
}
