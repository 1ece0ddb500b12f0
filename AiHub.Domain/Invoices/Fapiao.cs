namespace AiHub.Domain.Invoices;

public enum FapiaoTitleKind
{
    Personal,
    Company,
}

/// <summary>抬头: in whose name a fapiao is issued.</summary>
public sealed class FapiaoTitle
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required FapiaoTitleKind Kind { get; init; }
    public required string Name { get; init; }

    /// <summary>统一社会信用代码; a company has one, a person none.</summary>
    public string? TaxId { get; init; }
    public string Address { get; init; } = "";
    public string Phone { get; init; } = "";
    public string Bank { get; init; } = "";
    public string BankAccount { get; init; } = "";

    /// <summary>Where the fapiao is delivered.</summary>
    public required string Email { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Removed from the list; what was issued in its name keeps it.</summary>
    public DateTimeOffset? RemovedAt { get; set; }
}

public enum FapiaoKind
{
    /// <summary>数电普票.</summary>
    General,

    /// <summary>数电专票: its tax is deductible; for companies with all their details.</summary>
    Special,
}

public enum FapiaoStatus
{
    /// <summary>Asked for; not taken to the tax platform yet.</summary>
    Submitted,

    /// <summary>On its way through the tax platform.</summary>
    Issuing,
    Issued,

    /// <summary>Refused by the operator; its amount is free again.</summary>
    Rejected,

    /// <summary>The tax platform would not; its amount is free again.</summary>
    Failed,

    /// <summary>Issued, and to be taken back by a red one.</summary>
    RedPending,

    /// <summary>Taken back by a red fapiao; its amount is free again.</summary>
    Reversed,
}

/// <summary>
/// 发票 over an amount that was paid and consumed. Each fen is on at most one: the amounts that are neither refused nor reversed never exceed
/// what the ledger says was paid and used. Moved by the functions of 71-fapiao.sql alone.
/// </summary>
public sealed class FapiaoRequest
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid TitleId { get; init; }
    public required Guid UserId { get; init; }
    public required FapiaoKind Kind { get; init; }
    public FapiaoStatus Status { get; init; }

    /// <summary>With tax, in fen.</summary>
    public required long AmountMinor { get; init; }
    public required long TaxMinor { get; init; }
    public required int TaxBasisPoints { get; init; }
    public string Remark { get; init; } = "";
    public string? IdempotencyKey { get; init; }

    /// <summary>The tax platform's number of it, 20 digits.</summary>
    public string? Number { get; init; }
    public string? RedNumber { get; init; }

    /// <summary>Why it was refused, failed or is to be reversed.</summary>
    public string? Reason { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? IssuedAt { get; init; }
    public DateTimeOffset? ReversedAt { get; init; }
}
