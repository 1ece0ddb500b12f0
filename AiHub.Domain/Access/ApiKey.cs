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
    public required byte[] Hash { get; init; }
    public required string Prefix { get; init; }
    public required string LastFour { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }

    /// <summary>Kept by the ledger as calls are settled, to the minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Model ids this key may call; empty means all.</summary>
    public string[] AllowedModels { get; set; } = [];

    /// <summary>Tighter than the plan's limit if set; the lower of the two holds.</summary>
    public int? RequestsPerMinute { get; set; }
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
    public required string[] AllowedModels { get; init; }
    public int? RequestsPerMinute { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public DateTimeOffset? RevokedAt { get; init; }

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
