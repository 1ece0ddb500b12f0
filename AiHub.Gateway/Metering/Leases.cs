using System.Collections.Concurrent;
using AiHub.Domain.Accounts;

namespace AiHub.Gateway.Metering;

/// <summary>Renews the holds of calls under way, all together, so that none lapses while its answer is still coming.</summary>
public sealed partial class Leases(Ledger ledger, TimeProvider time, ILogger<Leases> logger) : BackgroundService
{
    /// <summary>How long a hold outlives a gateway that died.</summary>
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(2);

    private static readonly TimeSpan Interval = Length / 4;

    private readonly ConcurrentDictionary<Guid, DateTimeOffset> _holds = new();

    /// <summary>Renews the hold until the answer is disposed of.</summary>
    public IDisposable Keep(Hold hold)
    {
        _holds[hold.Id] = hold.ExpiresAt;
        return new Kept(this, hold.Id);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(Interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await RenewAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // There are three more tries before a lease ends; and a lapsed hold is still settled.
                LogNotRenewed(failure);
            }
        }
    }

    private async Task RenewAsync(CancellationToken ct)
    {
        var now = time.GetUtcNow();
        var due = _holds.Where(hold => hold.Value - now < Length - Interval / 2).Select(hold => hold.Key).ToArray();
        if (due.Length == 0)
        {
            return;
        }

        await ledger.RenewAsync(due, now, Length, ct);
        foreach (var id in due)
        {
            if (_holds.TryGetValue(id, out var until))
            {
                _holds.TryUpdate(id, now + Length, until);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "The holds of calls under way could not be renewed.")]
    private partial void LogNotRenewed(Exception failure);

    private sealed class Kept(Leases leases, Guid id) : IDisposable
    {
        public void Dispose() => leases._holds.TryRemove(id, out _);
    }
}
