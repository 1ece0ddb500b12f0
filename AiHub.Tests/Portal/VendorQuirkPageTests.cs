using AiHub.Gateway.Providers;

namespace AiHub.Tests.Portal;

/// <summary>How a vendor differs from its dialect, written on its page.</summary>
public sealed class VendorQuirkPageTests
{
    private const string Good = "balance = /balance left USD\ndefaults:echo = {\"seed\":7,\"a\":\"b=c\"}";

    [BrowserTheory]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task Peculiarities_are_written_a_line_each_and_what_is_wrong_stays_to_be_corrected(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts));
        await desk.BecomeOperatorAsync(hub, await desk.RegisterAsync());
        var name = $"odd-{Guid.CreateVersion7():N}"[..24];
        await desk.GoAsync("/admin/vendors/new");
        await desk.Page.FillAsync("#id", name);
        await desk.Page.FillAsync("#name", "Odd");
        await desk.Page.FillAsync("#base-url", "https://odd.example.com/v1");
        await desk.Page.ClickAsync("form.form button.primary");
        await desk.Page.WaitForURLAsync($"**/admin/vendors/{name}?done=added");

        // Said by the page, or by the API.
        foreach (var lines in new[] { "balance", "done = false\ndone = true", "nonsense = 1", "defaults = {", "stream_options = maybe", "errors = 1113" })
        {
            await SaveAsync(desk, lines);
            await desk.Page.WaitForSelectorAsync("form:not([data-sent]) #quirks[aria-invalid=true]");
            Assert.Equal(lines, await desk.Page.InputValueAsync("#quirks"));
        }

        await SaveAsync(desk, Good);
        await desk.Page.WaitForURLAsync("**?done=saved");
        Assert.Equal(Good, await desk.Page.InputValueAsync("#quirks"));
        Assert.Equal("""{"balance": "/balance left USD", "defaults:echo": "{\"seed\":7,\"a\":\"b=c\"}"}""", await hub.Database.AsAdminAsync<string>($"select quirks::text from vendors where id = '{name}'"));
        Assert.Equal(VendorQuirks.Names, await desk.Page.Locator("[data-quirk]").EvaluateAllAsync<string[]>("facts => facts.map(fact => fact.dataset.quirk)"));

        await SaveAsync(desk, "");
        await desk.Page.WaitForURLAsync("**?done=saved");
        await desk.GoAsync($"/admin/vendors/{name}");
        Assert.Equal("", await desk.Page.InputValueAsync("#quirks"));
    }

    private static async Task SaveAsync(Visitor desk, string lines)
    {
        await desk.Page.FillAsync("#quirks", lines);
        await desk.Page.RunAndWaitForResponseAsync(() => desk.Page.ClickAsync("form:has(#quirks) button"), response => response.Request.Method == "POST");
    }
}
