using System.Text.Json;
using System.Text.Json.Serialization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.ServiceDefaults;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Npgsql;

namespace AiHub.Gateway.Management;

/// <summary>
/// Register: at once, or once the mailbox has answered (<see cref="RegistrationOptions.VerifyFirst"/>). In the second case neither the answer nor
/// its time tells whether the address has an account: the password is hashed and the same statements are sent either way, and only the mail differs.
/// </summary>
public static class Registrations
{
    /// <summary>Wrong passwords a link bears.</summary>
    private const int MostGuesses = 5;

    private static readonly Text PersonalOrganization = new("{0}'s organization", "{0} 的组织");

    public static void MapRegistrations(this IEndpointRouteBuilder api)
    {
        var register = api.MapGroup("/auth/register").WithTags("Accounts");

        register.MapPost("/", RegisterAsync)
            .Describe("register", new("Register", "注册"),
                new("Creates a user and their personal organization on the Free plan with its first tokens, and signs them in. Where the hub verifies first (`Registration:VerifyFirst`), it creates nothing and sends a mail.",
                    "创建用户及其免费版个人组织，发放首期额度，并自动登录。如果平台要求先验证邮箱（`Registration:VerifyFirst`），则不创建任何内容，而是发送邮件。"),
                Examples.Register, Examples.Registered)
            .OrAccepts(SignInExamples.RegistrationSent, new(
                "The hub verifies first: a mail was sent, and the same answer is given for every address. A new address gets a link, which goes with the password to `auth/register/confirm`; an address with an account is told that it has one.",
                "平台要求先验证邮箱：邮件已发送，对任何邮箱的响应都相同。新邮箱收到链接，连同密码提交至 `auth/register/confirm`；已有账户的邮箱则收到相应告知。"))
            .Refuses(ProblemKind.EmailTaken, ProblemKind.TooManyAttempts);

        register.MapPost("/confirm", ConfirmAsync)
            .Describe("confirmRegistration", new("Finish a registration", "完成注册"),
                new("Takes the token from the link in the mail, which works once, within a day, and the password chosen when registering. Creates the user and their personal organization and signs them in; the address counts as verified.",
                    "需提供邮件链接中的令牌（一天内有效，仅可使用一次）以及注册时设置的密码。创建用户及其个人组织并自动登录，邮箱视为已验证。"),
                SignInExamples.RegistrationConfirmation, Examples.Registered)
            .Refuses(ProblemKind.LinkNotValid, ProblemKind.InvalidRequest, ProblemKind.TooManyAttempts);
    }

    private static async Task<Results<Created<Registered>, Accepted<RegistrationSent>, Refused>> RegisterAsync(
        RegisterRequest request, HttpContext http, People people, HubDb db, AccountMails mails, IBreachList breaches, AttemptLimits limits,
        IOptions<RegistrationOptions> options, TimeProvider time, CancellationToken ct)
    {
        var language = http.Request.Language();
        var email = request.Email.Trim();
        var password = PasswordRules.Normalize(request.Password);
        var currency = request.Currency is { } asked ? Enum.Parse<Currency>(asked) : language == Language.Zh ? Currency.CNY : Currency.USD;
        var verifyFirst = options.Value.VerifyFirst is true;

        if (limits.Register(ClientAddress.Network(http), email) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var errors = new FieldErrors(language);
        if (email.Any(char.IsWhiteSpace))
        {
            errors.Add("email", FieldText.Email);
        }

        if (await Passwords.JudgeAsync(password, email, breaches, ct) is { } fault)
        {
            errors.Add("password", fault);
        }

        if (request.TimeZone is { } zone && !await db.IsTimeZoneAsync(zone, ct))
        {
            errors.Add("time_zone", FieldText.TimeZone);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (verifyFirst && limits.Mail(ClientAddress.Network(http), email) is { } later)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, later);
        }

        if (!verifyFirst && await people.FindByEmailAsync(email) is not null)
        {
            return Refused.Because(ProblemKind.EmailTaken);
        }

        var displayName = Given(request.DisplayName) ?? email[..email.LastIndexOf('@')];
        var registration = new Registration(
            email,
            // Slow on purpose, so done before a connection is held for it.
            await people.HashPasswordAsync(password, ct),
            displayName,
            Given(request.OrganizationName) ?? PersonalOrganization.In(language, displayName),
            currency,
            request.TimeZone ?? (currency == Currency.CNY ? Organization.DefaultTimeZone : "UTC"),
            language);

        var now = time.Now();
        if (verifyFirst)
        {
            await SendAsync(registration, people, db, mails, now, ct);
            return TypedResults.Accepted((string?)null, new RegistrationSent("mail_sent", (int)AccountMails.RegisterLifetime.TotalSeconds));
        }

        return await OpenAsync(registration, null, http, people, db, mails, now, ct) is { } registered ? registered : Refused.Because(ProblemKind.EmailTaken);
    }

