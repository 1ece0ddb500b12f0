namespace AiHub.Domain.Catalog;

/// <summary>
/// How the calls of a model went within five minutes, at all gateways together: at one endpoint, or, under <see cref="WholeModel"/>, as its callers
/// saw them after every fallback. A statistic, not a record.
/// </summary>
public sealed class EndpointSpan
{
    /// <summary>In place of an endpoint's id: the model as a whole.</summary>
    public static readonly Guid WholeModel = Guid.Empty;

    public static readonly TimeSpan Length = TimeSpan.FromMinutes(5);

    /// <summary>Nothing shows more than thirty days.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(31);

    public required string ModelId { get; init; }
    public required Guid EndpointId { get; init; }
    public required DateTimeOffset StartsAt { get; init; }

    public required long Served { get; set; }

    /// <summary>Only what the vendor, or the hub itself, did wrong; a request rightly refused says nothing about either.</summary>
    public required long Failed { get; set; }

    /// <summary>Milliseconds to the first token, counted by <see cref="LogScale"/>.</summary>
    public required int[] FirstTokens { get; set; }

    /// <summary>Tokens a second while answering, counted by <see cref="LogScale"/>.</summary>
    public required int[] Speeds { get; set; }

    public static DateTimeOffset StartOf(DateTimeOffset at) => new(at.UtcTicks / Length.Ticks * Length.Ticks, TimeSpan.Zero);
}
