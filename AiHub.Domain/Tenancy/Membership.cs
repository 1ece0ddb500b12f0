namespace AiHub.Domain.Tenancy;

public enum Role
{
    Owner,
    Admin,
    Billing,
    Developer,
    Viewer,
}

public sealed class Membership
{
    public required Guid OrganizationId { get; init; }
    public required Guid UserId { get; init; }
    public required Role Role { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

public enum TeamRole
{
    /// <summary>Runs the team: its name, its members, its keys.</summary>
    Lead,
    Member,
}

public sealed class TeamMembership
{
    public required Guid OrganizationId { get; init; }
    public required Guid TeamId { get; init; }
    public required Guid UserId { get; init; }
    public required TeamRole Role { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>An organization as one of its members sees it when choosing where to work; a row of <c>organizations_of_user</c>.</summary>
public sealed class OrganizationOfUser
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required bool Personal { get; init; }
    public required Role Role { get; init; }
    public required Currency Currency { get; init; }
    public required string TimeZone { get; init; }
    public required bool CachesAnswers { get; init; }
    public required OrganizationStatus Status { get; init; }

    /// <summary>Members other than owners get in by single sign-on only.</summary>
    public required bool RequiresSignOn { get; init; }
    public required string PlanId { get; init; }
    public required string PlanName { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
