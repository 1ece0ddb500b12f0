namespace AiHub.Domain.Quotas;

/// <summary>Whose spending a budget limits. A hold asks them in this order.</summary>
public enum BudgetScope
{
    Organization,
    Team,
    User,
    Key,
}

public enum BudgetPeriod
{
    Day,

    /// <summary>Calendar weeks begin on Monday.</summary>
    Week,
    Month,
    Lifetime,
}

public enum BudgetAlignment
{
    /// <summary>Periods begin at local midnight: of the day, of Monday, of the first of the month.</summary>
    Calendar,

    /// <summary>Periods begin at the time of day, of the week or of the month at which the budget began.</summary>
    Anniversary,
}

/// <summary>
/// How much may be used in a period by an organization, a team, a user or a key, of everything or of one model or vendor. Tokens are weighted plan
/// tokens; money is at list price, whoever pays. Changed by the functions of the database alone, so that no hold ever sees half a change.
/// </summary>
public sealed class Budget
{
    public const string Tokens = "TOK";

    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required BudgetScope Scope { get; init; }

    /// <summary>The organization, team, user or key.</summary>
    public required Guid SubjectId { get; init; }
    public string? ModelId { get; init; }
    public string? VendorId { get; init; }

    /// <summary><see cref="Tokens"/> or the organization's currency.</summary>
    public required string Unit { get; init; }

    /// <summary>Weighted tokens or nano-units a period.</summary>
    public required long Amount { get; init; }
    public required BudgetPeriod Period { get; init; }
    public required BudgetAlignment Alignment { get; init; }

    /// <summary>What anniversaries are counted from.</summary>
    public required DateTimeOffset Anchor { get; init; }

    /// <summary>Refuses what does not fit, calls under way included; otherwise it only counts and warns.</summary>
    public required bool Hard { get; init; }

    /// <summary>What is allowed instead of <see cref="Amount"/> until <see cref="RaisedUntil"/>.</summary>
    public long? RaisedAmount { get; init; }
    public DateTimeOffset? RaisedUntil { get; init; }

    /// <summary>Percentages of the limit at which somebody is told.</summary>
    public required int[] AlertAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public Guid? CreatedBy { get; init; }

    /// <summary>When it was removed; what it counted stays.</summary>
    public DateTimeOffset? EndedAt { get; init; }

    public long LimitAt(DateTimeOffset instant) => RaisedAmount is { } raised && instant < RaisedUntil ? raised : Amount;
}

/// <summary>The counter of one budget in one period. A new period has a row of its own, so nothing is ever reset.</summary>
public sealed class BudgetWindow
{
    public required Guid BudgetId { get; init; }
    public required Guid OrganizationId { get; init; }
    public required DateTimeOffset StartsAt { get; init; }

    /// <summary>Null for a lifetime.</summary>
    public DateTimeOffset? EndsAt { get; init; }

    /// <summary>The part of <see cref="Used"/> that had been used before the budget was made.</summary>
    public required long Opening { get; init; }
    public required long Used { get; init; }

    /// <summary>Set aside for calls under way.</summary>
    public required long Held { get; init; }
}
