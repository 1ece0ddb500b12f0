namespace AiHub.Domain.Access;

/// <summary>Lets an organization's directory manage its members by SCIM. Only the hash of the token is stored.</summary>
public sealed class ScimToken
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string Name { get; init; }
    public required byte[] Hash { get; init; }
    public required string LastFour { get; init; }
    public required Guid CreatedBy { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? LastUsedAt { get; set; }
    public DateTimeOffset? RevokedAt { get; set; }
}

/// <summary>A person as the organization's directory knows them. Stays when the directory deactivates them, so that they are not let in again by another door.</summary>
public sealed class ScimUser
{
    public required Guid OrganizationId { get; init; }
    public required Guid UserId { get; init; }
    public required string UserName { get; set; }
    public string? ExternalId { get; set; }
    public string? GivenName { get; set; }
    public string? FamilyName { get; set; }
    public string? DisplayName { get; set; }
    public required bool Active { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>What the directory calls a team.</summary>
public sealed class ScimGroup
{
    public required Guid OrganizationId { get; init; }
    public required Guid TeamId { get; init; }
    public string? ExternalId { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }
}

/// <summary>What a SCIM token opens; a row of <c>find_scim_token</c>.</summary>
public sealed class FoundScimToken
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid CreatedBy { get; init; }
    public DateTimeOffset? LastUsedAt { get; init; }
}
