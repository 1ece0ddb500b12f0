namespace AiHub.Contracts;

/// <summary>Why a call cost what it cost, and who paid: every number of it can be added up again.</summary>
/// <param name="Lines">One for each kind of token the call used; their exact amounts add up to <paramref name="ExactCost"/>.</param>
/// <param name="ExactCost">Before rounding, in the organization's currency.</param>
/// <param name="Rounding">Cost − exact cost: once for the whole call, half to even, to 0.000000001.</param>
/// <param name="PlanTokens">Weighted tokens of the call; of these the plan covered <paramref name="PlanTokensCharged"/>.</param>
/// <param name="Payments">Where it was taken from; the money among them adds up to what the plan did not cover.</param>
/// <param name="Lots">The grants it drew on; each says which journal made it and how long it lasts.</param>
/// <param name="Budgets">The budgets it counted against, in the order in which they were asked.</param>
/// <param name="Hold">What was set aside before the call was made; null for a record without one.</param>
/// <param name="Journal">How it was booked; null when nothing moved.</param>
/// <param name="Discount">What was agreed with the organization to be taken off list prices; null when nothing was.</param>
public sealed record ChargeExplanation(
    UsageRequest Request,
    IReadOnlyList<ChargeLineView> Lines,
    IReadOnlyList<ExplainedPrice> Prices,
    string ExactCost,
    string Rounding,
    string Cost,
    string Currency,
    long PlanTokens,
    long PlanTokensCharged,
    WeightsView? Weights,
    IReadOnlyList<PaymentView> Payments,
    IReadOnlyList<LotDrawView> Lots,
    IReadOnlyList<BudgetDrawView> Budgets,
    HoldView? Hold,
    JournalView? Journal,
    OwnKeyCharge? OwnKey = null,
    ExplainedDiscount? Discount = null);

/// <param name="BasisPoints">1500 takes off 15 %.</param>
/// <param name="VendorId">Of whose servings; null of everybody's.</param>
/// <param name="Model">Of which models; null of all.</param>
public sealed record ExplainedDiscount(
    Guid Id, int BasisPoints, string? VendorId, string? Model, DateTimeOffset ValidFrom, DateTimeOffset? ValidTo, string Source, string? ApprovedBy);

/// <summary>A call with the organization's own vendor key: the vendor charges its owner, the hub its fee.</summary>
/// <param name="VendorCost">At list price; the sum of the lines, rounded once.</param>
/// <param name="Arithmetic">vendor cost × basis points ÷ 10,000, written out.</param>
public sealed record OwnKeyCharge(Guid KeyId, string? Name, string VendorCost, int FeeBasisPoints, string Arithmetic);

/// <param name="Bucket">
/// The kind of token: input_uncached, cache_read, cache_write5m, cache_write1h, output_text, output_reasoning, audio_in, audio_out, image_in or
/// image_out; or images, seconds, characters or search_units.
/// </param>
/// <param name="Component">What it was priced as: its own kind, or its plainer one where that has no price of its own.</param>
/// <param name="PriceId">The row of <c>prices</c> it was priced by.</param>
/// <param name="PerMillion">The price of a million of them.</param>
/// <param name="ExactAmount">quantity × price ÷ 1,000,000 × (10,000 − discount) ÷ 10,000, not rounded.</param>
/// <param name="DiscountBasisPoints">What is taken off the price; nothing where it was agreed by itself.</param>
public sealed record ChargeLineView(string Bucket, long Quantity, string Component, Guid PriceId, string PerMillion, string ExactAmount, int DiscountBasisPoints = 0);

/// <param name="MinPromptTokens">From this length of prompt on the row prices the whole call.</param>
/// <param name="Agreed">It was agreed with the organization, in place of the list price.</param>
public sealed record ExplainedPrice(
    Guid Id, string Component, string PerMillion, string Currency, long MinPromptTokens, string ServiceTier, string Hours, DateTimeOffset ValidFrom, DateTimeOffset? ValidTo, string Source, string? ApprovedBy,
    bool Agreed = false);

/// <summary>What a token counts in the plan, if the model's weights are still those of the call.</summary>
/// <param name="Arithmetic">The sum, written out.</param>
public sealed record WeightsView(decimal Input, decimal Output, string Arithmetic);

/// <param name="Account">allowance, wallet_granted, wallet_purchased or write_off.</param>
/// <param name="Amount">Tokens for the allowance, else a decimal string of money.</param>
public sealed record PaymentView(string Account, string Amount, string Unit);

/// <param name="Id">The lot's; the journal that made it has the same.</param>
/// <param name="Kind">What made it: grant for a plan's period, else the kind of its journal.</param>
/// <param name="Drawn">What the call took from it; below zero what it put back.</param>
public sealed record LotDrawView(Guid Id, string Account, string Kind, string? Memo, string Drawn, string Unit, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <param name="Subject">The name of the organization, team, user or key.</param>
/// <param name="Held">What was set aside in it before the call was made; not part of it any more once the call is settled.</param>
/// <param name="Used">What the call came to in it; null until settled. Zero when another model or vendor than the budget's answered.</param>
/// <param name="RemovedAt">When the budget was removed; what it counted stays.</param>
public sealed record BudgetDrawView(
    Guid Id, string Scope, Guid SubjectId, string? Subject, string? Model, string? Vendor, string Unit, string Period, bool Hard, string Held, string? Used,
    DateTimeOffset? PeriodStartsAt, DateTimeOffset? ResetsAt, DateTimeOffset? RemovedAt);

/// <param name="State">held, settled, released or lapsed.</param>
/// <param name="Lots">The grants it was set aside in.</param>
public sealed record HoldView(Guid Id, string State, DateTimeOffset CreatedAt, DateTimeOffset? ClosedAt, long PlanTokens, string Granted, string Purchased, IReadOnlyList<LotHoldView> Lots);

/// <param name="Account">allowance or wallet_granted.</param>
/// <param name="Held">What of it was set aside for the call: tokens, or a decimal string of money.</param>
public sealed record LotHoldView(Guid Id, string Account, string Held, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt);

/// <param name="Entries">At least two; they add up to zero in each unit.</param>
public sealed record JournalView(Guid Id, string Kind, DateTimeOffset EffectiveAt, DateTimeOffset BookedAt, IReadOnlyList<EntryView> Entries);

/// <param name="Amount">Positive adds to the account: tokens, or a decimal string of money.</param>
public sealed record EntryView(string Account, string Amount, string Unit);
