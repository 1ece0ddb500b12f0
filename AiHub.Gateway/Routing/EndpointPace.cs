using System.Collections.Concurrent;

namespace AiHub.Gateway.Routing;

/// <summary>How fast endpoints have answered lately: moving averages that forget within minutes. What is unknown counts as fast, so that it gets known.</summary>
public sealed class EndpointPace(TimeProvider time)
{
    // A figure this old counts half; an endpoint that was slow an hour ago deserves another look.
    private static readonly TimeSpan HalfLife = TimeSpan.FromMinutes(5);
    private const double NewestShare = 0.2;

    private readonly ConcurrentDictionary<Guid, Pace> _paces = new();

    /// <param name="outputTokens">Written between the first piece and the end.</param>
    public void Served(Guid endpoint, TimeSpan? firstToken, TimeSpan duration, long outputTokens)
    {
        var now = time.GetUtcNow();
        var writing = duration - (firstToken ?? TimeSpan.Zero);
        double? perSecond = outputTokens > 0 && writing > TimeSpan.Zero ? outputTokens / writing.TotalSeconds : null;

        _paces.AddOrUpdate(
            endpoint,
            _ => new Pace(now, (firstToken ?? duration).TotalMilliseconds, perSecond),
            (_, pace) => new Pace(
                now,
                Blend(pace.FirstTokenMilliseconds, (firstToken ?? duration).TotalMilliseconds),
                perSecond is { } speed ? Blend(pace.TokensPerSecond ?? speed, speed) : pace.TokensPerSecond));
    }

    /// <summary>Milliseconds until it begins to answer.</summary>
    public double Latency(Guid endpoint) => _paces.TryGetValue(endpoint, out var pace) ? pace.FirstTokenMilliseconds * Trust(pace) : 0;

    /// <summary>Tokens a second.</summary>
    public double Throughput(Guid endpoint) =>
        _paces.TryGetValue(endpoint, out var pace) && pace.TokensPerSecond is { } speed ? speed / Math.Max(Trust(pace), 0.001) : double.MaxValue;

    private double Trust(Pace pace) => Math.Pow(0.5, (time.GetUtcNow() - pace.At) / HalfLife);

    private static double Blend(double before, double newest) => before + (newest - before) * NewestShare;

    private sealed record Pace(DateTimeOffset At, double FirstTokenMilliseconds, double? TokensPerSecond);
}
