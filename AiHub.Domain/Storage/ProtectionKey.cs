namespace AiHub.Domain.Storage;

/// <summary>A key of the ring with which the services encrypt what only they may read.</summary>
public sealed class ProtectionKey
{
    public required string Id { get; init; }
    public required string Xml { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
