using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <summary>A key that the organization brought: its own account at a vendor. The key itself is never shown again.</summary>
/// <param name="Host">The only host it is sent to.</param>
/// <param name="BaseUrl">The organization's own endpoint, which speaks the vendor's dialect; null for the vendor's.</param>
/// <param name="Use">preferred, fallback or only.</param>
/// <param name="FeeBasisPoints">What the hub charges for calls with it, in ten-thousandths of the vendor's list price.</param>
public sealed record OwnVendorKeyView(
    Guid Id,
    string VendorId,
    string Name,
    string LastFour,
    string Host,
    string? BaseUrl,
    string Use,
    bool Enabled,
    int FeeBasisPoints,
    DateTimeOffset CreatedAt,
    DateTimeOffset? RotatedAt);

/// <param name="Test">Whether the key has to answer a short call before it is saved.</param>
/// <param name="Model">The catalogue's model to test it with; null takes one that the vendor serves.</param>
public sealed record NewOwnVendorKey(
    [property: Required, StringLength(40, MinimumLength = 1)] string VendorId,
    [property: Required, StringLength(80, MinimumLength = 1)] string Name,
    [property: Required, StringLength(500, MinimumLength = 8)] string Key,
    [property: StringLength(500, MinimumLength = 8)] string? BaseUrl = null,
    [property: AllowedValues("preferred", "fallback", "only")] string Use = "preferred",
    bool Test = true,
    [property: StringLength(200, MinimumLength = 1)] string? Model = null);

/// <summary>What is null stays as it is.</summary>
public sealed record OwnVendorKeyChange(
    [property: StringLength(80, MinimumLength = 1)] string? Name = null,
    [property: AllowedValues("preferred", "fallback", "only", null)] string? Use = null,
    bool? Enabled = null);

/// <param name="Test">Whether the new key has to answer a short call before it takes the old one's place.</param>
public sealed record OwnVendorKeyRotation(
    [property: Required, StringLength(500, MinimumLength = 8)] string Key,
    bool Test = true,
    [property: StringLength(200, MinimumLength = 1)] string? Model = null);

/// <param name="Test">What the short call came to; null when none was made.</param>
public sealed record SavedOwnVendorKey(OwnVendorKeyView Key, EndpointTest? Test);
