using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Management.SingleSignOn;

/// <summary>Signing in with an organization's identity provider: there with a question, back with its answer (authorization code, PKCE, state, nonce).</summary>
public static partial class SignOnEndpoints
{
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(10);

    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    private const int RandomLength = 43;

    public static void MapSignOn(this IEndpointRouteBuilder api)
    {
        var signOn = api.MapGroup("/auth/sign-on").WithTags("Single sign-on");

        signOn.MapPost("/begin", BeginAsync)
            .Describe("beginSignOn", new("Begin to sign in with your organization", "开始单点登录"), new("The domain of the address says where to go; whether the address is known does not matter. Send the browser to `authorization_url` and keep the ticket.", "根据邮箱域名确定身份提供方，与该邮箱是否已注册无关。请将浏览器重定向到 `authorization_url`，并保留 ticket。"), SignOnExamples.Begin, SignOnExamples.Begun)
            .Refuses(ProblemKind.NoSignOn, ProblemKind.SignOnFailed, ProblemKind.TooManyAttempts);

        signOn.MapPost("/complete", CompleteAsync)
            .Describe("completeSignOn", new("Finish signing in with your organization", "完成单点登录"), new("Takes what the provider sent back, once. Somebody who is new joins the organization. Where two-factor authentication is on, the answer is 202 and asks for a code.", "提交身份提供方返回的参数，仅可使用一次。首次登录的用户将加入该组织。启用两步验证时返回 202，并要求提供验证码。"), SignOnExamples.Answer, Examples.Tokens)
            .OrAccepts(SignInExamples.Needed, new("A code is still missing; send it to `auth/two-factor/sign-in`.", "还需要验证码；请提交至 `auth/two-factor/sign-in`。"))
            .Refuses(ProblemKind.SignOnFailed, ProblemKind.TooManyAttempts);
    }

