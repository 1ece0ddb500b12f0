using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What a person signs in with, and where they are signed in.</summary>
public static class Credentials
{
    public static void MapCredentials(this IEndpointRouteBuilder api)
    {
        var auth = api.MapGroup("/auth").WithTags("Accounts");

        auth.MapGet("/sessions", SessionsAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("listSessions", new("List your sessions", "列出您的会话"), new("Where you are signed in, the latest first.", "您当前登录的位置，按时间从新到旧排列。"), null, new Page<SessionView>([OrganizationExamples.Session], null))
            .Refuses(ProblemKind.SessionRequired);

        auth.MapDelete("/sessions/{id}", EndAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Parameter("id", new("The session's id.", "会话编号。"), "uuid", OrganizationExamples.Session.Id)
            .Describe("endSession", new("End a session", "结束会话"), new("Both of its tokens stop working at once.", "其访问令牌与刷新令牌立即失效。"))
            .Refuses(ProblemKind.SessionNotFound, ProblemKind.SessionRequired);

        auth.MapPost("/password/change", ChangePasswordAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("changePassword", new("Change your password", "修改密码"), new("Takes the old one, too. Every other session ends.", "需提供原密码。其他会话全部结束。"), OrganizationExamples.Password)
            .Refuses(ProblemKind.InvalidCredentials, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);
    }

    private static async Task<Ok<Page<SessionView>>> SessionsAsync(Person person, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var sessions = await db.Sessions.AsNoTracking()
            .Where(row => row.UserId == person.UserId && row.RevokedAt == null && row.RefreshExpiresAt > now)
            .OrderByDescending(row => row.CreatedAt)
            .Take(Asked.LargestPage)
            .Select(row => new SessionView(row.Id, row.CreatedAt, row.UserAgent, row.Address, row.Id == person.SessionId))
            .ToListAsync(ct);

        return TypedResults.Ok(new Page<SessionView>(sessions, null));
    }

    private static async Task<Results<NoContent, Refused>> EndAsync(string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var ended = Guid.TryParse(id, out var sessionId)
            && await db.Sessions.AnyAsync(row => row.Id == sessionId && row.UserId == person.UserId, ct)
            && await db.InPersonalOrganizationAsync(person.UserId, async () =>
            {
                if (!await db.EndSessionAsync(sessionId, now, ct))
                {
                    return false;
                }

                await db.AuditAsync(http.Actor(), "session.revoked", sessionId.ToString(), null, new { reason = "ended_by_user" }, now, ct);
                return true;
            }, ct);

        return ended ? TypedResults.NoContent() : Refused.Because(ProblemKind.SessionNotFound);
    }

    private static async Task<Results<NoContent, Refused>> ChangePasswordAsync(
        PasswordChange request, Person person, HttpContext http, People people, HubDb db, AccountMails mails, IBreachList breaches, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var user = await db.Users.SingleAsync(row => row.Id == person.UserId, ct);
        if (limits.SignIn(ClientAddress.Network(http), user.Email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        // Whoever took over a session must not be able to try passwords without end, so failures count as at the front door.
        var right = await people.CheckPasswordAsync(user, PasswordRules.Normalize(request.CurrentPassword));
        if (!right || await people.IsLockedOutAsync(user))
        {
            await people.AccessFailedAsync(user);
            return Refused.Because(ProblemKind.InvalidCredentials);
        }

        var password = PasswordRules.Normalize(request.NewPassword);
        if (await Passwords.JudgeAsync(password, user.Email, breaches, ct) is { } fault)
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("new_password", fault);
            return errors.Refuse();
        }

        var hash = await people.HashPasswordAsync(password, ct);
        var now = time.Now();
        await db.InPersonalOrganizationAsync(person.UserId, async () =>
        {
            await db.Users.Where(row => row.Id == person.UserId).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.PasswordHash, hash).SetProperty(row => row.SecurityStamp, Guid.CreateVersion7().ToString()), ct);
            var ended = await db.EndSessionsAsync(person.UserId, person.SessionId, now, ct);
            mails.AddNews(db, user, AccountMails.PasswordChanged, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "user.password_changed", person.UserId.ToString(), null, new { endedSessions = ended }, now, ct);
            return true;
        }, ct);

        return TypedResults.NoContent();
    }
}
