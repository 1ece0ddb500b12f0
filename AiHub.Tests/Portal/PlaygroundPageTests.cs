namespace AiHub.Tests.Portal;

/// <summary>Asking models in the browser: with a key of the visitor's that never gets there.</summary>
public sealed class PlaygroundPageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Two_models_answer_side_by_side_with_their_tokens_and_cost_and_no_key_is_in_the_browser(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/playground?model=sim%2Fecho");
        await visitor.ClickAsync("[data-play-add]");
        await visitor.SelectOptionAsync(visitor.Page.Locator(".play-head select").Nth(1), "sim/lorem");
        await visitor.FillAsync("#play-text", "lorem 7 words");
        await visitor.Page.Keyboard.PressAsync("Enter");

        await visitor.Page.Locator(".play-figures a").Nth(1).WaitForAsync();
        Assert.Equal("lorem 7 words", await visitor.Page.Locator(".play-answer").First.TextContentAsync());
        Assert.Equal([], await visitor.ViolationsAsync());
        var calls = await hub.CallsOfAsync(email);
        Assert.Equal(["sim/echo", "sim/lorem"], calls.Select(call => call.Model).Order());
        Assert.All(calls, call => Assert.Contains("source:playground", call.Tags));
        var figures = await visitor.TextAsync(".play-figures a");
        Assert.Contains(calls.Single(call => call.Model == "sim/echo").Cost, figures, StringComparison.Ordinal);

        await visitor.ClickAsync(".play-code summary");
        Assert.Contains("$AIHUB_API_KEY", await visitor.TextAsync("#play-snippet"), StringComparison.Ordinal);
        var kept = await visitor.Page.EvaluateAsync<string>("() => JSON.stringify({ ...localStorage, ...sessionStorage }) + document.cookie + document.documentElement.outerHTML");
        Assert.DoesNotMatch("ai-hub-[0-9A-Za-z]{20}", kept);
    }

    [BrowserFact]
    public async Task What_failed_says_why_and_by_which_id_it_is_found()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        visitor.Expected = complaint => complaint.Contains("playground", StringComparison.Ordinal);
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/playground?model=sim%2Fbusy");
        await visitor.FillAsync("#play-text", "hello");
        await visitor.ClickAsync("[data-play-send]");

        await visitor.Page.WaitForSelectorAsync(".play-turn .error");
        Assert.Contains((await hub.CallsOfAsync(email)).Single().Id.ToString(), await visitor.TextAsync(".play-turn .fine"), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Stopping_ends_the_answer_and_its_call()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Keyboard: true));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/playground?model=sim%2Fslow");
        await visitor.FillAsync("#play-text", "slow 50 150 " + string.Join(' ', Enumerable.Range(0, 40)));
        await visitor.ClickAsync("[data-play-send]");
        await visitor.Page.WaitForFunctionAsync("() => document.querySelector('.play-answer')?.textContent");
        await visitor.ClickAsync("[data-play-stop]");

        await visitor.Page.Locator("[data-play-send]:not([hidden])").WaitForAsync();
        Assert.Contains("Stopped", await visitor.TextAsync(".play-turn .fine"), StringComparison.Ordinal);
        await visitor.GoAsync("/logs");
        await visitor.Page.Locator("[data-call] .badge", new() { HasText = "Cancelled" }).WaitForAsync();
    }
}
