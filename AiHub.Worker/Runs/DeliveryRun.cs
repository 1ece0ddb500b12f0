using AiHub.Domain;

namespace AiHub.Worker.Runs;

/// <param name="Pauses">How long after each try that failed the next one comes; after the last of them nobody tries any more.</param>
public sealed record DeliveryPace(TimeSpan Period, int Batch, IReadOnlyList<TimeSpan> Pauses)
{
    /// <summary>Messages that keep: for most of a day.</summary>
    public static readonly IReadOnlyList<TimeSpan> Patient =
        [TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(6)];
}

/// <summary>Sends what is due, tries again ever more rarely, and parks what cannot be delivered, with the reason.</summary>
public abstract partial class DeliveryRun<T>(DeliveryPace pace, TimeProvider time, IServiceScopeFactory scopes, ILogger logger) : Run(pace.Period, time, scopes, logger)
{
    private const int LongestError = 500;

    // Long enough for the slowest receiver, and for a worker that stops in the middle.
    private static readonly TimeSpan Lease = TimeSpan.FromMinutes(3);

    private readonly ILogger _logger = logger;
    private readonly TimeProvider _time = time;

    /// <summary>Takes messages that are due; whoever does not say what became of one within the lease leaves it to the next.</summary>
    protected abstract Task<List<T>> TakeAsync(HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct);

    /// <returns>What went wrong; null when nothing did.</returns>
    protected abstract Task<string?> SendAsync(T message, CancellationToken ct);

    /// <param name="error">Null: it has been sent.</param>
    /// <param name="next">When to try again; null parks what was not sent.</param>
    protected abstract Task CloseAsync(HubDb db, T message, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct);

    /// <summary>What the log calls a message, and how often it has been tried, this time included.</summary>
    protected abstract (string Name, int Attempts) Of(T message);

    protected sealed override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        for (var count = pace.Batch; count == pace.Batch;)
        {
            var messages = await TakeAsync(db, _time.GetUtcNow(), Lease, pace.Batch, ct);
            var errors = await Task.WhenAll(messages.Select(message => TryAsync(message, ct)));
            for (var index = 0; index < messages.Count; index++)
            {
                await CloseAsync(db, messages[index], errors[index], ct);
            }

            count = messages.Count;
        }
    }

    private async Task<string?> TryAsync(T message, CancellationToken ct)
    {
        try
        {
            return await SendAsync(message, ct);
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            LogFailed(Of(message).Name, failure);
            return failure is TimeoutException or OperationCanceledException ? "No answer in time." : failure.Message;
        }
    }

    private Task CloseAsync(HubDb db, T message, string? error, CancellationToken ct)
    {
        var now = _time.GetUtcNow();
        var (name, attempts) = Of(message);
        DateTimeOffset? next = null;
        if (error is not null && attempts <= pace.Pauses.Count)
        {
            // Not all at once: what failed together need not come back together.
            next = now + (pace.Pauses[attempts - 1] * (0.8 + (0.4 * Random.Shared.NextDouble())));
        }
        else if (error is not null)
        {
            LogParked(name, attempts, error);
        }

        return CloseAsync(db, message, error is { Length: > LongestError } ? error[..LongestError] : error, next, now, ct);
    }

    [LoggerMessage(LogLevel.Information, "{Message} could not be sent.")]
    private partial void LogFailed(string message, Exception failure);

    [LoggerMessage(LogLevel.Warning, "{Message} is parked after {Attempts} tries: {Reason}")]
    private partial void LogParked(string message, int attempts, string reason);
}
