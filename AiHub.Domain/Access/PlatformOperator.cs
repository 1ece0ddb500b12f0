namespace AiHub.Domain.Access;

/// <summary>A person who runs this hub. Made only by <c>claim_operator</c>, with the set-up token that migrating the database printed.</summary>
public sealed class PlatformOperator
{
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Makes the first operator, once. The services may not read it; they try a token through <c>claim_operator</c>.</summary>
public sealed class SetupToken
{
    public required byte[] Hash { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public DateTimeOffset? UsedAt { get; init; }
    public Guid? UsedBy { get; init; }
}

/// <summary>An organization as an operator sees it; a row of <c>organizations_of_hub</c>.</summary>
public sealed class OrganizationOfHub
{
    public required Guid Id { get; init; }
    public required string Name { get; init; }
    public required bool Personal { get; init; }
    public required Tenancy.OrganizationStatus Status { get; init; }
    public required Currency Currency { get; init; }
    public string? PlanId { get; init; }
    public string? OwnerEmail { get; init; }
    public required long Members { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
