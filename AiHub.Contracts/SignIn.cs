using System.ComponentModel.DataAnnotations;
using System.Text.Json;

namespace AiHub.Contracts;

/// <param name="Token">From the link in the mail; it works once.</param>
public sealed record EmailToken([property: Required, StringLength(200)] string Token);

/// <param name="NewEmail">Where the link is sent.</param>
/// <param name="Password">Null only for somebody who has none.</param>
public sealed record EmailChange([property: Required, EmailAddress, StringLength(254)] string NewEmail, [property: StringLength(256)] string? Password = null);

public sealed record ForgottenPassword([property: Required, EmailAddress, StringLength(254)] string Email);

/// <param name="Token">From the link in the mail; it works once.</param>
public sealed record PasswordReset(
    [property: Required, StringLength(200)] string Token,
    [property: Required, StringLength(256, MinimumLength = 8)] string NewPassword);

/// <summary>The password was right, and a code is missing.</summary>
/// <param name="ChallengeToken">Goes with the code to <c>auth/two-factor/sign-in</c>.</param>
/// <param name="ExpiresIn">Seconds until it ends.</param>
/// <param name="Methods">What a code may come from: totp, recovery_code.</param>
public sealed record SecondFactorNeeded(string ChallengeToken, int ExpiresIn, IReadOnlyList<string> Methods);

/// <param name="Code">Six digits of the authenticator app, or a recovery code.</param>
public sealed record SecondFactorCode(
    [property: Required, StringLength(200)] string ChallengeToken,
    [property: Required, StringLength(40)] string Code);

/// <param name="Password">Null only for somebody who has none.</param>
public sealed record CurrentPassword([property: StringLength(256)] string? Password = null);

/// <param name="Secret">For typing into an authenticator app, base32.</param>
/// <param name="Uri">The same as a URI that apps read from a QR code.</param>
public sealed record NewAuthenticator(string Secret, string Uri);

/// <param name="Code">Six digits of the authenticator app, or a recovery code.</param>
public sealed record AuthenticatorCode([property: Required, StringLength(40)] string Code);

/// <param name="Codes">Each stands in for the authenticator once. They are shown this once and cannot be recovered.</param>
public sealed record RecoveryCodes(IReadOnlyList<string> Codes);

/// <summary>How a person's account is secured.</summary>
/// <param name="RecoveryCodesLeft">Those that have not been used.</param>
public sealed record SecurityView(bool EmailVerified, bool HasPassword, bool TwoFactor, DateTimeOffset? TwoFactorSince, int RecoveryCodesLeft, IReadOnlyList<PasskeyView> Passkeys);

/// <param name="Synced">Whether it is kept in more than one place.</param>
public sealed record PasskeyView(Guid Id, string Name, bool Synced, DateTimeOffset CreatedAt, DateTimeOffset? LastUsedAt);

/// <param name="Ticket">Goes back with the browser's answer; it works once.</param>
/// <param name="PublicKey">What the browser's <c>navigator.credentials</c> takes as <c>publicKey</c>, in JSON.</param>
public sealed record PasskeyOptions(string Ticket, JsonElement PublicKey);

/// <param name="Credential">What the browser answered, in JSON.</param>
public sealed record NewPasskey(
    [property: Required, StringLength(200)] string Ticket,
    JsonElement Credential,
    [property: StringLength(100)] string? Name = null);

/// <param name="Credential">What the browser answered, in JSON.</param>
public sealed record PasskeySignIn([property: Required, StringLength(200)] string Ticket, JsonElement Credential);

public sealed record PasskeyName([property: Required, StringLength(100, MinimumLength = 1)] string Name);
