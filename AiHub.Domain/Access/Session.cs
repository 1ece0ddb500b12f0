namespace AiHub.Domain.Access;

/// <summary>One sign-in. Only hashes of its tokens are stored; revoking it ends it at once.</summary>
public sealed class Session
{
    public required Guid Id { get; init; }
    public required Guid UserId { get; init; }
    public required byte[] AccessHash { get; set; }
    public required DateTimeOffset AccessExpiresAt { get; set; }
    public required byte[] RefreshHash { get; set; }

    /// <summary>The refresh token used up last. Seeing it again means it was copied, and revokes the session.</summary>
    public byte[]? PreviousRefreshHash { get; set; }
    public required DateTimeOffset RefreshExpiresAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>The organization whose identity provider vouched for the person; null when they signed in by themselves.</summary>
    public Guid? SignOnOrganizationId { get; init; }
    public string? UserAgent { get; init; }
    public string? Address { get; init; }
}
