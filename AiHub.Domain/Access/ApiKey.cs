using AiHub.Domain.Tenancy;

namespace AiHub.Domain.Access;

/// <summary>What a program signs in with. The secret itself is <see cref="ApiKeySecret"/> and is never stored.</summary>
public sealed class ApiKey
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public Guid? TeamId { get; set; }
    public required Guid UserId { get; init; }
    public required string Name { get; set; }

    /// <summary>Changed by <c>rotate_api_key</c> alone, like the two after it.</summary>
    public required byte[] Hash { get; init; }
    public required string Prefix { get; init; }
    public required string LastFour { get; init; }

    /// <summary>The secret before the last rotation; it opens the door until <see cref="PreviousExpiresAt"/>.</summary>
    public byte[]? PreviousHash { get; init; }
    public DateTimeOffset? PreviousExpiresAt { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Refused until somebody enables it again.</summary>
    public DateTimeOffset? DisabledAt { get; set; }

    /// <summary>Kept by the ledger as calls are settled, to the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>What the key is for: <see cref="KeyScopes.Models"/> alone, or names of management permissions; never both.</summary>
    public string[] Scopes { get; init; } = [KeyScopes.Models];

    public bool Manages => !Scopes.Contains(KeyScopes.Models);

    /// <summary>Model ids this key may call; empty means all.</summary>
    public string[] AllowedModels { get; set; } = [];

    /// <summary>Vendor ids its calls may go to; empty means all.</summary>
    public string[] AllowedVendors { get; set; } = [];

    /// <summary>Networks it may be used from, in CIDR notation; empty means everywhere.</summary>
    public string[] AllowedIps { get; set; } = [];

    /// <summary>What its usage is filed under, for example <c>project</c>: <c>search</c>.</summary>
    public Dictionary<string, string> Tags { get; set; } = [];

    /// <summary>Whether its answers are kept and given again unless a request says otherwise; null does as the organization does.</summary>
    public bool? CachesAnswers { get; set; }

    /// <summary>Tighter than the plan's limit if set; the lower of the two holds.</summary>
    public int? RequestsPerMinute { get; set; }
    public int? TokensPerMinute { get; set; }

    /// <summary>Calls under way at once.</summary>
    public int? Concurrency { get; set; }
}

public static class KeyScopes
{
    /// <summary>May call models, and nothing else.</summary>
    public const string Models = "models";
}

/// <summary>
/// Everything about a key that admitting a call needs; a row of <c>find_api_key</c>. Revoked and expired keys are found too,
/// so that the caller can be told which it is.
/// </summary>
public sealed class FoundApiKey
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required Guid UserId { get; init; }
    public Guid? TeamId { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string[] Scopes { get; init; }
    public required string[] AllowedModels { get; init; }
    public required string[] AllowedVendors { get; init; }
    public required string[] AllowedIps { get; init; }
    public required Dictionary<string, string> Tags { get; init; }

    /// <summary>As the key says, or else its organization.</summary>
    public required bool CachesAnswers { get; init; }
    public int? RequestsPerMinute { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }
    public DateTimeOffset? DisabledAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>True when it was found by the secret that was rotated away.</summary>
    public required bool Replaced { get; init; }
    public DateTimeOffset? PreviousExpiresAt { get; init; }

    /// <summary>Null when the key's owner no longer belongs to the organization; such a key opens nothing.</summary>
    public Role? Role { get; init; }
    public required OrganizationStatus OrganizationStatus { get; init; }
    public required Currency Currency { get; init; }
    public required string TimeZone { get; init; }

    /// <summary>Null when no subscription is active; the ledger refuses such calls.</summary>
    public string? PlanId { get; init; }
    public string? PlanName { get; init; }
    public long? PlanMonthlyTokens { get; init; }
    public int? PlanRequestsPerMinute { get; init; }
    public bool? PlanAllowsOverage { get; init; }
}
