using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Sign in, stay signed in, sign out.</summary>
public static class Accounts
{
    public static void MapAccounts(this IEndpointRouteBuilder api)
    {
        var auth = api.MapGroup("/auth").WithTags("Accounts");

        auth.MapPost("/login", LoginAsync)
            .Describe("login", new("Sign in", "登录"),
                new("Starts a session. The access token lasts 15 minutes, the refresh token 30 days. Five wrong passwords lock the account for 15 minutes. Where two-factor authentication is on, the answer is 202 and asks for a code.", "创建会话。访问令牌有效期 15 分钟，刷新令牌 30 天。连续五次输错密码后账户将锁定 15 分钟。启用两步验证时返回 202，并要求提供验证码。"),
                Examples.Login, Examples.Tokens)
            .OrAccepts(SignInExamples.Needed, new("The password is right; send a code to `auth/two-factor/sign-in`.", "密码正确；请向 `auth/two-factor/sign-in` 提交验证码。"))
            .Refuses(ProblemKind.InvalidCredentials, ProblemKind.TooManyAttempts);

        auth.MapPost("/refresh", RefreshAsync)
            .Describe("refresh", new("Renew the tokens of a session", "刷新令牌"),
                new("Exchanges a refresh token for a new pair. A refresh token works once: using it again ends the session, because one of the two users must be a thief.", "用刷新令牌换取一对新令牌。刷新令牌只能使用一次：重复使用意味着令牌可能已被盗用，会话将立即终止。"),
                Examples.Refresh, Examples.Tokens)
            .Refuses(ProblemKind.InvalidRefreshToken, ProblemKind.TooManyAttempts);

        auth.MapPost("/logout", LogoutAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("logout", new("Sign out", "退出登录"), new("Ends the session at once: both of its tokens stop working.", "立即结束会话，其访问令牌与刷新令牌随即失效。"));

        auth.MapGet("/me", MeAsync)
            .OfOrganization(Policies.AnyMember)
            .Describe("me", new("Who am I?", "当前用户"), new("The signed-in user and their organizations.", "当前登录的用户及其组织。"), null, Examples.Me);
    }

    private static async Task<Results<Ok<TokenPair>, Accepted<SecondFactorNeeded>, Refused>> LoginAsync(
        LoginRequest request, HttpContext http, People people, SecondFactor second, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var email = request.Email.Trim();
        var password = PasswordRules.Normalize(request.Password);

        if (limits.SignIn(ClientAddress.Network(http), email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (await people.FindByEmailAsync(email) is not { } user)
        {
            await people.CheckNobodyAsync(password, ct);
            await people.CountNobodyAsync();
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        // Checked also when the account is locked: how long the answer takes must not tell.
        var right = await people.CheckPasswordAsync(user, password);
        if (await people.IsLockedOutAsync(user))
        {
            await people.CountNobodyAsync();
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        if (!right)
        {
            await people.AccessFailedAsync(user);
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        // Where a code is still to come, failures are forgotten after it: else each right password would buy five more guesses of codes.
        if (!user.TwoFactorEnabled && !(await people.ResetAccessFailedCountAsync(user)).Succeeded)
        {
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        var entered = await db.GoOnAsync(second, user, new FirstFactor("password"), http, time.Now(), ct);
        return entered.Result is Ok<TokenPair> tokens ? tokens : (Accepted<SecondFactorNeeded>)entered.Result;
    }

    private static async Task<Results<Ok<TokenPair>, Refused>> RefreshAsync(
        RefreshRequest request, HttpContext http, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (SignInTokens.ReadRefresh(request.RefreshToken) is not { } presented)
        {
            return Refused.Because(ProblemKind.InvalidRefreshToken);
        }

        var now = time.Now();
        if (await db.RenewSessionAsync(presented.SessionId, presented.Hash, now, ct) is { } tokens)
        {
            return TypedResults.Ok(tokens);
        }

        var session = await db.Sessions
            .Where(row => row.Id == presented.SessionId && row.RevokedAt == null && row.RefreshHash != presented.Hash)
            .Select(row => new { row.UserId })
            .FirstOrDefaultAsync(ct);

        if (session is not null)
        {
            // It names a live session but is not its token: used up before, so two parties have it.
            await db.InPersonalOrganizationAsync(session.UserId, async () =>
            {
                if (await db.EndSessionAsync(presented.SessionId, now, ct))
                {
                    await db.AuditAsync(http.Actor(session.UserId), "session.revoked", session.UserId.ToString(), null, new { reason = "refresh_token_reused" }, now, ct);
                }

                return true;
            }, ct);
        }

        return Refused.Because(ProblemKind.InvalidRefreshToken);
    }

    private static async Task<NoContent> LogoutAsync(Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        await db.InPersonalOrganizationAsync(person.UserId, async () =>
        {
            if (await db.EndSessionAsync(person.SessionId, now, ct))
            {
                await db.AuditAsync(http.Actor(), "user.signed_out", person.UserId.ToString(), null, null, now, ct);
            }

            return true;
        }, ct);

        return TypedResults.NoContent();
    }

    private static async Task<Ok<Me>> MeAsync(Member member, HubDb db, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().FirstAsync(row => row.Id == member.UserId, ct);
        var organizations = await db.OrganizationsOfUser(member.UserId).OrderByDescending(row => row.Personal && row.Role == Role.Owner).ThenBy(row => row.CreatedAt).ToListAsync(ct);

        return TypedResults.Ok(new Me(
            View(user),
            Organizations.View(member.Organization),
            [.. organizations.Select(Organizations.View)],
            [.. Enum.GetValues<Permission>().Where(member.May).Select(Permissions.Name)],
            await db.Operators.AnyAsync(row => row.UserId == member.UserId, ct)));
    }

    /// <summary>What a person does to their own account is written in the audit log of their personal organization.</summary>
    internal static async Task<T> InPersonalOrganizationAsync<T>(this HubDb db, Guid userId, Func<Task<T>> work, CancellationToken ct)
    {
        var organizationId = await db.OrganizationsOfUser(userId).Where(row => row.Personal && row.Role == Role.Owner).Select(row => row.Id).FirstAsync(ct);
        return await db.InOrganizationAsync(organizationId, work, ct);
    }

    internal static UserView View(User user) => new(user.Id, user.Email, user.DisplayName, user.CreatedAt, user.EmailConfirmed);
}
