using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

public sealed class AccountsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task Registering_gives_a_person_an_organization_with_tokens_to_spend_and_signs_them_in()
    {
        var visitor = hub.Visit();
        var email = ManagementHub.NewEmail();

        var answer = await visitor.PostAsync("auth/register", new RegisterRequest($"  {email} ", ManagementHub.Password, "Lin", "Lin & Co", "CNY", "Asia/Tokyo"));

        Assert.Equal(HttpStatusCode.Created, answer.Status);
        Assert.Equal("/api/v1/auth/me", answer.Header("Location"));
        Assert.Equal("no-store", answer.Header("Cache-Control"));
        var registered = answer.Read<Registered>();
        Assert.Equal(
            new Registered(
                new UserView(registered.User.Id, email, "Lin", registered.User.CreatedAt),
                new OrganizationView(registered.Organization.Id, "Lin & Co", "owner", "free", "CNY", "Asia/Tokyo", true),
                registered.AccessToken,
                registered.RefreshToken,
                900,
                "Bearer"),
            registered);

        visitor.SignIn(registered);
        var me = await visitor.ReadAsync<Me>("auth/me");
        Assert.Equal(registered.Organization, me.Organization);
        Assert.Equal([registered.Organization], me.Organizations);
        Assert.Equal(registered.User, me.User);

        var usage = await visitor.ReadAsync<UsageCurrent>("usage/current");
        Assert.Equal(new QuotaView(10_000, 0, 0, 10_000, usage.Period!.EndsAt), usage.Quota);
    }

    [Theory]
    [InlineData("zh-CN,zh;q=0.9", "CNY", "Asia/Shanghai", "lin 的组织")]
    [InlineData("en-US,zh;q=0.5", "USD", "UTC", "lin's organization")]
    [InlineData(null, "USD", "UTC", "lin's organization")]
    public async Task What_is_not_said_follows_the_language(string? language, string currency, string timeZone, string organization)
    {
        var answer = await hub.Visit(language).PostAsync("auth/register", new { email = $"lin@{Guid.CreateVersion7():N}.example.com", password = ManagementHub.Password });

        var registered = answer.Read<Registered>();
        Assert.Equal(new OrganizationView(registered.Organization.Id, organization, "owner", "free", currency, timeZone, true), registered.Organization);
        Assert.Equal("lin", registered.User.DisplayName);
    }

    [Fact]
    public async Task A_taken_address_is_a_conflict_however_it_is_written()
    {
        var person = await hub.RegisterAsync();

        (await hub.Visit().PostAsync("auth/register", new RegisterRequest(person.Email.ToUpperInvariant(), ManagementHub.Password))).Is(ProblemKind.EmailTaken);
        (await hub.Visit("zh-CN").PostAsync("auth/register", new RegisterRequest(person.Email + " ", ManagementHub.Password))).Is(ProblemKind.EmailTaken, Language.Zh);
    }

    [Fact]
    public async Task Of_several_who_register_an_address_at_once_one_gets_it()
    {
        var email = ManagementHub.NewEmail();

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => hub.Visit().PostAsync("auth/register", new RegisterRequest(email, ManagementHub.Password))));

        Assert.Single(answers, answer => answer.Status == HttpStatusCode.Created);
        Assert.All(answers.Where(answer => answer.Status != HttpStatusCode.Created), answer => answer.Is(ProblemKind.EmailTaken));
        await using var db = hub.Database.OpenAsAdmin();
        var user = await db.Users.SingleAsync(row => row.Email == email);
        Assert.Equal(1, await db.Memberships.CountAsync(row => row.UserId == user.Id));
    }

    [Theory]
    [InlineData("""{"password":"a sentence only I know"}""", "email", "This field is required.")]
    [InlineData("""{"email":null,"password":"a sentence only I know"}""", "email", "This field is required.")]
    [InlineData("""{"email":"no address","password":"a sentence only I know"}""", "email", "Must be an e-mail address such as name@example.com.")]
    [InlineData("""{"email":"two words@example.com","password":"a sentence only I know"}""", "email", "Must be an e-mail address such as name@example.com.")]
    [InlineData("""{"email":"a\u0000b@example.com","password":"a sentence only I know"}""", "email", "Must not contain control characters.")]
    [InlineData("""{"email":"a@example.com","password":"seven77"}""", "password", "Must be 8 to 256 characters long.")]
    [InlineData("""{"email":"a@example.com","password":"Password123"}""", "password", "This password is on the lists attackers try first; choose another.")]
    [InlineData("""{"email":"some.name@example.com","password":"Some.Name@example.com"}""", "password", "The password must not be the e-mail address.")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","currency":"EUR"}""", "currency", "Must be one of: USD, CNY.")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","currency":"usd"}""", "currency", "Must be one of: USD, CNY.")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","time_zone":"Mars/Olympus"}""", "time_zone", "Must be an IANA time zone such as Asia/Shanghai.")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","time_zone":"China Standard Time"}""", "time_zone", "Must be an IANA time zone such as Asia/Shanghai.")]
    [InlineData("""{"email":"a@example.com","password":"a sentence only I know","time_zone":"UTC'; drop table users; --"}""", "time_zone", "Must be an IANA time zone such as Asia/Shanghai.")]
    [InlineData("""{"email":"a@example.com","password":12345678}""", "password", "This value has the wrong type.")]
    [InlineData("""{"email":["a@example.com"],"password":"a sentence only I know"}""", "email", "This value has the wrong type.")]
    [InlineData("""{"email":"a\ud800@example.com","password":"a sentence only I know"}""", "email", "This value has the wrong type.")]
    [InlineData("""{"email":"a@example.com","email":"b@example.com","password":"a sentence only I know"}""", "email", "The field “email” appears more than once.")]
    public async Task A_registration_that_is_not_right_says_which_field_and_why(string body, string field, string message)
    {
        var problem = (await hub.Visit().PostAsync("auth/register", body)).Is(ProblemKind.InvalidRequest);

        Assert.Equal([KeyValuePair.Create(field, message)], problem.Errors!.Select(error => KeyValuePair.Create(error.Key, Assert.Single(error.Value))));
    }

    [Fact]
    public async Task Signing_in_starts_a_session_beside_the_others()
    {
        var person = await hub.RegisterAsync();
        var elsewhere = hub.Visit();

        var tokens = (await elsewhere.PostAsync("auth/login", new LoginRequest(person.Email.ToUpperInvariant(), ManagementHub.Password))).Read<TokenPair>();

        Assert.Equal(new TokenPair(tokens.AccessToken, tokens.RefreshToken, 900, "Bearer"), tokens);
        elsewhere.SignIn(tokens);
        Assert.Equal(person.UserId, (await elsewhere.ReadAsync<Me>("auth/me")).User.Id);
        Assert.Equal(person.UserId, (await person.ReadAsync<Me>("auth/me")).User.Id);
    }

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_are_answered_alike()
    {
        var person = await hub.RegisterAsync();

        var wrong = (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, "not the sentence"))).Is(ProblemKind.InvalidCredentials);
        var unknown = (await hub.Visit().PostAsync("auth/login", new LoginRequest(ManagementHub.NewEmail(), "not the sentence"))).Is(ProblemKind.InvalidCredentials);

        Assert.Equal(wrong with { RequestId = "" }, unknown with { RequestId = "" });
    }

    [Fact]
    public async Task Signing_out_ends_both_tokens_at_once_and_no_other_session()
    {
        var person = await hub.RegisterAsync();
        var elsewhere = hub.Visit();
        elsewhere.SignIn((await elsewhere.PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Read<TokenPair>());

        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/logout", null)).Status);

        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
        Assert.Equal(HttpStatusCode.OK, (await elsewhere.GetAsync("auth/me")).Status);
    }

    [Fact]
    public async Task Renewing_replaces_both_tokens()
    {
        var person = await hub.RegisterAsync();
        var (access, refresh) = (person.AccessToken, person.RefreshToken!);

        var renewed = (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(refresh))).Read<TokenPair>();

        Assert.Equal(new TokenPair(renewed.AccessToken, renewed.RefreshToken, 900, "Bearer"), renewed);
        Assert.NotEqual((access, refresh), (renewed.AccessToken, renewed.RefreshToken));
        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        person.SignIn(renewed);
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task A_refresh_token_used_before_ends_the_session_however_long_ago_it_was(int renewals)
    {
        var person = await hub.RegisterAsync();
        var stolen = person.RefreshToken!;
        for (var i = 0; i < renewals; i++)
        {
            person.SignIn((await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Read<TokenPair>());
        }

        (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(stolen))).Is(ProblemKind.InvalidRefreshToken);

        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
        Assert.Equal(["user.registered", "session.revoked"], await ActionsAsync(person));
    }

    [Fact]
    public async Task A_refresh_token_used_twice_at_once_is_exchanged_at_most_once()
    {
        var person = await hub.RegisterAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))));

        var exchanged = Assert.Single(answers, answer => answer.Status == HttpStatusCode.OK);
        person.SignIn(exchanged.Read<TokenPair>());
        (await person.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("air_")]
    [InlineData("air_00000000000000000000000000000000000000000000000000000000000000000")]
    [InlineData("ait_0000000000000000000000000000000000000000000")]
    public async Task What_is_no_refresh_token_opens_nothing(string token)
    {
        var answer = await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(token));

        if (token.Length == 0)
        {
            answer.IsInvalid("refresh_token", FieldText.Required);
        }
        else
        {
            answer.Is(ProblemKind.InvalidRefreshToken);
        }
    }

    [Fact]
    public async Task Without_a_token_one_is_asked_to_sign_in()
    {
        var answer = await hub.Visit("zh-CN").GetAsync("auth/me");

        answer.Is(ProblemKind.MissingToken, Language.Zh);
        Assert.Equal("Bearer", answer.Header("WWW-Authenticate"));
    }

    [Theory]
    [InlineData("Bearer")]
    [InlineData("Bearer ")]
    [InlineData("Basic dXNlcjpwYXNz")]
    [InlineData("Bearer ait_")]
    [InlineData("Bearer ait_0000000000000000000000000000000000000000000")]
    [InlineData("Bearer ait_' or '1'='1")]
    [InlineData("Bearer air_0000000000000000000000000000000000000000000")]
    [InlineData("Bearer ai-hub-00000000000000000000000000000000000000000000")]
    public async Task Nothing_but_an_access_token_opens_the_door(string header)
    {
        var answer = await hub.Visit().SendAsync(HttpMethod.Get, "auth/me", null, request => request.Headers.TryAddWithoutValidation("Authorization", header));

        Assert.Equal(HttpStatusCode.Unauthorized, answer.Status);
        answer.Is(header.StartsWith("Bearer ", StringComparison.Ordinal) && header.Length > 7 ? ProblemKind.InvalidToken : ProblemKind.MissingToken);
    }

    [Fact]
    public async Task Tokens_and_passwords_are_kept_as_hashes_only()
    {
        var person = await hub.RegisterAsync();

        await using var db = hub.Database.OpenAsAdmin();
        var session = await db.Sessions.SingleAsync(row => row.UserId == person.UserId);
        var user = await db.Users.SingleAsync(row => row.Id == person.UserId);

        Assert.Equal(SignInTokens.Hash(person.AccessToken!), session.AccessHash);
        Assert.Equal(SignInTokens.Hash(person.RefreshToken!), session.RefreshHash);
        Assert.DoesNotContain(ManagementHub.Password, user.PasswordHash);
    }

    [Fact]
    public async Task What_people_do_to_their_account_is_in_the_audit_log_and_the_chain_is_whole()
    {
        var person = await hub.RegisterAsync();
        await person.PostAsync("auth/logout", null);
        person.SignIn((await person.PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Read<TokenPair>());

        Assert.Equal(["user.registered", "user.signed_out", "user.signed_in"], await ActionsAsync(person));
        Assert.True(await hub.Database.AsAdminAsync<bool>($"select audit_broken_at('{person.OrganizationId}') is null"));
    }

    private async Task<List<string>> ActionsAsync(Visitor person)
    {
        await using var db = hub.Database.OpenAsAdmin();
        return await db.AuditEntries.Where(entry => entry.OrganizationId == person.OrganizationId).OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
    }
}
