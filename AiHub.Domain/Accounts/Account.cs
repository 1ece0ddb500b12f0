namespace AiHub.Domain.Accounts;

/// <summary>
/// The chart of accounts, the same for every organization. The first three belong to the customer and carry a running
/// <see cref="Balance"/>; the rest are the hub's side, per organization so that no row is shared, and are entries only.
/// </summary>
public enum AccountKind
{
    /// <summary>Plan tokens of the current period. In lots that expire.</summary>
    Allowance,

    /// <summary>Promotional money. In lots that expire; spent before purchased money.</summary>
    WalletGranted,

    /// <summary>Money paid in advance; its floor is minus the credit limit.</summary>
    WalletPurchased,

    /// <summary>Where granted tokens come from.</summary>
    TokensGranted,

    /// <summary>Where used tokens go.</summary>
    TokensUsed,

    /// <summary>Where expired tokens and expired promotional money go.</summary>
    Breakage,
    UsageRevenue,


    /// <summary>What plans have cost.</summary>
    SubscriptionRevenue,

    /// <summary>What calls cost beyond anything the customer could pay.</summary>
    WriteOff,

    /// <summary>Where promotional money comes from.</summary>
    Promotion,

    /// <summary>Where purchased money comes from and refunds go to.</summary>
    Payments,

    /// <summary>Purchased money that a card holder's bank has taken back until the dispute is decided.</summary>
    Disputed,

    /// <summary>What has been invoiced and not paid; below zero, as it is the hub's to get.</summary>
    Receivable,

    /// <summary>Tax of invoices, owed to the state.</summary>
    TaxPayable,

    /// <summary>The part of prices that is tax: takes out of revenue what <see cref="TaxPayable"/> holds of inclusive prices.</summary>
    TaxIncluded,
}

public sealed class Account
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required AccountKind Kind { get; init; }

    /// <summary><c>TOK</c>, <c>USD</c> or <c>CNY</c>. Token accounts count weighted tokens, money accounts nano-units.</summary>
    public required string Unit { get; init; }
}

/// <summary>The running total of a customer account; only the ledger's functions change it.</summary>
public sealed class Balance
{
    public required Guid AccountId { get; init; }
    public required Guid OrganizationId { get; init; }
    public required long Posted { get; init; }

    /// <summary>The part of <see cref="Posted"/> promised to calls under way.</summary>
    public required long Held { get; init; }

    /// <summary>Posted − held never falls below this.</summary>
    public required long Floor { get; init; }
}

/// <summary>A portion of an account that came at once and expires at once.</summary>
public sealed class Lot
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid AccountId { get; init; }

    /// <summary>Lower is consumed first; then the sooner to expire.</summary>
    public required int Priority { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When its rest was posted to breakage.</summary>
    public DateTimeOffset? ExpiredAt { get; init; }
    public required long Original { get; init; }
    public required long Remaining { get; init; }
    public required long Held { get; init; }
}

/// <summary>What a journal took from a lot, or put back into it.</summary>
public sealed class LotDraw
{
    public required Guid LotId { get; init; }
    public required Guid JournalId { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Positive is taken.</summary>
    public required long Amount { get; init; }
}
