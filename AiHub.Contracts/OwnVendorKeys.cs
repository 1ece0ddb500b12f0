using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <summary>A key that the organization brought: its own account at a vendor. The key itself is never shown again.</summary>
/// <param name="Host">The only host it is sent to.</param>
/// <param name="BaseUrl">The organization's own endpoint, which speaks the vendor's dialect; null for the vendor's.</param>
/// <param name="Use">preferred, fallback or only.</param>
/// <param name="FeeBasisPoints">What the hub charges for calls with it, in ten-thousandths of the vendor's list price.</param>
/// <param name="TestedAt">When it was last tried with a short call; null when this key never was.</param>
/// <param name="TestError">What went wrong then; null when it was answered.</param>
/// <param name="LastUsedAt">When it last answered a call; null when it never has.</param>
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
    DateTimeOffset? RotatedAt,
    DateTimeOffset? TestedAt = null,
    string? TestError = null,
    DateTimeOffset? LastUsedAt = null);

/// <summary>What bringing a key comes to here, before one is brought.</summary>
/// <param name="FeeBasisPoints">What the hub charges for calls with own keys, in ten-thousandths of the vendor's list price.</param>
/// <param name="Most">How many keys an organization may bring.</param>
public sealed record OwnVendorKeyTerms(int FeeBasisPoints, int Most, IReadOnlyList<OwnVendorKeyVendor> Vendors);

/// <param name="Host">Where its keys are sent to.</param>
/// <param name="Models">The chat models that a key can be tested with.</param>
public sealed record OwnVendorKeyVendor(string Id, string Name, string Host, IReadOnlyList<string> Models);

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
