namespace AiHub.Domain.Tenancy;

public sealed class Team
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string Name { get; set; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Set when the team was dissolved. Its row stays, because usage, keys and budgets of the past name it.</summary>
    public DateTimeOffset? ArchivedAt { get; set; }
}
