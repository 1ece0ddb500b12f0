namespace AiHub.Contracts;

/// <summary>Where the organization stands in the current period. Money is a decimal string in the organization's currency.</summary>
public sealed record UsageCurrent(
    string Plan,
    PeriodView? Period,
    QuotaView Quota,
    RateView RateLimit,
    string Currency,
    string Cost,
    string Charged,
    long Requests,
    TokensView Tokens);

public sealed record PeriodView(DateTimeOffset StartsAt, DateTimeOffset EndsAt);

/// <summary>Weighted plan tokens. <paramref name="Remaining"/> is limit − used − held; <paramref name="Limit"/> is null when the plan is unlimited.</summary>
public sealed record QuotaView(long? Limit, long Used, long Held, long? Remaining, DateTimeOffset? ResetsAt);

public sealed record RateView(int? RequestsPerMinute, int? TokensPerMinute = null, int? Concurrency = null);

public sealed record TokensView(long Input, long Output, long Cached, long Reasoning, long Total);

/// <summary>Usage day by day in the organization's time zone, every day of the range present.</summary>
public sealed record UsageHistory(DateOnly From, DateOnly To, string TimeZone, string Currency, IReadOnlyList<UsageDay> Days);

/// <param name="Cost">At list price, whoever pays.</param>
/// <param name="Charged">What was taken from the wallets; the rest was covered by the plan.</param>
public sealed record UsageDay(DateOnly Date, long Requests, long Failed, TokensView Tokens, long PlanTokens, string Cost, string Charged);

/// <summary>Usage hour by hour; hours without calls are left out.</summary>
public sealed record UsageHours(DateOnly From, DateOnly To, string TimeZone, string Currency, IReadOnlyList<UsageHour> Hours);

public sealed record UsageHour(DateTimeOffset StartsAt, long Requests, long Failed, TokensView Tokens, long PlanTokens, string Cost, string Charged);

/// <param name="By">model, key, vendor, user, team or tag.</param>
/// <param name="Previous">The same for as many days before, if asked for.</param>
public sealed record UsageCost(
    DateOnly From, DateOnly To, string TimeZone, string Currency, string By, IReadOnlyList<UsageGroup> Groups, UsageGroup Total, UsagePrevious? Previous = null);

public sealed record UsagePrevious(DateOnly From, DateOnly To, IReadOnlyList<UsageGroup> Groups, UsageGroup Total);

/// <param name="Id">The id of the model, key, vendor, user or team, or the tag; empty for calls without a team or tag.</param>
/// <param name="Label">What to show for it.</param>
public sealed record UsageGroup(string Id, string Label, long Requests, long Failed, TokensView Tokens, long PlanTokens, string Cost, string Charged);

/// <summary>One call, newest first in lists. <paramref name="Id"/> is the request id the caller received.</summary>
public sealed record UsageRequest(
    Guid Id,
    DateTimeOffset OccurredAt,
    string Model,
    string Vendor,
    Guid KeyId,
    string KeyName,
    string Surface,
    string Status,
    string? ErrorCode,
    bool Streamed,
    string? FinishReason,
    TokensView Tokens,
    string Source,
    long PlanTokens,
    long PlanTokensCharged,
    string Cost,
    string Charged,
    string Currency,
    int LatencyMs,
    int? TimeToFirstTokenMs,
    Guid? JournalId,
    Guid UserId,
    Guid? TeamId,
    IReadOnlyList<string> Tags,
    UnitsView Units,
    IReadOnlyList<AttemptView>? Attempts = null,
    Guid? OwnKeyId = null,
    string? VendorCost = null,
    IReadOnlyList<GuardrailDecision>? Guardrails = null);

/// <summary>One vendor asked for a call, in the order they were asked.</summary>
/// <param name="StartedMs">Since the hub received the call.</param>
/// <param name="DurationMs">To the end of its answer or failure.</param>
/// <param name="FirstTokenMs">From being asked to the first piece of its answer; null when there was none.</param>
/// <param name="HttpStatus">Its own; null when it never answered.</param>
/// <param name="Error">The hub's word for what went wrong; null for the one that answered.</param>
public sealed record AttemptView(string Vendor, Guid EndpointId, int StartedMs, int DurationMs, int? FirstTokenMs, int? HttpStatus, string? Error);

/// <summary>What a call used besides tokens.</summary>
public sealed record UnitsView(long Images, long Seconds, long Characters, long SearchUnits);
