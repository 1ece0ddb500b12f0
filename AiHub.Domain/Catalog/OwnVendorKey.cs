namespace AiHub.Domain.Catalog;

/// <summary>When an organization's own key answers its calls.</summary>
public enum OwnKeyUse
{
    /// <summary>Before the hub's keys; those stand in when it fails.</summary>
    Preferred,

    /// <summary>When the hub's keys fail.</summary>
    Fallback,

    /// <summary>Instead of the hub's keys at this vendor, which are never used.</summary>
    Only,
}

/// <summary>
/// A key that an organization brought: its own account at a vendor, or an endpoint of its own that speaks the vendor's dialect. Encrypted before it is
/// stored, used for this organization's calls alone, and sent to no host but the one it was entered for.
/// </summary>
public sealed class OwnVendorKey
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required string VendorId { get; init; }
    public required string Name { get; set; }

    /// <summary>The key as ciphertext.</summary>
    public required string Protected { get; set; }
    public required string LastFour { get; set; }

    /// <summary>The only host it may be sent to.</summary>
    public required string Host { get; init; }

    /// <summary>The organization's own endpoint; null for the vendor's.</summary>
    public string? BaseUrl { get; init; }
    public required OwnKeyUse Use { get; set; }
    public bool Enabled { get; set; } = true;
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RotatedAt { get; set; }

    /// <summary>When this key was last tried with a short call; a new one in its place has yet to be.</summary>
    public DateTimeOffset? TestedAt { get; set; }

    /// <summary>What went wrong then; null when it was answered.</summary>
    public string? TestError { get; set; }
}
