using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AiHub.Gateway.Management.SingleSignOn;

/// <summary>How an organization's people sign in with its own identity provider: told, tested and proven here.</summary>
public static class SignOnSettings
{
    public const string CallbackPath = "/sign-in/sso/callback";

    public static void MapSignOnSettings(this IEndpointRouteBuilder api)
    {
        var signOn = api.MapGroup("/organizations/{id}/sign-on").WithTags("Single sign-on");

        signOn.MapGet("/", FindAsync)
            .InOrganizationOfPath(Permission.SignInWrite)
            .Describe("getSignOn", new("How single sign-on is set up", "查询单点登录设置"), new("The client secret is never shown.", "不会显示客户端密钥。"), null, SignOnExamples.View)
            .Refuses(ProblemKind.SignOnNotFound);

        signOn.MapPut("/", PutAsync)
            .InOrganizationOfPath(Permission.SignInWrite)
            .Describe("putSignOn", new("Set up single sign-on", "设置单点登录"),
                new("The provider is asked for its description at once. People of the domain can sign in as soon as the domain is proven by a DNS record.", "保存时会立即读取身份提供方的配置。域名通过 DNS 记录验证后，该域名的用户即可登录。"), SignOnExamples.Change, SignOnExamples.View)
            .Refuses(ProblemKind.PersonalOrganization, ProblemKind.SignOnProviderUnusable);

        signOn.MapPost("/verify-domain", VerifyDomainAsync)
            .InOrganizationOfPath(Permission.SignInWrite)
            .Describe("verifySignOnDomain", new("Prove the e-mail domain", "验证邮箱域名"), new("Looks for the TXT record. A domain belongs to one organization.", "查询 TXT 记录。一个域名只能属于一个组织。"), null, SignOnExamples.View)
            .Refuses(ProblemKind.SignOnNotFound, ProblemKind.DomainNotProven, ProblemKind.DomainTaken, ProblemKind.TooManyAttempts);

        signOn.MapDelete("/", DeleteAsync)
            .InOrganizationOfPath(Permission.SignInWrite)
            .Describe("deleteSignOn", new("End single sign-on", "停用单点登录"), new("Sessions it started end. Members stay members.", "由其创建的会话随即结束，成员身份保留。"))
            .Refuses(ProblemKind.SignOnNotFound);
    }

    /// <summary>The client secret is sealed with its organization and issuer: a row that was pointed at another provider does not open.</summary>
    internal static IDataProtector Protector(IDataProtectionProvider protection, Guid organizationId, string issuer) =>
        protection.CreateProtector("sign-on", organizationId.ToString("N"), issuer);

    private static async Task<Results<Ok<SignOnView>, Refused>> FindAsync(Member member, HubDb db, IOptions<AccountOptions> accounts, CancellationToken ct) =>
        await db.InOrganizationAsync(member.OrganizationId, () => db.SignOns.AsNoTracking().SingleOrDefaultAsync(ct), ct) is { } signOn
            ? TypedResults.Ok(View(signOn, accounts.Value))
            : Refused.Because(ProblemKind.SignOnNotFound);

    private static async Task<Results<Ok<SignOnView>, Refused>> PutAsync(
        SignOnChange request, Member member, HttpContext http, OidcProviders providers, IDataProtectionProvider protection, HubDb db, IOptions<AccountOptions> accounts, TimeProvider time, CancellationToken ct)
    {
        if (member.Organization.Personal)
        {
            return Refused.Because(ProblemKind.PersonalOrganization);
        }

        var now = time.Now();
        var issuer = request.Issuer.Trim();
        var domain = DomainProofs.Normalize(request.Domain);
        var errors = new FieldErrors(http.Request.Language());
        if (!providers.Accepts(issuer))
        {
            errors.Add("issuer", FieldText.WebhookUrl);
        }

        if (domain is null)
        {
            errors.Add("domain", FieldText.Domain);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        try
        {
            await providers.DiscoverAsync(issuer, ct);
        }
        catch (SignOnException failure)
        {
            return Refused.Because(ProblemKind.SignOnProviderUnusable, failure.Message);
        }

        var saved = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var signOn = await db.SignOns.SingleOrDefaultAsync(ct);
            var before = signOn is null ? null : Told(signOn);
            var secret = request.ClientSecret is { Length: > 0 } given ? Protector(protection, member.OrganizationId, issuer).Protect(given)
                : signOn?.Issuer == issuer ? signOn.ProtectedSecret
                : null;
            if (signOn is null)
            {
                signOn = new Domain.Access.SignOn
                {
                    OrganizationId = member.OrganizationId,
                    Issuer = issuer,
                    ClientId = request.ClientId.Trim(),
                    Domain = domain!,
                    DomainProof = DomainProofs.NewValue(),
                    DefaultRole = Enum.Parse<Role>(request.DefaultRole, ignoreCase: true),
                    Enabled = request.Enabled,
                    Required = request.Required,
                    CreatedAt = now,
                    UpdatedAt = now,
                };
                db.SignOns.Add(signOn);
            }
            else if (signOn.Domain != domain)
            {
                // Another domain is another proof.
                (signOn.Domain, signOn.DomainProof, signOn.DomainVerifiedAt) = (domain!, DomainProofs.NewValue(), null);
            }

            (signOn.Issuer, signOn.ClientId, signOn.ProtectedSecret) = (issuer, request.ClientId.Trim(), secret);
            (signOn.DefaultRole, signOn.Enabled, signOn.Required, signOn.UpdatedAt) = (Enum.Parse<Role>(request.DefaultRole, ignoreCase: true), request.Enabled, request.Required, now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "sign_on.changed", member.OrganizationId.ToString(), before, Told(signOn), now, ct);
            return signOn;
        }, ct);

