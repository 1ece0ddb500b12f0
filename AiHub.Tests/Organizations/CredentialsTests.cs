using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Management;

namespace AiHub.Tests.Organizations;

public sealed class CredentialsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    private const string Another = "another sentence only I know";

    [Fact]
    public async Task A_person_sees_where_they_are_signed_in_and_ends_a_session_at_once()
    {
        var person = await hub.RegisterAsync();
        var elsewhere = await SignInAsync(person.Email);
        var stranger = await hub.RegisterAsync();

        var sessions = (await person.ReadAsync<Page<SessionView>>("auth/sessions")).Data;
        Assert.Equal([false, true], sessions.Select(session => session.Current));
        Assert.All(sessions, session => Assert.Equal("127.0.0.1", session.Address));

        (await stranger.DeleteAsync($"auth/sessions/{sessions[0].Id}")).Is(ProblemKind.SessionNotFound);
        Assert.Equal(HttpStatusCode.NoContent, (await person.DeleteAsync($"auth/sessions/{sessions[0].Id}")).Status);
        (await elsewhere.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        (await hub.Visit().PostAsync("auth/refresh", new RefreshRequest(elsewhere.RefreshToken!))).Is(ProblemKind.InvalidRefreshToken);
        (await person.DeleteAsync($"auth/sessions/{sessions[0].Id}")).Is(ProblemKind.SessionNotFound);
        Assert.Single((await person.ReadAsync<Page<SessionView>>("auth/sessions")).Data);
    }

    [Fact]
    public async Task A_new_password_takes_the_old_one_and_ends_every_other_session()
    {
        var person = await hub.RegisterAsync();
        var elsewhere = await SignInAsync(person.Email);

        (await person.PostAsync("auth/password/change", new PasswordChange("not it at all", Another))).Is(ProblemKind.InvalidCredentials);
        (await person.PostAsync("auth/password/change", new PasswordChange(ManagementHub.Password, "password"))).IsInvalid("new_password", FieldText.PasswordCommon);
        Assert.Equal(HttpStatusCode.NoContent, (await person.PostAsync("auth/password/change", new PasswordChange(ManagementHub.Password, Another))).Status);

        (await elsewhere.GetAsync("auth/me")).Is(ProblemKind.InvalidToken);
        Assert.Equal(HttpStatusCode.OK, (await person.GetAsync("auth/me")).Status);
        (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, ManagementHub.Password))).Is(ProblemKind.InvalidCredentials);
        Assert.Equal(HttpStatusCode.OK, (await hub.Visit().PostAsync("auth/login", new LoginRequest(person.Email, Another))).Status);
    }

    private async Task<Visitor> SignInAsync(string email)
    {
        hub.Clock.Advance(TimeSpan.FromMilliseconds(1));
        var visitor = hub.Visit();
        visitor.SignIn((await visitor.PostAsync("auth/login", new LoginRequest(email, ManagementHub.Password))).Read<TokenPair>());
        return visitor;
    }
}
