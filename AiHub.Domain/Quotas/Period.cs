namespace AiHub.Domain.Quotas;

/// <summary>One month of a subscription. Its tokens were posted by the journal <c>grant:{Id}</c>.</summary>
public sealed class Period
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid SubscriptionId { get; init; }

    /// <summary>0 for the month the subscription began in.</summary>
    public required int Sequence { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }

    /// <summary>What the plan granted then; null when unlimited.</summary>
    public long? GrantedTokens { get; init; }
}
