using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Gateway.Scim;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SingleSignOn;

/// <summary>The tokens an organization's directory calls SCIM with. Made by owners, because a directory makes and ends memberships.</summary>
public static class ScimTokens
{
    public const int Most = 5;

    public static void MapScimTokens(this IEndpointRouteBuilder api)
    {
        var tokens = api.MapGroup("/organizations/{id}/scim-tokens").WithTags("Single sign-on");

        tokens.MapGet("/", ListAsync)
            .InOrganizationOfPath(Permission.ProvisioningWrite)
            .Describe("listScimTokens", new("List SCIM tokens", "列出 SCIM 令牌"), new("Those that work.", "仅列出有效的令牌。"), null, new Page<ScimTokenView>([SignOnExamples.Token], null));

        tokens.MapPost("/", CreateAsync)
            .InOrganizationOfPath(Permission.ProvisioningWrite)
            .Describe("createScimToken", new("Make a SCIM token", "创建 SCIM 令牌"), new("The answer holds the token, this once. With it a directory (Entra ID, Okta, …) manages members of the proven domain, and teams.", "响应中包含令牌，且仅此一次。目录服务（Entra ID、Okta 等）可凭此管理已验证域名的成员与团队。"), SignOnExamples.NewToken, SignOnExamples.CreatedToken)
            .Refuses(ProblemKind.PersonalOrganization, ProblemKind.ScimTokenLimitReached);

        tokens.MapDelete("/{token_id}", RevokeAsync)
            .InOrganizationOfPath(Permission.ProvisioningWrite)
            .Parameter("token_id", new("The token's id.", "令牌编号。"), "uuid", SignOnExamples.Token.Id)
            .Describe("revokeScimToken", new("Revoke a SCIM token", "吊销 SCIM 令牌"), new("It stops working at once. Members and teams stay.", "令牌立即失效，成员与团队保留。"))
            .Refuses(ProblemKind.ScimTokenNotFound);
    }

    private static async Task<Ok<Page<ScimTokenView>>> ListAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(new Page<ScimTokenView>(
            await db.InOrganizationAsync(
                member.OrganizationId,
                () => db.ScimTokens.Where(row => row.RevokedAt == null).OrderBy(row => row.CreatedAt).Select(row => new ScimTokenView(row.Id, row.Name, row.LastFour, row.CreatedAt, row.LastUsedAt)).ToListAsync(ct),
                ct),
            null));

    private static async Task<Results<Created<CreatedScimToken>, Refused>> CreateAsync(NewScimToken request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (member.Organization.Personal)
        {
            return Refused.Because(ProblemKind.PersonalOrganization);
        }

        var now = time.Now();
        var secret = SignInTokens.NewScim();
        var token = new ScimToken
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Name = request.Name.Trim(),
            Hash = SignInTokens.Hash(secret),
            LastFour = secret[^4..],
            CreatedBy = member.UserId,
            CreatedAt = now,
        };
        var refusal = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            await db.LockMembersAsync(ct);
            if (!await db.IsStillAsync(member, ct))
            {
                return MemberOfOrganization.RoleNotAllowed(Permission.ProvisioningWrite, member.Role);
            }

            if (await db.ScimTokens.CountAsync(row => row.RevokedAt == null, ct) >= Most)
            {
                return Refused.Because(ProblemKind.ScimTokenLimitReached, Most);
            }

            db.ScimTokens.Add(token);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "scim_token.created", token.Id.ToString(), null, new { token.Name, token.LastFour }, now, ct);
            return null;
        }, ct);

        return refusal is null
            ? TypedResults.Created(
                $"{ManagementApi.Path}/organizations/{member.OrganizationId}/scim-tokens",
                new CreatedScimToken(token.Id, token.Name, secret, $"{http.Request.Scheme}://{http.Request.Host}{ScimEndpoints.Path}", now))
            : refusal;
    }

    private static async Task<Results<NoContent, Refused>> RevokeAsync([FromRoute(Name = "token_id")] string which, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var revoked = Guid.TryParse(which, out var id) && await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            if (await db.ScimTokens.FirstOrDefaultAsync(row => row.Id == id && row.RevokedAt == null, ct) is not { } token)
            {
                return false;
            }

            token.RevokedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "scim_token.revoked", id.ToString(), new { token.Name, token.LastFour }, null, now, ct);
            return true;
        }, ct);

        return revoked ? TypedResults.NoContent() : Refused.Because(ProblemKind.ScimTokenNotFound);
    }
}
