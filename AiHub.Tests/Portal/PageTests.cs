using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>What holds for every page, whoever looks at it and on whatever.</summary>
public sealed class PageTests
{
    private const int FirstLoadLimit = 150_000;
    private const int Phone = 390;
    private const int Desktop = 1280;

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Every_page_is_accessible_in_both_themes_fits_a_phone_and_speaks_one_language(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        var visit = new Visit(language);
        await using var visitor = await Visitor.OpenAsync(portal.Url, visit);
        visitor.Expected = complaint => complaint.Contains("404", StringComparison.Ordinal) && complaint.Contains("/nowhere", StringComparison.Ordinal);

        await VisitAsync(visitor, visit, "landing", "/");
        await VisitAsync(visitor, visit, "sign-in", "/sign-in");
        await VisitAsync(visitor, visit, "register", "/register");
        await VisitAsync(visitor, visit, "forgot-password", "/forgot-password");
        await VisitAsync(visitor, visit, "reset-password", "/reset-password?token=x");
        await VisitAsync(visitor, visit, "verify-email", "/verify-email?token=x");
        await VisitAsync(visitor, visit, "sso", "/sign-in/sso");
        await VisitAsync(visitor, visit, "not-found", "/nowhere");
        await visitor.GoAsync("/register");
        await visitor.Page.FillAsync("#email", "not an address");
        await visitor.Page.ClickAsync(".door form button.primary");
        await visitor.Page.WaitForSelectorAsync("#email[aria-invalid=true]");
        await JudgeAsync(visitor, visit, "register-refused");
        Assert.Equal("not an address", await visitor.Page.InputValueAsync("#email"));

        await visitor.RegisterAsync("蓝海 Studio");
        await VisitAsync(visitor, visit, "overview-new", "/overview");
        await VisitAsync(visitor, visit, "keys-none", "/keys");
        await VisitAsync(visitor, visit, "security", "/account/security");
        await VisitAsync(visitor, visit, "sign-on-personal", "/organization/sign-on");
        await VisitAsync(visitor, visit, "usage-none", "/usage");
        await VisitAsync(visitor, visit, "key-new", "/keys/new");
        await VisitAsync(visitor, visit, "billing-none", "/billing");
        await VisitAsync(visitor, visit, "budgets-none", "/budgets");
        await VisitAsync(visitor, visit, "budget-new", "/budgets/new");
        await visitor.Page.FillAsync("#amount", "a lot");
        await visitor.Page.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#amount[aria-invalid=true]");
        await JudgeAsync(visitor, visit, "budget-refused");
        Assert.Equal("a lot", await visitor.Page.InputValueAsync("#amount"));
        await visitor.CreateBudgetAsync("20", hard: true);
        await visitor.CreateBudgetAsync("5000", "tokens", hard: false);

        var key = await visitor.CreateKeyAsync("Support bot, production", "sim/echo");
        await JudgeAsync(visitor, visit, "key-ready");
        using var api = hub.NewApiClient(key);
        await api.ChatAsync("a");
        await api.ChatAsync("a longer question about something");

        await VisitAsync(visitor, visit, "overview", "/overview");
        await visitor.Page.ClickAsync(".account");
        await JudgeAsync(visitor, visit, "account");
        await VisitAsync(visitor, visit, "keys", "/keys");
        await visitor.Page.ClickAsync("td.actions button");
        await JudgeAsync(visitor, visit, "key-revoke");
        await VisitAsync(visitor, visit, "budgets", "/budgets");
        await visitor.Page.Locator("td.actions > button").First.ClickAsync();
        await JudgeAsync(visitor, visit, "budget-end");
        await VisitAsync(visitor, visit, "usage", "/usage");
        await visitor.Page.ClickAsync(".chart-table summary");
        await JudgeAsync(visitor, visit, "usage-table");
        await VisitAsync(visitor, visit, "usage-cost", "/usage?days=90&metric=cost");
        await VisitAsync(visitor, visit, "usage-requests", "/usage?days=7&metric=requests");
        await VisitAsync(visitor, visit, "models", "/models");
        await VisitAsync(visitor, visit, "models-nothing", "/models?q=no+such+model");
    }

    [BrowserTheory]
    [InlineData("/")]
    [InlineData("/register")]
    [InlineData("/overview")]
    [InlineData("/usage")]
    public async Task A_first_load_stays_small(string path)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        if (path is "/overview" or "/usage")
        {
            await visitor.RegisterAsync();
            await visitor.GoAsync("about:blank");
        }

        var network = await visitor.Page.Context.NewCDPSessionAsync(visitor.Page);
        await network.SendAsync("Network.enable");
        await network.SendAsync("Network.setCacheDisabled", new Dictionary<string, object> { ["cacheDisabled"] = true });
        double received = 0;
        network.Event("Network.loadingFinished").OnEvent += (_, finished) => received += finished!.Value.GetProperty("encodedDataLength").GetDouble();

        await visitor.Page.GotoAsync(path, new PageGotoOptions { WaitUntil = WaitUntilState.NetworkIdle });

        Assert.InRange(received, 50_000, FirstLoadLimit);
    }

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
        var (hub, portal) = await PortalHost.SharedAsync();
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

    private static async Task VisitAsync(Visitor visitor, Visit visit, string name, string path)
    {
        await visitor.GoAsync(path);
        await JudgeAsync(visitor, visit, name);
    }

    private static async Task JudgeAsync(Visitor visitor, Visit visit, string name)
    {
        Assert.Equal(visit.Language, await visitor.Page.Locator("html").GetAttributeAsync("lang"));

        // The theme follows the device here, so that one visit sees both.
        foreach (var (theme, width) in new[] { (ColorScheme.Light, Phone), (ColorScheme.Dark, Desktop), (ColorScheme.Light, Desktop) })
        {
            await visitor.Page.SetViewportSizeAsync(width, 844);
            await visitor.Page.EvaluateAsync("document.fonts.ready");
            await visitor.Page.EmulateMediaAsync(new PageEmulateMediaOptions { ColorScheme = theme, ReducedMotion = ReducedMotion.Reduce });
            var where = $"{name}, {visit.Language}, {theme}, {width} px";
            if (Environment.GetEnvironmentVariable("AIHUB_SCREENSHOTS") is { Length: > 0 } folder)
            {
                await visitor.Page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(folder, where.Replace(", ", "-") + ".png"), FullPage = true });
            }

            Assert.Equal((where, 0), (where, await visitor.OverflowAsync()));
            Assert.Equal([], (await visitor.ViolationsAsync()).Select(violation => $"{where}: {violation}"));
        }
    }

    private static Task<string> GroundAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("getComputedStyle(document.body).backgroundColor");

    private static Task<string> FocusedTextAsync(Visitor visitor) => visitor.Page.EvaluateAsync<string>("document.activeElement.textContent.trim()");
}
