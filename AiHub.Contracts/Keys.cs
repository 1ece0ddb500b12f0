using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="AllowedModels">Model ids this key may call; null or empty means all the organization may use.</param>
public sealed record NewApiKey(
    [property: Required, StringLength(100, MinimumLength = 1)] string Name,
    DateTimeOffset? ExpiresAt = null,
    [property: MaxLength(200)] IReadOnlyList<string>? AllowedModels = null,
    KeyLimits? Limits = null,
    Guid? TeamId = null,
    Guid? ServiceAccountId = null,
    [property: MaxLength(30)] IReadOnlyList<string>? Scopes = null,
    [property: MaxLength(50)] IReadOnlyList<string>? AllowedVendors = null,
    [property: MaxLength(50)] IReadOnlyList<string>? AllowedIps = null,
    [property: MaxLength(20)] IReadOnlyDictionary<string, string>? Tags = null,
    KeyBudget? Budget = null,
    [property: AllowedValues("on", "off", "inherit")] string Cache = "inherit");

/// <summary>What is null stays as it is; a list replaces the list before.</summary>
/// <param name="NeverExpires">Takes the end away, which null cannot say.</param>
public sealed record ApiKeyChange(
    [property: StringLength(100, MinimumLength = 1)] string? Name = null,
    DateTimeOffset? ExpiresAt = null,
    bool NeverExpires = false,
    bool? Enabled = null,
    [property: MaxLength(200)] IReadOnlyList<string>? AllowedModels = null,
    [property: MaxLength(50)] IReadOnlyList<string>? AllowedVendors = null,
    [property: MaxLength(50)] IReadOnlyList<string>? AllowedIps = null,
    [property: MaxLength(20)] IReadOnlyDictionary<string, string>? Tags = null,
    KeyLimits? Limits = null,
    KeyBudget? Budget = null,
    [property: AllowedValues("on", "off", "inherit", null)] string? Cache = null);

/// <param name="OverlapSeconds">How long the old secret still works.</param>
public sealed record KeyRotation([property: Range(0, 604_800)] int OverlapSeconds = 86_400);

/// <summary>Each is tighter than the plan's limit if set; the lower of the two holds.</summary>
/// <param name="Concurrency">Calls under way at once.</param>
public sealed record KeyLimits(
    [property: Range(1, 1_000_000)] int? RequestsPerMinute = null,
    [property: Range(1, 1_000_000_000)] int? TokensPerMinute = null,
    [property: Range(1, 100_000)] int? Concurrency = null);

/// <param name="Prefix">The first characters, to recognise the key by; never enough to use it.</param>
public sealed record ApiKeyView(
    Guid Id,
    string Name,
    string Prefix,
    string LastFour,
    string Owner,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    DateTimeOffset? LastUsedAt,
    IReadOnlyList<string> AllowedModels,
    KeyLimits Limits,
    Guid OwnerId,
    Guid? TeamId,
    bool Enabled,
    IReadOnlyList<string> Scopes,
    IReadOnlyList<string> AllowedVendors,
    IReadOnlyList<string> AllowedIps,
    IReadOnlyDictionary<string, string> Tags,
    DateTimeOffset? PreviousExpiresAt,
    BudgetView? Budget = null,
    string Cache = "inherit");

/// <param name="Key">The whole key. It is shown this once and cannot be recovered.</param>
public sealed record CreatedApiKey(
    Guid Id,
    string Key,
    string Name,
    string Prefix,
    string LastFour,
    DateTimeOffset CreatedAt,
    DateTimeOffset? ExpiresAt,
    IReadOnlyList<string> AllowedModels,
    KeyLimits Limits,
    Guid? TeamId = null,
    IReadOnlyList<string>? Scopes = null,
    IReadOnlyList<string>? AllowedVendors = null,
    IReadOnlyList<string>? AllowedIps = null,
    IReadOnlyDictionary<string, string>? Tags = null,
    BudgetView? Budget = null,
    string Cache = "inherit");

/// <param name="NextCursor">Pass it as <c>cursor</c> to read on; null on the last page.</param>
public sealed record Page<T>(IReadOnlyList<T> Data, string? NextCursor);
