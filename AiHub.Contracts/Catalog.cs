namespace AiHub.Contracts;

/// <summary>A model the organization can call now, with the prices it would be charged.</summary>
public sealed record ModelView(
    string Id,
    string Name,
    string Vendor,
    int? ContextLength,
    int? MaxOutputTokens,
    IReadOnlyList<string> InputModalities,
    IReadOnlyList<string> OutputModalities,
    PriceView? Price,
    decimal InputWeight,
    decimal OutputWeight,
    string Kind = "chat");

/// <summary>List price per million tokens, decimal strings; for what is not counted in tokens, per piece, and characters per million.</summary>
public sealed record PriceView(
    string Currency, string? Input, string? Output, string? CacheRead, string? Image = null, string? Second = null, string? Character = null, string? SearchUnit = null);

public sealed record PlanView(string Id, string Name, string? MonthlyPrice, string Currency, long? MonthlyTokens, int? RequestsPerMinute, bool AllowsOverage, string? YearlyPrice = null);

/// <summary>Money of the organization outside the plan, decimal strings: available = purchased + granted − held.</summary>
/// <param name="CreditLimit">How far below zero it may go: what is available may be used and this much more.</param>
public sealed record WalletView(string Currency, string Purchased, string Granted, string Held, string Available, string CreditLimit = "0");

/// <param name="Status">active, past_due, or suspended.</param>
/// <param name="AllowsOverage">Whether calls beyond the quota are paid from the wallet: the plan allows it and the organization wants it.</param>
/// <param name="Interval">month or year.</param>
/// <param name="Collection">none, prepaid, automatic or contract.</param>
/// <param name="PaidThrough">Until when is paid; null where nothing has to be.</param>
/// <param name="NextPlanId">What follows then, where something else does; free when it was canceled.</param>
/// <param name="Standing">good, restricted or suspended: what is overdue has come to.</param>
/// <param name="Overdue">What is overdue, the oldest of it; null when nothing is.</param>
public sealed record SubscriptionView(
    PlanView Plan, string Status, PeriodView? CurrentPeriod, bool AllowsOverage, string Interval = "month", string Collection = "none", DateTimeOffset? PaidThrough = null,
    string? NextPlanId = null, string? NextInterval = null, string Standing = "good", PaymentMethodView? Method = null, OverdueView? Overdue = null);

/// <summary>What has not been paid, and what comes of it when.</summary>
/// <param name="Reason">subscription, invoice or dispute.</param>
/// <param name="NextAttemptAt">When the saved card is tried again; null when it is not.</param>
/// <param name="RestrictedAt">From when on new calls are refused; null where the plan ends instead.</param>
/// <param name="SuspendedAt">From when on the keys are refused.</param>
/// <param name="PlanEndsAt">When a prepaid plan becomes the free one; null where it does not.</param>
public sealed record OverdueView(
    string Reason, DateTimeOffset Since, DateTimeOffset? NextAttemptAt, DateTimeOffset? RestrictedAt, DateTimeOffset? SuspendedAt, DateTimeOffset? PlanEndsAt);
