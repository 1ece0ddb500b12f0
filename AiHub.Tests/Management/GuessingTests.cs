using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

/// <summary>What somebody meets who guesses, and what time does to tokens and locks. The clock is moved, so the hub is this class's own.</summary>
public sealed class GuessingTests : IAsyncLifetime
{
    private readonly Hub _hub = new();

    public Task InitializeAsync() => _hub.InitializeAsync();

    public Task DisposeAsync() => _hub.DisposeAsync();

    [Fact]
    public async Task After_five_wrong_passwords_the_right_one_is_refused_too_for_fifteen_minutes()
    {
        var person = await _hub.RegisterAsync();
        for (var i = 0; i < 5; i++)
        {
            (await LoginAsync(person.Email, "wrong")).Is(ProblemKind.InvalidCredentials);
        }

        (await LoginAsync(person.Email, ManagementHub.Password)).Is(ProblemKind.InvalidCredentials);
        _hub.Clock.Advance(TimeSpan.FromMinutes(14.9));
        (await LoginAsync(person.Email, ManagementHub.Password)).Is(ProblemKind.InvalidCredentials);
        _hub.Clock.Advance(TimeSpan.FromMinutes(0.2));
        Assert.Equal(HttpStatusCode.OK, (await LoginAsync(person.Email, ManagementHub.Password)).Status);
    }

    [Fact]
    public async Task Four_wrong_passwords_and_the_right_one_start_the_count_anew()
    {
        var person = await _hub.RegisterAsync();
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 4; i++)
            {
                await LoginAsync(person.Email, "wrong");
            }

