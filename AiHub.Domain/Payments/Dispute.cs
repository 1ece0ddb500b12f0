namespace AiHub.Domain.Payments;

public enum DisputeStatus
{
    /// <summary>The bank has taken the money back; so has the hub, until it is decided.</summary>
    Open,

    /// <summary>The money came back, and is in the wallet again.</summary>
    Won,
    Lost,
}

/// <summary>A card holder asked the bank for the money of an order. As much of it as the wallet has left is set aside at once; the rest is owed.</summary>
public sealed class Dispute
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid OrderId { get; init; }

    /// <summary>The channel's name for it.</summary>
    public required string Reference { get; init; }
    public required DisputeStatus Status { get; init; }
    public required long AmountMinor { get; init; }

    /// <summary>What was set aside in the account <c>disputed</c>.</summary>
    public required long TakenNanos { get; init; }
    public required string Reason { get; init; }
    public required DateTimeOffset OpenedAt { get; init; }

    /// <summary>Until when the bank takes evidence; null where the channel does not say.</summary>
    public DateTimeOffset? EvidenceDueAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
}
