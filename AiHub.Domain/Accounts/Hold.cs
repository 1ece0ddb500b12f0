namespace AiHub.Domain.Accounts;

/// <summary>Asks the ledger to set aside what a call is expected to cost.</summary>
/// <param name="RequestId">One hold per request: asking again with the same id returns the same hold.</param>
/// <param name="PlanTokens">Weighted plan tokens the call may use.</param>
/// <param name="MinimumPlanTokens">
/// The least that makes the call possible (its prompt and one token of answer). When the plan's allowance covers less than
/// <paramref name="PlanTokens"/> and overage is off, or the wallet does not cover the rest, the ledger grants what is left, but never less than this.
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
    TimeSpan Lease);

/// <summary>What asking for a hold answers: exactly one of the two is set.</summary>
public readonly record struct HoldOutcome(Hold? Hold, HoldRefusal? Refusal);

/// <summary>Amounts set aside for one request until it is settled, released or its lease runs out.</summary>
/// <param name="PlanTokens">
/// Weighted tokens held in the plan's allowance. Fewer than asked for means that the rest is held as <paramref name="Money"/>, or, when that is
/// zero, that no more than these can be paid for and the answer must be capped.
/// </param>
/// <param name="Money">Money held in the wallets.</param>
public sealed record Hold(Guid Id, Guid RequestId, Guid OrganizationId, long PlanTokens, Money Money, DateTimeOffset ExpiresAt);

public enum HoldRefusalReason
{
    /// <summary>The plan's allowance of this period is used up and overage is off or the wallet is empty.</summary>
    QuotaExhausted,

    /// <summary>The plan allows pay-as-you-go, but the wallet does not cover the call.</summary>
    InsufficientBalance,

    /// <summary>The organization is suspended or has no subscription.</summary>
    Suspended,
}

/// <summary>Why nothing was held. Figures are in weighted plan tokens, or in nano-units for <see cref="HoldRefusalReason.InsufficientBalance"/>.</summary>
public sealed record HoldRefusal(HoldRefusalReason Reason, long Limit, long Used, long Held, long Needed, DateTimeOffset? ResetsAt);
