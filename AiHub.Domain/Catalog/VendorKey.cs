namespace AiHub.Domain.Catalog;

/// <summary>One of the hub's keys at a vendor. Encrypted before it is stored; bound to the host it was entered for and sent to no other.</summary>
public sealed class VendorKey
{
    public const string DefaultPool = "default";

    public required Guid Id { get; init; }
    public required string VendorId { get; init; }

    /// <summary>Endpoints name the pool they draw from.</summary>
    public string Pool { get; set; } = DefaultPool;
    public required string Name { get; set; }

    /// <summary>The key as ciphertext.</summary>
    public required string Protected { get; init; }
    public required string LastFour { get; init; }

    /// <summary>The only host it may be sent to.</summary>
    public required string Host { get; init; }
    public bool Enabled { get; set; } = true;
    public required DateTimeOffset CreatedAt { get; init; }
}
