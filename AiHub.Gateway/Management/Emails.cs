using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Proves that mail to an address reaches the account's owner.</summary>
public static class Emails
{
    public static void MapEmails(this IEndpointRouteBuilder api)
    {
        var email = api.MapGroup("/auth/email").WithTags("Accounts");

        email.MapPost("/verify", VerifyAsync)
            .Describe("verifyEmail", new("Verify an e-mail address", "验证邮箱"), new("Takes the token from the link in the mail. It works once, within two days.", "使用邮件链接中的令牌。令牌两天内有效，仅可使用一次。"), SignInExamples.EmailToken)
            .Refuses(ProblemKind.LinkNotValid, ProblemKind.TooManyAttempts);

        email.MapPost("/resend", ResendAsync)
            .RequireAuthorization(Policies.SignedIn)
            .Describe("resendVerification", new("Send the verification mail again", "重新发送验证邮件"), new("Links sent before stop working. Does nothing when the address is verified.", "此前发送的链接随即失效。邮箱已验证时不执行任何操作。"))
            .Refuses(ProblemKind.TooManyAttempts, ProblemKind.SessionRequired);
    }

    /// <returns>Null unless this hub wants addresses verified and the person's is not.</returns>
    internal static async Task<Refused?> UnverifiedAsync(this HubDb db, AccountOptions options, Guid userId, CancellationToken ct) =>
        options.RequireVerifiedEmail && await db.Users.AnyAsync(user => user.Id == userId && !user.EmailConfirmed && user.ServiceAccountOf == null, ct)
            ? Refused.Because(ProblemKind.EmailNotVerified)
            : null;

    private static async Task<Results<NoContent, Refused>> VerifyAsync(EmailToken request, HttpContext http, HubDb db, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
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
