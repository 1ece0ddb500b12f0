namespace AiHub.Domain.Payments;

public enum NoticeKind
{
    Paid,

    /// <summary>The channel has closed the order; it says nothing about money.</summary>
    Closed,
    Refunded,
    RefundFailed,

    /// <summary>A bank has taken a payment back.</summary>
    DisputeOpened,
    DisputeWon,
    DisputeLost,

    /// <summary>Genuine, and about nothing that concerns us.</summary>
    Other,
}

/// <summary>
/// What a channel told us, verified and kept before it was acknowledged, once per channel and event. It belongs to no organization until
/// its order has been found.
/// </summary>
public sealed class InboundNotice
{
    public required Guid Id { get; init; }
    public required PaymentChannelId Channel { get; init; }
    public required string EventId { get; init; }
    public required NoticeKind Kind { get; init; }
    public required DateTimeOffset ReceivedAt { get; init; }
    public string? OutTradeNo { get; init; }
    public string? ChannelTradeNo { get; init; }
    public string? OutRefundNo { get; init; }

    /// <summary>The channel's name for a dispute.</summary>
    public string? DisputeReference { get; init; }

    /// <summary>What the bank gives as the reason of a dispute.</summary>
    public string? DisputeReason { get; init; }

    /// <summary>Until when the bank takes evidence against a dispute.</summary>
    public DateTimeOffset? EvidenceDueAt { get; init; }

    /// <summary>The merchant that the channel says was paid.</summary>
    public string? Merchant { get; init; }
    public string? App { get; init; }
    public string? Currency { get; init; }
    public long? AmountMinor { get; init; }
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>The bytes as they came.</summary>
    public required byte[] Body { get; init; }
    public DateTimeOffset? HandledAt { get; set; }

    /// <summary>What it led to: credited, already_credited, mismatch …</summary>
    public string? Outcome { get; set; }
    public int Attempts { get; set; }
    public DateTimeOffset? NextAttemptAt { get; set; }
    public string? LastError { get; set; }

    /// <summary>Set when nobody will try again by itself; an operator sees it.</summary>
    public DateTimeOffset? ParkedAt { get; set; }
}
