namespace AiHub.Tests.Portal;

/// <summary>What a visitor chooses, and how they get around.</summary>
public sealed class PageTests
{
    [BrowserFact]
    public async Task The_chosen_theme_and_language_are_remembered_and_one_click_away()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        await visitor.GoAsync("/register");

        await visitor.Page.ClickAsync("button[value=dark]");
        Assert.Equal("dark", await visitor.Page.Locator("html").GetAttributeAsync("data-theme"));
        Assert.Equal("rgb(14, 17, 16)", await GroundAsync(visitor));
        await visitor.Page.ClickAsync("button[name=language]");
        await visitor.Page.WaitForSelectorAsync("html[lang=zh-CN]");

        Assert.EndsWith("/register", visitor.Page.Url, StringComparison.Ordinal);
        Assert.True(await visitor.Page.IsCheckedAsync("input[value=CNY]"));
        await visitor.Page.ReloadAsync();
        Assert.Equal("rgb(14, 17, 16)", await GroundAsync(visitor));
        Assert.Equal("注册", await visitor.TextAsync("h1"));
    }

    [BrowserFact]
    public async Task Everything_can_be_done_with_the_keyboard()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        var keyboard = visitor.Page.Keyboard;
        await visitor.GoAsync("/register");
        await visitor.Page.FocusAsync("#email");
        await keyboard.TypeAsync($"keys-{Guid.CreateVersion7():N}@example.com");
        await keyboard.PressAsync("Tab");
        await keyboard.TypeAsync(Visitor.Password);
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**/overview");
        // The address changes before the page does, and the new page takes the focus.
        await visitor.Page.WaitForSelectorAsync("h1:focus");

        await visitor.Page.FocusAsync(".skip");
        Assert.Equal("Skip to content", await FocusedTextAsync(visitor));
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForSelectorAsync("#main:focus");

        await visitor.Page.FocusAsync("nav a[href='/keys']");
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**/keys");
        await visitor.Page.WaitForSelectorAsync("h1:focus");
        await visitor.GoAsync("/keys/new");
        await visitor.Page.FocusAsync("#name");
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForSelectorAsync("#new-key");
        await visitor.Page.FocusAsync("#tab-curl");
        await keyboard.PressAsync("ArrowRight");
        Assert.True(await visitor.Page.IsVisibleAsync("#snippet-python"));

        await visitor.GoAsync("/keys");
        await visitor.Page.FocusAsync("td.actions button");
        await keyboard.PressAsync("Enter");
        Assert.Equal("Cancel", await FocusedTextAsync(visitor));
        await keyboard.PressAsync("Escape");
        Assert.Equal(0, await visitor.Page.Locator("[popover]:popover-open").CountAsync());
        await keyboard.PressAsync("Enter");
        await keyboard.PressAsync("Tab");
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync("**/keys?revoked=true");

        await visitor.Page.FocusAsync(".account");
        await keyboard.PressAsync("Enter");
        await visitor.Page.FocusAsync("form[action='/sign-out'] button");
        await keyboard.PressAsync("Enter");
        await visitor.Page.WaitForURLAsync(portal.Url.ToString());
    }

    private static Task<string> GroundAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static Task<string> FocusedTextAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
}
