using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Key">The day, the plan's id or the organization's id.</param>
/// <param name="Promotions">Given away: below zero.</param>
/// <param name="WrittenOff">Never collected: below zero.</param>
/// <param name="Tax">Tax inside prices: below zero.</param>
/// <param name="Net">All of it together.</param>
public sealed record RevenueRow(string Key, string Currency, string Usage, string Subscriptions, string Promotions, string Breakage, string WrittenOff, string Tax, string Net);

/// <param name="Channel">stripe, alipay, wechat_pay or bank.</param>
/// <param name="Fees">What the channel kept, less what it gave back, as booked of its bills.</param>
/// <param name="Net">Paid less refunded less fees.</param>
/// <param name="PaidOut">What the channel paid out to the hub's bank account, as booked of its bills.</param>
public sealed record ChannelTotals(
    string Channel, string Currency, long PaidCount, string Paid, long RefundedCount, string Refunded, string Fees, string Net, string PaidOut);

public sealed record Receivable(Guid OrganizationId, string OrganizationName, string Currency, string Open, string Overdue, DateTimeOffset? OldestDueAt);

/// <param name="ListPrice">What the calls were worth at their customers' prices, whoever paid.</param>
/// <param name="Charged">What wallets paid; plans covered the rest.</param>
/// <param name="VendorCost">What the vendor gets for them.</param>
/// <param name="Margin">List price less vendor cost.</param>
public sealed record ModelMargin(string ModelId, string VendorId, string Currency, long Calls, string ListPrice, string Charged, string VendorCost, string Margin);

/// <summary>An order as an operator of the hub sees it.</summary>
public sealed record HubOrderView(
    Guid Id, Guid OrganizationId, string OrganizationName, string Purpose, string Channel, string Status, string Currency, string Amount, string Refunded,
    string OutTradeNo, string? ChannelTradeNo, DateTimeOffset CreatedAt, DateTimeOffset? PaidAt);

/// <summary>One order as an operator of the hub sees it, with what became of it.</summary>
/// <param name="Failure">What the channel said last, where it would not do what it was asked.</param>
/// <param name="NextCheckAt">When the channel is asked about it next; null when there is nothing left to ask.</param>
/// <param name="Checks">How often it has been asked.</param>
public sealed record HubOrderDetail(
    HubOrderView Order, string? Failure, DateTimeOffset ExpiresAt, DateTimeOffset? ClosedAt, DateTimeOffset? NextCheckAt, int Checks, IReadOnlyList<HubRefundView> Refunds);

/// <param name="Status">requested, processing, succeeded or failed.</param>
/// <param name="Failure">Why the channel refused.</param>
/// <param name="OutRefundNo">The refund's number at the channel.</param>
public sealed record HubRefundView(
    Guid Id, string Status, string Amount, string Currency, string Reason, string? Failure, string OutRefundNo, DateTimeOffset CreatedAt, DateTimeOffset? CompletedAt);

/// <summary>A dispute as an operator of the hub sees it.</summary>
/// <param name="Reference">The channel's name for it.</param>
/// <param name="SetAside">What was taken out of the wallet until it is decided; the rest is owed.</param>
/// <param name="EvidenceDueAt">Until when the bank takes evidence; null where the channel does not say.</param>
public sealed record HubDisputeView(
    Guid Id, Guid OrganizationId, string OrganizationName, Guid OrderId, string OutTradeNo, string Reference, string Status, string Currency, string Amount, string SetAside, string Reason,
    DateTimeOffset OpenedAt, DateTimeOffset? EvidenceDueAt, DateTimeOffset? ClosedAt);

/// <param name="CostPercent">What the vendor charges, in percent of its list price; decimal string with at most two decimals.</param>
/// <param name="ValidFrom">From when on; now if null.</param>
public sealed record NewVendorTerms(
    [property: Required, StringLength(64, MinimumLength = 1)] string VendorId,
    [property: Required, StringLength(6, MinimumLength = 1)] string CostPercent,
    DateTimeOffset? ValidFrom = null);

public sealed record VendorTermsView(Guid Id, string VendorId, string CostPercent, DateTimeOffset ValidFrom);
