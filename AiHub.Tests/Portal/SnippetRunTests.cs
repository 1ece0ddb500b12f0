using System.Diagnostics;
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
        Assert.Contains(Hello, await RunAsync("bash", "-c", snippets["curl"]), StringComparison.Ordinal);
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
        if (await SaysAsync("python3", "-c", "print('here')") is null)
        {
            return;
        }

        var snippets = await SnippetsAsync();
        foreach (var (snippet, package) in new[] { ("python", "openai"), ("anthropic", "anthropic") })
        {
            Assert.Equal("", await RunAsync("python3", "-c", "import sys; compile(sys.argv[1], 'snippet', 'exec')", snippets[snippet]));
            if (await SaysAsync("python3", "-c", $"import {package}") is not null)
            {
                Assert.Contains(Hello, await RunAsync("python3", "-c", snippets[snippet]), StringComparison.Ordinal);
            }
        }
    }

    [BrowserFact]
    public async Task DotNet_runs_its_snippet()
    {
        var folder = Directory.CreateTempSubdirectory("aihub-snippet-");
        try
        {
            var program = Path.Combine(folder.FullName, "snippet.cs");
            var package = typeof(OpenAI.OpenAIClient).Assembly.GetName().Version!.ToString(3);
            await File.WriteAllTextAsync(program, $"#:package OpenAI@{package}\n" + (await SnippetsAsync())["csharp"]);

            Assert.Contains(Hello, await RunAsync("dotnet", "run", program), StringComparison.Ordinal);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

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

    /// <returns>Null when there is no such program, or it does not do it.</returns>
    private static async Task<string?> SaysAsync(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var output = process.StandardOutput.ReadToEndAsync();
            await process.WaitForExitAsync();
            return process.ExitCode == 0 ? await output : null;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }

    private static async Task<string> RunAsync(string program, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, errors) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync();
        Assert.True(process.ExitCode == 0, await output + await errors);
        return await output;
    }
}
