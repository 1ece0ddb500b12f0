namespace AiHub.Domain.Payments;

public enum RefundStatus
{
    /// <summary>The money has left the wallet; the channel has not been asked yet.</summary>
    Requested,

    /// <summary>The channel has accepted it.</summary>
    Processing,
    Succeeded,

    /// <summary>The channel would not; the money is back in the wallet.</summary>
    Failed,
}

/// <summary>Purchased money on its way back to where it came from. All refunds of an order together never exceed what was paid.</summary>
public sealed class Refund
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid OrderId { get; init; }
    public Guid? UserId { get; init; }
    public required long AmountMinor { get; init; }

    /// <summary>Our number at the channel; asking again with the same number refunds once.</summary>
    public required string OutRefundNo { get; init; }
    public string? IdempotencyKey { get; init; }
    public RefundStatus Status { get; init; }
    public required string Reason { get; init; }
    public string? Failure { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? CompletedAt { get; init; }
    public DateTimeOffset? NextCheckAt { get; init; }
    public int Checks { get; init; }
}
