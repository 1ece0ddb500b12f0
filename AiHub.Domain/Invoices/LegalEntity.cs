namespace AiHub.Domain.Invoices;

/// <summary>
/// Who sells: the company on the invoice. Each currency is sold by one of them. Its tax is data, because rates change and differ;
/// what has been invoiced carries what held then.
/// </summary>
public sealed class LegalEntity
{
    public required string Id { get; init; }

    /// <summary>The currency it sells in; one entity a currency.</summary>
    public required Currency Currency { get; init; }
    public required string Name { get; set; }
    public string Address { get; set; } = "";

    /// <summary>统一社会信用代码, VAT number or EIN.</summary>
    public string TaxId { get; set; } = "";
    public string Email { get; set; } = "";

    /// <summary>Where to pay by bank transfer; printed as it stands.</summary>
    public string BankDetails { get; set; } = "";

    /// <summary>Begins its numbers: <c>AIH-2026-000123</c>.</summary>
    public required string NumberPrefix { get; set; }

    /// <summary>The IANA zone its days and years are counted in.</summary>
    public required string TimeZone { get; set; }
    public required string TaxName { get; set; }

    /// <summary>600 is 6 %.</summary>
    public required int TaxBasisPoints { get; set; }

    /// <summary>Whether prices hold the tax already, as is the custom in China, or it comes on top.</summary>
    public required bool TaxInclusive { get; set; }

    /// <summary>How long a postpaid invoice may stay unpaid before it is overdue.</summary>
    public int PaymentDays { get; set; } = 15;
    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>Whom the invoices of an organization are made out to.</summary>
public sealed class BillingProfile
{
    public required Guid OrganizationId { get; init; }
    public required string Name { get; set; }
    public string Address { get; set; } = "";
    public string TaxId { get; set; } = "";

    /// <summary>Where invoices are sent; null sends none.</summary>
    public string? Email { get; set; }

    /// <summary><c>zh-CN</c> or <c>en</c>.</summary>
    public required string Language { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>One side of an invoice as it was when the invoice became final.</summary>
public sealed record InvoiceParty(string Name, string Address, string TaxId, string Email, string BankDetails);
