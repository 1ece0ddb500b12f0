using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Mails;
using AiHub.Gateway.Management.SignIn;
using AiHub.Tests.Portal;
using Microsoft.EntityFrameworkCore;
using Microsoft.Playwright;

namespace AiHub.Tests.SignIn;

/// <summary>The account's pages in a browser: passkeys by Chromium's virtual authenticator, codes, links, sessions.</summary>
public sealed class PasskeyTests(SignInHub hub) : IClassFixture<SignInHub>
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_passkey_is_registered_and_signs_in_without_a_password(string language)
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl, new Visit(language, Keyboard: language == "en"));
        visitor.Expected = complaint => complaint.Contains("401", StringComparison.Ordinal);
        var (authenticator, browser) = await AddAuthenticatorAsync(visitor);
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/account/security");

        // The password is asked for: a session that was taken over must not be made to last.
        await visitor.FillAsync("#passkey-name", "work laptop");
        await visitor.FillAsync("#passkey-password", "not the password");
        await visitor.ClickAsync("[data-passkey-new] button");
        await visitor.Page.WaitForSelectorAsync("[data-passkey-problem]:not([hidden])");
        Assert.StartsWith(language == "en" ? "Signing in failed" : "登录失败", await visitor.TextAsync("[data-passkey-new] [data-passkey-problem]"));

        await visitor.FillAsync("#passkey-password", Visitor.Password);
        await visitor.ClickAsync("[data-passkey-new] button");
        await visitor.Page.WaitForURLAsync("**/account/security?done=passkey");
        Assert.Equal("work laptop", await visitor.TextAsync("[data-passkeys] tbody th"));

        await SignOutAsync(visitor);
        await visitor.GoAsync("/sign-in");
        await visitor.ClickAsync("[data-passkey-sign-in] button");
        await visitor.Page.WaitForURLAsync("**/overview");
        await visitor.ClickAsync(".account");
        Assert.Equal(email, await visitor.TextAsync(".menu-who span"));

        // Rename it, delete it; then it opens nothing.
        await visitor.GoAsync("/account/security");
        await visitor.ClickAsync("[data-passkeys] .actions button >> nth=0");
        await visitor.FillAsync("[data-passkeys] input[name=name]", "old laptop");
        await visitor.ClickAsync("[data-passkeys] .dialog button.primary");
        await visitor.Page.WaitForURLAsync("**/account/security?done=passkey-renamed");
        Assert.Equal("old laptop", await visitor.TextAsync("[data-passkeys] tbody th"));
        await visitor.ClickAsync("[data-passkeys] .actions > button.danger");
        await visitor.ClickAsync("[data-passkeys] button.danger-solid");
        await visitor.Page.WaitForURLAsync("**/account/security?done=passkey-deleted");
        await SignOutAsync(visitor);
        await visitor.GoAsync("/sign-in");
        await visitor.ClickAsync("[data-passkey-sign-in] button");
        await visitor.Page.WaitForSelectorAsync("[data-passkey-sign-in] [data-passkey-problem]:not([hidden])");
        Assert.StartsWith(language == "en" ? "The passkey was not accepted" : "通行密钥未通过验证", await visitor.TextAsync("[data-passkey-sign-in] [data-passkey-problem]"));

        await using var db = hub.Hub.Database.OpenAsAdmin();
        var user = await db.Users.SingleAsync(row => row.Email == email);
        var actions = await db.AuditEntries.Where(entry => entry.ActorId == user.Id).OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync();
        Assert.Equal(["user.registered", "passkey.created", "user.signed_out", "user.signed_in", "passkey.renamed", "passkey.deleted", "user.signed_out"], actions);
        await browser.SendAsync("WebAuthn.removeVirtualAuthenticator", new Dictionary<string, object> { ["authenticatorId"] = authenticator });
    }

    [BrowserFact]
    public async Task What_a_browser_signed_works_once_for_its_own_ceremony_and_its_own_person()
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl);
        await AddAuthenticatorAsync(visitor);
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/account/security");
        await visitor.FillAsync("#passkey-name", "key");
        await visitor.FillAsync("#passkey-password", Visitor.Password);
        await visitor.ClickAsync("[data-passkey-new] button");
        await visitor.Page.WaitForURLAsync("**/account/security?done=passkey");
        using var api = hub.Hub.NewManagementClient();

        var (ticket, credential) = await AssertAsync(visitor, api);
        var another = await BeginAsync(api);
        var foreign = await BeginAsync(api);
        Assert.Equal((HttpStatusCode.Unauthorized, "passkey_not_valid"), await SignInAsync(api, another.Ticket, credential));
        Assert.Equal((HttpStatusCode.Unauthorized, "passkey_not_valid"), await SignInAsync(api, foreign.Ticket, JsonSerializer.SerializeToElement(new { })));
        var tampered = JsonNode.Parse(credential.GetRawText())!;
        tampered["response"]!["signature"] = Convert.ToBase64String(new byte[70]).TrimEnd('=').Replace('+', '-').Replace('/', '_');
        var (ticketOfTampered, _) = await AssertAsync(visitor, api);
        Assert.Equal((HttpStatusCode.Unauthorized, "passkey_not_valid"), await SignInAsync(api, ticketOfTampered, JsonSerializer.SerializeToElement(tampered)));

        Assert.Equal((HttpStatusCode.OK, ""), await SignInAsync(api, ticket, credential));
        Assert.Equal((HttpStatusCode.Unauthorized, "passkey_not_valid"), await SignInAsync(api, ticket, credential));

        // Five minutes is as long as a ceremony lasts.
        var (late, answer) = await AssertAsync(visitor, api);
        hub.Clock.Advance(TimeSpan.FromMinutes(5));
        Assert.Equal((HttpStatusCode.Unauthorized, "passkey_not_valid"), await SignInAsync(api, late, answer));
        await using var db = hub.Hub.Database.OpenAsAdmin();
        Assert.True(await db.Passkeys.AnyAsync(row => row.LastUsedAt != null && db.Users.Any(user => user.Id == row.UserId && user.Email == email)));
    }

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task Two_factor_authentication_is_set_up_used_and_switched_off_with_and_without_scripts(string language, bool scripts)
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl, new Visit(language, Scripts: scripts, Keyboard: scripts));
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/account/security");
        await visitor.FillAsync("#begin-password", Visitor.Password);
        await visitor.ClickAsync("section[aria-labelledby=two-factor] button");
        var secret = (await visitor.TextAsync("#secret")).Replace(" ", "", StringComparison.Ordinal);
        Assert.True(await visitor.Page.IsVisibleAsync("svg.qr"));
        await visitor.FillAsync("#confirm-code", "000000");
        await visitor.ClickAsync("section[aria-labelledby=two-factor] button");
        await visitor.Page.WaitForSelectorAsync("section[aria-labelledby=two-factor] .notice.bad");
        await visitor.FillAsync("#confirm-code", Code(secret));
        await visitor.ClickAsync("section[aria-labelledby=two-factor] button");
        var codes = (await visitor.TextAsync("#recovery-codes")).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(10, codes.Length);

        await SignOutAsync(visitor);
        await visitor.GoAsync("/sign-in?returnUrl=%2Fkeys");
        await visitor.FillAsync("#email", email);
        await visitor.FillAsync("#password", Visitor.Password);
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync("#code");
        await visitor.FillAsync("#code", "111111");
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync(".notice.bad");
        await visitor.FillAsync("#code", codes[0]);
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/keys");

        await visitor.GoAsync("/account/security");
        Assert.Contains(language == "en" ? "9 recovery codes" : " 9 ", await visitor.TextAsync("section[aria-labelledby=two-factor]"));
        await visitor.FillAsync("#code", codes[1]);
        await visitor.ClickAsync("button[value=disable]");
        await visitor.Page.WaitForSelectorAsync("#begin-password");
    }

    [BrowserFact]
    public async Task Links_from_mails_verify_an_address_and_replace_a_password()
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl, new Visit("zh-CN", Keyboard: true));
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync(await hub.LinkAsync(email, "/verify-email"));
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        await visitor.GoAsync("/account/security");
        Assert.Equal("已验证", await visitor.TextAsync("section[aria-labelledby=address] .badge"));
        Assert.Equal(1, await visitor.Page.Locator("[data-sessions] tbody tr").CountAsync());
        using var another = hub.Hub.NewManagementClient();
        (await another.PostAsJsonAsync("auth/login", new LoginRequest(email, Visitor.Password), Json.Options)).EnsureSuccessStatusCode();
        await visitor.GoAsync("/account/security");
        Assert.Equal(2, await visitor.Page.Locator("[data-sessions] tbody tr").CountAsync());
        Assert.Contains("Chrome · Linux", await visitor.TextAsync("[data-sessions] tbody tr:has(.badge)"), StringComparison.Ordinal);
        await visitor.AskedAsync("[data-sessions] td.actions > button");
        await visitor.Page.WaitForURLAsync("**/account/security?done=session");
        Assert.Equal(1, await visitor.Page.Locator("[data-sessions] tbody tr").CountAsync());
        await SignOutAsync(visitor);

        await visitor.GoAsync("/forgot-password");
        await visitor.FillAsync("#email", email);
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        await visitor.GoAsync(await hub.LinkAsync(email, "/reset-password"));
        await visitor.FillAsync("#password", "password123");
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync("#password[aria-invalid=true]");
        await visitor.FillAsync("#password", "another sentence only I know");
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/sign-in?reset=true");
        await visitor.FillAsync("#email", email);
        await visitor.FillAsync("#password", "another sentence only I know");
        await visitor.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/overview");

        // Whoever reads the database later finds no link.
        await using var db = hub.Hub.Database.OpenAsAdmin();
        Assert.All(await db.OutgoingMails.Where(mail => mail.Address == email && mail.State == MailState.Sent).ToListAsync(), mail => Assert.Null(mail.Body));
    }

    private string Code(string secret) => SecondFactor.CodeAt(SecondFactor.Read(secret), hub.Clock.GetUtcNow().ToUnixTimeSeconds() / 30);

    private static async Task SignOutAsync(Visitor visitor)
    {
        await visitor.GoAsync("/overview");
        await visitor.ClickAsync(".account");
        await visitor.ClickAsync("#account-menu form[action='/sign-out'] button");
        await visitor.Page.WaitForURLAsync(url => new Uri(url).AbsolutePath == "/");
    }

    private static async Task<(string Id, ICDPSession Browser)> AddAuthenticatorAsync(Visitor visitor)
    {
        var browser = await visitor.Page.Context.NewCDPSessionAsync(visitor.Page);
        await browser.SendAsync("WebAuthn.enable");
        var added = await browser.SendAsync("WebAuthn.addVirtualAuthenticator", new Dictionary<string, object>
        {
            ["options"] = new Dictionary<string, object>
            {
                ["protocol"] = "ctap2",
                ["transport"] = "internal",
                ["hasResidentKey"] = true,
                ["hasUserVerification"] = true,
                ["isUserVerified"] = true,
                ["automaticPresenceSimulation"] = true,
            },
        });
        return (added!.Value.GetProperty("authenticatorId").GetString()!, browser);
    }

    private static async Task<PasskeyOptions> BeginAsync(HttpClient api) =>
        (await (await api.PostAsync("auth/passkeys/sign-in/begin", null)).Content.ReadFromJsonAsync<PasskeyOptions>(Json.Options))!;

    /// <summary>Lets the browser's authenticator answer the gateway, and keeps the answer instead of sending it.</summary>
    private static async Task<(string Ticket, JsonElement Credential)> AssertAsync(Visitor visitor, HttpClient api)
    {
        var options = await BeginAsync(api);
        var answer = await visitor.Page.EvaluateAsync<string>(
            "async options => JSON.stringify((await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(JSON.parse(options)) })).toJSON())",
            options.PublicKey.GetRawText());
        return (options.Ticket, JsonSerializer.Deserialize<JsonElement>(answer));
    }

    private static async Task<(HttpStatusCode, string)> SignInAsync(HttpClient api, string ticket, JsonElement credential)
    {
        var answer = await api.PostAsJsonAsync("auth/passkeys/sign-in", new PasskeySignIn(ticket, credential), Json.Options);
        return (answer.StatusCode, answer.IsSuccessStatusCode ? "" : (await answer.Content.ReadFromJsonAsync<ProblemView>(Json.Options))!.Code);
    }
}
