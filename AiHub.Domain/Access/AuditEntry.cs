namespace AiHub.Domain.Access;

/// <summary>
/// Who changed what. Append-only: rows are written by <see cref="AuditLog"/> alone, and each carries the hash of the one before it,
/// so that a removed or altered row shows.
/// </summary>
public sealed class AuditEntry
{
    public required Guid OrganizationId { get; init; }

    /// <summary>1, 2, 3 … within the organization, without gaps.</summary>
    public required long Sequence { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }

    /// <summary>Who did it; null for the hub itself.</summary>
    public Guid? ActorId { get; init; }

    /// <summary>The management key it was done with; null when the person was signed in.</summary>
    public Guid? ActorKeyId { get; init; }

    /// <summary>What was done, for example <c>api_key.created</c>.</summary>
    public required string Action { get; init; }

    /// <summary>What it was done to, for example an API key's id.</summary>
    public required string Subject { get; init; }

    /// <summary>A JSON object with <c>before</c> and <c>after</c>; never a secret.</summary>
    public required string Details { get; init; }
    public string? Address { get; init; }
    public Guid? RequestId { get; init; }
    public required byte[] PreviousHash { get; init; }
    public required byte[] Hash { get; init; }
}
