using AiHub.Tests.Docs;
using AiHub.Tests.Node;

namespace AiHub.Tests.Portal;

/// <summary>Every snippet the page with a new key shows, taken out of the page and run as the visitor would: it answers.</summary>
public sealed class SnippetRunTests
{
    // What the simulated model answers with is what it was asked.
    private const string Hello = "Hello";

    [BrowserFact]
    public async Task The_page_shows_a_snippet_for_each_way_and_the_shell_runs_its_own()
    {
        var snippets = await SnippetsAsync();

        Assert.Equal(["anthropic", "csharp", "curl", "node", "python"], snippets.Keys.Order());
        Assert.Contains(Hello, await Commands.RunAsync("bash", "-c", snippets["curl"]), StringComparison.Ordinal);
    }

    [BrowserFact]
    public async Task Node_runs_its_snippet()
    {
        if (NodeClients.Missing is null)
        {
            var file = Path.Combine(AppContext.BaseDirectory, "Node", $"snippet-{Guid.CreateVersion7():N}.mjs");
            await File.WriteAllTextAsync(file, (await SnippetsAsync())["node"]);

            Assert.Contains(Hello, await NodeClients.RunAsync(file), StringComparison.Ordinal);
        }
    }

    [BrowserFact]
    public async Task Python_reads_the_snippets_of_both_SDKs_and_runs_them_where_it_has_them()
    {
        var snippets = await SnippetsAsync();
        foreach (var (snippet, package) in new[] { ("python", "openai"), ("anthropic", "anthropic") })
        {
            Assert.Contains(Hello, await Commands.RunPythonAsync(snippets[snippet], package) ?? Hello, StringComparison.Ordinal);
        }
    }

    [BrowserFact]
    public async Task DotNet_runs_its_snippet() =>
        Assert.Contains(Hello, await Commands.RunDotNetAsync((await SnippetsAsync())["csharp"]), StringComparison.Ordinal);

    private static async Task<IReadOnlyDictionary<string, string>> SnippetsAsync()
    {
        var (_, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(Scripts: false));
        await visitor.RegisterAsync();
        await visitor.CreateKeyAsync("snippets", "sim/echo");
        var ids = await visitor.Page.Locator(".snippet code").EvaluateAllAsync<string[]>("codes => codes.map(code => code.id.slice('snippet-'.length))");
        var texts = await visitor.Page.Locator(".snippet code").AllTextContentsAsync();

        return ids.Zip(texts).ToDictionary(pair => pair.First, pair => pair.Second);
    }
}
