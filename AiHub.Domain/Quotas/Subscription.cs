namespace AiHub.Domain.Quotas;

public enum SubscriptionStatus
{
    Active,
    Ended,
}

/// <summary>How the next term is paid for.</summary>
public enum Collection
{
    /// <summary>Nothing is owed for it: the plan is free, or an operator gave it.</summary>
    None,

    /// <summary>Bought term by term, by whoever wants it to go on; reminded of it, and given a few days after its end.</summary>
    Prepaid,

    /// <summary>The worker takes it from the saved payment method when it is due.</summary>
    Automatic,

    /// <summary>By contract: what is used is invoiced.</summary>
    Contract,
}

/// <summary>An organization on a plan. At most one is active at a time. Changed by the functions of 60-subscriptions.sql alone.</summary>
public sealed class Subscription
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string PlanId { get; init; }
    public SubscriptionStatus Status { get; set; }

    /// <summary>When it began; every period is computed from here, so that a short month never shifts the ones after it.</summary>
    public required DateTimeOffset Anchor { get; init; }
    public DateTimeOffset? EndedAt { get; set; }
    public PlanInterval Interval { get; init; }
    public Collection Collection { get; init; }

    /// <summary>How many months from the anchor are paid for; null when none has to be. A period begins only within them.</summary>
    public int? PaidMonths { get; init; }

    /// <summary>Where they end.</summary>
    public DateTimeOffset? PaidThrough { get; init; }

    /// <summary>What it becomes at <see cref="PaidThrough"/> instead of being renewed; the free plan when it was canceled.</summary>
    public string? NextPlanId { get; init; }
    public PlanInterval? NextInterval { get; init; }

    /// <summary>Counts what has changed it: a quote made for one version is not applied to another.</summary>
    public int Version { get; init; }

    /// <summary>What a contract grants each month instead of the plan's tokens.</summary>
    public long? ContractTokens { get; init; }

    public QuotedSubscription Quoted => new(Id, OrganizationId, PlanId, Version);
}
