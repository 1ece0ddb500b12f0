using System.Net;
using System.Text.RegularExpressions;
using AiHub.Contracts;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

/// <summary>Registering where the mailbox is asked first: what strangers learn, and what the one who has the mailbox gets.</summary>
public sealed partial class RegistrationTests(RegistrationTests.Hub hub) : IClassFixture<RegistrationTests.Hub>
{
    public sealed class Hub : ManagementHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> Settings => [new("Registration:VerifyFirst", "true")];
    }

    [Fact]
    public async Task The_answer_is_the_same_whether_the_address_has_an_account_or_not()
    {
        var person = await ArriveAsync(ManagementHub.NewEmail());

        var taken = await AskAsync(person.Email.ToUpperInvariant());
        var free = await AskAsync(ManagementHub.NewEmail());

        Assert.Equal(HttpStatusCode.Accepted, free.Status);
        Assert.Equal("""{"status":"mail_sent","expires_in":86400}""", free.Text);
        Assert.Equal((free.Status, free.Text), (taken.Status, taken.Text));
        Assert.Equal(Headers(free), Headers(taken));
        Assert.DoesNotContain("Set-Cookie", Headers(free));
        foreach (var bad in new[] { "seven77", "Password123" })
        {
            Assert.Equal(Told(await AskAsync(ManagementHub.NewEmail(), bad)), Told(await AskAsync(person.Email, bad)));
        }

        static string Told(Answer answer) => RequestId().Replace(answer.Text, "");
    }

    [Fact]
    public async Task Both_answers_cost_a_password_hash_and_the_same_statements()
    {
        var person = await ArriveAsync(ManagementHub.NewEmail());
        await using (var db = hub.Database.OpenAsAdmin())
        {
            await db.Tickets.ExecuteDeleteAsync();
        }

        await AskAsync(ManagementHub.NewEmail());
        await AskAsync(person.Email);

        await using (var db = hub.Database.OpenAsAdmin())
        {
            var kept = await db.Tickets.OrderBy(ticket => ticket.CreatedAt).Select(ticket => ticket.Data!).ToListAsync();
            Assert.Equal(2, kept.Count);
            Assert.All(kept, data => Assert.Matches("\"PasswordHash\":\"[^\"]{60,}\"", data));
            Assert.All(kept, data => Assert.DoesNotContain(ManagementHub.Password, data));
        }
    }

    [Fact]
    public async Task Nothing_exists_before_the_mailbox_has_answered_and_then_the_link_opens_it_and_signs_in()
    {
        var (visitor, email) = (hub.Visit(), ManagementHub.NewEmail());
        var before = await CountAsync();

        await visitor.PostAsync("auth/register", new RegisterRequest($" {email} ", ManagementHub.Password, "Lin", "Lin & Co", "CNY", "Asia/Tokyo"));

        Assert.Equal(before, await CountAsync());
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(email, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        var mail = Assert.Single(await hub.MailsAsync(email));
        Assert.Equal("[AI Hub] Finish your registration", mail.Subject);
        Assert.DoesNotContain("Lin", mail.Body);

        var answer = await visitor.PostAsync("auth/register/confirm", new RegistrationConfirmation(await hub.LinkTokenAsync(email, "register/confirm"), ManagementHub.Password));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        var registered = answer.Read<Registered>();
        Assert.Equal((email, "Lin", true), (registered.User.Email, registered.User.DisplayName, registered.User.EmailVerified));
        Assert.Equal(new OrganizationView(registered.Organization.Id, "Lin & Co", "owner", "free", "CNY", "Asia/Tokyo", true), registered.Organization);
        visitor.SignIn(registered);
        Assert.Equal(10_000, (await visitor.ReadAsync<UsageCurrent>("usage/current")).Quota.Limit);
        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(email, ManagementHub.Password))).Status);
        Assert.Equal((before.Users + 1, before.Organizations + 1), await CountAsync() is var after ? (after.Users, after.Organizations) : default);
        Assert.Single(await hub.MailsAsync(email));
        var entries = (await visitor.ReadAsync<Page<AuditEntryView>>($"organizations/{registered.Organization.Id}/audit-log")).Data;
        Assert.Equal(["user.signed_in", "user.registered"], entries.Select(entry => entry.Action));
        Assert.Equal(Guid.Parse(answer.Header("x-request-id")!), entries[1].RequestId);
    }

    [Fact]
    public async Task A_link_works_once_for_a_day_with_its_password_and_bears_five_wrong_ones()
    {
        var email = ManagementHub.NewEmail();
        await AskAsync(email);
        var token = await hub.LinkTokenAsync(email, "register/confirm");
        (await ConfirmAsync(token, "not the sentence")).IsInvalid("password", FieldText.OtherPassword);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => ConfirmAsync(token, ManagementHub.Password)));
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        (await ConfirmAsync(token, ManagementHub.Password)).Is(ProblemKind.LinkNotValid);

        var guessed = ManagementHub.NewEmail();
        await AskAsync(guessed);
        var second = await hub.LinkTokenAsync(guessed, "register/confirm");
        for (var i = 0; i < 5; i++)
        {
            (await ConfirmAsync(second, $"guess number {i}")).IsInvalid("password", FieldText.OtherPassword);
        }

        (await ConfirmAsync(second, ManagementHub.Password)).Is(ProblemKind.LinkNotValid);
        (await ConfirmAsync("aik_0000000000000000000000000000000000000000000", ManagementHub.Password)).Is(ProblemKind.LinkNotValid);
        (await hub.Visit().PostAsync("auth/email/verify", new EmailToken(second))).Is(ProblemKind.LinkNotValid);

        var late = ManagementHub.NewEmail();
        await AskAsync(late);
        var third = await hub.LinkTokenAsync(late, "register/confirm");
        hub.Clock.Advance(TimeSpan.FromDays(1));
        (await ConfirmAsync(third, ManagementHub.Password)).Is(ProblemKind.LinkNotValid);
    }

    [Fact]
    public async Task A_stranger_who_registers_an_address_first_does_not_get_into_its_account()
    {
        var email = ManagementHub.NewEmail();
        await AskAsync(email, "a sentence of the stranger");
        await AskAsync(email);
        var (stranger, own) = (await hub.LinkTokenAsync(email, "register/confirm"), await hub.LinkTokenAsync(email, "register/confirm", 2));

        // Whoever has the mailbox takes the wrong mail, then the right one.
        (await ConfirmAsync(stranger, ManagementHub.Password)).IsInvalid("password", FieldText.OtherPassword);
        Assert.Equal(HttpStatusCode.Created, (await ConfirmAsync(own, ManagementHub.Password)).Status);

        (await ConfirmAsync(stranger, "a sentence of the stranger")).Is(ProblemKind.LinkNotValid);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(email, "a sentence of the stranger"))).Is(ProblemKind.InvalidCredentials);
    }

    [Fact]
    public async Task Whoever_has_the_taken_address_is_told_and_nothing_of_theirs_changes()
    {
        var person = await ArriveAsync(ManagementHub.NewEmail());

        await hub.Visit("zh-CN").PostAsync("auth/register", new RegisterRequest(person.Email, "a sentence of the stranger"));

        var mail = (await hub.MailsAsync(person.Email))[^1];
        Assert.Equal("[AI Hub] You already have an account", mail.Subject);
        Assert.Contains("http://localhost:5081/sign-in", mail.Body);
        Assert.Contains("http://localhost:5081/forgot-password", mail.Body);
        Assert.DoesNotContain("token=", mail.Body);
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, "a sentence of the stranger"))).Is(ProblemKind.InvalidCredentials);
    }

    [Fact]
    public async Task A_mailbox_gets_only_so_many_mails_whether_it_has_an_account_or_not()
    {
        var person = await ArriveAsync(ManagementHub.NewEmail());
        var nobody = ManagementHub.NewEmail();

        for (var i = 0; i < 6; i++)
        {
            await AskAsync(person.Email);
            await AskAsync(nobody);
        }

        // One was for the account itself.
        Assert.Equal(5, (await hub.MailsAsync(person.Email)).Count);
        Assert.Equal(5, (await hub.MailsAsync(nobody)).Count);
        Assert.Equal(ProblemKind.TooManyAttempts.Code, (await AskAsync(nobody)).Problem.Code);
    }

    [Fact]
    public async Task The_first_operator_and_whoever_is_invited_come_in_by_their_mailbox()
    {
        var owner = await ArriveAsync(ManagementHub.NewEmail());
        string setup;
        await using (var db = hub.Database.OpenAsAdmin())
        {
            setup = (await db.IssueSetupTokenAsync(hub.Clock.GetUtcNow(), default))!;
        }

        Assert.Equal(HttpStatusCode.NoContent, (await owner.PostAsync("auth/operator", new OperatorClaim(setup))).Status);
        Assert.Equal(HttpStatusCode.OK, (await owner.GetAsync("admin/organizations")).Status);

        var company = (await owner.PostAsync("organizations", new NewOrganization("Acme"))).Read<OrganizationView>();
        var email = ManagementHub.NewEmail();
        var invitation = (await owner.PostAsync($"organizations/{company.Id}/invitations", new NewInvitation(email, "viewer"))).Read<CreatedInvitation>();
        var guest = await ArriveAsync(email);

        Assert.Equal("viewer", (await guest.PostAsync("invitations/accept", new InvitationToken(invitation.Token))).Read<OrganizationView>().Role);
    }

    [Fact]
    public async Task A_link_whose_address_got_an_account_meanwhile_opens_nothing()
    {
        var email = ManagementHub.NewEmail();
        await AskAsync(email);
        await AskAsync(email);
        var (first, second) = (await hub.LinkTokenAsync(email, "register/confirm"), await hub.LinkTokenAsync(email, "register/confirm", 2));

        var answers = await Task.WhenAll(ConfirmAsync(first, ManagementHub.Password), ConfirmAsync(second, ManagementHub.Password));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.Single(answers, answer => answer.Status == HttpStatusCode.NotFound).Is(ProblemKind.LinkNotValid);
        await using var db = hub.Database.OpenAsAdmin();
        Assert.Equal(1, await db.Users.CountAsync(user => user.Email == email));
    }

    private async Task<Visitor> ArriveAsync(string email)
    {
        await AskAsync(email);
        var visitor = hub.Visit();
        visitor.SignIn((await ConfirmAsync(await hub.LinkTokenAsync(email, "register/confirm"), ManagementHub.Password)).Read<Registered>());
        return visitor;
    }

    private Task<Answer> AskAsync(string email, string password = ManagementHub.Password) => hub.Visit().PostAsync("auth/register", new RegisterRequest(email, password));

    private Task<Answer> ConfirmAsync(string token, string password) => hub.Visit().PostAsync("auth/register/confirm", new RegistrationConfirmation(token, password));

    private async Task<(int Users, int Organizations, int Entries)> CountAsync()
    {
        await using var db = hub.Database.OpenAsAdmin();
        return (await db.Users.CountAsync(), await db.Set<Organization>().CountAsync(), await db.AuditEntries.CountAsync());
    }

    private static string[] Headers(Answer answer) =>
    [
        .. answer.Message.Headers.Concat(answer.Message.Content.Headers).Where(header => header.Key.ToUpperInvariant() is not ("DATE" or "X-REQUEST-ID"))
            .Select(header => $"{header.Key}: {string.Join(", ", header.Value)}").Order(StringComparer.Ordinal),
    ];

    [GeneratedRegex("\"request_id\":\"[^\"]*\"")]
    private static partial Regex RequestId();
}
