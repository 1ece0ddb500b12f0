namespace AiHub.Domain.Tenancy;

public enum OrganizationStatus
{
    Active,

    /// <summary>Signs in and pays, but no call is admitted.</summary>
    Suspended,

    /// <summary>Closed by its owner, for good: it is nobody's any more, and only its books remain.</summary>
    Closed,
}

/// <summary>Whether it pays what it owes; see <see cref="Quotas.DunningCase"/>.</summary>
public enum PaymentStanding
{
    Good,

    /// <summary>Overdue: no new calls, but its members sign in and pay.</summary>
    Restricted,

    /// <summary>Long overdue: its keys are refused.</summary>
    Suspended,
}

/// <summary>The customer: it owns keys, members, money and usage. Everything that carries its id is hidden from all others by the database.</summary>
public sealed class Organization
{
    public const string DefaultTimeZone = "Asia/Shanghai";

    public required Guid Id { get; init; }
    public required string Name { get; set; }

    /// <summary>Made at registration for one person; the default of their calls.</summary>
    public bool Personal { get; init; }

    /// <summary>What it is billed in; fixed for good, the ledger never converts.</summary>
    public required Currency Currency { get; init; }

    /// <summary>The IANA zone its days, months and billing periods are counted in.</summary>
    public string TimeZone { get; set; } = DefaultTimeZone;

    /// <summary>Moved by what it owes and pays, never by hand.</summary>
    public PaymentStanding Standing { get; init; }

    /// <summary>Whether answers are kept and given again to whoever in it asks the same, unless the key or the request says otherwise.</summary>
    public bool CachesAnswers { get; set; }
    public OrganizationStatus Status { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}
