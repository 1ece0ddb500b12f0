using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Vendors;

/// <summary>A vendor's own requests per minute: a bucket that fills evenly.</summary>
public sealed class RequestRate(SimulatorClock clock, IOptions<SimulatorOptions> options)
{
    private readonly Lock _lock = new();
    private DateTimeOffset _fullAt;

    public int Limit => options.Value.RequestsPerMinute;

    /// <returns>What is left, or null when the bucket is empty; and when it will be full again.</returns>
    public (int? Remaining, TimeSpan Reset) Take()
    {
        var each = TimeSpan.FromMinutes(1) / Limit;
        var now = clock.GetUtcNow();

        lock (_lock)
        {
            // A clock that was set back must not leave the vendor closed until the old time comes round.
            var from = _fullAt > now && _fullAt - now <= TimeSpan.FromMinutes(1) ? _fullAt : now;
            var after = from + each;
            if (after - now > TimeSpan.FromMinutes(1))
            {
                return (null, from - now);
            }

            _fullAt = after;

            return ((int)((TimeSpan.FromMinutes(1) - (after - now)) / each), after - now);
        }
    }
}
