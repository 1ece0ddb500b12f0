using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.SignIn;
using AiHub.Tests.Management;

namespace AiHub.Tests.SignIn;

/// <summary>The app on somebody's phone.</summary>
public sealed record AuthenticatorApp(string Secret, TimeProvider Clock)
{
    private readonly long _start = Clock.GetUtcNow().ToUnixTimeSeconds() / 30;

    public IReadOnlyList<string> RecoveryCodes { get; init; } = [];

    /// <summary>What the app shows so many half minutes later than it showed first; where a test moves the clock, the app moves along.</summary>
    public string Code(int later)
    {
        var now = Clock.GetUtcNow().ToUnixTimeSeconds() / 30;
        return SecondFactor.CodeAt(SecondFactor.Read(Secret), (now - _start > 5 ? now : _start) + later);
    }
}

public static class AuthenticatorApps
{
    public static async Task<AuthenticatorApp> BeginTwoFactorAsync(this ManagementHub hub, Visitor person)
    {
        var begun = (await person.PostAsync("auth/two-factor/begin", new CurrentPassword(ManagementHub.Password))).Read<NewAuthenticator>();
        Assert.Equal($"otpauth://totp/AI%20Hub%3A{Uri.EscapeDataString(person.Email)}?secret={begun.Secret}&issuer=AI%20Hub&algorithm=SHA1&digits=6&period=30", begun.Uri);
        return new AuthenticatorApp(begun.Secret, hub.Clock);
    }

    public static async Task<AuthenticatorApp> SetUpTwoFactorAsync(this ManagementHub hub, Visitor person)
    {
        var app = await hub.BeginTwoFactorAsync(person);
        var confirmed = await person.PostAsync("auth/two-factor/confirm", new AuthenticatorCode(app.Code(0)));
        Assert.True(confirmed.Status == HttpStatusCode.OK, confirmed.Text);
        return app with { RecoveryCodes = confirmed.Read<RecoveryCodes>().Codes };
    }

    public static async Task<Answer> WithAuthenticatorAsync(this ManagementHub hub, bool confirmed, Func<Visitor, AuthenticatorApp, Task<Answer>> act)
    {
        var person = await hub.RegisterAsync();
        return await act(person, confirmed ? await hub.SetUpTwoFactorAsync(person) : await hub.BeginTwoFactorAsync(person));
    }
}
