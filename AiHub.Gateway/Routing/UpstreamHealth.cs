using System.Collections.Concurrent;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Remembers which upstreams failed lately, so that calls go elsewhere for a while. Only what the vendor did counts:
/// a request it rightly rejected or a caller that hung up says nothing about it.
/// </summary>
public sealed class UpstreamHealth(TimeProvider time)
{
    private const int ToleratedFailures = 3;
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan LongestRest = TimeSpan.FromMinutes(5);

    private readonly ConcurrentDictionary<Guid, Record> _records = new();

    /// <returns>When the upstream should be tried again; null when it is well.</returns>
    public DateTimeOffset? RestsUntil(Guid upstream) =>
        _records.TryGetValue(upstream, out var record) && record.RestsUntil is { } until && until > time.GetUtcNow() ? until : null;

    public void Succeeded(Guid upstream) => _records.TryRemove(upstream, out _);

    public void Failed(Guid upstream, UpstreamException failure)
    {
        if (failure.Failure == ProviderFailure.Unsupported)
        {
            // It was not asked.
            return;
        }

        if (failure.Scope == FailureScope.Request)
        {
            Succeeded(upstream);
            return;
        }

        _records.AddOrUpdate(upstream, _ => After(0), (_, record) => After(record.Failures));

        Record After(int earlier) => new(earlier + 1, Rest(failure, earlier + 1) is { } rest ? time.GetUtcNow() + rest : null);
    }

    private static TimeSpan? Rest(UpstreamException failure, int failures)
    {
        if (failure.RetryAfter is { } asked)
        {
            return asked < LongestRest ? asked : LongestRest;
        }

        // Wrong credentials do not get right by themselves within seconds.
        if (failure.Failure == ProviderFailure.Unauthorized)
        {
            return LongestRest / 5;
        }

        if (failures < ToleratedFailures)
        {
            return null;
        }

        var rest = ShortestRest * Math.Pow(2, Math.Min(failures - ToleratedFailures, 10));
        return rest < LongestRest ? rest : LongestRest;
    }

    private sealed record Record(int Failures, DateTimeOffset? RestsUntil);
}
