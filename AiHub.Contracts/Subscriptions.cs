using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Interval">month (default) or year.</param>
/// <param name="ProrationAt">The moment of a preview at most a quarter of an hour old: what was shown is then charged to the cent.</param>
public sealed record PlanChangePreview(
    [property: Required, StringLength(40, MinimumLength = 1)] string PlanId,
    [property: AllowedValues("month", "year", null)] string? Interval = null,
    DateTimeOffset? ProrationAt = null);

/// <param name="Channel">stripe, alipay or wechat_pay, or balance: from the purchased money of the wallet. Not needed where nothing is due.</param>
/// <param name="AutoRenew">With stripe: keeps the card and renews by itself (default). The others are paid term by term.</param>
/// <param name="Scene">desktop (default), mobile, or wechat: within WeChat itself, where the page asks WeChat to pay.</param>
/// <param name="OpenId">Who pays, as WeChat knows them in the hub's app; of the scene wechat only.</param>
/// <param name="WechatCode">Instead of open_id: the code WeChat's sign-in brought, for which the hub learns who pays.</param>
public sealed record PlanChangeRequest(
    [property: Required, StringLength(40, MinimumLength = 1)] string PlanId,
    [property: AllowedValues("month", "year", null)] string? Interval = null,
    [property: AllowedValues("stripe", "alipay", "wechat_pay", "balance", null)] string? Channel = null,
    bool? AutoRenew = null,
    DateTimeOffset? ProrationAt = null,
    [property: AllowedValues("desktop", "mobile", "wechat", null)] string? Scene = null,
    [property: StringLength(128, MinimumLength = 1)] string? OpenId = null,
    [property: StringLength(128, MinimumLength = 1)] string? WechatCode = null);

/// <param name="Channel">stripe, alipay, wechat_pay or balance.</param>
/// <param name="Scene">desktop (default), mobile, or wechat: within WeChat itself, where the page asks WeChat to pay.</param>
/// <param name="OpenId">Who pays, as WeChat knows them in the hub's app; of the scene wechat only.</param>
/// <param name="WechatCode">Instead of open_id: the code WeChat's sign-in brought, for which the hub learns who pays.</param>
public sealed record RenewalRequest(
    [property: Required, AllowedValues("stripe", "alipay", "wechat_pay", "balance")] string Channel,
    [property: AllowedValues("desktop", "mobile", "wechat", null)] string? Scene = null,
    [property: StringLength(128, MinimumLength = 1)] string? OpenId = null,
    [property: StringLength(128, MinimumLength = 1)] string? WechatCode = null);

/// <param name="Kind">fee, unused (a credit) or remaining.</param>
/// <param name="Amount">Decimal string; negative is a credit.</param>
public sealed record SubscriptionLineView(string Kind, string PlanId, string Interval, DateTimeOffset From, DateTimeOffset To, string Amount);

/// <param name="Timing">at_once, or at_term_end: then nothing is due now and it can be called off until then.</param>
/// <param name="Due">Decimal string; the sum of the lines.</param>
/// <param name="EffectiveAt">When the plan changes.</param>
/// <param name="PaidThrough">Until when is paid afterwards.</param>
/// <param name="Tokens">What is granted on top in the month that runs.</param>
public sealed record PlanQuoteView(
    string PlanId, string Interval, string Timing, string Currency, string Due, IReadOnlyList<SubscriptionLineView> Lines,
    DateTimeOffset EffectiveAt, DateTimeOffset? PaidThrough, long Tokens, DateTimeOffset ProrationAt);

/// <param name="Outcome">applied, scheduled, or awaiting_payment: then the order has to be paid.</param>
public sealed record PlanChangeView(string Outcome, SubscriptionView Subscription, PlanQuoteView Quote, PaymentOrderView? Order);

/// <param name="Kind">start, upgrade or renewal.</param>
public sealed record SubscriptionChargeView(
    Guid Id, string Kind, string PlanId, string Interval, string Amount, string Currency, IReadOnlyList<SubscriptionLineView> Lines, long Tokens,
    DateTimeOffset PaidThrough, DateTimeOffset AppliedAt);

