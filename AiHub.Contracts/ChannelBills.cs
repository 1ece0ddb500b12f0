using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <summary>A channel's bill of one day, compared with the books.</summary>
/// <param name="Day">In the channel's own time: Beijing's for Alipay and WeChat Pay, UTC for Stripe.</param>
/// <param name="Status">waiting, matched or differs.</param>
/// <param name="Lines">How many lines it has that are compared.</param>
/// <param name="Differences">How many of them are not as the books say, and have not been accepted.</param>
/// <param name="Sums">One for each currency on it.</param>
/// <param name="Attempts">How often the channel was asked for it.</param>
/// <param name="Error">Why it could not be had the last time.</param>
/// <param name="NextAttemptAt">When it is asked for again; null when it is settled.</param>
public sealed record ChannelBillView(
    Guid Id, string Channel, DateOnly Day, string Status, int Lines, int Differences, IReadOnlyList<ChannelBillSum> Sums,
    int Attempts, string? Error, DateTimeOffset? ComparedAt, DateTimeOffset? NextAttemptAt);

/// <summary>What a bill adds up to in one currency, as the channel says.</summary>
/// <param name="Refunded">What went back, refunds and disputes.</param>
/// <param name="Fees">What the channel kept, less what it gave back, as booked in the ledger.</param>
/// <param name="Net">Paid less refunded less fees.</param>
/// <param name="PaidOut">What the channel paid out to the hub's bank account, as booked in the ledger.</param>
public sealed record ChannelBillSum(string Currency, long PaidCount, string Paid, long RefundedCount, string Refunded, string Fees, string Net, string PaidOut);

/// <summary>A line of a bill, or something of ours that is on no bill.</summary>
/// <param name="Kind">payment, refund, refund_failed, dispute, dispute_won, payout, funds (the account at the channel moved otherwise than its trades say) or other.</param>
/// <param name="Verdict">matched, missing_here (the channel has it, the books do not), missing_there (the books have it, the channel does not), amount_differs or none (nothing to compare).</param>
/// <param name="Amount">What the channel says; below zero when money went back. Null for missing_there.</param>
/// <param name="OurAmount">What the books say; null for missing_here.</param>
/// <param name="Fee">What the channel kept for it.</param>
/// <param name="FeeCurrency">Channels that convert keep their fee in another currency than was paid.</param>
/// <param name="AcceptedReason">Why an operator settled the difference; null while it is open.</param>
public sealed record ChannelBillLineView(
    Guid Id, string Kind, string Verdict, string Reference, string Currency, string? Amount, string? OurAmount, string Fee, string FeeCurrency, DateTimeOffset OccurredAt,
    string? OutTradeNo, string? ChannelTradeNo, string? OutRefundNo, Guid? OrderId, Guid? OrganizationId, string? OrganizationName,
    string? AcceptedReason, DateTimeOffset? AcceptedAt);

public sealed record BillAcceptance([property: Required, StringLength(200, MinimumLength = 1)] string Reason);
