using AiHub.Domain.Tenancy;

namespace AiHub.Domain.Access;

/// <summary>Lets the owner of one e-mail address join an organization, once and until it expires. Only the hash of its token is stored.</summary>
public sealed class Invitation
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string Email { get; init; }
    public required string NormalizedEmail { get; init; }
    public required Role Role { get; init; }

    /// <summary>The team to join as well.</summary>
    public Guid? TeamId { get; init; }
    public required byte[] Hash { get; init; }
    public required Guid InvitedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? AcceptedAt { get; set; }
    public Guid? AcceptedBy { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>What an invitation's token opens; a row of <c>find_invitation</c>.</summary>
public sealed class FoundInvitation
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string OrganizationName { get; init; }
    public required string Email { get; init; }
    public required string NormalizedEmail { get; init; }
    public required Role Role { get; init; }
    public Guid? TeamId { get; init; }
    public string? TeamName { get; init; }
    public required string InvitedBy { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
}
