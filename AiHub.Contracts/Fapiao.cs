using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Kind">personal or company.</param>
/// <param name="TaxId">统一社会信用代码; of a company, and of a company only.</param>
/// <param name="Email">Where fapiao are delivered.</param>
public sealed record NewFapiaoTitle(
    [property: Required, AllowedValues("personal", "company")] string Kind,
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    [property: StringLength(18)] string? TaxId,
    [property: Required, EmailAddress, StringLength(254)] string Email,
    [property: StringLength(200)] string? Address = null,
    [property: StringLength(40)] string? Phone = null,
    [property: StringLength(100)] string? Bank = null,
    [property: StringLength(40)] string? BankAccount = null);

public sealed record FapiaoTitleView(
    Guid Id, string Kind, string Name, string? TaxId, string Email, string Address, string Phone, string Bank, string BankAccount, DateTimeOffset CreatedAt);

/// <param name="Invoiceable">What was paid and consumed and is on no fapiao yet.</param>
public sealed record FapiaoBalance(string Invoiceable, string Currency);

/// <param name="Kind">general (普票) or special (专票).</param>
/// <param name="Amount">Decimal string with at most two decimals, with tax.</param>
public sealed record NewFapiao(
    Guid TitleId,
    [property: Required, AllowedValues("general", "special")] string Kind,
    [property: Required, StringLength(20, MinimumLength = 1)] string Amount,
    [property: StringLength(100)] string? Remark = null);

/// <param name="Status">submitted, issuing, issued, rejected, failed, red_pending or reversed.</param>
public sealed record FapiaoView(
    Guid Id,
    Guid TitleId,
    string TitleName,
    string Kind,
    string Status,
    string Amount,
    string Tax,
    string Currency,
    string? Number,
    string? RedNumber,
    string? Reason,
    DateTimeOffset CreatedAt,
    DateTimeOffset? IssuedAt,
    DateTimeOffset? ReversedAt);

public sealed record FapiaoReason([property: Required, StringLength(200, MinimumLength = 1)] string Reason);

/// <summary>A request as an operator of the hub sees it, with all that the tax platform asks for.</summary>
public sealed record HubFapiaoView(
    Guid Id,
    Guid OrganizationId,
    string OrganizationName,
    string Kind,
    string Status,
    string Amount,
    string Tax,
    string TaxRate,
    string Remark,
    FapiaoTitleView Title,
    string? Number,
    string? RedNumber,
    string? Reason,
    DateTimeOffset CreatedAt);

/// <param name="Lines">What the tax platform answered, a line a request.</param>
public sealed record FapiaoImport([property: Required, MaxLength(1000)] IReadOnlyList<FapiaoImportLine> Lines);

/// <param name="Number">The blue number of a request to be issued, the red one of a request to be reversed; 20 digits.</param>
public sealed record FapiaoImportLine(Guid Id, [property: Required, StringLength(20, MinimumLength = 8)] string Number);

/// <param name="Imported">Requests that were issued or reversed now.</param>
/// <param name="Skipped">Ids that waited for no number, or whose number is taken or none.</param>
public sealed record FapiaoImported(int Imported, IReadOnlyList<Guid> Skipped);
