using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Issuer">The provider's issuer, to the letter, for example <c>https://login.example.com</c>.</param>
/// <param name="ClientSecret">Null leaves the one there is; needed again when the issuer changes.</param>
/// <param name="Domain">The e-mail domain whose people the provider speaks for.</param>
/// <param name="Required">Members other than owners get in by single sign-on only.</param>
public sealed record SignOnChange(
    [property: Required, StringLength(300)] string Issuer,
    [property: Required, StringLength(200, MinimumLength = 1)] string ClientId,
    [property: Required, StringLength(253, MinimumLength = 3)] string Domain,
    [property: StringLength(1000)] string? ClientSecret = null,
    [property: AllowedValues("billing", "developer", "viewer")] string DefaultRole = "developer",
    bool Enabled = true,
    bool Required = false);

/// <param name="RedirectUri">What the provider must be told to send people back to.</param>
/// <param name="ProofName">The name of the TXT record that proves the domain.</param>
/// <param name="ProofValue">What that record must say.</param>
public sealed record SignOnView(
    string Issuer, string ClientId, bool HasClientSecret, string Domain, string DefaultRole, bool Enabled, bool Required,
    string RedirectUri, string ProofName, string ProofValue, DateTimeOffset? DomainVerifiedAt, DateTimeOffset UpdatedAt);

/// <param name="Email">Its domain says where to go; whether the address is known does not matter.</param>
public sealed record SignOnBegin([property: Required, EmailAddress, StringLength(254)] string Email);

/// <param name="AuthorizationUrl">Where to send the browser.</param>
/// <param name="Ticket">Kept by whoever began, and given back to end it: a stranger cannot finish somebody else's sign-in.</param>
public sealed record SignOnBegun(Guid OrganizationId, string OrganizationName, string AuthorizationUrl, string Ticket, int ExpiresIn);

/// <param name="Code">From the redirect, like <paramref name="State"/> and <paramref name="Issuer"/>.</param>
public sealed record SignOnAnswer(
    [property: Required, StringLength(200)] string Ticket,
    [property: Required, StringLength(200)] string State,
    [property: Required, StringLength(4000)] string Code,
    [property: StringLength(300)] string? Issuer = null);

public sealed record NewScimToken([property: Required, StringLength(100, MinimumLength = 1)] string Name);

/// <param name="Token">For the directory's settings. It is shown this once and cannot be recovered.</param>
/// <param name="BaseUrl">The address the directory is given.</param>
public sealed record CreatedScimToken(Guid Id, string Name, string Token, string BaseUrl, DateTimeOffset CreatedAt);

public sealed record ScimTokenView(Guid Id, string Name, string LastFour, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);
