namespace AiHub.Domain.Quotas;

public enum SubscriptionStatus
{
    Active,
    Ended,
}

/// <summary>An organization on a plan. At most one is active at a time.</summary>
public sealed class Subscription
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string PlanId { get; init; }
    public SubscriptionStatus Status { get; set; }

    /// <summary>When it began; every period is computed from here, so that a short month never shifts the ones after it.</summary>
    public required DateTimeOffset Anchor { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
}
