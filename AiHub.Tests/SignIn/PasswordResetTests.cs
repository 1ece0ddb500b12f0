using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

public sealed class PasswordResetTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    private const string Another = "another sentence only I know";

    [Fact]
    public async Task A_forgotten_password_is_replaced_by_mail_and_everybody_else_is_out()
    {
        var person = await hub.RegisterAsync();
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email.ToUpperInvariant() + " "));
        var token = await hub.LinkTokenAsync(person.Email, "reset-password");

        Assert.Equal(HttpStatusCode.NoContent, (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, Another))).Status);

        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        person.SignIn((await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, Another))).Read<TokenPair>());
        Assert.True((await person.ReadAsync<Me>("auth/me")).User.EmailVerified);
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, "a third sentence of mine"))).Is(ProblemKind.LinkNotValid);
        Assert.Contains(await hub.MailsAsync(person.Email), mail => mail.Subject == "[AI Hub] The password of your account was changed." && mail.Body.Contains("127.0.0.1", StringComparison.Ordinal));
        Assert.Equal(["user.registered", "user.password_reset_requested", "user.password_reset", "user.signed_in"], await ActionsAsync(person));
    }

    [Fact]
    public async Task A_reset_ends_every_session_of_somebody_whose_address_was_proven_long_ago()
    {
        var person = await hub.RegisterAsync();
        await hub.Visit().PostAsync("auth/email/verify", new EmailToken(await hub.LinkTokenAsync(person.Email, "verify-email")));
        var phone = hub.Visit();
        phone.SignIn((await phone.PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Read<TokenPair>());
        Assert.True((await phone.ReadAsync<Me>("auth/me")).User.EmailVerified);
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));

        Assert.Equal(HttpStatusCode.NoContent, (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(await hub.LinkTokenAsync(person.Email, "reset-password"), Another))).Status);

        foreach (var session in new[] { person, phone })
        {
            (await session.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
            (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(session.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
        }
    }

    [Fact]
    public async Task Whether_an_address_has_an_account_cannot_be_told()
    {
        var person = await hub.RegisterAsync();
        var visitor = hub.Visit();

        var known = await visitor.PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
        var unknown = await visitor.PostAsync("auth/password/forgot", new ForgottenPassword(ManagementHub.NewEmail()));

        Assert.Equal((HttpStatusCode.NoContent, ""), (known.Status, known.Text));
        Assert.Equal((known.Status, known.Text), (unknown.Status, unknown.Text));
        Assert.Equal(known.Message.Headers.Select(header => header.Key).Order(), unknown.Message.Headers.Select(header => header.Key).Order());

        // Being limited tells nothing either: it is the typed address that is counted.
        foreach (var email in (string[])[person.Email, ManagementHub.NewEmail()])
        {
            var left = email == person.Email ? 4 : 5;
            for (var i = 0; i < left; i++)
            {
                Assert.Equal(HttpStatusCode.NoContent, (await visitor.PostAsync("auth/password/forgot", new ForgottenPassword(email))).Status);
            }

            Assert.Equal(ProblemKind.TooManyAttempts.Code, (await visitor.PostAsync("auth/password/forgot", new ForgottenPassword(email))).Problem.Code);
        }
    }

    [Fact]
    public async Task A_link_ends_after_half_an_hour_and_when_another_is_asked_for_or_the_password_changes()
    {
        var person = await hub.RegisterAsync();
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
        var first = await hub.LinkTokenAsync(person.Email, "reset-password");
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
        var second = await hub.LinkTokenAsync(person.Email, "reset-password", 2);
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(first, Another))).Is(ProblemKind.LinkNotValid);

        await person.PostAsync("auth/password/change", new PasswordChange(ManagementHub.Password, Another));
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(second, "a third sentence of mine"))).Is(ProblemKind.LinkNotValid);

        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
        var third = await hub.LinkTokenAsync(person.Email, "reset-password", 3);
        hub.Clock.Advance(TimeSpan.FromMinutes(30));
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(third, "a third sentence of mine"))).Is(ProblemKind.LinkNotValid);
    }

    [Fact]
    public async Task A_password_that_is_no_good_leaves_the_link_as_it_was_and_a_lockout_ends_with_the_reset()
    {
        var person = await hub.RegisterAsync();
        for (var i = 0; i < 5; i++)
        {
            await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, "wrong"));
        }

        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(person.Email));
        var token = await hub.LinkTokenAsync(person.Email, "reset-password");
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, "Password123"))).IsInvalid("new_password", FieldText.PasswordCommon);
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, person.Email))).IsInvalid("new_password", FieldText.PasswordIsEmail);

        Assert.Equal(HttpStatusCode.NoContent, (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, Another))).Status);
        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, Another))).Status);
    }

    private async Task<List<string>> ActionsAsync(Visitor person)
    {
        await using var db = hub.Database.OpenAsAdmin();
        return await db.AuditEntries.Where(entry => entry.OrganizationId == person.OrganizationId).OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
    }
}
