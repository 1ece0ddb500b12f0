using System.ComponentModel.DataAnnotations;

namespace AiHub.Contracts;

/// <param name="Currency">The billing currency of the new organization, <c>USD</c> or <c>CNY</c>; it cannot be changed later.</param>
public sealed record RegisterRequest(
    [property: Required, EmailAddress, StringLength(254)] string Email,
    [property: Required, StringLength(256, MinimumLength = 8)] string Password,
    [property: StringLength(100)] string? DisplayName = null,
    [property: StringLength(100)] string? OrganizationName = null,
    [property: AllowedValues("USD", "CNY", null)] string? Currency = null,
    [property: StringLength(64)] string? TimeZone = null);

/// <summary>The same for an address that has an account and for one that has none.</summary>
/// <param name="Status"><c>mail_sent</c>.</param>
/// <param name="ExpiresIn">Seconds until the link in the mail ends.</param>
public sealed record RegistrationSent(string Status, int ExpiresIn);

/// <param name="Token">From the link in the mail.</param>
/// <param name="Password">The one chosen when registering: whoever opens somebody else's mail by mistake opens no account for them.</param>
public sealed record RegistrationConfirmation(
    [property: Required, StringLength(200)] string Token,
    [property: Required, StringLength(256)] string Password);

public sealed record LoginRequest(
    [property: Required, StringLength(254)] string Email,
    [property: Required, StringLength(256)] string Password);

public sealed record RefreshRequest([property: Required, StringLength(200)] string RefreshToken);

/// <param name="ExpiresIn">Seconds until the access token ends.</param>
public sealed record TokenPair(string AccessToken, string RefreshToken, int ExpiresIn, string TokenType = "Bearer");

public sealed record Registered(UserView User, OrganizationView Organization, string AccessToken, string RefreshToken, int ExpiresIn, string TokenType = "Bearer");

/// <param name="Current">The session this call was made in.</param>
public sealed record SessionView(Guid Id, DateTimeOffset CreatedAt, string? UserAgent, string? Address, bool Current);

public sealed record PasswordChange(
    [property: Required, StringLength(256)] string CurrentPassword,
    [property: Required, StringLength(256, MinimumLength = 8)] string NewPassword);

/// <param name="EmailVerified">Whether mail to the address is known to reach the person.</param>
public sealed record UserView(Guid Id, string Email, string DisplayName, DateTimeOffset CreatedAt, bool EmailVerified = false);

/// <param name="Role">The caller's role: owner, admin, billing, developer or viewer.</param>
public sealed record OrganizationView(Guid Id, string Name, string Role, string Plan, string Currency, string TimeZone, bool Personal, bool CachesAnswers = false);

/// <param name="Organization">The organization this call is about: the one in <c>X-Organization-Id</c>, else the personal one.</param>
/// <param name="Permissions">What the caller may do there, for example <c>keys.write</c>.</param>
/// <param name="Operator">Whether the user runs this hub.</param>
public sealed record Me(
    UserView User,
    OrganizationView Organization,
    IReadOnlyList<OrganizationView> Organizations,
    IReadOnlyList<string> Permissions,
    bool Operator);

/// <param name="SetupToken">Printed once when the database was first migrated.</param>
public sealed record OperatorClaim([property: Required, StringLength(200)] string SetupToken);
