namespace AiHub.Domain.Access;

/// <summary>A person who runs this hub: its vendors, models and prices. The services may read who that is and not change it.</summary>
public sealed class PlatformOperator
{
    public required Guid UserId { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