    private static async Task<Results<Ok<SignOnBegun>, Refused>> BeginAsync(
        SignOnBegin request, HttpContext http, OidcProviders providers, HubDb db, IOptions<AccountOptions> accounts, AttemptLimits limits, TimeProvider time, ILogger<SignOnBegun> logger, CancellationToken ct)
    {
        if (limits.SignIn(ClientAddress.Network(http), request.Email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (DomainOf(request.Email) is not { } domain || await db.FindSignOn(domain).AsNoTracking().FirstOrDefaultAsync(ct) is not { } found)
        {
            return Refused.Because(ProblemKind.NoSignOn);
        }

        string endpoint;
        try
        {
            endpoint = (await providers.DiscoverAsync(found.Issuer, ct)).AuthorizationEndpoint;
        }
        catch (SignOnException failure)
        {
            LogFailed(logger, found.OrganizationId, failure.Message);
            return Refused.Because(ProblemKind.SignOnFailed);
        }

        var now = time.Now();
        var (state, nonce, verifier) = (Random(), Random(), Random());
        var question = new Question(found.OrganizationId, found.Issuer, found.ClientId, domain, accounts.Value.Page(SignOnSettings.CallbackPath), state, nonce, verifier);
        var ticket = await db.IssueTicketAsync(TicketPurpose.SignOn, null, JsonSerializer.Serialize(question), Lifetime, now, ct);
        var query = string.Join('&', new Dictionary<string, string>
        {
            ["response_type"] = "code",
            ["client_id"] = found.ClientId,
            ["redirect_uri"] = question.RedirectUri,
            ["scope"] = "openid email profile",
            ["state"] = state,
            ["nonce"] = nonce,
            ["code_challenge"] = Base64Url(SHA256.HashData(Encoding.ASCII.GetBytes(verifier))),
            ["code_challenge_method"] = "S256",
            ["login_hint"] = request.Email.Trim(),
        }.Select(pair => $"{pair.Key}={Uri.EscapeDataString(pair.Value)}"));

        return TypedResults.Ok(new SignOnBegun(
            found.OrganizationId, found.OrganizationName, $"{endpoint}{(endpoint.Contains('?', StringComparison.Ordinal) ? '&' : '?')}{query}", ticket, (int)Lifetime.TotalSeconds));
    }

    private static async Task<Results<Ok<TokenPair>, Accepted<SecondFactorNeeded>, Refused>> CompleteAsync(
        SignOnAnswer request, HttpContext http, OidcProviders providers, Newcomers newcomers, SecondFactor second, IDataProtectionProvider protection, HubDb db, AttemptLimits limits, TimeProvider time, ILogger<SignOnBegun> logger, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        if (await db.TakeTicketAsync(TicketPurpose.SignOn, request.Ticket, now, ct) is not { Data: { } data })
        {
            return Refused.Because(ProblemKind.SignOnFailed);
        }

        var question = JsonSerializer.Deserialize<Question>(data)!;
        try
        {
            var user = await AnswerAsync(request, question, http, providers, newcomers, protection, db, now, ct);
            var entered = await db.GoOnAsync(second, user, new FirstFactor("sign_on", question.OrganizationId), http, now, ct);
            return entered.Result is Ok<TokenPair> tokens ? tokens : (Accepted<SecondFactorNeeded>)entered.Result;
        }
        catch (SignOnException failure)
        {
            LogFailed(logger, question.OrganizationId, failure.Message);
            await db.InOrganizationAsync(
                question.OrganizationId,
                () => db.AuditAsync(http.Actor(), "sign_on.refused", question.OrganizationId.ToString(), null, new { reason = failure.Message }, now, ct),
                ct);
            return Refused.Because(ProblemKind.SignOnFailed);
        }
    }

    private static async Task<User> AnswerAsync(
        SignOnAnswer answer, Question question, HttpContext http, OidcProviders providers, Newcomers newcomers, IDataProtectionProvider protection, HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(answer.State), Encoding.UTF8.GetBytes(question.State)))
        {
            throw new SignOnException("The state is that of another sign-in.");
        }

        // RFC 9207: an answer of one provider cannot be passed off as another's.
        if (answer.Issuer is { } said && said != question.Issuer)
        {
            throw new SignOnException("The answer came from another provider.");
        }

        // As it is set up now: whatever was changed or switched off since the visitor left counts.
        var signOn = await db.InOrganizationAsync(question.OrganizationId, () => db.SignOns.AsNoTracking().SingleOrDefaultAsync(ct), ct);
        if (signOn is not { Enabled: true, DomainVerifiedAt: not null } || signOn.Issuer != question.Issuer || signOn.ClientId != question.ClientId || signOn.Domain != question.Domain)
        {
            throw new SignOnException("Single sign-on was changed meanwhile.");
        }

        var secret = signOn.ProtectedSecret is { } kept ? Open(protection, signOn, kept) : null;
        var person = await providers.ExchangeAsync(signOn.Issuer, signOn.ClientId, secret, question.RedirectUri, answer.Code, question.Verifier, question.Nonce, ct);
        if (DomainOf(person.Email) != signOn.Domain)
        {
            throw new SignOnException($"The provider vouched for an address outside {signOn.Domain}.");
        }

        var linked = await db.InOrganizationAsync(
            question.OrganizationId,
            () => db.SignOnIdentities.Where(row => row.Issuer == signOn.Issuer && row.Subject == person.Subject).Select(row => (Guid?)row.UserId).FirstOrDefaultAsync(ct),
            ct);
        var user = linked is { } id
            ? await db.Users.AsNoTracking().SingleAsync(row => row.Id == id, ct)
            : await newcomers.FindOrOpenAsync(question.OrganizationId, person.Email, person.Name, http.Actor(), ct);

        await db.InOrganizationAsync(question.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (await db.ScimUsers.AnyAsync(row => row.UserId == user.Id && !row.Active, ct))
            {
                throw new SignOnException("The organization's directory has deactivated the person.");
            }

            if (linked is null && !await db.SignOnIdentities.AnyAsync(row => row.Issuer == signOn.Issuer && row.Subject == person.Subject, ct))
            {
                db.SignOnIdentities.Add(new SignOnIdentity { OrganizationId = question.OrganizationId, Issuer = signOn.Issuer, Subject = person.Subject, UserId = user.Id, CreatedAt = now });
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(http.Actor(user.Id), "sign_on.linked", user.Id.ToString(), null, new { signOn.Issuer, person.Subject }, now, ct);
            }

            await newcomers.JoinAsync(question.OrganizationId, user.Id, signOn.DefaultRole, "sign_on", http.Actor(user.Id), now, ct);
        }, ct);

        return user;
    }

    private static string Open(IDataProtectionProvider protection, Domain.Access.SignOn signOn, string kept)
    {
        try
        {
            return SignOnSettings.Protector(protection, signOn.OrganizationId, signOn.Issuer).Unprotect(kept);
        }
        catch (CryptographicException failure)
        {
            throw new SignOnException("The client secret cannot be opened; enter it anew.", failure);
        }
    }

    private static string? DomainOf(string email) => email.Trim() is var text && text.LastIndexOf('@') is var at and > 0 ? DomainProofs.Normalize(text[(at + 1)..]) : null;

    private static string Random() => RandomNumberGenerator.GetString(Alphabet, RandomLength);

    private static string Base64Url(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=').Replace('+', '-').Replace('/', '_');

    /// <summary>What was asked, and of whom; the answer must fit all of it.</summary>
    private sealed record Question(Guid OrganizationId, string Issuer, string ClientId, string Domain, string RedirectUri, string State, string Nonce, string Verifier);

    [LoggerMessage(LogLevel.Warning, "Single sign-on of organization {Organization} was refused: {Reason}")]
    private static partial void LogFailed(ILogger logger, Guid organization, string reason);
}
