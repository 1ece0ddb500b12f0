using System.ComponentModel.DataAnnotations;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Limits;

public sealed class LimitOptions
{
    public const string Section = "Limits";

    /// <summary>A cache that has not answered by then counts as down. Until it is back nobody waits for it.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:00:10")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromMilliseconds(200);

    /// <summary>How often a cache that is down is tried.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:00:10")]
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a call counts as under way when its gateway has died and cannot say that it ended.</summary>
    [Range(typeof(TimeSpan), "00:00:05", "01:00:00")]
    public TimeSpan CallLease { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Replicas that share the limits, as long as the cache has not said how many there are.</summary>
    [Range(1, 1000)]
    public int AssumedReplicas { get; set; } = 2;
}

[OptionsValidator]
public sealed partial class LimitOptionsValidator : IValidateOptions<LimitOptions>;
