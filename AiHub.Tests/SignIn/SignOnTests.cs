using System.Net;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Refusals;
using AiHub.Simulators.Identity;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

/// <summary>Single sign-on against a real OpenID Connect provider.</summary>
public sealed class SignOnTests(SignOnHub hub) : IClassFixture<SignOnHub>
{
    [Fact]
    public async Task Somebody_new_signs_in_with_the_companys_provider_and_is_a_member()
    {
        var acme = await hub.CompanyAsync();
        var email = acme.NewEmail();

        var begun = await acme.BeginAsync(email);
        Assert.Equal((acme.Name, 600), (begun.OrganizationName, begun.ExpiresIn));
        var visitor = await acme.SignedOnAsync(email);

        var me = await visitor.ReadAsync<Me>("auth/me");
        Assert.Equal((email, "Wei", true), (me.User.Email, me.User.DisplayName, me.User.EmailVerified));
        Assert.Equal("developer", Assert.Single(me.Organizations, organization => organization.Id == acme.Id).Role);
        Assert.False((await visitor.ReadAsync<SecurityView>("auth/security")).HasPassword);
        Assert.Equal(["sign_on.linked", "member.joined"], await ActionsAsync(acme, me.User.Id));

        // Again, it is the same person, also when their address has changed over there.
        var again = await acme.BeginAsync(email);
        var renamed = await acme.CompleteAsync(await acme.AtProviderAsync(again, acme.NewEmail(), SubjectOf(email)));
        visitor.SignIn(renamed.Read<TokenPair>());
        Assert.Equal(me.User.Id, (await visitor.ReadAsync<Me>("auth/me")).User.Id);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(email, ""))).IsInvalid("password", FieldText.Required);
    }

    [Fact]
    public async Task Somebody_known_keeps_their_account_and_its_second_factor()
    {
        var acme = await hub.CompanyAsync();
        var visitor = hub.Visit();
        visitor.SignIn((await visitor.PostAsync("auth/register", new RegisterRequest(acme.NewEmail(), ManagementHub.Password))).Read<Registered>());
        await hub.Visit().PostAsync("auth/email/verify", new EmailToken(await hub.LinkTokenAsync(visitor.Email, "verify-email")));
        var app = await hub.SetUpTwoFactorAsync(visitor);

        var answer = await acme.SignOnAsync(visitor.Email);

        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var tokens = await hub.Visit().PostAsync("auth/two-factor/sign-in", new SecondFactorCode(answer.Read<SecondFactorNeeded>().ChallengeToken, app.Code(1)));
        visitor.SignIn(tokens.Read<TokenPair>());
        var me = await visitor.ReadAsync<Me>("auth/me");
        Assert.Equal(visitor.UserId, me.User.Id);
        Assert.Contains(me.Organizations, organization => organization.Id == acme.Id);
    }

    [Fact]
    public async Task An_account_somebody_else_opened_in_ones_name_is_taken_from_them()
    {
        var acme = await hub.CompanyAsync();
        var thief = hub.Visit();
        thief.SignIn((await thief.PostAsync("auth/register", new RegisterRequest(acme.NewEmail(), ManagementHub.Password))).Read<Registered>());
        var key = (await thief.PostAsync("auth/api-keys", new NewApiKey("left behind"))).Read<CreatedApiKey>();
        await hub.SetUpTwoFactorAsync(thief);

        var victim = await acme.SignedOnAsync(thief.Email);

        Assert.Equal(thief.UserId, (await victim.ReadAsync<Me>("auth/me")).User.Id);
        (await thief.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(thief.Email, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        await hub.KeyBecomesAsync(key.Key, "invalid_api_key");
        var security = await victim.ReadAsync<SecurityView>("auth/security");
        Assert.Equal((true, false, false), (security.EmailVerified, security.HasPassword, security.TwoFactor));

        // By mail it is the same.
        var another = hub.Visit();
        another.SignIn((await another.PostAsync("auth/register", new RegisterRequest(ManagementHub.NewEmail(), ManagementHub.Password))).Read<Registered>());
        await hub.SetUpTwoFactorAsync(another);
        await hub.Visit().PostAsync("auth/password/forgot", new ForgottenPassword(another.Email));
        await hub.Visit().PostAsync("auth/password/reset", new PasswordReset(await hub.LinkTokenAsync(another.Email, "reset-password"), "another sentence only I know"));
        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(another.Email, "another sentence only I know"))).Status);
    }

    [Fact]
    public async Task Keys_change_under_way_and_nobody_notices()
    {
        var acme = await hub.CompanyAsync();
        var email = acme.NewEmail();
        await acme.SignedOnAsync(email);

        for (var rotation = 0; rotation < 2; rotation++)
        {
            await acme.SteerAsync("rotate");
            hub.Clock.Advance(TimeSpan.FromMinutes(1));
            await acme.SignedOnAsync(email);
        }

        // A token signed with a key nobody knows is a reason to look once, not each time.
        await acme.SteerAsync("faults", new IdentityFault(ForeignKey: true));
        var before = await KeyRequestsAsync(acme);
        for (var i = 0; i < 4; i++)
        {
            (await acme.SignOnAsync(email)).Is(ProblemKind.SignOnFailed);
        }

        Assert.InRange(await KeyRequestsAsync(acme) - before, 0, 1);
        await acme.SteerAsync("faults", new IdentityFault());
        await acme.SignedOnAsync(email);
    }

    public static TheoryData<string, IdentityFault> Faults => new()
    {
        { "another nonce", new IdentityFault(Nonce: "another") },
        { "another audience", new IdentityFault(Audience: "another-client") },
        { "another issuer", new IdentityFault(Issuer: "https://login.example.com") },
        { "no signature", new IdentityFault(Algorithm: "none") },
        { "the public key as a shared secret", new IdentityFault(Algorithm: "HS256") },
        { "a key that is not the provider's", new IdentityFault(ForeignKey: true) },
        { "a changed address", new IdentityFault(TamperEmail: true) },
        { "an expired token", new IdentityFault(ExpiresInSeconds: -600) },
        { "an address the provider has not verified", new IdentityFault(EmailVerified: false) },
        { "made for another client among several", new IdentityFault(AuthorizedParty: "another-client") },
    };

    [Theory]
    [MemberData(nameof(Faults))]
    public async Task A_token_that_is_wrong_opens_nothing(string what, IdentityFault fault)
    {
        var acme = await hub.CompanyAsync();
        var email = acme.NewEmail();
        await acme.SteerAsync("faults", fault);

        var refused = await acme.SignOnAsync(email);

        refused.Is(ProblemKind.SignOnFailed);
        Assert.DoesNotContain("nonce", refused.Text, StringComparison.Ordinal);
        await using var db = hub.Database.OpenAsAdmin();
        Assert.False(await db.Users.AnyAsync(user => user.Email == email), what);
        Assert.Equal("sign_on.refused", await db.AuditEntries.Where(entry => entry.OrganizationId == acme.Id).OrderByDescending(entry => entry.Sequence).Select(entry => entry.Action).FirstAsync());

        // And it was that alone.
        await acme.SteerAsync("faults", new IdentityFault());
        await acme.SignedOnAsync(email);
    }

    [Fact]
    public async Task An_answer_fits_one_question_once()
    {
        var acme = await hub.CompanyAsync();
        var email = acme.NewEmail();
        var answer = await acme.AtProviderAsync(await acme.BeginAsync(email), email);

        // The code in somebody else's sign-in: the state is wrong, and if it were right, the verifier would be.
        var victim = await acme.BeginAsync(email);
        (await acme.CompleteAsync(answer with { Ticket = victim.Ticket })).Is(ProblemKind.SignOnFailed);
        var second = await acme.BeginAsync(email);
        var stateOfSecond = Microsoft.AspNetCore.WebUtilities.QueryHelpers.ParseQuery(new Uri(second.AuthorizationUrl).Query)["state"].ToString();
        (await acme.CompleteAsync(new SignOnAnswer(second.Ticket, stateOfSecond, answer.Code, answer.Issuer))).Is(ProblemKind.SignOnFailed);

        // Everything is right but the state, which only whoever set out knows.
        var own = await acme.AtProviderAsync(await acme.BeginAsync(email), email);
        (await acme.CompleteAsync(own with { State = stateOfSecond })).Is(ProblemKind.SignOnFailed);

        var fresh = await acme.AtProviderAsync(await acme.BeginAsync(email), email);
        Assert.Equal(HttpStatusCode.OK, (await acme.CompleteAsync(fresh)).Status);
        (await acme.CompleteAsync(fresh)).Is(ProblemKind.SignOnFailed);

        // The same code again, with a ticket of its own.
        var third = await acme.BeginAsync(email);
        (await acme.CompleteAsync(fresh with { Ticket = third.Ticket })).Is(ProblemKind.SignOnFailed);
        var late = await acme.AtProviderAsync(await acme.BeginAsync(email), email);
        hub.Clock.Advance(TimeSpan.FromMinutes(10));
        (await acme.CompleteAsync(late)).Is(ProblemKind.SignOnFailed);
        (await acme.CompleteAsync(fresh with { Ticket = "aik_0000000000000000000000000000000000000000000" })).Is(ProblemKind.SignOnFailed);
    }

    [Fact]
    public async Task One_companys_provider_does_not_speak_for_anothers_people()
    {
        var acme = await hub.CompanyAsync();
        var globex = await hub.CompanyAsync();

        // Acme's provider vouches for somebody of Globex.
        var stranger = globex.NewEmail();
        (await acme.CompleteAsync(await acme.AtProviderAsync(await acme.BeginAsync(acme.NewEmail()), stranger))).Is(ProblemKind.SignOnFailed);

        // Globex's provider answers a question that was asked of Acme's, with and without saying who it is.
        var begun = await acme.BeginAsync(acme.NewEmail());
        var foreign = await acme.AtProviderAsync(begun, acme.NewEmail(), at: hub.Issuer(globex.Name) + "/authorize");
        (await acme.CompleteAsync(foreign)).Is(ProblemKind.SignOnFailed);
        var again = await acme.BeginAsync(acme.NewEmail());
        (await acme.CompleteAsync(await acme.AtProviderAsync(again, acme.NewEmail(), at: hub.Issuer(globex.Name) + "/authorize") with { Issuer = null })).Is(ProblemKind.SignOnFailed);

        await using var db = hub.Database.OpenAsAdmin();
        Assert.False(await db.Users.AnyAsync(user => user.Email == stranger));
        Assert.Equal(1, await db.Memberships.CountAsync(row => row.OrganizationId == acme.Id));
    }

    [Fact]
    public async Task A_domain_is_proven_before_its_people_sign_in_and_is_one_organizations_alone()
    {
        var acme = await hub.CompanyAsync(proven: false);
        (await hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin(acme.NewEmail()))).Is(ProblemKind.NoSignOn);
        var view = await acme.Owner.ReadAsync<SignOnView>($"{acme.Path}/sign-on");
        Assert.Equal($"_ai-hub.{acme.Domain}", view.ProofName);
        Assert.Equal("http://localhost:5081/sign-in/sso/callback", view.RedirectUri);
        (await acme.Owner.PostAsync($"{acme.Path}/sign-on/verify-domain", null)).Is(ProblemKind.DomainNotProven, Language.En, view.ProofName, view.ProofValue);
        hub.Say(view.ProofName, "ai-hub-domain-verification=of-somebody-else");
        (await acme.Owner.PostAsync($"{acme.Path}/sign-on/verify-domain", null)).Is(ProblemKind.DomainNotProven, Language.En, view.ProofName, view.ProofValue);
        await acme.ProveAsync(view);
        await acme.SignedOnAsync(acme.NewEmail());

        var copy = await hub.CompanyAsync(proven: false, change: wanted => wanted with { Domain = acme.Domain.ToUpperInvariant() + "." });
        var copied = await copy.Owner.ReadAsync<SignOnView>($"{copy.Path}/sign-on");
        Assert.Equal(acme.Domain, copied.Domain);
        hub.Say(copied.ProofName, copied.ProofValue);
        (await copy.Owner.PostAsync($"{copy.Path}/sign-on/verify-domain", null)).Is(ProblemKind.DomainTaken);

        // Another domain has to be proven anew.
        var changed = await acme.Owner.PutAsync($"{acme.Path}/sign-on", new SignOnChange(hub.Issuer(acme.Name), "ai-hub", $"other-{acme.Domain}"));
        Assert.Null(changed.Read<SignOnView>().DomainVerifiedAt);
        (await hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin(acme.NewEmail()))).Is(ProblemKind.NoSignOn);
    }

    [Fact]
    public async Task Where_it_is_required_members_get_in_by_it_alone_and_owners_are_not_locked_out()
    {
        var acme = await hub.CompanyAsync(change: wanted => wanted with { Required = true });
        var email = acme.NewEmail();
        var member = await acme.SignedOnAsync(email);
        member.Organization = acme.Id.ToString();
        Assert.Equal(HttpStatusCode.OK, (await member.GetAsync("auth/me")).Status);

        var guest = await hub.RegisterAsync();
        await JoinAsync(acme, guest.UserId);
        guest.Organization = acme.Id.ToString();
        (await guest.GetAsync("usage/current")).Is(ProblemKind.SignOnRequired, Language.En, acme.Name);
        guest.Organization = null;
        Assert.Equal(HttpStatusCode.OK, (await guest.GetAsync("usage/current")).Status);
        Assert.Equal(HttpStatusCode.OK, (await acme.Owner.GetAsync(acme.Path)).Status);

        // A session of one company's provider does not open another company.
        var globex = await hub.CompanyAsync(change: wanted => wanted with { Required = true });
        await JoinAsync(globex, (await member.ReadAsync<Me>("auth/me")).User.Id);
        member.Organization = globex.Id.ToString();
        (await member.GetAsync("usage/current")).Is(ProblemKind.SignOnRequired, Language.En, globex.Name);

        await acme.Owner.DeleteAsync($"{acme.Path}/sign-on");
        (await member.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        Assert.Equal(["sign_on.changed", "sign_on.domain_verified", "sign_on.deleted"], (await ActionsAsync(acme, acme.Id)).Where(action => action.StartsWith("sign_on.", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Settings_are_tested_when_they_are_saved_and_keep_their_secret()
    {
        var acme = await hub.CompanyAsync();
        var sign = $"{acme.Path}/sign-on";
        var stored = (await acme.Owner.GetAsync(sign)).Text;
        Assert.DoesNotContain("a client secret", stored, StringComparison.Ordinal);
        await using (var db = hub.Database.OpenAsAdmin())
        {
            Assert.DoesNotContain("a client secret", (await db.SignOns.SingleAsync(row => row.OrganizationId == acme.Id)).ProtectedSecret!, StringComparison.Ordinal);
        }

        Assert.DoesNotContain(hub.Log, line => line.Contains("a client secret", StringComparison.Ordinal));
        var fine = new SignOnChange(hub.Issuer(acme.Name), "ai-hub", acme.Domain);
        Assert.True((await acme.Owner.PutAsync(sign, fine)).Read<SignOnView>().HasClientSecret);
        await acme.SignedOnAsync(acme.NewEmail());

        // Another issuer does not get the secret of this one.
        Assert.False((await acme.Owner.PutAsync(sign, fine with { Issuer = hub.Issuer(acme.Name + "x") })).Read<SignOnView>().HasClientSecret);
        (await acme.Owner.PutAsync(sign, fine with { Issuer = new Uri(hub.Simulators, "/nowhere").ToString() })).Is(ProblemKind.SignOnProviderUnusable, Language.En, "127.0.0.1 answered 404.");
        Assert.Equal(ProblemKind.SignOnProviderUnusable.Code, (await acme.Owner.PutAsync(sign, fine with { Issuer = hub.Issuer(acme.Name) + "/" })).Problem.Code);
        (await acme.Owner.PutAsync(sign, fine with { Issuer = "ftp://example.com" })).IsInvalid("issuer", FieldText.WebhookUrl);
        (await acme.Owner.PutAsync(sign, fine with { Domain = "127.0.0.1" })).IsInvalid("domain", FieldText.Domain);
        (await acme.Owner.PutAsync(sign, fine with { DefaultRole = "owner" })).IsInvalid("default_role", FieldText.OneOf, "billing, developer, viewer");
        (await acme.Owner.PutAsync($"organizations/{acme.Owner.OrganizationId}/sign-on", fine)).Is(ProblemKind.PersonalOrganization);

        await acme.SteerAsync("clients", new IdentityClient("ai-hub", "another secret", ["http://localhost:5081/sign-in/sso/callback"]));
        await acme.Owner.PutAsync(sign, fine);
        (await acme.SignOnAsync(acme.NewEmail())).Is(ProblemKind.SignOnFailed);
    }

    [Fact]
    public async Task Which_addresses_are_known_cannot_be_told()
    {
        var acme = await hub.CompanyAsync();
        var known = acme.NewEmail();
        await acme.SignedOnAsync(known);

        var (one, other) = (await acme.BeginAsync(known), await acme.BeginAsync(acme.NewEmail()));

        Assert.Equal((one.OrganizationName, one.ExpiresIn, new Uri(one.AuthorizationUrl).AbsolutePath), (other.OrganizationName, other.ExpiresIn, new Uri(other.AuthorizationUrl).AbsolutePath));
        var registered = await hub.RegisterAsync();
        var of = (await hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin(registered.Email))).Is(ProblemKind.NoSignOn);
        var nobodys = (await hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin(ManagementHub.NewEmail()))).Is(ProblemKind.NoSignOn);
        Assert.Equal(of with { RequestId = "" }, nobodys with { RequestId = "" });
        var limited = new List<Answer>();
        for (var i = 0; i < 11; i++)
        {
            limited.Add(await hub.Visit().PostAsync("auth/sign-on/begin", new SignOnBegin("one@nowhere.example.com")));
        }

        Assert.Equal(ProblemKind.TooManyAttempts.Code, limited[^1].Problem.Code);
    }

    private async Task JoinAsync(Company company, Guid userId)
    {
        await using var db = hub.Database.OpenAsAdmin();
        db.Memberships.Add(new Membership { OrganizationId = company.Id, UserId = userId, Role = Role.Developer, CreatedAt = hub.Clock.GetUtcNow() });
        await db.SaveChangesAsync();
    }

    private async Task<int> KeyRequestsAsync(Company company)
    {
        using var http = new HttpClient { BaseAddress = hub.Simulators };
        return int.Parse(await http.GetStringAsync($"/_sim/identity/{company.Name}/key-requests"), System.Globalization.CultureInfo.InvariantCulture);
    }

    private async Task<List<string>> ActionsAsync(Company company, Guid subject)
    {
        await using var db = hub.Database.OpenAsAdmin();
        return await db.AuditEntries.Where(entry => entry.OrganizationId == company.Id && entry.Subject == subject.ToString()).OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
    }

    // As the simulated provider names people.
    private static string SubjectOf(string email) =>
        Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(email.ToUpperInvariant())))[..24];
}
