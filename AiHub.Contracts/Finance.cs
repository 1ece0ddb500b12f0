using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Key">The day, the plan's id or the organization's id.</param>
/// <param name="Promotions">Given away: below zero.</param>
/// <param name="WrittenOff">Never collected: below zero.</param>
/// <param name="Tax">Tax inside prices: below zero.</param>
/// <param name="Net">All of it together.</param>
public sealed record RevenueRow(string Key, string Currency, string Usage, string Subscriptions, string Promotions, string Breakage, string WrittenOff, string Tax, string Net);

/// <param name="Channel">stripe, alipay, wechat_pay or bank.</param>
/// <param name="Net">Paid less refunded.</param>
/// <param name="Fees">What the channel kept, as its bills of these days say; it is not in the ledger.</param>
public sealed record ChannelTotals(string Channel, string Currency, long PaidCount, string Paid, long RefundedCount, string Refunded, string Net, string Fees);

public sealed record Receivable(Guid OrganizationId, string OrganizationName, string Currency, string Open, string Overdue, DateTimeOffset? OldestDueAt);

/// <param name="ListPrice">What the calls were worth, whoever paid.</param>
/// <param name="Charged">What wallets paid; plans covered the rest.</param>
/// <param name="VendorCost">What the vendor gets for them.</param>
/// <param name="Margin">List price less vendor cost.</param>
public sealed record ModelMargin(string ModelId, string VendorId, string Currency, long Calls, string ListPrice, string Charged, string VendorCost, string Margin);

/// <summary>An order as an operator of the hub sees it.</summary>
public sealed record HubOrderView(
    Guid Id, Guid OrganizationId, string OrganizationName, string Purpose, string Channel, string Status, string Currency, string Amount, string Refunded,
    string OutTradeNo, string? ChannelTradeNo, DateTimeOffset CreatedAt, DateTimeOffset? PaidAt);

/// <param name="CostPercent">What the vendor charges, in percent of its list price; decimal string with at most two decimals.</param>
/// <param name="ValidFrom">From when on; now if null.</param>
public sealed record NewVendorTerms(
    [property: Required, StringLength(64, MinimumLength = 1)] string VendorId,
    [property: Required, StringLength(6, MinimumLength = 1)] string CostPercent,
    DateTimeOffset? ValidFrom = null);

public sealed record VendorTermsView(Guid Id, string VendorId, string CostPercent, DateTimeOffset ValidFrom);
