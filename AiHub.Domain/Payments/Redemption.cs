namespace AiHub.Domain.Payments;

/// <summary>Codes an operator made together: each grants the same, once.</summary>
public sealed class CodeBatch
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required Currency Currency { get; init; }
    public required long AmountMinor { get; init; }
    public required int Count { get; init; }

    /// <summary>How many of them one organization may redeem.</summary>
    public required int PerOrganization { get; init; }

    /// <summary>Until when they can be redeemed.</summary>
    public required DateTimeOffset RedeemBefore { get; init; }

    /// <summary>How long what they grant lasts; null for ever.</summary>
    public int? GrantDays { get; init; }
    public required Guid CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>A code is shown once, when it is made; only its hash is kept.</summary>
public sealed class RedemptionCode
{
    public required Guid Id { get; init; }
    public required Guid BatchId { get; init; }
    public required byte[] Hash { get; init; }
    public required string LastFour { get; init; }
    public DateTimeOffset? RedeemedAt { get; init; }
}

/// <summary>A code that an organization has redeemed. The journal and the lot it made have its id.</summary>
public sealed class Redemption
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid CodeId { get; init; }
    public required Guid BatchId { get; init; }
    public required Guid UserId { get; init; }
    public required long AmountMinor { get; init; }
    public required DateTimeOffset RedeemedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
}

public enum RedemptionRefusal
{
    /// <summary>There is no such code, or no longer.</summary>
    Unknown,
    Redeemed,
    OtherCurrency,

    /// <summary>The organization has had its share of this batch.</summary>
    TooMany,
}
