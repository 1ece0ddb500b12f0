namespace AiHub.Domain.Payments;

/// <summary>
/// The accounts the hub keeps with a channel. What customers paid and got back is in the books of their organizations, on
/// <see cref="Accounts.AccountKind.Payments"/>; what the channel kept and paid out is nobody's but the hub's, and is here.
/// </summary>
public enum ChannelAccount
{
    /// <summary>What the channel owes the hub less than customers paid: below zero.</summary>
    Clearing,

    /// <summary>What the channel has kept for its work.</summary>
    Fees,

    /// <summary>What has arrived at the hub's bank.</summary>
    Bank,
}

public enum ChannelJournalKind
{
    Fee,

    /// <summary>A fee, or a part of it, that the channel gave back.</summary>
    FeeReturned,
    Payout,

    /// <summary>The channel has written its bill anew: what it says now less what was booked of it.</summary>
    Correction,
}

/// <summary>
/// One movement between the hub and a channel, of one line of a bill: entries that sum to zero. Written once by <c>bill_book</c> of 73-bills.sql, read by
/// its neighbours, never changed.
/// </summary>
public sealed class ChannelJournal
{
    public required Guid Id { get; init; }

    /// <summary>Says what was booked, once: the account, the bill, the line, and how often the channel has written it otherwise.</summary>
    public required string IdempotencyKey { get; init; }
    public required Guid BillId { get; init; }

    /// <summary>The line's. Not a key to it: a line may disappear from a bill, what was booked of it may not.</summary>
    public required string Reference { get; init; }
    public required PaymentChannelId Channel { get; init; }
    public required ChannelJournalKind Kind { get; init; }

    /// <summary>When it happened at the channel.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }
    public required DateTimeOffset BookedAt { get; init; }
}

public sealed class ChannelEntry
{
    public long Id { get; init; }
    public required Guid JournalId { get; init; }
    public required ChannelAccount Account { get; init; }

    /// <summary>The channel's, which is not always the payment's: channels that convert keep their fee in their own.</summary>
    public required string Unit { get; init; }

    /// <summary>Positive adds to the account. Nano-units.</summary>
    public required long Amount { get; init; }
}
