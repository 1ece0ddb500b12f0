namespace AiHub.Domain.Payments;

public enum ChannelBillStatus
{
    /// <summary>Not had yet, or to be had again.</summary>
    Waiting,

    /// <summary>Every line is as the books say, or was accepted.</summary>
    Matched,
    Differs,
}

public enum BillLineKind
{
    Payment,
    Refund,

    /// <summary>A refund that came back.</summary>
    RefundFailed,

    /// <summary>A bank has taken a payment back.</summary>
    Dispute,
    DisputeWon,

    /// <summary>What the channel paid out to the hub's bank account; above zero when it came back.</summary>
    Payout,

    /// <summary>What moved in the account at the channel is not what the channel's trades say.</summary>
    Funds,

    /// <summary>Nothing of ours: a fee by itself, and whatever else moves at a channel.</summary>
    Other,
}

public enum BillVerdict
{
    /// <summary>Nothing to compare.</summary>
    None,
    Matched,

    /// <summary>The channel has it, the books do not.</summary>
    MissingHere,

    /// <summary>The books have it, the channel does not.</summary>
    MissingThere,
    AmountDiffers,
}

/// <summary>
/// What a channel's bill of one day says of itself, and how it compares with the books. Written and read by the functions of 73-bills.sql alone:
/// it is about all organizations and belongs to none.
/// </summary>
public sealed class ChannelBill
{
    public required Guid Id { get; init; }
    public required PaymentChannelId Channel { get; init; }

    /// <summary>In the channel's own time.</summary>
    public required DateOnly Day { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public required ChannelBillStatus Status { get; init; }

    /// <summary>How many lines are neither as the books say nor accepted.</summary>
    public required int Differences { get; init; }
    public required int Attempts { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public string? LastError { get; init; }
    public DateTimeOffset? ComparedAt { get; init; }
}

public sealed class ChannelBillLine
{
    public required Guid Id { get; init; }
    public required Guid BillId { get; init; }

    /// <summary>What the line is called on this bill; one of a kind.</summary>
    public required string Reference { get; init; }
    public required BillLineKind Kind { get; init; }
    public required BillVerdict Verdict { get; init; }
    public required string Currency { get; init; }

    /// <summary>What came in; below zero when it went back. Null where the channel has no such line.</summary>
    public long? AmountMinor { get; init; }

    /// <summary>What the books say.</summary>
    public long? OurAmountMinor { get; init; }

    /// <summary>What the channel kept; below zero when it gave it back. Fees may be parts of a cent.</summary>
    public required long FeeNanos { get; init; }
    public required string FeeCurrency { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public string? OutTradeNo { get; init; }
    public string? ChannelTradeNo { get; init; }
    public string? OutRefundNo { get; init; }
    public Guid? OrderId { get; init; }
    public Guid? RefundId { get; init; }

    /// <summary>Why an operator settled the difference.</summary>
    public string? AcceptedReason { get; init; }
    public Guid? AcceptedBy { get; init; }
    public DateTimeOffset? AcceptedAt { get; init; }
}

/// <summary>A line of a bill as the channel wrote it.</summary>
/// <param name="AmountMinor">What came in; below zero when it went back.</param>
/// <param name="OrderId">Our order's id, where the channel carries it along.</param>
/// <param name="ExpectedMinor">Of <see cref="BillLineKind.Funds"/>: what should have moved.</param>
public sealed record BillLine(
    string Reference, BillLineKind Kind, string Currency, long AmountMinor, long FeeNanos, string FeeCurrency, DateTimeOffset OccurredAt,
    string? OutTradeNo = null, string? ChannelTradeNo = null, string? OutRefundNo = null, Guid? OrderId = null, long? ExpectedMinor = null);
