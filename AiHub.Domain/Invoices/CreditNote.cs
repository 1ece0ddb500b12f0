namespace AiHub.Domain.Invoices;

/// <summary>What becomes of the money a credit note gives back.</summary>
public enum CreditDisposition
{
    /// <summary>It went back to where it was paid from.</summary>
    Refund,

    /// <summary>Into the wallet.</summary>
    ToWallet,

    /// <summary>Off what is still to be paid.</summary>
    Offset,
}

/// <summary>Takes back part of a final invoice, line by line; never more than the line. Numbered in a series of its own, and never changed.</summary>
public sealed class CreditNote
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid InvoiceId { get; init; }
    public required string LegalEntityId { get; init; }
    public required string Number { get; init; }
    public required int Year { get; init; }
    public required int Sequence { get; init; }
    public required CreditDisposition Disposition { get; init; }
    public required string Reason { get; init; }
    public required Currency Currency { get; init; }
    public required long SubtotalMinor { get; init; }
    public required long TaxMinor { get; init; }
    public required long TotalMinor { get; init; }

    /// <summary>The refund it documents.</summary>
    public Guid? RefundId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

public sealed class CreditNoteLine
{
    public required Guid CreditNoteId { get; init; }
    public required Guid InvoiceLineId { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>As the invoice's line: with tax where prices hold it, else without.</summary>
    public required long AmountMinor { get; init; }
    public required long TaxMinor { get; init; }
}
