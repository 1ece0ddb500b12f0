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
    private volatile bool _isCertain;
    private Task _probing = Task.CompletedTask;

    public bool IsOpen => _isOpen;

    /// <summary>False as long as all that is known is one late answer: a hiccup looks like that too.</summary>
    public bool IsCertain => _isCertain;

    /// <summary>A command exception is what the client throws at once when the only server it knows has become a replica.</summary>
    public static bool IsOutage(Exception failure) => failure is RedisException or RedisCommandException or TimeoutException or ObjectDisposedException;

    /// <returns>False when it was open already.</returns>
    public bool Open(Exception failure)
    {
        lock (_lock)
        {
            _isCertain |= failure is not TimeoutException;
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
            // At once for the first time: it may have been a hiccup.
            while (!await SucceedsAsync(ct))
            {
                _isCertain = true;
                await timer.WaitForNextTickAsync(ct);
            }

            (_isOpen, _isCertain) = (false, false);
            closed();
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
        catch (Exception failure) when (IsOutage(failure))
        {
            return false;
        }
    }
}
