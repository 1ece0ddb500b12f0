using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Kind">top_up, usage or subscription.</param>
/// <param name="Status">finalized, paid, overdue, void or uncollectible.</param>
/// <param name="Subtotal">Without tax.</param>
/// <param name="Total">With tax.</param>
/// <param name="Due">What is still to be paid.</param>
/// <param name="TaxInclusive">Whether the amounts of the lines hold the tax.</param>
public sealed record InvoiceView(
    Guid Id,
    string Number,
    string Kind,
    string Status,
    string Currency,
    string Subtotal,
    string Tax,
    string Total,
    string Paid,
    string Credited,
    string Due,
    string TaxName,
    bool TaxInclusive,
    DateTimeOffset? PeriodStartsAt,
    DateTimeOffset? PeriodEndsAt,
    DateTimeOffset IssuedAt,
    DateTimeOffset? DueAt,
    DateTimeOffset? PaidAt,
    IReadOnlyList<InvoiceLineView> Lines,
    IReadOnlyList<CreditNoteView> CreditNotes);

/// <param name="TaxRate">In percent.</param>
public sealed record InvoiceLineView(
    Guid Id, string Description, long? Calls, long? InputTokens, long? OutputTokens, string Amount, string TaxRate, string Tax);

/// <param name="Disposition">refund, to_wallet or offset.</param>
public sealed record CreditNoteView(Guid Id, string Number, string Total, string Tax, string Disposition, string Reason, DateTimeOffset IssuedAt);

/// <param name="Channel">stripe, alipay or wechat_pay; GET billing/channels says which are open.</param>
/// <param name="Scene">desktop (default), mobile, or wechat: within WeChat itself, where the page asks WeChat to pay.</param>
/// <param name="OpenId">Who pays, as WeChat knows them in the hub's app; of the scene wechat only.</param>
/// <param name="WechatCode">Instead of open_id: the code WeChat's sign-in brought, for which the hub learns who pays.</param>
public sealed record InvoicePayment(
    [property: Required, AllowedValues("stripe", "alipay", "wechat_pay")] string Channel,
    [property: AllowedValues("desktop", "mobile", "wechat", null)] string? Scene = null,
    [property: StringLength(128, MinimumLength = 1)] string? OpenId = null,
    [property: StringLength(128, MinimumLength = 1)] string? WechatCode = null);

/// <param name="Name">Whom invoices are made out to.</param>
/// <param name="Email">Where invoices are sent; null sends none.</param>
/// <param name="Language">zh-CN or en.</param>
public sealed record BillingProfileView(
    [property: Required, StringLength(200, MinimumLength = 1)] string Name,
    [property: Required(AllowEmptyStrings = true), StringLength(300)] string Address,
    [property: Required(AllowEmptyStrings = true), StringLength(50)] string TaxId,
    [property: EmailAddress, StringLength(254)] string? Email,
    [property: Required, AllowedValues("zh-CN", "en")] string Language);

/// <summary>An invoice as an operator of the hub sees it.</summary>
public sealed record HubInvoiceView(
    Guid Id,
    Guid OrganizationId,
    string OrganizationName,
    string Number,
    string Kind,
    string Status,
    string Currency,
    string Subtotal,
    string Tax,
    string Total,
    string Due,
    DateTimeOffset IssuedAt,
    DateTimeOffset? DueAt,
    DateTimeOffset? PaidAt);

/// <summary>One invoice as an operator of the hub sees it.</summary>
public sealed record HubInvoiceDetail(Guid OrganizationId, string OrganizationName, InvoiceView Invoice);

public sealed record InvoiceReason([property: Required, StringLength(300, MinimumLength = 1)] string Reason);

/// <param name="Reference">The bank's reference of the transfer.</param>
public sealed record InvoiceTransfer([property: Required, StringLength(100, MinimumLength = 1)] string Reference);

/// <param name="Amount">Decimal string: with tax where prices hold it, else without.</param>
/// <param name="Disposition">to_wallet: into the wallet, of a paid invoice; offset: off what is still due.</param>
public sealed record NewCreditNote(
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: Required, AllowedValues("to_wallet", "offset")] string Disposition,
    [property: Required, StringLength(300, MinimumLength = 1)] string Reason);

/// <summary>The company that sells in a currency, as printed on what is invoiced from now on.</summary>
/// <param name="TaxRate">Decimal string in percent, at most two decimals.</param>
public sealed record LegalEntityView(
    string Id,
    string Currency,
    string Name,
    string Address,
    string TaxId,
    string Email,
    string BankDetails,
    string NumberPrefix,
    string TimeZone,
    string TaxName,
    string TaxRate,
    bool TaxInclusive,
    int PaymentDays);

public sealed record LegalEntityChange(
    [property: Required, StringLength(200, MinimumLength = 1)] string Name,
    [property: Required(AllowEmptyStrings = true), StringLength(300)] string Address,
    [property: Required(AllowEmptyStrings = true), StringLength(50)] string TaxId,
    [property: Required(AllowEmptyStrings = true), StringLength(254)] string Email,
    [property: Required(AllowEmptyStrings = true), StringLength(500)] string BankDetails,
    [property: Required, StringLength(64, MinimumLength = 1)] string TimeZone,
    [property: Required, StringLength(40, MinimumLength = 1)] string TaxName,
    [property: Required, StringLength(6, MinimumLength = 1)] string TaxRate,
    bool TaxInclusive,
    [property: Range(0, 365)] int PaymentDays);
