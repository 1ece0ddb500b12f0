using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.SignIn;

public sealed class EmailTests(EmailTests.Hub hub) : IClassFixture<EmailTests.Hub>
{
    public sealed class Hub : ManagementHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> Settings => [new("Accounts:RequireVerifiedEmail", "true")];
    }

    [Fact]
    public async Task An_address_is_verified_by_the_link_in_the_mail_once_and_then_keys_can_be_made()
    {
        var person = await hub.RegisterAsync();
        Assert.False((await person.ReadAsync<Me>("auth/me")).User.EmailVerified);
        (await person.PostAsync("auth/api-keys", new NewApiKey("k"))).Is(ProblemKind.EmailNotVerified);
        var token = await hub.LinkTokenAsync(person.Email, "verify-email");

        Assert.Equal(HttpStatusCode.NoContent, (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(token))).Status);

        Assert.True((await person.ReadAsync<Me>("auth/me")).User.EmailVerified);
        Assert.True((await person.ReadAsync<SecurityView>("auth/security")).EmailVerified);
        Assert.Equal(HttpStatusCode.Created, (await person.PostAsync("auth/api-keys", new NewApiKey("k"))).Status);
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(token))).Is(ProblemKind.LinkNotValid);
    }

    [Fact]
    public async Task A_link_ends_after_two_days_and_when_another_is_sent_and_opens_nothing_else()
    {
        var person = await hub.RegisterAsync();
        var first = await hub.LinkTokenAsync(person.Email, "verify-email");
        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/email/resend", null)).Status);
        var second = await hub.LinkTokenAsync(person.Email, "verify-email", 2);

        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(first))).Is(ProblemKind.LinkNotValid);
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(second, "another sentence only I know"))).Is(ProblemKind.LinkNotValid);
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken("aik_0000000000000000000000000000000000000000000"))).Is(ProblemKind.LinkNotValid);
        hub.Clock.Advance(TimeSpan.FromDays(2));
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(second))).Is(ProblemKind.LinkNotValid);
    }

    [Fact]
    public async Task Of_two_who_use_a_link_at_once_one_does()
    {
        var person = await hub.RegisterAsync();
        var token = await hub.LinkTokenAsync(person.Email, "verify-email");

        var answers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => hub.Visit().PostAsync("auth/email/verify", new EmailToken(token))));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.NoContent);
    }

    [Fact]
    public async Task Mail_is_in_the_language_somebody_registered_in_and_asked_for_only_so_often()
    {
        var visitor = hub.Visit("zh-CN");
        visitor.SignIn((await visitor.PostAsync("auth/register", new RegisterRequest(ManagementHub.NewEmail(), ManagementHub.Password))).Read<Registered>());

        var mail = Assert.Single(await hub.MailsAsync(visitor.Email));

        Assert.Equal("[AI Hub] 请验证您的邮箱", mail.Subject);
        Assert.StartsWith("user-", mail.Body);
        Assert.Contains("链接两天内有效", mail.Body);
        var answers = new List<Answer>();
        for (var i = 0; i < 6; i++)
        {
            answers.Add(await visitor.PostAsync("auth/email/resend", null));
        }

        Assert.Equal(5, answers.Count(answer => answer.Status == HttpStatusCode.NoContent));
        Assert.Equal(ProblemKind.TooManyAttempts.Code, answers[^1].Problem.Code);
        Assert.Equal(720, answers[^1].Problem.RetryAfter);
        Assert.Equal(6, (await hub.MailsAsync(visitor.Email)).Count);
    }

    [Fact]
    public async Task An_account_moves_to_another_address_by_the_link_sent_there_and_the_old_one_is_told()
    {
        var person = await hub.RegisterAsync();
        var (old, address) = (person.Email, ManagementHub.NewEmail());
        (await person.PostAsync("auth/email/change", new EmailChange(address, "wrong"))).Is(ProblemKind.InvalidCredentials);
        (await person.PostAsync("auth/email/change", new EmailChange(address))).Is(ProblemKind.InvalidCredentials);
        Assert.Equal(["new_email"], (await person.PostAsync("auth/email/change", new EmailChange(old.ToUpperInvariant(), ManagementHub.Password))).Problem.Errors!.Keys);
        Assert.Empty(await hub.MailsAsync(address));

        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/email/change", new EmailChange(address, ManagementHub.Password))).Status);
        var first = await hub.LinkTokenAsync(address, "verify-email");
        Assert.Contains(await hub.MailsAsync(old), mail => mail.Subject == "[AI Hub] Somebody asked to change the e-mail address of your account.");
        Assert.Equal(old, (await person.ReadAsync<Me>("auth/me")).User.Email);

        // Only the newest link works.
        await person.PostAsync("auth/email/change", new EmailChange(address, ManagementHub.Password));
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(first))).Is(ProblemKind.LinkNotValid);
        var second = await hub.LinkTokenAsync(address, "verify-email", 2);
        Assert.Equal(HttpStatusCode.NoContent, (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(second))).Status);
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(second))).Is(ProblemKind.LinkNotValid);

        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(old, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        person.SignIn((await hub.Visit().PostAsync("auth/login", new LoginRequest(address, ManagementHub.Password))).Read<TokenPair>());
        Assert.Equal((address, true), (await person.ReadAsync<Me>("auth/me")).User is var now ? (now.Email, now.EmailVerified) : default);
        var told = (await hub.MailsAsync(old))[^1];
        Assert.Equal("[AI Hub] The e-mail address of your account was changed", told.Subject);
        Assert.Contains(address, told.Body, StringComparison.Ordinal);
        Assert.Equal(["user.email_change_asked", "user.email_change_asked", "user.email_changed"],
            (await hub.Database.AsAdminAsync<string>($"select string_agg(action, ',' order by sequence) from audit_entries where subject = '{person.UserId}' and action like 'user.email_chang%'")).Split(','));
    }

    [Fact]
    public async Task A_link_to_move_to_ends_after_an_hour_with_a_new_password_and_when_the_address_is_taken()
    {
        var person = await hub.RegisterAsync();
        var address = ManagementHub.NewEmail();
        await person.PostAsync("auth/email/change", new EmailChange(address, ManagementHub.Password));
        await person.PostAsync("auth/password/change", new PasswordChange(ManagementHub.Password, "another sentence only I know"));
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(await hub.LinkTokenAsync(address, "verify-email")))).Is(ProblemKind.LinkNotValid);

        await person.PostAsync("auth/email/change", new EmailChange(address, "another sentence only I know"));
        var token = await hub.LinkTokenAsync(address, "verify-email", 2);
        (await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(token, "a third sentence only I know"))).Is(ProblemKind.LinkNotValid);
        var other = hub.Visit();
        other.SignIn((await other.PostAsync("auth/register", new RegisterRequest(address, ManagementHub.Password))).Read<Registered>());
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(token))).Is(ProblemKind.EmailTaken);
        Assert.Equal(person.Email, (await person.ReadAsync<Me>("auth/me")).User.Email);

        // Whether an address has an account, the answer does not tell; its owner is told.
        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/email/change", new EmailChange(address, "another sentence only I know"))).Status);
        Assert.Equal("[AI Hub] This address has an account", (await hub.MailsAsync(address))[^1].Subject);

        var last = ManagementHub.NewEmail();
        await person.PostAsync("auth/email/change", new EmailChange(last, "another sentence only I know"));
        var late = await hub.LinkTokenAsync(last, "verify-email");
        hub.Clock.Advance(TimeSpan.FromHours(1));
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(late))).Is(ProblemKind.LinkNotValid);
    }

    [Fact]
    public async Task An_invitation_is_accepted_by_whoever_has_the_mailbox()
    {
        var owner = await hub.RegisterAsync();
        var guest = await hub.RegisterAsync();
        var company = (await owner.PostAsync("organizations", new NewOrganization("Acme"))).Read<OrganizationView>();
        var invitation = (await owner.PostAsync($"organizations/{company.Id}/invitations", new NewInvitation(guest.Email, "viewer"))).Read<CreatedInvitation>();

        (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Is(ProblemKind.EmailNotVerified);

        await hub.Visit().PostAsync("auth/email/verify", new EmailToken(await hub.LinkTokenAsync(guest.Email, "verify-email")));
        Assert.Equal(HttpStatusCode.OK, (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Status);
    }
}