public sealed record PaymentMethodView(Guid Id, string Channel, string Brand, string LastFour, DateTimeOffset CreatedAt);

/// <param name="Below">Decimal string: less than this in the wallet refills it.</param>
/// <param name="Amount">Decimal string: by this.</param>
/// <param name="MonthlyCap">Decimal string: never more than this in a calendar month.</param>
public sealed record AutoTopUpRequest(
    [property: Required, StringLength(20, MinimumLength = 1)] string Below,
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: Required, StringLength(20, MinimumLength = 1)] string MonthlyCap);

/// <param name="StopReason">declined, cap_reached or method_removed; null while it works.</param>
/// <param name="ThisMonth">What the calendar month has taken so far, orders under way included.</param>
/// <param name="Last">The newest order it made; null when there is none.</param>
public sealed record AutoTopUpView(
    string Currency, string Below, string Amount, string MonthlyCap, DateTimeOffset? StoppedAt, string? StopReason, PaymentMethodView? Method, string ThisMonth, AutoTopUpTry? Last);

/// <param name="Status">created, pending, paid, closed or failed.</param>
/// <param name="Failure">What the channel said when it would not take the money.</param>
public sealed record AutoTopUpTry(Guid OrderId, string Status, string Amount, DateTimeOffset CreatedAt, string? Failure);

public sealed record CodeRedemption([property: Required, StringLength(60, MinimumLength = 8)] string Code);

public sealed record RedemptionView(Guid Id, string Amount, string Currency, DateTimeOffset RedeemedAt, DateTimeOffset? ExpiresAt);

/// <param name="Status">open, won or lost.</param>
/// <param name="EvidenceDueAt">Until when the bank takes evidence; null where the channel does not say.</param>
public sealed record DisputeView(Guid Id, Guid OrderId, string Status, string Amount, string Currency, string Reason, DateTimeOffset OpenedAt, DateTimeOffset? ClosedAt, DateTimeOffset? EvidenceDueAt);

/// <param name="CreditLimit">Decimal string in the organization's currency: how far below zero its wallet may go.</param>
/// <param name="MonthlyTokens">What is granted each month; null is the plan's own.</param>
/// <param name="Fee">What is invoiced beside what is used; null is nothing.</param>
public sealed record ContractTerms(
    [property: Required, StringLength(40, MinimumLength = 1)] string PlanId,
    [property: Required, StringLength(20, MinimumLength = 1)] string CreditLimit,
    [property: Range(0, long.MaxValue)] long? MonthlyTokens = null,
    ContractFeeTerms? Fee = null);

/// <param name="Amount">Decimal string in the organization's currency, with at most two decimals: for each month or year.</param>
/// <param name="Interval">month or year.</param>
/// <param name="From">The first day it covers, in the organization's time zone.</param>
/// <param name="Until">The last day it covers; null while no end is known.</param>
public sealed record ContractFeeTerms(
    [property: Required, StringLength(16, MinimumLength = 1)] string Amount,
    [property: Required, AllowedValues("month", "year")] string Interval,
    DateOnly From,
    DateOnly? Until = null);

/// <param name="GrantDays">How long what a code grants lasts; null for ever.</param>
public sealed record NewCodeBatch(
    [property: Required, StringLength(80, MinimumLength = 1)] string Name,
    [property: Required, AllowedValues("USD", "CNY")] string Currency,
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: Range(1, 1000)] int Count,
    DateTimeOffset RedeemBefore,
    [property: Range(1, 1000)] int PerOrganization = 1,
    [property: Range(1, 3650)] int? GrantDays = null);

public sealed record CodeBatchView(
    Guid Id, string Name, string Currency, string Amount, int Count, int Redeemed, int PerOrganization, DateTimeOffset RedeemBefore, int? GrantDays,
    DateTimeOffset CreatedAt, DateTimeOffset? RevokedAt);

/// <param name="Codes">Shown this once.</param>
public sealed record CreatedCodeBatch(CodeBatchView Batch, IReadOnlyList<string> Codes);
