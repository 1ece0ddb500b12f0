using AiHub.Tests.Portal;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.SignIn;

/// <summary>Registering by one's mailbox in a browser, and moving to another.</summary>
public sealed class RegistrationPageTests(RegistrationPageTests.Hub hub) : IClassFixture<RegistrationPageTests.Hub>
{
    public sealed class Hub : SignInHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> More => [new("Registration:VerifyFirst", "true")];
    }

    [BrowserTheory]
    [InlineData("en", true, "A mail was sent to this address.", "This is not the password chosen when registering.")]
    [InlineData("zh-CN", true, "已向该邮箱发送邮件。", "与注册时设置的密码不一致。")]
    [InlineData("zh-CN", false, "已向该邮箱发送邮件。", "与注册时设置的密码不一致。")]
    public async Task Whoever_registers_goes_by_their_mailbox_and_comes_out_where_they_were_going(string language, bool scripts, string sent, string wrong)
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl, new Visit(language, Scripts: scripts));
        var email = $"visitor-{Guid.CreateVersion7():N}@example.com";
        var told = await RegisterAsync(visitor, email, "/register?returnUrl=%2Fkeys");
        Assert.Contains(sent, told, StringComparison.Ordinal);
        Assert.DoesNotContain("aihub.session", (await visitor.Page.Context.CookiesAsync()).Select(cookie => cookie.Name));
        await visitor.JudgeAsync($"register-sent-{language}");

        var link = await hub.LinkAsync(email, "/register/confirm");
        await visitor.GoAsync(link);
        await visitor.Page.FillAsync("#password", "not the sentence");
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync("#password[aria-invalid=true]");
        Assert.Contains(wrong, await visitor.TextAsync("#password-error"), StringComparison.Ordinal);
        await visitor.JudgeAsync($"register-confirm-{language}");
        await visitor.Page.FillAsync("#password", Visitor.Password);
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/keys");

        // Somebody else, with the same address, sees the same page; the link is of no use to them.
        await using var stranger = await Visitor.OpenAsync(hub.PortalUrl, new Visit(language, Scripts: scripts));
        Assert.Equal(told, await RegisterAsync(stranger, email, "/register?returnUrl=%2Fkeys"));
        await using (var db = hub.Hub.Database.OpenAsAdmin())
        {
            Assert.Equal(2, await db.OutgoingMails.CountAsync(mail => mail.Address == email));
        }

        await stranger.GoAsync(link);
        await stranger.Page.FillAsync("#password", Visitor.Password);
        await stranger.Page.ClickAsync(".door form button.primary");
        await stranger.Page.WaitForSelectorAsync(".notice.bad");
    }

    [BrowserTheory]
    [InlineData("en", "A mail was sent to the new address.")]
    [InlineData("zh-CN", "已向新邮箱发送邮件")]
    public async Task An_address_is_changed_on_the_security_page_which_does_not_tell_a_taken_one(string language, string sent)
    {
        await using var visitor = await Visitor.OpenAsync(hub.PortalUrl, new Visit(language));
        var email = await EnterAsync(visitor);
        await using var other = await Visitor.OpenAsync(hub.PortalUrl);
        var taken = await EnterAsync(other);
        var free = $"visitor-{Guid.CreateVersion7():N}@example.com";

        await visitor.GoAsync("/account/security");
        await ChangeAsync(email, Visitor.Password);
        await visitor.Page.WaitForSelectorAsync("#new-email[aria-invalid=true]");
        await visitor.JudgeAsync($"security-address-{language}");
        await ChangeAsync(free, "not the password");
        await visitor.Page.WaitForSelectorAsync("section[aria-labelledby=address] .notice.bad");
        await ChangeAsync(taken, Visitor.Password);
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        var told = await visitor.Page.InnerTextAsync("main");
        Assert.Contains(sent, told, StringComparison.Ordinal);
        await visitor.GoAsync("/account/security");
        await ChangeAsync(free, Visitor.Password);
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        Assert.Equal(told, await visitor.Page.InnerTextAsync("main"));

        await visitor.GoAsync(await hub.LinkAsync(free, "/verify-email"));
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        await visitor.Page.ClickAsync(".door a.button.primary");
        await visitor.Page.FillAsync("#email", free);
        await visitor.Page.FillAsync("#password", Visitor.Password);
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/overview");
        await visitor.GoAsync("/account/security");
        Assert.Equal(free, await visitor.TextAsync("section[aria-labelledby=address] > p"));

        async Task ChangeAsync(string address, string password)
        {
            await visitor.Page.FillAsync("#new-email", address);
            await visitor.Page.FillAsync("#email-password", password);
            await visitor.Page.ClickAsync("form:has(#new-email) button");
        }
    }

    private async Task<string> EnterAsync(Visitor visitor)
    {
        var email = $"visitor-{Guid.CreateVersion7():N}@example.com";
        await RegisterAsync(visitor, email, "/register");
        await visitor.GoAsync(await hub.LinkAsync(email, "/register/confirm"));
        await visitor.Page.FillAsync("#password", Visitor.Password);
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForURLAsync("**/overview");
        return email;
    }

    /// <returns>What the visitor is shown.</returns>
    private static async Task<string> RegisterAsync(Visitor visitor, string email, string path)
    {
        await visitor.GoAsync(path);
        await visitor.Page.FillAsync("#email", email);
        await visitor.Page.FillAsync("#password", Visitor.Password);
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync(".door .notice.good");
        return await visitor.Page.InnerTextAsync("main");
    }
}
