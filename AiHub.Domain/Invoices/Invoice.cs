using AiHub.Domain.Payments;

namespace AiHub.Domain.Invoices;

public enum InvoiceKind
{
    /// <summary>The receipt of a top-up: paid before it was written.</summary>
    TopUp,

    /// <summary>What a postpaid customer used in a month and has not paid in advance.</summary>
    Usage,

    /// <summary>A term of a plan, or the difference between two.</summary>
    Subscription,
}

public enum InvoiceStatus
{
    /// <summary>Has no number and may still change.</summary>
    Draft,

    /// <summary>Numbered and unchangeable; waits for payment.</summary>
    Finalized,
    Paid,

    /// <summary>Not paid in time.</summary>
    Overdue,

    /// <summary>Taken back before anything was paid; its number stays used.</summary>
    Void,

    /// <summary>Given up; written off.</summary>
    Uncollectible,
}

/// <summary>
/// What a customer owes or has paid, in fen or cents. Once final nothing of it changes but its status and what was paid or credited;
/// the functions of 70-invoices.sql alone make it final, and book it.
/// </summary>
public sealed class Invoice
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string LegalEntityId { get; init; }
    public required InvoiceKind Kind { get; init; }
    public InvoiceStatus Status { get; init; }

    /// <summary>What it is the invoice of, once: <c>top_up:{order}</c>, <c>usage:{month}</c>, <c>subscription:{charge}</c>.</summary>
    public required string Source { get; init; }

    /// <summary><c>AIH-2026-000123</c>; null while a draft. Without gaps within its entity and year.</summary>
    public string? Number { get; init; }
    public int? Year { get; init; }
    public int? Sequence { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>Without tax.</summary>
    public required long SubtotalMinor { get; init; }
    public required long TaxMinor { get; init; }

    /// <summary>With tax.</summary>
    public required long TotalMinor { get; init; }
    public long PaidMinor { get; init; }
    public long CreditedMinor { get; init; }
    public required string TaxName { get; init; }
    public required bool TaxInclusive { get; init; }
    public DateTimeOffset? PeriodStartsAt { get; init; }
    public DateTimeOffset? PeriodEndsAt { get; init; }

    /// <summary>The order that paid it in advance.</summary>
    public Guid? OrderId { get; init; }

    /// <summary>The seller and the buyer as of finalization; JSON of <see cref="InvoiceParty"/>.</summary>
    public string? Seller { get; init; }
    public string? Buyer { get; init; }

    /// <summary>The buyer's language: in which it is sent.</summary>
    public string Language { get; init; } = "zh-CN";
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? FinalizedAt { get; init; }
    public DateTimeOffset? DueAt { get; init; }
    public DateTimeOffset? PaidAt { get; init; }

    /// <summary>Why it was voided or given up.</summary>
    public string? Reason { get; init; }

    public long DueMinor => Status is InvoiceStatus.Void or InvoiceStatus.Uncollectible ? 0 : TotalMinor - PaidMinor - CreditedMinor;

    public Money Total => MinorUnits.ToMoney(TotalMinor, Currency);
}

public enum InvoiceLineKind
{
    TopUp,
    Usage,

    /// <summary>What had been paid in advance, taken off.</summary>
    Prepaid,
    Subscription,

    /// <summary>A month or year of a contract.</summary>
    ContractFee,
}

public sealed class InvoiceLine
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid InvoiceId { get; init; }
    public required int Position { get; init; }
    public required InvoiceLineKind Kind { get; init; }

    /// <summary>In the words of both languages: an invoice is read in both.</summary>
    public required string DescriptionZh { get; init; }
    public required string DescriptionEn { get; init; }

    /// <summary>How many calls; null where there is nothing to count.</summary>
    public long? Quantity { get; init; }
    public long? InputTokens { get; init; }
    public long? OutputTokens { get; init; }

    /// <summary>With tax where prices hold it, else without.</summary>
    public required long AmountMinor { get; init; }
    public required int TaxBasisPoints { get; init; }
    public required long TaxMinor { get; init; }

    /// <summary>What the ledger booked, before rounding to the line; null where both are the same.</summary>
    public long? ExactNanos { get; init; }
}

/// <summary>A month of a postpaid customer that has been looked at: invoiced, or nothing was owed. So each month is billed once.</summary>
public sealed class UsageMonth
{
    public required Guid OrganizationId { get; init; }
    public required DateTimeOffset EndsAt { get; init; }
    public required DateTimeOffset StartsAt { get; init; }
    public Guid? InvoiceId { get; init; }

    /// <summary>What rounding left over, owed or owing: carried to the next month. Less than one cent.</summary>
    public required long CarryNanos { get; init; }
}

/// <summary>How much a customer may owe, used and invoiced together. Set by <c>set_credit_limit</c>.</summary>
public sealed class CreditLimit
{
    public required Guid OrganizationId { get; init; }
    public required long Nanos { get; init; }
}

/// <summary>The last number of a series. A row rather than a sequence: what is rolled back leaves no gap.</summary>
public sealed class InvoiceSeries
{
    public required string LegalEntityId { get; init; }
    public required string Series { get; init; }
    public required int Year { get; init; }
    public required int Last { get; init; }
}

/// <summary>An invoice or credit note as a file, made once: whoever asks again gets the same bytes.</summary>
public sealed class InvoiceDocument
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>The invoice or the credit note.</summary>
    public required Guid SubjectId { get; init; }
    public required string Language { get; init; }
    public required byte[] Content { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An invoice on its way to the buyer's mailbox.</summary>
public sealed class InvoiceMail
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid SubjectId { get; init; }
    public required string Target { get; init; }
    public required string Language { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }

    /// <summary>Given up after the last try, with the reason.</summary>
    public DateTimeOffset? ParkedAt { get; init; }
    public string? LastError { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
