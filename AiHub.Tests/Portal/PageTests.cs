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

        await visitor.ClickAsync("button[value=dark]");
        Assert.Equal("dark", await visitor.Page.Locator("html").GetAttributeAsync("data-theme"));
        Assert.Equal("rgb(14, 17, 16)", await GroundAsync(visitor));
        await visitor.ClickAsync("button[name=language]");
        await visitor.Page.WaitForSelectorAsync("html[lang=zh-CN]");

        Assert.EndsWith("/register", visitor.Page.Url, StringComparison.Ordinal);
        Assert.True(await visitor.Page.IsCheckedAsync("input[value=CNY]"));
        await visitor.Page.ReloadAsync();
        Assert.Equal("rgb(14, 17, 16)", await GroundAsync(visitor));
        Assert.Equal("注册", await visitor.TextAsync("h1"));
        // The page comes in its theme and its language: nothing is drawn in another first.
        var sent = await (await visitor.Page.Context.APIRequest.GetAsync("/register")).TextAsync();
        Assert.Contains("<html lang=\"zh-CN\" data-theme=\"dark\">", sent, StringComparison.Ordinal);
        Assert.InRange(sent.IndexOf("css/tokens", StringComparison.Ordinal), 0, sent.IndexOf("<body", StringComparison.Ordinal));
    }

    /// <summary>Every other flow is walked by keyboard where it is tested: its <see cref="Visit"/> says so.</summary>
    [BrowserTheory]
    [InlineData(1280)]
    [InlineData(390)]
    public async Task The_way_in_around_and_out_can_be_gone_with_the_keyboard(int width)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Width: width, Keyboard: true));
        await visitor.GoAsync("/");
        await visitor.ClickAsync(".hero a.primary");
        await visitor.Page.WaitForURLAsync("**/register");
        await visitor.RegisterAsync();
        // The address changes before the page does, and the new page takes the focus.
        await visitor.Page.WaitForSelectorAsync("h1:focus");

        if (width == 390)
        {
            await visitor.ClickAsync("button[popovertarget=places]");
        }

        await visitor.ClickAsync("#places a[href='/keys']");
        await visitor.Page.WaitForURLAsync("**/keys");
        await visitor.Page.WaitForSelectorAsync("h1:focus");
        await visitor.CreateKeyAsync("mine");
        await visitor.CheckAsync("#tab-python");
        Assert.True(await visitor.Page.IsVisibleAsync("#snippet-python"));

        await visitor.GoAsync("/keys");
        await visitor.ClickAsync("td.actions button");
        Assert.Equal("Cancel", await visitor.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()"));
        await visitor.ClickAsync("[popover]:popover-open .danger-solid");
        await visitor.Page.WaitForURLAsync("**/keys?revoked=true");

        await visitor.ClickAsync(".account");
        await visitor.ClickAsync("#account-menu button[value=dark]");
        await visitor.Page.WaitForSelectorAsync("html[data-theme=dark]");
        await visitor.ClickAsync("#account-menu button[name=language]");
        await visitor.Page.WaitForSelectorAsync("html[lang=zh-CN]");
        await visitor.ClickAsync(".account");
        await visitor.ClickAsync("form[action='/sign-out'] button");
        await visitor.Page.WaitForURLAsync(portal.Url.ToString());
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Where_there_is_nothing_yet_the_page_says_what_will_be_there(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        await visitor.RegisterAsync();

        foreach (var path in new[] { "/usage", "/logs", "/keys", "/budgets", "/alerts", "/invoices", "/billing/movements?account=purchased", "/organization/teams", "/organization/guardrails", "/organization/vendor-keys" })
        {
            await visitor.GoAsync(path);
            var empty = visitor.Page.Locator(".empty").First;
            Assert.True(await empty.CountAsync() == 1, path);
            Assert.All([await empty.Locator("h2").InnerTextAsync(), await empty.Locator("p").First.InnerTextAsync()], said => Assert.True(said.Length > 3, $"{path}: {said}"));
        }
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_form_on_its_way_says_so_and_is_sent_once(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/budgets/new");
        await visitor.FillAsync("#amount", "10");
        var (sent, go) = (0, new TaskCompletionSource());
        await visitor.Page.RouteAsync("**/budgets/new", async route =>
        {
            sent++;
            await go.Task;
            await route.ContinueAsync();
        });

        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("form.form button.primary[aria-busy=true]");
        // Whoever is quicker than the eye.
        await visitor.Page.DispatchEventAsync("form.form button.primary", "click");
        await visitor.Page.PressAsync("#amount", "Enter");
        go.SetResult();
        await visitor.Page.WaitForURLAsync("**/budgets?created=true");

        Assert.Equal(1, sent);
        await visitor.CountIsAsync(1, "[data-budget]");
        Assert.Equal(0, await visitor.Page.Locator("[aria-busy=true]").CountAsync());
    }

    private static Task<string> GroundAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");
}
