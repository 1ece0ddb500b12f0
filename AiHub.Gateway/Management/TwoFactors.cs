using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>A second factor for signing in with a password: an authenticator app, and recovery codes for the day it is lost.</summary>
public static class TwoFactors
{
    public static void MapTwoFactors(this IEndpointRouteBuilder api)
    {
        var auth = api.MapGroup("/auth").WithTags("Accounts");

        auth.MapGet("/security", SecurityAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("security", new("How your account is secured", "账户安全状况"), new("Whether the address is verified, two-factor authentication is on, and which passkeys there are.", "邮箱是否已验证、是否启用两步验证，以及有哪些通行密钥。"), null, SignInExamples.Security)
            .Refuses(ProblemKind.SessionRequired);

        var two = auth.MapGroup("/two-factor");

        two.MapPost("/begin", BeginAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("beginTwoFactor", new("Begin to set up an authenticator app", "开始设置身份验证器"), new("Takes the password. Nothing is asked for at sign-in before a code was confirmed.", "需提供密码。在确认验证码之前，登录时不会要求验证码。"), SignInExamples.CurrentPassword, SignInExamples.Authenticator)
            .Refuses(ProblemKind.InvalidCredentials, ProblemKind.TwoFactorIsOn, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        two.MapPost("/confirm", ConfirmAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("confirmTwoFactor", new("Switch two-factor authentication on", "启用两步验证"), new("Takes a code of the app. The answer holds ten recovery codes, this once. Every other session ends.", "需提供应用中的验证码。响应中包含十个恢复码，且仅此一次。其他会话全部结束。"), SignInExamples.Code, SignInExamples.RecoveryCodes)
            .Refuses(ProblemKind.InvalidCode, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        two.MapPost("/disable", DisableAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("disableTwoFactor", new("Switch two-factor authentication off", "关闭两步验证"), new("Takes a code of the app or a recovery code. Recovery codes go, too.", "需提供应用中的验证码或恢复码。恢复码随之作废。"), SignInExamples.Code)
            .Refuses(ProblemKind.InvalidCode, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        two.MapPost("/recovery-codes", RenewAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("renewRecoveryCodes", new("Make new recovery codes", "重新生成恢复码"), new("Takes a code of the app or a recovery code. The old codes stop working.", "需提供应用中的验证码或恢复码。旧的恢复码随即作废。"), SignInExamples.Code, SignInExamples.RecoveryCodes)
            .Refuses(ProblemKind.InvalidCode, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        two.MapPost("/sign-in", SignInAsync)
            .Describe("signInWithCode", new("Finish signing in with a code", "输入验证码完成登录"), new("Takes the challenge token of `auth/login` and a code of the app or a recovery code. A challenge takes five codes within five minutes; wrong codes count like wrong passwords.", "使用 `auth/login` 返回的 challenge_token 以及应用中的验证码或恢复码。每次登录五分钟内最多尝试五次；错误的验证码与错误的密码一并计数。"), SignInExamples.SecondFactor, Examples.Tokens)
            .Refuses(ProblemKind.InvalidCode, ProblemKind.TooManyAttempts);
    }

    private static async Task<Ok<SecurityView>> SecurityAsync(Person person, HubDb db, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        var since = await db.Authenticators.Where(row => row.UserId == user.Id).Select(row => row.ConfirmedAt).FirstOrDefaultAsync(ct);
        var left = await db.RecoveryCodes.CountAsync(row => row.UserId == user.Id && row.UsedAt == null, ct);
        var passkeys = await db.Passkeys.AsNoTracking().Where(row => row.UserId == user.Id).OrderBy(row => row.CreatedAt).ToListAsync(ct);
        return TypedResults.Ok(new SecurityView(user.EmailConfirmed, user.PasswordHash is not null, user.TwoFactorEnabled, since, left, [.. passkeys.Select(Passkeys.View)]));
    }

    private static async Task<Results<Ok<NewAuthenticator>, Refused>> BeginAsync(
        CurrentPassword request, Person person, HttpContext http, People people, SecondFactor second, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var user = await db.Users.SingleAsync(row => row.Id == person.UserId, ct);
        if (await ProveAsync(request, user, http, people, limits) is { } refused)
        {
            return refused;
        }

        NewAuthenticator? begun = null;
        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            begun = await second.BeginAsync(user, now, ct);
            if (begun is not null)
            {
                await db.AuditAsync(http.Actor(), "user.two_factor_begun", user.Id.ToString(), null, null, now, ct);
            }

            return true;
        }, ct);

        return begun is null ? Refused.Because(ProblemKind.TwoFactorIsOn) : TypedResults.Ok(begun);
    }

    /// <summary>Whoever took over a session must not lock the owner out, so changes to how one signs in take the password, where there is one.</summary>
    internal static async Task<Refused?> ProveAsync(CurrentPassword request, User user, HttpContext http, People people, AttemptLimits limits)
    {
        if (limits.SignIn(ClientAddress.Network(http), user.Email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (user.PasswordHash is null)
        {
            return null;
        }

        var right = await people.CheckPasswordAsync(user, PasswordRules.Normalize(request.Password ?? ""));
        if (!right || await people.IsLockedOutAsync(user))
        {
            await people.AccessFailedAsync(user);
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        return null;
    }

    private static async Task<Results<Ok<RecoveryCodes>, Refused>> ConfirmAsync(
        AuthenticatorCode request, Person person, HttpContext http, SecondFactor second, AccountMails mails, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        if (limits.Code(ClientAddress.Network(http), user.Email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        RecoveryCodes? codes = null;
        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            if (!await second.TakeCodeAsync(user.Id, request.Code, confirmed: false, now, ct))
            {
                return false;
            }

            await db.Authenticators.Where(row => row.UserId == user.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.ConfirmedAt, now), ct);
            await SetTwoFactorAsync(db, user.Id, true, ct);
            codes = await second.RenewRecoveryCodesAsync(user.Id, now, ct);
            var ended = await db.EndSessionsAsync(user.Id, person.SessionId, now, ct);
            mails.AddNews(db, user, AccountMails.TwoFactorOn, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "user.two_factor_enabled", user.Id.ToString(), null, new { endedSessions = ended }, now, ct);
            return true;
        }, ct);

        return codes is null ? Refused.Because(ProblemKind.InvalidCode) : TypedResults.Ok(codes);
    }

    private static async Task<Results<NoContent, Refused>> DisableAsync(
        AuthenticatorCode request, Person person, HttpContext http, People people, SecondFactor second, AccountMails mails, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        if (await TakeAsync(user, request.Code, http, people, second, limits, now, ct) is { Refusal: { } refused })
        {
            return refused;
        }

        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            await second.RemoveAsync(user.Id, ct);
            await SetTwoFactorAsync(db, user.Id, false, ct);
            await db.VoidTicketsAsync(TicketPurpose.SecondFactor, user.Id, now, ct);
            mails.AddNews(db, user, AccountMails.TwoFactorOff, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "user.two_factor_disabled", user.Id.ToString(), null, null, now, ct);
            return true;
        }, ct);

        return TypedResults.NoContent();
    }

    private static async Task<Results<Ok<RecoveryCodes>, Refused>> RenewAsync(
        AuthenticatorCode request, Person person, HttpContext http, People people, SecondFactor second, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        if (await TakeAsync(user, request.Code, http, people, second, limits, now, ct) is { Refusal: { } refused })
        {
            return refused;
        }

        return TypedResults.Ok(await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            var codes = await second.RenewRecoveryCodesAsync(user.Id, now, ct);
            await db.AuditAsync(http.Actor(), "user.recovery_codes_renewed", user.Id.ToString(), null, null, now, ct);
            return codes;
        }, ct));
    }

    private static async Task<Results<Ok<TokenPair>, Refused>> SignInAsync(
        SecondFactorCode request, HttpContext http, People people, SecondFactor second, AccountMails mails, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (await db.FindTicketAsync(TicketPurpose.SecondFactor, request.ChallengeToken, now, ct) is not { UserId: { } userId } ticket
            || !await db.TryTicketAsync(ticket, SecondFactor.Attempts, ct))
        {
            return Refused.Because(ProblemKind.InvalidCode);
        }

        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == userId, ct);
        var (method, refused) = await TakeAsync(user, request.Code, http, people, second, limits, now, ct);
        if (refused is not null)
        {
            return refused;
        }

        if (!await db.UseTicketAsync(ticket, now, ct))
        {
            return Refused.Because(ProblemKind.InvalidCode);
        }

        var tokens = await db.SignInAsync(userId, SecondFactor.FirstOf(ticket), method, http, now, ct);
        if (method == SecondFactor.Methods[1])
        {
            mails.AddNews(db, user, AccountMails.RecoveryUsed, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
        }

        return TypedResults.Ok(tokens);
    }

    /// <summary>Takes a code of either kind. Wrong ones count toward the lockout, like passwords; in a locked account none is right.</summary>
    private static async Task<(string? Method, Refused? Refusal)> TakeAsync(
        User user, string code, HttpContext http, People people, SecondFactor second, AttemptLimits limits, DateTimeOffset now, CancellationToken ct)
    {
        if (limits.Code(ClientAddress.Network(http), user.Email) is { } wait)
        {
            return (null, Refused.Later(ProblemKind.TooManyAttempts, wait));
        }

        var locked = await people.IsLockedOutAsync(user);
        var method = locked ? null
            : await second.TakeCodeAsync(user.Id, code, confirmed: true, now, ct) ? SecondFactor.Methods[0]
            : await second.TakeRecoveryCodeAsync(user.Id, code, now, ct) ? SecondFactor.Methods[1]
            : null;
        if (method is null)
        {
            await people.AccessFailedAsync(user);
            return (null, Refused.Because(ProblemKind.InvalidCode));
        }

        return (await people.ResetAccessFailedCountAsync(user)).Succeeded ? (method, null) : (null, Refused.Because(ProblemKind.InvalidCode));
    }

    private static Task SetTwoFactorAsync(HubDb db, Guid userId, bool on, CancellationToken ct) => db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(
        set => set.SetProperty(row => row.TwoFactorEnabled, on).SetProperty(row => row.SecurityStamp, Guid.CreateVersion7().ToString()), ct);
}
