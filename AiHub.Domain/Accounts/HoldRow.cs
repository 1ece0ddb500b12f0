namespace AiHub.Domain.Accounts;

public enum HoldState
{
    Held,
    Settled,

    /// <summary>Given back without a call having been made.</summary>
    Released,

    /// <summary>
    /// Its lease ran out and the sweep gave the amounts back. Should the call be settled after all, it is charged from what is available then:
    /// the amounts had lapsed, the obligation had not.
    /// </summary>
    Lapsed,
}

/// <summary>A <see cref="Hold"/> as the database keeps it.</summary>
public sealed class HoldRow
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid RequestId { get; init; }
    public Guid? TeamId { get; init; }
    public required Guid UserId { get; init; }
    public required Guid KeyId { get; init; }
    public required HoldState State { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>Weighted tokens and list price asked for.</summary>
    public required long AskedTokens { get; init; }
    public required long AskedNanos { get; init; }

    /// <summary>Held in the allowance and in the two wallets.</summary>
    public required long PlanTokens { get; init; }
    public required long GrantedNanos { get; init; }
    public required long PurchasedNanos { get; init; }

    /// <summary>The lots those tokens and that granted money are held in, and how much in each.</summary>
    public required Guid[] LotIds { get; init; }
    public required long[] LotAmounts { get; init; }

    /// <summary>The budgets the call counts against, the beginning of the period of each, and how much is held in each.</summary>
    public required Guid[] BudgetIds { get; init; }
    public required DateTimeOffset[] BudgetStarts { get; init; }
    public required long[] BudgetAmounts { get; init; }

    /// <summary>What it came to in each, in the same order; null until settled.</summary>
    public long[]? BudgetUsed { get; init; }

    /// <summary>Tokens and list price the answer must fit into; null when it may grow beyond what is held.</summary>
    public long? CoversTokens { get; init; }
    public long? CoversNanos { get; init; }

    /// <summary>The models and vendors that may answer.</summary>
    public required string[] Models { get; init; }
    public required string[] Vendors { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }

    /// <summary>What settlement charged; null until then.</summary>
    public long? SettledTokens { get; init; }
    public long? SettledNanos { get; init; }
    public long? WrittenOffNanos { get; init; }
}
