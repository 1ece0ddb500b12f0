using StackExchange.Redis;

namespace AiHub.Gateway.Limits;

/// <summary>
/// Open from the first failure of the cache until a probe in the background succeeds, so that at most the requests under way when it
/// fails have to wait for it.
/// </summary>
internal sealed class CacheCircuit(Func<CancellationToken, Task> probeAsync, TimeProvider time, TimeSpan interval, Action closed) : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly CancellationTokenSource _stopping = new();
    private volatile bool _isOpen;
    private DateTimeOffset? _closedAt;
    private Task _probing = Task.CompletedTask;

    public bool IsOpen => _isOpen;

    public bool ClosedWithin(TimeSpan span)
    {
        lock (_lock)
        {
            return _closedAt is { } at && time.GetUtcNow() - at < span;
        }
    }

    /// <returns>False when it was open already.</returns>
    public bool Open()
    {
        lock (_lock)
        {
            if (_isOpen || _stopping.IsCancellationRequested)
            {
                return false;
            }

            _isOpen = true;
            _probing = ProbeAsync(_stopping.Token);

            return true;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        await _probing;
        _stopping.Dispose();
    }

    private async Task ProbeAsync(CancellationToken ct)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(ct))
            {
                if (await SucceedsAsync(ct))
                {
                    lock (_lock)
                    {
                        _closedAt = time.GetUtcNow();
                        _isOpen = false;
                    }

                    closed();

                    return;
                }
            }
        }
        catch (OperationCanceledException)
        {
            // Shutting down.
        }
    }

    private async Task<bool> SucceedsAsync(CancellationToken ct)
    {
        try
        {
            await probeAsync(ct);

            return true;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            return false;
        }
    }
}
