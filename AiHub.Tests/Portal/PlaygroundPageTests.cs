using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using AiHub.Domain.Quotas;
using AiHub.Portal.Playground;
using AiHub.Tests.Docs;
using AiHub.Tests.Node;
using Microsoft.Playwright;

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

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task What_failed_says_why_and_by_which_id_it_is_found(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        visitor.Expected = complaint => complaint.Contains("playground", StringComparison.Ordinal);
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/playground?model=sim%2Fbusy");
        await visitor.FillAsync("#play-text", "hello");
        await visitor.ClickAsync("[data-play-send]");

        await visitor.Page.WaitForSelectorAsync(".play-turn .error");
        Assert.Contains((await hub.CallsOfAsync(email)).Single().Id.ToString(), await visitor.TextAsync(".play-turn .fine"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Stopping_ends_the_answer_and_its_call(string language)
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await visitor.RegisterAsync();
        await visitor.GoAsync("/playground?model=sim%2Fslow");
        await visitor.FillAsync("#play-text", "slow 50 150 " + string.Join(' ', Enumerable.Range(0, 40)));
        await visitor.ClickAsync("[data-play-send]");
        await visitor.Page.WaitForFunctionAsync("() => document.querySelector('.play-answer')?.textContent");
        await visitor.ClickAsync("[data-play-stop]");

        await visitor.Page.Locator("[data-play-send]:not([hidden])").WaitForAsync();
        Assert.Contains(language == "en" ? "Stopped" : "已停止", await visitor.TextAsync(".play-turn .fine"), StringComparison.Ordinal);
        await visitor.GoAsync("/logs");
        await visitor.Page.Locator("[data-call] .badge", new() { HasText = language == "en" ? "Cancelled" : "已取消" }).WaitForAsync();
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Up_to_four_models_are_sent_the_system_prompt_the_parameters_and_the_image(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language));
        await hub.MoveToPlanAsync(await visitor.RegisterAsync(), PlanIds.Developer);
        var sent = new ConcurrentBag<JsonNode>();
        visitor.Page.Request += (_, request) =>
        {
            if (request.Url.EndsWith(PlaygroundEndpoints.AnswersPath, StringComparison.Ordinal))
            {
                sent.Add(JsonNode.Parse(request.PostData!)!);
            }
        };
        string[] models = ["sim/claude-echo", "sim/claude-lorem", "sim/gemini-echo", "sim/echo"];
        await visitor.GoAsync("/playground?model=sim%2Fclaude-echo");
        for (var column = 1; column < models.Length; column++)
        {
            await visitor.ClickAsync("[data-play-add]");
            await visitor.SelectOptionAsync(visitor.Page.Locator(".play-head select").Nth(column), models[column]);
        }

        Assert.True(await visitor.Page.IsDisabledAsync("[data-play-add]"));
        await visitor.ClickAsync(".play-settings summary");
        await visitor.FillAsync("#play-system", "Be brief.");
        await visitor.FillAsync("#play-temperature", "0.5");
        await visitor.FillAsync("#play-top-p", "0.9");
        await visitor.FillAsync("#play-max", "64");
        await visitor.Page.SetInputFilesAsync("[data-play-file]", new FilePayload { Name = "dot.png", MimeType = "image/png", Buffer = Convert.FromBase64String(Dot) });
        await visitor.Page.WaitForSelectorAsync("[data-play-images] img");
        await visitor.FillAsync("#play-text", "lorem 3 words");
        await visitor.ClickAsync("[data-play-send]");

        // One of them reads no images: nothing is sent until that is settled.
        await visitor.Page.WaitForSelectorAsync("[data-play-problem]:visible");
        Assert.Contains("sim/echo", await visitor.TextAsync("[data-play-problem]"), StringComparison.Ordinal);
        Assert.Empty(sent);
        await visitor.ClickAsync(visitor.Page.Locator("[data-play-remove]").Last);
        await visitor.ClickAsync("[data-play-send]");
        await visitor.Page.Locator(".play-figures a").Nth(2).WaitForAsync();

        Assert.Equal(models[..3].Order(), sent.Select(body => (string)body["model"]!).Order());
        Assert.All(sent, body =>
        {
            Assert.Equal((0.5, 0.9, 64), ((double)body["temperature"]!, (double)body["top_p"]!, (int)body["max_tokens"]!));
            Assert.Equal(("system", "Be brief."), ((string)body["messages"]![0]!["role"]!, (string)body["messages"]![0]!["content"]!));
            Assert.Equal($"data:image/png;base64,{Dot}", (string)body["messages"]![1]!["content"]![1]!["image_url"]!["url"]!);
        });
        Assert.Equal(3, await visitor.Page.Locator(".play-answer:not(:empty)").CountAsync());
    }

    [BrowserFact]
    public async Task The_code_shown_asks_what_the_page_asks()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url);
        await visitor.RegisterAsync();
        var key = await visitor.CreateKeyAsync("code");
        await visitor.GoAsync("/playground?model=sim%2Fecho");
        await visitor.FillAsync("#play-text", "it's \"quoted\" & 中文");
        await visitor.ClickAsync(".play-code summary");

        var curl = await Commands.RunAsync("bash", "-c", $"export AIHUB_API_KEY={key}\n{await CodeAsync("curl")}");
        Assert.Contains("[DONE]", curl, StringComparison.Ordinal);
        var python = await CodeAsync("python");
        Assert.Contains("中文", await Commands.RunPythonAsync($"import os\nos.environ['AIHUB_API_KEY'] = '{key}'\n{python}", "openai") ?? "中文", StringComparison.Ordinal);
        if (NodeClients.Missing is null)
        {
            var file = Path.Combine(AppContext.BaseDirectory, "Node", $"playground-{Guid.CreateVersion7():N}.mjs");
            await File.WriteAllTextAsync(file, $"process.env.AIHUB_API_KEY = '{key}';\n{await CodeAsync("node")}");
            Assert.Equal("it's \"quoted\" & 中文", (await NodeClients.RunAsync(file)).Trim());
        }

        async Task<string> CodeAsync(string language)
        {
            await visitor.ClickAsync($"[data-language={language}]");
            return (await visitor.Page.TextContentAsync("#play-snippet"))!;
        }
    }

    // One dot, as a picture.
    private const string Dot = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";
}
