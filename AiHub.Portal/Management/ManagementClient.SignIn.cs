using System.Net;
using AiHub.Contracts;

namespace AiHub.Portal.Management;

/// <summary>How far a sign-in came: a session, the question for a code, or a problem.</summary>
public sealed record SignInStep(TokenPair? Tokens, SecondFactorNeeded? Needed, ProblemView? Problem);

/// <summary>How far a registration came: a session, a mail on its way, or a problem.</summary>
public sealed record RegistrationStep(Registered? Registered, RegistrationSent? Sent, ProblemView? Problem);

/// <summary>Signing in, and what one signs in with.</summary>
public sealed partial class ManagementClient
{
    public async Task<RegistrationStep> RegisterAsync(RegisterRequest request, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, "auth/register", request, session.AccessToken, ct);
        return response.StatusCode switch
        {
            HttpStatusCode.Created => new RegistrationStep(await ReadAsync<Registered>(response, ct), null, null),
            HttpStatusCode.Accepted => new RegistrationStep(null, await ReadAsync<RegistrationSent>(response, ct), null),
            _ => new RegistrationStep(null, null, await ProblemAsync(response, ct)),
        };
    }

    public Task<Answer<Registered>> ConfirmRegistrationAsync(RegistrationConfirmation request, CancellationToken ct) =>
        AskAsync<Registered>(HttpMethod.Post, "auth/register/confirm", request, ct);

    public Task<SignInStep> SignInAsync(LoginRequest request, CancellationToken ct) => StepAsync("auth/login", request, ct);

    public Task<Answer<TokenPair>> SignInWithCodeAsync(SecondFactorCode request, CancellationToken ct) =>
        AskAsync<TokenPair>(HttpMethod.Post, "auth/two-factor/sign-in", request, ct);

    public Task<Answer<PasskeyOptions>> BeginPasskeySignInAsync(CancellationToken ct) =>
        AskAsync<PasskeyOptions>(HttpMethod.Post, "auth/passkeys/sign-in/begin", null, ct);

    public Task<Answer<TokenPair>> SignInWithPasskeyAsync(PasskeySignIn request, CancellationToken ct) =>
        AskAsync<TokenPair>(HttpMethod.Post, "auth/passkeys/sign-in", request, ct);

    /// <returns>The problem, or null when it is done.</returns>
    public Task<ProblemView?> ForgotPasswordAsync(string email, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/password/forgot", new ForgottenPassword(email), ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> ResetPasswordAsync(PasswordReset request, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/password/reset", request, ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> ChangePasswordAsync(PasswordChange request, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/password/change", request, ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> VerifyEmailAsync(string token, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/email/verify", new EmailToken(token), ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> ChangeEmailAsync(EmailChange request, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/email/change", request, ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> ResendVerificationAsync(CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/email/resend", null, ct);

    public Task<SecurityView> SecurityAsync(CancellationToken ct) => GetAsync<SecurityView>("auth/security", ct);

    public Task<Answer<NewAuthenticator>> BeginTwoFactorAsync(string? password, CancellationToken ct) =>
        AskAsync<NewAuthenticator>(HttpMethod.Post, "auth/two-factor/begin", new CurrentPassword(password), ct);

    public Task<Answer<RecoveryCodes>> ConfirmTwoFactorAsync(string code, CancellationToken ct) =>
        AskAsync<RecoveryCodes>(HttpMethod.Post, "auth/two-factor/confirm", new AuthenticatorCode(code), ct);

    public Task<Answer<RecoveryCodes>> RenewRecoveryCodesAsync(string code, CancellationToken ct) =>
        AskAsync<RecoveryCodes>(HttpMethod.Post, "auth/two-factor/recovery-codes", new AuthenticatorCode(code), ct);

    /// <inheritdoc cref="ForgotPasswordAsync"/>
    public Task<ProblemView?> DisableTwoFactorAsync(string code, CancellationToken ct) => DoAsync(HttpMethod.Post, "auth/two-factor/disable", new AuthenticatorCode(code), ct);

    public Task<Answer<PasskeyOptions>> BeginPasskeyAsync(string? password, CancellationToken ct) =>
        AskAsync<PasskeyOptions>(HttpMethod.Post, "auth/passkeys/begin", new CurrentPassword(password), ct);

    public Task<Answer<PasskeyView>> CreatePasskeyAsync(NewPasskey request, CancellationToken ct) => AskAsync<PasskeyView>(HttpMethod.Post, "auth/passkeys", request, ct);

    public Task<Answer<PasskeyView>> RenamePasskeyAsync(Guid id, string name, CancellationToken ct) =>
        AskAsync<PasskeyView>(HttpMethod.Patch, $"auth/passkeys/{id}", new PasskeyName(name), ct);

    /// <summary>A passkey that is already gone is as deleted as can be.</summary>
    public Task DeletePasskeyAsync(Guid id, CancellationToken ct) => DeleteAsync($"auth/passkeys/{id}", ct);

    public async Task<IReadOnlyList<SessionView>> SessionsAsync(CancellationToken ct) => (await GetAsync<Page<SessionView>>("auth/sessions", ct)).Data;

    /// <summary>A session that has ended has ended.</summary>
    public Task EndSessionAsync(Guid id, CancellationToken ct) => DeleteAsync($"auth/sessions/{id}", ct);

    private async Task<SignInStep> StepAsync(string path, object request, CancellationToken ct)
    {
        using var response = await SendAsync(HttpMethod.Post, path, request, session.AccessToken, ct);
        return response.StatusCode switch
        {
            HttpStatusCode.OK => new SignInStep(await ReadAsync<TokenPair>(response, ct), null, null),
            HttpStatusCode.Accepted => new SignInStep(null, await ReadAsync<SecondFactorNeeded>(response, ct), null),
            _ => new SignInStep(null, null, await ProblemAsync(response, ct)),
        };
    }

    private async Task<ProblemView?> DoAsync(HttpMethod method, string path, object? body, CancellationToken ct)
    {
        using var response = await SendAsync(method, path, body, session.AccessToken, ct);
        return response.IsSuccessStatusCode ? null : await ProblemAsync(response, ct);
    }
}