        return TypedResults.Ok(View(saved, accounts.Value));
    }

    private static async Task<Results<Ok<SignOnView>, Refused>> VerifyDomainAsync(
        Member member, HttpContext http, DomainProofs proofs, HubDb db, IOptions<AccountOptions> accounts, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Admit("domain proof", member.OrganizationId.ToString(), 10, TimeSpan.FromMinutes(1)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        if (await db.InOrganizationAsync(member.OrganizationId, () => db.SignOns.AsNoTracking().SingleOrDefaultAsync(ct), ct) is not { } asked)
        {
            return Refused.Because(ProblemKind.SignOnNotFound);
        }

        if (!await proofs.HoldsAsync(asked.Domain, asked.DomainProof, ct))
        {
            return Refused.Because(ProblemKind.DomainNotProven, DomainProofs.NameOf(asked.Domain), asked.DomainProof);
        }

        try
        {
            var proven = await db.InOrganizationAsync(member.OrganizationId, async () =>
            {
                // What was asked for is what was proven; meanwhile it may have become another domain.
                if (await db.SignOns.FirstOrDefaultAsync(row => row.DomainProof == asked.DomainProof, ct) is not { } signOn)
                {
                    return null;
                }

                signOn.DomainVerifiedAt ??= now;
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(http.Actor(), "sign_on.domain_verified", member.OrganizationId.ToString(), null, new { signOn.Domain }, now, ct);
                return signOn;
            }, ct);

            return proven is null ? Refused.Because(ProblemKind.SignOnNotFound) : TypedResults.Ok(View(proven, accounts.Value));
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation })
        {
            return Refused.Because(ProblemKind.DomainTaken);
        }
    }

    private static async Task<Results<NoContent, Refused>> DeleteAsync(Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var deleted = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.SignOns.SingleOrDefaultAsync(ct) is not { } signOn)
            {
                return false;
            }

            db.SignOns.Remove(signOn);
            await db.SaveChangesAsync(ct);
            await db.SignOnIdentities.ExecuteDeleteAsync(ct);
            await db.Sessions.Where(row => row.SignOnOrganizationId == member.OrganizationId && row.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.RevokedAt, now), ct);
            await db.AuditAsync(http.Actor(), "sign_on.deleted", member.OrganizationId.ToString(), Told(signOn), null, now, ct);
            return true;
        }, ct);

        return deleted ? TypedResults.NoContent() : Refused.Because(ProblemKind.SignOnNotFound);
    }

    private static object Told(Domain.Access.SignOn signOn) => new
    {
        signOn.Issuer,
        signOn.ClientId,
        hasClientSecret = signOn.ProtectedSecret is not null,
        signOn.Domain,
        signOn.DomainVerifiedAt,
        defaultRole = Wire.Name(signOn.DefaultRole),
        signOn.Enabled,
        signOn.Required,
    };

    private static SignOnView View(Domain.Access.SignOn signOn, AccountOptions accounts) => new(
        signOn.Issuer, signOn.ClientId, signOn.ProtectedSecret is not null, signOn.Domain, Wire.Name(signOn.DefaultRole), signOn.Enabled, signOn.Required,
        accounts.Page(CallbackPath), DomainProofs.NameOf(signOn.Domain), signOn.DomainProof, signOn.DomainVerifiedAt, signOn.UpdatedAt);
}
