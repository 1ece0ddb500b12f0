namespace AiHub.Domain.Usage;

/// <summary>What was said in a call, kept only for organizations that want that, as ciphertext, and until a day they chose.</summary>
public sealed class CapturedContent
{
    /// <summary>The call's id.</summary>
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required DateTimeOffset CapturedAt { get; init; }
    public required DateTimeOffset ExpiresAt { get; init; }
    public required byte[] Protected { get; init; }
}
