namespace AiHub.Domain.Accounts;

/// <summary>Asks the ledger to set aside what a call is expected to cost.</summary>
/// <param name="RequestId">One hold per request: asking again with the same id returns the same hold.</param>
/// <param name="PlanTokens">Weighted plan tokens the call is expected to use.</param>
/// <param name="MinimumPlanTokens">
/// The least that makes the call possible (its prompt and one token of answer). When less than the most is free, the ledger grants what is left,
/// but never less than this.
/// </param>
/// <param name="Cost">The same call at list price in the organization's currency, for the part the allowance does not cover.</param>
/// <param name="Lease">How long the hold lives unless renewed; after that the sweep may release it.</param>
public sealed record HoldRequest(
    Guid RequestId,
    Guid OrganizationId,
    Guid? TeamId,
    Guid UserId,
    Guid KeyId,
    long PlanTokens,
    long MinimumPlanTokens,
    Money Cost,
    DateTimeOffset Now,
    TimeSpan Lease)
{
    /// <summary>The least it can cost; by default its share of <see cref="Cost"/>.</summary>
    public Money? MinimumCost { get; init; }

    /// <summary>
    /// The most the call can come to, held where a hard budget stands behind it or little is left; by default what is expected.
    /// </summary>
    public long? MostPlanTokens { get; init; }
    public Money? MostCost { get; init; }

    /// <summary>
    /// What the prompt may come to beyond what it is taken for. Only a hard budget counts it: there a guess is not enough.
    /// </summary>
    public long MarginPlanTokens { get; init; }
    public Money? MarginCost { get; init; }

    /// <summary>The models and vendors that may answer, for budgets of one of them.</summary>
    public IReadOnlyCollection<string> Models { get; init; } = [];
    public IReadOnlyCollection<string> Vendors { get; init; } = [];

    internal long LeastTokens => Math.Min(MinimumPlanTokens, PlanTokens);

    internal long LeastNanos => Math.Min(
        Cost.Nanos, MinimumCost?.Nanos ?? (PlanTokens > 0 ? (long)((Int128)Cost.Nanos * LeastTokens / PlanTokens) : Cost.Nanos));

    internal long MostTokens => Math.Max(MostPlanTokens ?? PlanTokens, PlanTokens);

    internal long MostNanos => Math.Max(MostCost?.Nanos ?? Cost.Nanos, Cost.Nanos);
}

/// <summary>What asking for a hold answers: exactly one of the two is set.</summary>
public readonly record struct HoldOutcome(Hold? Hold, HoldRefusal? Refusal);

/// <summary>Amounts set aside for one request until it is settled, released or its lease runs out.</summary>
/// <param name="PlanTokens">Weighted tokens held in the plan's allowance.</param>
/// <param name="Money">Money held in the wallets for the rest.</param>
public sealed record Hold(Guid Id, Guid RequestId, Guid OrganizationId, long PlanTokens, Money Money, DateTimeOffset ExpiresAt)
{
    /// <summary>What the call must not go beyond, because nothing else stands behind it; null when it may run over.</summary>
    public HoldCover? Covers { get; init; }
}

/// <param name="PlanTokens">Weighted tokens, whoever pays for them.</param>
/// <param name="Cost">The same at list price.</param>
/// <param name="IsHard">A hard budget set it; the margin of the prompt is held on top.</param>
public sealed record HoldCover(long PlanTokens, Money Cost, bool IsHard);

public enum HoldRefusalReason
{
    /// <summary>The plan's allowance of this period is used up and overage is off or the wallet is empty.</summary>
    QuotaExhausted,

    /// <summary>The plan allows pay-as-you-go, but the wallet does not cover the call.</summary>
    InsufficientBalance,

    /// <summary>A hard budget of the organization, the team, the user or the key leaves nothing, or too little.</summary>
    BudgetExhausted,

    /// <summary>Something the organization owes is long overdue; paying it lets calls through again.</summary>
    Overdue,

    /// <summary>The organization is suspended or has no subscription.</summary>
    Suspended,
}

/// <summary>
/// Why nothing was held. Figures are in weighted plan tokens, or in nano-units for <see cref="HoldRefusalReason.InsufficientBalance"/> and for
/// budgets of money.
/// </summary>
public sealed record HoldRefusal(HoldRefusalReason Reason, long Limit, long Used, long Held, long Needed, DateTimeOffset? ResetsAt)
{
    public RefusingBudget? Budget { get; init; }

    /// <summary>What is missing is only set aside: it may come back when the calls that hold it end.</summary>
    public bool MayPass => Held > 0 && Needed <= Limit - Used;
}

/// <summary>The budget that refused: whose it is, of what, and who set it.</summary>
/// <param name="Scope">organization, team, user or key.</param>
/// <param name="Subject">Its name.</param>
public sealed record RefusingBudget(Guid Id, string Scope, string? Subject, string Unit, string Period, string? ModelId, string? VendorId, string? SetBy);