            Assert.Equal(HttpStatusCode.OK, (await LoginAsync(person.Email, ManagementHub.Password)).Status);
        }
    }

    [Fact]
    public async Task Guesses_made_at_once_count_one_each()
    {
        var person = await _hub.RegisterAsync();

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(person.Email, "wrong")));
        await using (var db = _hub.Database.OpenAsAdmin())
        {
            Assert.Equal(4, (await db.Users.SingleAsync(user => user.Id == person.UserId)).AccessFailedCount);
        }

        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => LoginAsync(person.Email, "wrong")));
        (await LoginAsync(person.Email, ManagementHub.Password)).Is(ProblemKind.InvalidCredentials);
    }

    [Fact]
    public async Task A_lock_does_not_end_the_sessions_there_are()
    {
        var person = await _hub.RegisterAsync();
        for (var i = 0; i < 5; i++)
        {
            await LoginAsync(person.Email, "wrong");
        }

        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
    }

    [Fact]
    public async Task An_access_token_lasts_fifteen_minutes_and_the_refresh_token_outlives_it()
    {
        var person = await _hub.RegisterAsync();

        _hub.Clock.Advance(TimeSpan.FromMinutes(14.9));
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
        _hub.Clock.Advance(TimeSpan.FromMinutes(0.2));

        var expired = await person.GetAsync("auth/me");
        expired.Is(ProblemKind.TokenExpired);
        Assert.Equal("Bearer error=\"invalid_token\", error_description=\"token_expired\"", expired.Header("WWW-Authenticate"));
        person.SignIn((await _hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Read<TokenPair>());
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
    }

    [Fact]
    public async Task A_session_nobody_used_for_thirty_days_is_over()
    {
        var person = await _hub.RegisterAsync();

        _hub.Clock.Advance(TimeSpan.FromDays(29));
        person.SignIn((await _hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Read<TokenPair>());
        _hub.Clock.Advance(TimeSpan.FromDays(29));
        person.SignIn((await _hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Read<TokenPair>());
        _hub.Clock.Advance(TimeSpan.FromDays(30.01));

        (await _hub.Visit().PostAsync("auth/refresh", new RefreshRequest(person.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
    }

    [Fact]
    public async Task An_account_is_knocked_at_ten_times_a_minute_whether_or_not_it_exists()
    {
        var nobody = ManagementHub.NewEmail();
        for (var i = 0; i < 10; i++)
        {
            (await LoginAsync(nobody, "wrong")).Is(ProblemKind.InvalidCredentials);
        }

        var refused = await LoginAsync(nobody, "wrong");

        var wait = refused.Problem.RetryAfter!.Value;
        Assert.InRange(wait, 1, 6);
        refused.Is(ProblemKind.TooManyAttempts, Language.En, wait);
        Assert.Equal(wait.ToString(System.Globalization.CultureInfo.InvariantCulture), refused.Header("Retry-After"));
        _hub.Clock.Advance(TimeSpan.FromSeconds(wait));
        (await LoginAsync(nobody, "wrong")).Is(ProblemKind.InvalidCredentials);
    }

    [Fact]
    public async Task An_address_registers_only_so_often_and_another_is_not_held_up_by_it()
    {
        for (var i = 0; i < Hub.Registrations; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await RegisterFromAsync("203.0.113.7")).Status);
        }

        var refused = await RegisterFromAsync("203.0.113.7");

        refused.Is(ProblemKind.TooManyAttempts, Language.En, refused.Problem.RetryAfter!.Value);
        Assert.Equal(HttpStatusCode.Created, (await RegisterFromAsync("203.0.113.8")).Status);
    }

    [Fact]
    public async Task Whoever_has_one_address_of_a_network_of_the_new_kind_has_them_all()
    {
        for (var i = 0; i < Hub.Registrations; i++)
        {
            Assert.Equal(HttpStatusCode.Created, (await RegisterFromAsync($"2001:db8:1:2::{i + 1:x}")).Status);
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, (await RegisterFromAsync("2001:db8:1:2:ffff::1")).Status);
        Assert.Equal(HttpStatusCode.Created, (await RegisterFromAsync("2001:db8:1:3::1")).Status);
    }

    private Task<Answer> LoginAsync(string email, string password) => _hub.Visit().PostAsync("auth/login", new LoginRequest(email, password));

    private Task<Answer> RegisterFromAsync(string address) => _hub.Visit().SendAsync(
        HttpMethod.Post,
        "auth/register",
        System.Net.Http.Json.JsonContent.Create(new RegisterRequest(ManagementHub.NewEmail(), ManagementHub.Password), options: Json.Options),
        request => request.Headers.Add("X-Forwarded-For", address));

    private sealed class Hub : ManagementHub
    {
        public const int Registrations = 3;

        protected override IEnumerable<KeyValuePair<string, string?>> Settings => [new("Management:Attempts:RegistrationsPerAddressPerHour", "3")];
    }
}

/// <summary>With the real cost of a password, and everything that was logged at hand.</summary>
public sealed class SecrecyTests(SecrecyTests.Hub hub) : IClassFixture<SecrecyTests.Hub>
{
    [Fact]
    public async Task A_password_costs_an_attacker_what_OWASP_advises()
    {
        var person = await hub.RegisterAsync();

        await using var db = hub.Database.OpenAsAdmin();
        var hash = Convert.FromBase64String((await db.Users.SingleAsync(user => user.Id == person.UserId)).PasswordHash!);

        // Identity's third format: 01, PRF (2 is HMAC-SHA-512), iterations, each big-endian in four bytes after the first.
        Assert.Equal(1, hash[0]);
        Assert.Equal(2u, System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(1)));
        Assert.True(System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(hash.AsSpan(5)) >= 210_000);
    }

    [Fact]
    public async Task No_secret_is_ever_logged()
    {
        const string canary = "canary-5f1c a sentence";
        var visitor = hub.Visit();
        var email = ManagementHub.NewEmail();
        var registered = (await visitor.PostAsync("auth/register", new RegisterRequest(email, canary))).Read<Registered>();
        visitor.SignIn(registered);
        var key = (await visitor.PostAsync("auth/api-keys", new NewApiKey("k"))).Read<CreatedApiKey>();
        await visitor.PostAsync("auth/login", new LoginRequest(email, canary + " wrong"));
        var tokens = (await visitor.PostAsync("auth/login", new LoginRequest(email, canary))).Read<TokenPair>();
        var renewed = (await visitor.PostAsync("auth/refresh", new RefreshRequest(tokens.RefreshToken))).Read<TokenPair>();
        await visitor.PostAsync("auth/refresh", new RefreshRequest(tokens.RefreshToken));
        await visitor.PostAsync("auth/register", $$"""{"email":"{{email}}","password":"{{canary}}","passwort":"{{canary}}"}""");
        await visitor.PostAsync("auth/login", $$"""{"email":"{{email}}","password":"{{canary}}" oops""");
        await visitor.DeleteAsync($"auth/api-keys/{key.Id}");
        await hub.Database.AsAdminAsync<string>("alter table sessions rename to sessions_away; select 'gone'");
        (await visitor.GetAsync("auth/me")).Is(ProblemKind.InternalError);
        (await visitor.PostAsync("auth/refresh", new RefreshRequest(renewed.RefreshToken))).Is(ProblemKind.InternalError);
        await hub.Database.AsAdminAsync<string>("alter table sessions_away rename to sessions; select 'back'");

        var log = string.Join('\n', hub.Log);
        Assert.Contains("failed in a way nobody foresaw.", log);
        Assert.All(
            new[] { "canary-5f1c", registered.AccessToken, registered.RefreshToken, tokens.AccessToken, tokens.RefreshToken, renewed.RefreshToken, key.Key, email },
            secret => Assert.DoesNotContain(secret, log));
    }

    public sealed class Hub : ManagementHub
    {
        protected override int? HashIterations => null;
    }
}
