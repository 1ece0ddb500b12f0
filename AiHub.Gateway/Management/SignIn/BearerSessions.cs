using System.Security.Claims;
using System.Text.Encodings.Web;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Refusals;
using Microsoft.AspNetCore.Authentication;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>
/// Authenticates a management call by the access token of a session, or by a management key. Asked at each call, so that signing out
/// and revoking end it at once.
/// </summary>
public sealed class BearerSessions(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory logger, UrlEncoder encoder, HubDb db, TimeProvider time)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, logger, encoder)
{
    public const string SchemeName = "session";
    public const string SessionIdClaim = "session_id";
    public const string KeyIdClaim = "key_id";
    public const string SignOnClaim = "sign_on_organization_id";

    private const string Bearer = "Bearer ";

    private ProblemKind _refusal = ProblemKind.MissingToken;

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        // A request with two Authorization headers says two things; it is answered as one that says nothing of use.
        if (Request.Headers.Authorization is not [{ } header] || !header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
        {
            return AuthenticateResult.NoResult();
        }

        var token = header[Bearer.Length..].Trim();
        if (ApiKeySecret.IsWellFormed(token))
        {
            return await AuthenticateKeyAsync(token);
        }

        if (SignInTokens.ReadAccess(token) is not { } hash)
        {
            return Refuse(ProblemKind.InvalidToken);
        }

        var session = await db.Sessions
            .Where(row => row.AccessHash == hash)
            .Select(row => new { row.Id, row.UserId, row.AccessExpiresAt, row.RevokedAt, row.SignOnOrganizationId })
            .FirstOrDefaultAsync(Context.RequestAborted);

        if (session is not { RevokedAt: null })
        {
            return Refuse(ProblemKind.InvalidToken);
        }

        if (session.AccessExpiresAt <= time.GetUtcNow())
        {
            return Refuse(ProblemKind.TokenExpired);
        }

        return Accept(session.UserId, SessionIdClaim, session.Id, session.SignOnOrganizationId);
    }

    private async Task<AuthenticateResult> AuthenticateKeyAsync(string secret)
    {
        var (key, refusal) = await ManagementKey.FindAsync(db, secret, Context.Connection.RemoteIpAddress, time.GetUtcNow(), Context.RequestAborted);
        if (key is null)
        {
            return Refuse(refusal!);
        }

        Context.Features.Set(key);
        return Accept(key.Found.UserId, KeyIdClaim, key.Id);
    }

    private static AuthenticateResult Accept(Guid userId, string by, Guid id, Guid? signOn = null)
    {
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, userId.ToString()), new Claim(by, id.ToString())], SchemeName);
        if (signOn is { } organization)
        {
            identity.AddClaim(new Claim(SignOnClaim, organization.ToString()));
        }

        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), SchemeName));
    }

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) => Refused.Because(_refusal).ExecuteAsync(Context);

    // The one thing a known caller lacks without a requirement saying so: a session, where only a person will do.
    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) => Refused.Because(ProblemKind.SessionRequired).ExecuteAsync(Context);

    private AuthenticateResult Refuse(ProblemKind kind)
    {
        _refusal = kind;
        return AuthenticateResult.Fail(kind.Code);
    }
}
