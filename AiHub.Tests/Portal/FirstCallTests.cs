using System.Diagnostics;
using System.Globalization;

namespace AiHub.Tests.Portal;

/// <summary>From an empty browser to a call whose tokens and cost are on the page.</summary>
public sealed class FirstCallTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_visitor_registers_runs_the_copied_snippet_and_sees_the_call_without_reloading(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var clock = Stopwatch.StartNew();
        var email = await visitor.RegisterAsync();
        Assert.Equal(1, await visitor.Page.Locator("#first-steps").CountAsync());

        var key = await visitor.CreateKeyAsync("first", "sim/echo");
        var snippet = await visitor.Page.Locator("#snippet-curl").TextContentAsync();
        // Every model on offer is one the snippet works with.
        var offered = await visitor.Page.Locator("[data-model-choice] option").AllTextContentsAsync();
        Assert.Contains("sim/lorem", offered);
        Assert.DoesNotContain("sim/embed", offered);
        await visitor.GoAsync("/logs");
        await visitor.Page.WaitForSelectorAsync(".live.on");

        var answer = await RunAsync(snippet!);
        Assert.Contains("data: [DONE]", answer, StringComparison.Ordinal);

        var row = visitor.Page.Locator("[data-call]");
        await row.WaitForAsync();
        Assert.InRange(clock.Elapsed, TimeSpan.Zero, TimeSpan.FromMinutes(1));

        var call = Assert.Single(await hub.CallsOfAsync(email));
        Assert.Equal(call.Id.ToString(), await row.GetAttributeAsync("data-call"));
        Assert.Equal(Written(call.Tokens.Input), await visitor.TextAsync(".call-input > span"));
        Assert.Equal(Written(call.Tokens.Output), await visitor.TextAsync(".call-output > span"));
        var cost = await visitor.TextAsync(".call-cost .amount");
        Assert.Equal(language == "en" ? '$' : '¥', cost[0]);
        Assert.Equal(decimal.Parse(call.Cost, CultureInfo.InvariantCulture), decimal.Parse(cost[1..], CultureInfo.InvariantCulture));
        Assert.StartsWith("ai-hub-", key, StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Without_scripts_everything_but_copying_works()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        await visitor.RegisterAsync("No Scripts Ltd");
        var key = await visitor.CreateKeyAsync("plain", "sim/echo");
        Assert.Contains(key, await visitor.TextAsync("#snippet-curl"), StringComparison.Ordinal);
        await visitor.ClickAsync("label[for=tab-csharp]");
        Assert.Contains(key, await visitor.TextAsync("#snippet-csharp"), StringComparison.Ordinal);

        using var api = hub.NewApiClient(key);
        await api.ChatAsync("one two three");

        await visitor.GoAsync("/overview");
        Assert.Equal(1, await visitor.Page.Locator("[data-call]").CountAsync());
        await visitor.GoAsync("/logs");
        Assert.Equal(1, await visitor.Page.Locator("[data-call]").CountAsync());

        await visitor.GoAsync("/keys");
        await visitor.ClickAsync("td.actions button");
        await visitor.ClickAsync("[popover]:popover-open .danger-solid");
        await visitor.Page.WaitForURLAsync("**/keys?revoked=true");
        Assert.Equal(0, await visitor.Page.Locator("td.actions").CountAsync());

        await visitor.ClickAsync(".account");
        await visitor.ClickAsync("#account-menu button[value=dark]");
        Assert.Equal("dark", await visitor.Page.Locator("html").GetAttributeAsync("data-theme"));
        await visitor.ClickAsync(".side-switches button");
        Assert.Equal("zh-CN", await visitor.Page.Locator("html").GetAttributeAsync("lang"));
        await visitor.ClickAsync(".account");
        await visitor.ClickAsync("form[action='/sign-out'] button");
        await visitor.GoAsync("/overview");
        Assert.EndsWith("/sign-in?returnUrl=%2Foverview", visitor.Page.Url, StringComparison.Ordinal);
    }

    /// <summary>Runs what the page says in a shell, as the visitor would.</summary>
    private static async Task<string> RunAsync(string snippet)
    {
        using var shell = Process.Start(new ProcessStartInfo("bash") { ArgumentList = { "-c", snippet }, RedirectStandardOutput = true, RedirectStandardError = true })!;
        var error = shell.StandardError.ReadToEndAsync();
        var output = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        Assert.True(shell.ExitCode == 0, await error);
        return output;
    }

    private static string Written(long number) => number.ToString("N0", CultureInfo.InvariantCulture);
}
