using System.Threading.Channels;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Identity;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>A forgotten password, and the new one.</summary>
public static class Passwords
{
    public static void MapPasswords(this IEndpointRouteBuilder api)
    {
        var password = api.MapGroup("/auth/password").WithTags("Accounts");

        password.MapPost("/forgot", Forgot)
            .Describe("forgotPassword", new("Ask for a link to choose a new password", "申请重置密码"),
                new("The answer is the same whether the address has an account or not. The link works once, within 30 minutes.", "无论该邮箱是否有账户，响应都相同。链接 30 分钟内有效，仅可使用一次。"), SignInExamples.Forgotten)
            .Refuses(ProblemKind.TooManyAttempts);

        password.MapPost("/reset", ResetAsync)
            .Describe("resetPassword", new("Choose a new password", "设置新密码"),
                new("Takes the token from the link in the mail. Every session ends, and the address counts as verified. Two-factor authentication stays on.", "使用邮件链接中的令牌。全部会话随即结束，邮箱视为已验证；两步验证保持启用。"), SignInExamples.Reset)
            .Refuses(ProblemKind.LinkNotValid, ProblemKind.TooManyAttempts);
    }

    // Everything that depends on whether there is such an account happens later and elsewhere, so the answer cannot tell by its time either.
    private static Results<NoContent, Refused> Forgot(ForgottenPassword request, HttpContext http, ForgottenPasswords forgotten, AttemptLimits limits)
    {
        var email = request.Email.Trim();
        if (limits.Mail(ClientAddress.Network(http), email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        forgotten.Add(email, http.Actor());
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, Refused>> ResetAsync(
        PasswordReset request, HttpContext http, People people, HubDb db, AccountMails mails, IBreachList breaches, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        var password = PasswordRules.Normalize(request.NewPassword);
        if (await db.FindTicketAsync(TicketPurpose.ResetPassword, request.Token, now, ct) is not { UserId: { } userId } ticket)
        {
            return Refused.Because(ProblemKind.LinkNotValid);
        }

        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == userId, ct);
        if (await JudgeAsync(password, user.Email, breaches, ct) is { } fault)
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("new_password", fault);
            return errors.Refuse();
        }

        var hash = await people.HashPasswordAsync(password, ct);
        var done = await db.InPersonalOrganizationAsync(userId, async () =>
        {
            if (!await db.UseTicketAsync(ticket, now, ct))
            {
                return false;
            }

            // Void when the credentials changed after the link was sent.
            if (await db.Users.Where(row => row.Id == userId && row.SecurityStamp == ticket.Data)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.SecurityStamp, Guid.CreateVersion7().ToString()), ct) == 0)
            {
                return false;
            }

            if (!user.EmailConfirmed)
            {
                await db.DispossessAsync(userId, now, ct);
            }

            await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(
                set => set
                    .SetProperty(row => row.PasswordHash, hash)
                    .SetProperty(row => row.EmailConfirmed, true)
                    .SetProperty(row => row.AccessFailedCount, 0)
                    .SetProperty(row => row.LockoutEnd, (DateTimeOffset?)null), ct);
            await db.VoidTicketsAsync(TicketPurpose.ResetPassword, userId, now, ct);
            await db.VoidTicketsAsync(TicketPurpose.SecondFactor, userId, now, ct);
            var ended = await db.EndSessionsAsync(userId, null, now, ct);
            mails.AddNews(db, user, AccountMails.PasswordChanged, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(userId), "user.password_reset", userId.ToString(), null, new { endedSessions = ended }, now, ct);
            return true;
        }, ct);

        return done ? TypedResults.NoContent() : Refused.Because(ProblemKind.LinkNotValid);
    }

    /// <returns>What is wrong with a password, or null.</returns>
    internal static async Task<Text?> JudgeAsync(string password, string email, IBreachList breaches, CancellationToken ct) =>
        PasswordRules.Judge(password, email) ?? (await breaches.ContainsAsync(password, ct) ? FieldText.PasswordBreached : null);
}

/// <summary>Sends the links, one at a time, behind the answers. One that gets lost with its process is asked for again by whoever waits for it.</summary>
public sealed partial class ForgottenPasswords(IServiceScopeFactory scopes, TimeProvider time, ILogger<ForgottenPasswords> logger) : BackgroundService
{
    private const int MostWaiting = 10_000;

    private readonly Channel<(string Email, AuditActor Actor)> _asked = Channel.CreateBounded<(string, AuditActor)>(new BoundedChannelOptions(MostWaiting) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Add(string email, AuditActor actor) => _asked.Writer.TryWrite((email, actor));

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (email, actor) in _asked.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                await SendAsync(scope.ServiceProvider, email, actor, stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
    }

    private async Task SendAsync(IServiceProvider services, string email, AuditActor actor, CancellationToken ct)
    {
        var db = services.GetRequiredService<HubDb>();
        var normalized = services.GetRequiredService<ILookupNormalizer>().NormalizeEmail(email);
        if (await db.Users.FirstOrDefaultAsync(row => row.NormalizedEmail == normalized && row.ServiceAccountOf == null, ct) is not { } user)
        {
            return;
        }

        var now = time.Now();
        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            var known = await db.Users.SingleAsync(row => row.Id == user.Id, ct);
            known.SecurityStamp ??= Guid.CreateVersion7(now).ToString();
            await db.VoidTicketsAsync(TicketPurpose.ResetPassword, user.Id, now, ct);
            services.GetRequiredService<AccountMails>().AddReset(db, known, now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(actor with { Id = user.Id }, "user.password_reset_requested", user.Id.ToString(), null, null, now, ct);
            return true;
        }, ct);
    }

    [LoggerMessage(LogLevel.Error, "A link for a forgotten password could not be sent.")]
    private partial void LogFailed(Exception failure);
}
