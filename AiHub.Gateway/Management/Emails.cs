using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>Proves that mail to an address reaches the account's owner, of the first address and of every later one.</summary>
public static class Emails
{
    public static void MapEmails(this IEndpointRouteBuilder api)
    {
        var email = api.MapGroup("/auth/email").WithTags("Accounts");

        email.MapPost("/verify", VerifyAsync)
            .Describe("verifyEmail", new("Verify an e-mail address", "验证邮箱"), new("Takes the token from the link in the mail. It works once: within two days for a new account; within an hour for a new address, which then is the account's, and all sessions end.", "使用邮件链接中的令牌，仅可使用一次：新账户两天内有效；更换邮箱一小时内有效，验证后账户改用新邮箱，全部会话结束。"), SignInExamples.EmailToken)
            .Refuses(ProblemKind.LinkNotValid, ProblemKind.EmailTaken, ProblemKind.TooManyAttempts);

        email.MapPost("/resend", ResendAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("resendVerification", new("Send the verification mail again", "重新发送验证邮件"), new("Links sent before stop working. Does nothing when the address is verified.", "此前发送的链接随即失效。邮箱已验证时不执行任何操作。"))
            .Refuses(ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);

        email.MapPost("/change", ChangeAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("changeEmail", new("Change your e-mail address", "更换邮箱"),
                new("Takes the password. A link goes to the new address, and word of it to the old one; nothing changes before the link is used at `auth/email/verify`. The answer is the same whether the new address has an account or not. A new password voids the link.",
                    "需提供密码。链接发送至新邮箱，并通知原邮箱；在 `auth/email/verify` 使用链接之前不作任何更改。无论新邮箱是否已有账户，响应都相同。更改密码后链接失效。"),
                SignInExamples.EmailChange)
            .Refuses(ProblemKind.InvalidCredentials, ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);
    }

    /// <returns>Null unless this hub wants addresses verified and the person's is not.</returns>
    internal static async Task<Refused?> UnverifiedAsync(this HubDb db, AccountOptions options, Guid userId, CancellationToken ct) =>
        options.RequireVerifiedEmail && await db.Users.AnyAsync(user => user.Id == userId && !user.EmailConfirmed && user.ServiceAccountOf == null, ct)
            ? Refused.Because(ProblemKind.EmailNotVerified)
            : null;

    private static async Task<Results<NoContent, Refused>> VerifyAsync(
        EmailToken request, HttpContext http, HubDb db, People people, AccountMails mails, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        if (await db.FindTicketAsync(TicketPurpose.ChangeEmail, request.Token, now, ct) is { UserId: { } mover } change)
        {
            return await MoveAsync(change, mover, http, db, people, mails, now, ct);
        }

        if (await db.FindTicketAsync(TicketPurpose.VerifyEmail, request.Token, now, ct) is not { UserId: { } userId } ticket)
        {
            return Refused.Because(ProblemKind.LinkNotValid);
        }

        var verified = await db.InPersonalOrganizationAsync(userId, async () =>
        {
            if (!await db.UseTicketAsync(ticket, now, ct)
                || await db.Users.Where(user => user.Id == userId && user.NormalizedEmail == ticket.Data).ExecuteUpdateAsync(set => set.SetProperty(user => user.EmailConfirmed, true), ct) == 0)
            {
                return false;
            }

            await db.AuditAsync(http.Actor(userId), "user.email_verified", userId.ToString(), null, null, now, ct);
            return true;
        }, ct);

        return verified ? TypedResults.NoContent() : Refused.Because(ProblemKind.LinkNotValid);
    }

    private static async Task<Results<NoContent, Refused>> ChangeAsync(
        EmailChange request, Person person, HttpContext http, People people, HubDb db, AccountMails mails, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var email = request.NewEmail.Trim();
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        if (await TwoFactors.ProveAsync(new CurrentPassword(request.Password), user, http, people, limits) is { } refused)
        {
            return refused;
        }

        var normalized = people.NormalizeEmail(email);
        var errors = new FieldErrors(http.Request.Language());
        if (email.Any(char.IsWhiteSpace) || email.Any(char.IsControl))
        {
            errors.Add("new_email", FieldText.Email);
        }
        else if (normalized == user.NormalizedEmail)
        {
            errors.Add("new_email", FieldText.OwnEmail);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (limits.Mail(ClientAddress.Network(http), email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        await db.InPersonalOrganizationAsync(user.Id, async () =>
        {
            var known = await db.Users.SingleAsync(row => row.Id == user.Id, ct);
            known.SecurityStamp ??= Guid.CreateVersion7(now).ToString();
            await db.VoidTicketsAsync(TicketPurpose.ChangeEmail, user.Id, now, ct);
            var owner = await db.Users.AsNoTracking().FirstOrDefaultAsync(row => row.NormalizedEmail == normalized, ct);
            // Made for a taken address too, though sent to nobody, so that the answer takes as long.
            var token = db.AddTicket(TicketPurpose.ChangeEmail, user.Id, $"{known.SecurityStamp}\n{email}", AccountMails.ChangeLifetime, now);
            if (owner is null)
            {
                mails.AddChange(db, known, email, token, now);
            }
            else
            {
                mails.AddOwned(db, owner, now);
            }

            mails.AddNews(db, known, AccountMails.EmailChangeAsked, ClientAddress.Of(http), now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "user.email_change_asked", user.Id.ToString(), null, new { newEmail = email }, now, ct);
            return true;
        }, ct);
        return TypedResults.NoContent();
    }

    private static async Task<Results<NoContent, Refused>> MoveAsync(
        Ticket ticket, Guid userId, HttpContext http, HubDb db, People people, AccountMails mails, DateTimeOffset now, CancellationToken ct)
    {
        if (ticket.Data?.Split('\n') is not [var stamp, var email])
        {
            return Refused.Because(ProblemKind.LinkNotValid);
        }

        try
        {
            var moved = await db.InPersonalOrganizationAsync(userId, async () =>
            {
                var before = await db.Users.AsNoTracking().SingleAsync(row => row.Id == userId, ct);
                var normalized = people.NormalizeEmail(email);
                // Void when the credentials changed after the link was sent.
                if (!await db.UseTicketAsync(ticket, now, ct)
                    || await db.Users.Where(row => row.Id == userId && row.SecurityStamp == stamp).ExecuteUpdateAsync(
                        set => set
                            .SetProperty(row => row.Email, email)
                            .SetProperty(row => row.NormalizedEmail, normalized)
                            .SetProperty(row => row.EmailConfirmed, true)
                            .SetProperty(row => row.SecurityStamp, Guid.CreateVersion7().ToString()), ct) == 0)
                {
                    return false;
                }

                foreach (var purpose in (TicketPurpose[])[TicketPurpose.VerifyEmail, TicketPurpose.ResetPassword, TicketPurpose.SecondFactor, TicketPurpose.ChangeEmail])
                {
                    await db.VoidTicketsAsync(purpose, userId, now, ct);
                }

                var ended = await db.EndSessionsAsync(userId, null, now, ct);
                mails.AddMoved(db, before, email, ClientAddress.Of(http), now);
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(http.Actor(userId), "user.email_changed", userId.ToString(), new { before.Email }, new { email, endedSessions = ended }, now, ct);
                return true;
            }, ct);

            return moved ? TypedResults.NoContent() : Refused.Because(ProblemKind.LinkNotValid);
        }
        catch (PostgresException failure) when (failure is { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "users" })
        {
            // Somebody registered the address after the link was sent.
            return Refused.Because(ProblemKind.EmailTaken);
        }
    }

    private static async Task<Results<NoContent, Refused>> ResendAsync(
        Person person, HttpContext http, HubDb db, AccountMails mails, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        var user = await db.Users.AsNoTracking().SingleAsync(row => row.Id == person.UserId, ct);
        if (limits.Mail(ClientAddress.Network(http), user.Email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        if (!user.EmailConfirmed)
        {
            var now = time.Now();
            await db.InPersonalOrganizationAsync(person.UserId, async () =>
            {
                await db.VoidTicketsAsync(TicketPurpose.VerifyEmail, user.Id, now, ct);
                mails.AddVerification(db, user, now);
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(http.Actor(), "user.verification_sent", user.Id.ToString(), null, null, now, ct);
                return true;
            }, ct);
        }

        return TypedResults.NoContent();
    }
}
