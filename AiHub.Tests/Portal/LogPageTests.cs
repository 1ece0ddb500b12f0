using System.Globalization;
using System.Net.Http.Json;

namespace AiHub.Tests.Portal;

/// <summary>The request log: what was called, narrowed down in the address, and why a call cost what it cost.</summary>
public sealed class LogPageTests
{
    [BrowserFact]
    public async Task A_call_appears_by_itself_and_its_page_adds_up_all_without_reloading()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        var email = await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("worker", "sim/echo"));
        await visitor.GoAsync("/logs");
        await visitor.Page.WaitForSelectorAsync(".live.on");

        await api.ChatAsync("one two three");

        await visitor.Page.WaitForSelectorAsync("[data-call]");
        await visitor.ClickAsync(".call-link");
        await visitor.Page.WaitForSelectorAsync("[data-figure=tokens]");
        var call = Assert.Single(await hub.CallsOfAsync(email));
        Assert.Equal(call.Tokens.Total.ToString("N0", CultureInfo.InvariantCulture), await visitor.TextAsync("[data-figure=tokens]"));
        var lines = await visitor.Page.Locator(".explain tbody td:last-child .amount").AllTextContentsAsync();
        Assert.Equal(Number(call.Cost), lines.Sum(Number));
        Assert.Equal(Number(call.Cost), Number((await visitor.Page.Locator(".explain tfoot .amount").TextContentAsync())!));
        var attempt = Assert.Single(call.Attempts!);
        Assert.Equal(("sim", 200, null), (attempt.Vendor, attempt.HttpStatus, attempt.Error));
        Assert.InRange(attempt.StartedMs + attempt.DurationMs, 0, call.LatencyMs + 1);
        Assert.Equal(1, await visitor.Page.Locator(".fall").CountAsync());
        Assert.Equal(call.Id.ToString(), await visitor.TextAsync("#request-id"));
    }

    [BrowserFact]
    public async Task The_address_holds_the_filter_and_a_failure_says_which_vendor_failed_how()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false, Keyboard: true));
        var email = await visitor.RegisterAsync();
        using var first = hub.NewApiClient(await visitor.CreateKeyAsync("first", "sim/echo"));
        using var second = hub.NewApiClient(await visitor.CreateKeyAsync("second", "sim/echo"));
        await first.ChatAsync("hello");
        await second.ChatAsync("hello");
        using var busy = await second.PostAsJsonAsync("chat/completions", new { model = "sim/busy", messages = new[] { new { role = "user", content = "hello" } } });
        Assert.False(busy.IsSuccessStatusCode);

        await visitor.GoAsync("/logs?filter=true");
        await visitor.SelectOptionAsync("#filter-key", new Microsoft.Playwright.SelectOptionValue { Label = "second" });
        await visitor.SelectOptionAsync("#filter-status", "failed");
        await visitor.ClickAsync(".filter-form .primary");

        await visitor.Page.WaitForURLAsync("**status=failed*");
        var failed = Assert.Single(await hub.CallsOfAsync(email), call => call.Status == "failed");
        Assert.Equal([failed.Id.ToString()], await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)"));
        await visitor.ClickAsync(".call-link");
        Assert.Contains("The vendor was busy", await visitor.TextAsync(".fall"), StringComparison.Ordinal);
        Assert.All(failed.Attempts!, attempt => Assert.Equal("upstream_busy", attempt.Error));
        await visitor.GoAsync("/logs?status=failed");
        await visitor.ClickAsync(".chip");
        await visitor.CountIsAsync(3, "[data-call]");
        await visitor.FillAsync("#request", failed.Id.ToString());
        await visitor.ClickAsync(".search .button");
        await visitor.Page.WaitForURLAsync($"**/logs/{failed.Id}");
    }

    private static decimal Number(string text) => decimal.Parse(text.Replace("$", "", StringComparison.Ordinal).Replace('−', '-'), NumberStyles.Number, CultureInfo.InvariantCulture);
}
