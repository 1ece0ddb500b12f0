using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using AiHub.Tests.Management;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

public sealed class TwoFactorTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Theory]
    [InlineData(59, "287082")]
    [InlineData(1111111109, "081804")]
    [InlineData(1234567890, "005924")]
    [InlineData(20000000000, "353130")]
    public void Codes_are_those_of_RFC_6238(long seconds, string code) =>
        Assert.Equal(code, SecondFactor.CodeAt("12345678901234567890"u8.ToArray(), seconds / 30));

    [Fact]
    public async Task Signing_in_takes_two_steps_once_a_code_was_confirmed()
    {
        var person = await hub.RegisterAsync();
        var elsewhere = hub.Visit();
        elsewhere.SignIn((await elsewhere.PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Read<TokenPair>());
        (await person.PostAsync("auth/two-factor/begin", new CurrentPassword("wrong"))).Is(ProblemKind.InvalidCredentials);

        var app = await hub.BeginTwoFactorAsync(person);
        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Status);
        (await person.PostAsync("auth/two-factor/confirm", new AuthenticatorCode(app.Code(5)))).Is(ProblemKind.InvalidCode);
        var codes = (await person.PostAsync("auth/two-factor/confirm", new AuthenticatorCode(app.Code(0)))).Read<RecoveryCodes>().Codes;

        Assert.Equal(10, codes.Distinct().Count());
        Assert.All(codes, code => Assert.Matches("^([A-Z2-7]{4}-){3}[A-Z2-7]{4}$", code));
        (await elsewhere.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
        (await person.PostAsync("auth/two-factor/begin", new CurrentPassword(ManagementHub.Password))).Is(ProblemKind.TwoFactorIsOn);

        var answer = await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password));
        Assert.Equal(HttpStatusCode.Accepted, answer.Status);
        var needed = answer.Read<SecondFactorNeeded>();
        Assert.Equal((300, "totp recovery_code"), (needed.ExpiresIn, string.Join(' ', needed.Methods)));
        Assert.DoesNotContain("access_token", answer.Text);
        (await new Visitor(hub, null) { AccessToken = needed.ChallengeToken }.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);

        // The step that confirmed it is used up.
        (await CodeAsync(needed, app.Code(0))).Is(ProblemKind.InvalidCode);
        var tokens = (await CodeAsync(needed, app.Code(1))).Read<TokenPair>();
        elsewhere.SignIn(tokens);
        Assert.Equal(person.UserId, (await elsewhere.ReadAsync<Me>("auth/me")).User.Id);

        (await CodeAsync(needed, app.Code(1))).Is(ProblemKind.InvalidCode);
        Assert.Contains(await hub.MailsAsync(person.Email), mail => mail.Subject == "[AI Hub] Two-factor authentication was switched on.");
    }

    [Fact]
    public async Task A_code_works_once_also_when_it_is_presented_many_times_at_once()
    {
        var person = await hub.RegisterAsync();
        var app = await hub.SetUpTwoFactorAsync(person);
        var challenges = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await ChallengeAsync(person)));

        var answers = await Task.WhenAll(challenges.Select(needed => CodeAsync(needed, app.Code(1))));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_recovery_code_stands_in_once_and_new_ones_replace_the_old()
    {
        var person = await hub.RegisterAsync();
        var app = await hub.SetUpTwoFactorAsync(person);
        var code = app.RecoveryCodes[3];

        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(await ChallengeAsync(person), code.ToLowerInvariant().Replace("-", " ", StringComparison.Ordinal))).Status);
        (await CodeAsync(await ChallengeAsync(person), code)).Is(ProblemKind.InvalidCode);
        Assert.Equal(9, (await person.ReadAsync<SecurityView>("auth/security")).RecoveryCodesLeft);
        Assert.Contains(await hub.MailsAsync(person.Email), mail => mail.Subject == "[AI Hub] A recovery code was used to sign in.");

        var renewed = (await person.PostAsync("auth/two-factor/recovery-codes", new AuthenticatorCode(app.Code(1)))).Read<RecoveryCodes>().Codes;
        (await CodeAsync(await ChallengeAsync(person), app.RecoveryCodes[0])).Is(ProblemKind.InvalidCode);
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(await ChallengeAsync(person), renewed[0])).Status);

        await using var db = hub.Database.OpenAsAdmin();
        var stored = await db.Authenticators.SingleAsync(row => row.UserId == person.UserId);
        Assert.DoesNotContain(app.Secret, stored.Protected);
        Assert.All(await db.RecoveryCodes.Where(row => row.UserId == person.UserId).ToListAsync(), row => Assert.Equal(32, row.Hash.Length));
    }

    [Fact]
    public async Task It_is_switched_off_with_a_code_and_then_the_password_is_enough_again()
    {
        var person = await hub.RegisterAsync();
        var app = await hub.SetUpTwoFactorAsync(person);
        var open = await ChallengeAsync(person);
        (await person.PostAsync("auth/two-factor/disable", new AuthenticatorCode("000000"))).Is(ProblemKind.InvalidCode);

        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/two-factor/disable", new AuthenticatorCode(app.Code(1)))).Status);

        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Status);
        (await CodeAsync(open, app.RecoveryCodes[0])).Is(ProblemKind.InvalidCode);
        var security = await person.ReadAsync<SecurityView>("auth/security");
        Assert.Equal((false, null, 0), (security.TwoFactor, security.TwoFactorSince, security.RecoveryCodesLeft));
    }

    [Fact]
    public async Task Codes_cannot_be_guessed_not_even_with_the_password_in_hand()
    {
        var person = await hub.RegisterAsync();
        var app = await hub.SetUpTwoFactorAsync(person);

        // Right passwords in between do not buy more guesses.
        for (var i = 0; i < 5; i++)
        {
            (await CodeAsync(await ChallengeAsync(person), "000000")).Is(ProblemKind.InvalidCode);
        }

        (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        hub.Clock.Advance(TimeSpan.FromMinutes(15));
        var needed = await ChallengeAsync(person);
        hub.Clock.Advance(SecondFactor.ChallengeLifetime);
        (await CodeAsync(needed, app.Code(0))).Is(ProblemKind.InvalidCode);
        Assert.Equal(HttpStatusCode.OK, (await CodeAsync(await ChallengeAsync(person), app.Code(0))).Status);
    }

    private async Task<SecondFactorNeeded> ChallengeAsync(Visitor person)
    {
        var answer = await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password));
        Assert.True(answer.Status == HttpStatusCode.Accepted, answer.Text);
        return answer.Read<SecondFactorNeeded>();
    }

    private Task<Answer> CodeAsync(SecondFactorNeeded needed, string code) => hub.Visit().PostAsync("auth/two-factor/sign-in", new SecondFactorCode(needed.ChallengeToken, code));
}