    private static async Task<Results<Created<Registered>, Refused>> ConfirmAsync(
        RegistrationConfirmation request, HttpContext http, People people, HubDb db, AccountMails mails, AttemptLimits limits, TimeProvider time, CancellationToken ct)
    {
        if (limits.Refresh(ClientAddress.Network(http)) is { } wait)
        {
            return Refused.Later(ProblemKind.TooManyAttempts, wait);
        }

        var now = time.Now();
        if (await db.FindTicketAsync(TicketPurpose.Register, request.Token, now, ct) is not { Data: { } data } ticket || !await db.TryTicketAsync(ticket, MostGuesses, ct))
        {
            return Refused.Because(ProblemKind.LinkNotValid);
        }

        // Whoever has the mailbox did not always register: without this, a stranger's password would open the account that the link makes.
        var registration = JsonSerializer.Deserialize<Registration>(data)!;
        if (!await people.CheckHashAsync(registration.PasswordHash, PasswordRules.Normalize(request.Password), ct))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("password", FieldText.OtherPassword);
            return errors.Refuse();
        }

        return await OpenAsync(registration, ticket, http, people, db, mails, now, ct) is { } registered ? registered : Refused.Because(ProblemKind.LinkNotValid);
    }

    /// <summary>A ticket is made for an address with an account too, and leads nowhere: its token is in no mail.</summary>
    private static async Task SendAsync(Registration registration, People people, HubDb db, AccountMails mails, DateTimeOffset now, CancellationToken ct)
    {
        await db.ForgetTicketsAsync(now, ct);
        var normalized = people.NormalizeEmail(registration.Email);
        var owner = await db.Users.AsNoTracking().FirstOrDefaultAsync(row => row.NormalizedEmail == normalized, ct);
        var token = db.AddTicket(TicketPurpose.Register, null, JsonSerializer.Serialize(registration), AccountMails.RegisterLifetime, now);
        if (owner is null)
        {
            mails.AddRegistration(db, registration.Email, token, registration.Language, now);
        }
        else
        {
            mails.AddRegistered(db, owner, now);
        }

        await db.SaveChangesAsync(ct);
    }

    /// <param name="ticket">What the mailbox answered with; null where it was not asked.</param>
    /// <returns>Null when the address has an account, or the ticket was used meanwhile.</returns>
    private static async Task<Created<Registered>?> OpenAsync(
        Registration registration, Ticket? ticket, HttpContext http, People people, HubDb db, AccountMails mails, DateTimeOffset now, CancellationToken ct)
    {
        var userId = Guid.CreateVersion7(now);
        var organization = new Organization
        {
            Id = Guid.CreateVersion7(now),
            Name = registration.OrganizationName,
            Personal = true,
            Currency = registration.Currency,
            TimeZone = registration.TimeZone,
            CreatedAt = now,
        };

        try
        {
            return await db.InOrganizationAsync(organization.Id, async () =>
            {
                if (ticket is not null && !await db.UseTicketAsync(ticket, now, ct))
                {
                    return null;
                }

                var user = new User
                {
                    Id = userId,
                    Email = registration.Email,
                    NormalizedEmail = people.NormalizeEmail(registration.Email),
                    EmailConfirmed = ticket is not null,
                    PasswordHash = registration.PasswordHash,
                    DisplayName = registration.DisplayName,
                    Language = registration.Language.Tag(),
                    LockoutEnabled = true,
                    CreatedAt = now,
                };
                await people.CreateAsync(user);
                if (ticket is null)
                {
                    mails.AddVerification(db, user, now);
                }

                var tokens = db.StartSession(userId, http, now);
                await db.SaveChangesAsync(ct);

                await db.OpenOrganizationAsync(organization, userId, PlanIds.Free, now, ct);
                await db.AuditAsync(
                    http.Actor(userId), "user.registered", userId.ToString(), null,
                    new { registration.Email, organization.Name, currency = organization.Currency.ToString(), organization.TimeZone, verified = user.EmailConfirmed }, now, ct);

                return TypedResults.Created(
                    $"{ManagementApi.Path}/auth/me",
                    new Registered(
                        Accounts.View(user),
                        new OrganizationView(organization.Id, organization.Name, Wire.Name(Role.Owner), PlanIds.Free, organization.Currency.ToString(), organization.TimeZone, Personal: true),
                        tokens.AccessToken,
                        tokens.RefreshToken,
                        tokens.ExpiresIn));
            }, ct);
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, TableName: "users" })
        {
            // Somebody else registered the address between the question and the insert.
            return null;
        }
    }

    private static string? Given(string? text) => string.IsNullOrWhiteSpace(text) ? null : text.Trim();

    /// <summary>What somebody who registers has said, kept in a ticket until their mailbox answers.</summary>
    private sealed record Registration(
        string Email,
        string PasswordHash,
        string DisplayName,
        string OrganizationName,
        [property: JsonConverter(typeof(JsonStringEnumConverter<Currency>))] Currency Currency,
        string TimeZone,
        [property: JsonConverter(typeof(JsonStringEnumConverter<Language>))] Language Language);
}
