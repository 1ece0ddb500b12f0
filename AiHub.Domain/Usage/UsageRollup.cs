namespace AiHub.Domain.Usage;

/// <summary>How long the span is that a roll-up sums up, in the organization's time zone.</summary>
public enum UsageGrain
{
    Hour,
    Day,
}

/// <summary>What the calls of a span sum up to: counts, tokens by kind, and money in nano-units of the organization's currency.</summary>
public abstract class UsageFigures
{
    public required Guid OrganizationId { get; init; }
    public required UsageGrain Grain { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required long Requests { get; init; }
    public required long Failed { get; init; }
    public required long Cancelled { get; init; }
    public required long Input { get; init; }
    public required long Output { get; init; }
    public required long Cached { get; init; }
    public required long Reasoning { get; init; }
    public required long PlanTokens { get; init; }
    public required long PlanTokensCharged { get; init; }
    public required long CostNanos { get; init; }
    public required long ChargedNanos { get; init; }
}

/// <summary>
/// The sum of the usage records of a span that agree in everything one can group by. With the records still pending it is, at every moment,
/// exactly the sum of all records.
/// </summary>
public sealed class UsageRollup : UsageFigures
{
    public Guid? TeamId { get; init; }
    public required Guid UserId { get; init; }
    public required Guid KeyId { get; init; }
    public required string ModelId { get; init; }
    public required string VendorId { get; init; }
    public required string[] Tags { get; init; }
}

/// <summary>The same sums under one dimension alone, which are so few that whole months of them are read at once.</summary>
public sealed class UsageSum : UsageFigures
{
    /// <summary>all, team, user, key, model, vendor or tag.</summary>
    public required string Dimension { get; init; }

    /// <summary>Which team, user, ...; empty for all, and for calls of no team or without tags.</summary>
    public required string Value { get; init; }
}

/// <summary>A usage record that no roll-up has counted yet. Written with the record, taken away with the counting.</summary>
public sealed class UsagePending
{
    public required Guid OrganizationId { get; init; }
    public required Guid Id { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
}
