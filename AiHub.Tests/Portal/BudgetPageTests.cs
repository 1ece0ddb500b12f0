using System.Globalization;

namespace AiHub.Tests.Portal;

/// <summary>Budgets as a visitor sets, reads and ends them.</summary>
public sealed class BudgetPageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_budget_shows_what_calls_used_of_it_and_stops_them_when_it_is_hard_all_without_scripts(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        var email = await visitor.RegisterAsync("Frugal Ltd");
        var key = await visitor.CreateKeyAsync("worker", "sim/echo");
        using var api = hub.NewApiClient(key);
        await visitor.GoAsync("/budgets/new");
        await visitor.SelectOptionAsync("#subject", new Microsoft.Playwright.SelectOptionValue { Label = "worker" });
        await visitor.SelectOptionAsync("#counts", "model:sim/echo");
        await visitor.FillAsync("#amount", "3000");
        await visitor.SelectOptionAsync("#unit", "tokens");
        await visitor.SelectOptionAsync("#period", "day");
        await visitor.FillAsync("#alerts", "25");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/budgets?created=true");
        await api.ChatAsync("one two three");

        await visitor.GoAsync("/budgets");

        var used = Assert.Single(await hub.CallsOfAsync(email)).PlanTokens;
        Assert.Equal(Written(used), await visitor.TextAsync("[data-figure=used]"));
        Assert.Equal("0", await visitor.TextAsync("[data-figure=held]"));
        Assert.Equal(Written(3000 - used), await visitor.TextAsync("[data-figure=free]"));
        var row = await visitor.TextAsync("[data-budget]");
        Assert.Contains(language == "en" ? "API key, sim/echo" : "API 密钥、sim/echo", row, StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "Hard" : "硬", row, StringComparison.Ordinal);

        await visitor.CreateBudgetAsync("0", "tokens");
        using var refused = await api.PostAsync("chat/completions", new StringContent("""{"model":"sim/echo","messages":[{"role":"user","content":"hi"}]}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.False(refused.IsSuccessStatusCode);

        await visitor.ClickAsync(visitor.Page.Locator("td.actions > button").Last);
        await visitor.ClickAsync("[popover]:popover-open .danger-solid");
        await visitor.Page.WaitForURLAsync("**/budgets?ended=true");
        Assert.Equal(1, await visitor.Page.Locator("[data-budget]").CountAsync());
        await api.ChatAsync("hi");
    }

    [BrowserFact]
    public async Task A_budget_of_one_vendor_says_what_it_is_called()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("en", Scripts: false));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/budgets/new");
        await visitor.SelectOptionAsync("#counts", new Microsoft.Playwright.SelectOptionValue { Label = "Simulator (Gemini)" });
        await visitor.FillAsync("#amount", "5");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/budgets?created=true");

        Assert.Contains("Simulator (Gemini)", await visitor.TextAsync("[data-budget]"), StringComparison.Ordinal);
        await visitor.ClickAsync("[data-budget] a");
        await visitor.Page.WaitForURLAsync("**/budgets/*-*");
        Assert.Contains("Simulator (Gemini)", await visitor.TextAsync(".lead"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task What_cannot_be_read_comes_back_to_be_corrected(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/budgets/new");
        await visitor.FillAsync("#amount", "12.5");
        await visitor.SelectOptionAsync("#period", "week");
        await visitor.FillAsync("#alerts", "50, soon");

        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#alerts[aria-invalid=true]");

        Assert.Equal("12.5", await visitor.Page.InputValueAsync("#amount"));
        Assert.Equal("week", await visitor.Page.InputValueAsync("#period"));
        Assert.Equal("50, soon", await visitor.Page.InputValueAsync("#alerts"));
        await visitor.FillAsync("#alerts", "");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForURLAsync("**/budgets?created=true");
        Assert.Equal(language == "en" ? "$12.50" : "¥12.50", await visitor.TextAsync("[data-figure=free]"));
        await visitor.ClickAsync("[data-budget] a");
        Assert.Equal("12.50", await visitor.Page.InputValueAsync("#amount"));
    }

    private static string Written(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
