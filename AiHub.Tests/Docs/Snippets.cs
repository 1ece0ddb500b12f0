using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using AiHub.Domain.Quotas;
using AiHub.Tests.Hub;
using AiHub.Tests.Node;

namespace AiHub.Tests.Docs;

/// <summary>
/// Everything in the documentation that says it can be run is run, as a reader would: the shell's with curl, JavaScript and C# with the SDK they
/// import, Python with its SDK where that is installed (it is not fetched) and else read by Python.
/// </summary>
internal static class Snippets
{
    /// <summary><c>text</c> blocks are to be read; <c>sh</c> with curl and the languages of SDKs are to be run.</summary>
    public static bool Runs(MarkdownPage.Block block) => block.Language is "js" or "csharp" or "python" || (block.Language == "sh" && block.Text.Contains("curl ", StringComparison.Ordinal));

    public static IEnumerable<object[]> Of(string language) => MarkdownPage.Below("docs/en").Values.Append(MarkdownPage.Read("README.md")).Append(MarkdownPage.Read("README.zh-CN.md"))
        .SelectMany(page => page.Blocks.Index().Where(block => block.Item.Language == language && Runs(block.Item)).Select(block => new object[] { page.Name, block.Index }));
}

public sealed partial class SnippetTests : IAsyncLifetime
{
    private static readonly Lazy<Task<TestCustomer>> Reader = new(NewReaderAsync);

    private TestCustomer _reader = null!;

    public static IEnumerable<object[]> Shell => Snippets.Of("sh");

    public static IEnumerable<object[]> Scripts => Snippets.Of("js");

    public static IEnumerable<object[]> Programs => Snippets.Of("csharp");

    public static IEnumerable<object[]> Pythons => Snippets.Of("python");

    public async Task InitializeAsync() => _reader = await Reader.Value;

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [MemberData(nameof(Shell))]
    public async Task A_command_does_what_its_page_says(string page, int index)
    {
        var hub = await TestHub.SharedAsync();
        var command = MarkdownPage.Read(page).Blocks[index].Text.Replace("http://localhost:5080", hub.GatewayUrl.ToString().TrimEnd('/'), StringComparison.Ordinal);
        var folder = Directory.CreateTempSubdirectory("aihub-snippet-").FullName;
        try
        {
            // An error of the hub is an error of the command; and where the page writes into a file, it may.
            using var shell = Process.Start(new ProcessStartInfo("bash", ["-euo", "pipefail", "-c", "curl() { command curl --silent --show-error --fail-with-body \"$@\"; }\n" + command])
            {
                WorkingDirectory = folder,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
                Environment = { ["AIHUB_API_KEY"] = _reader.Key.Key, ["AIHUB_TOKEN"] = _reader.Registered.AccessToken },
            })!;
            var errors = shell.StandardError.ReadToEndAsync();
            var said = await shell.StandardOutput.ReadToEndAsync();
            await shell.WaitForExitAsync();

            Assert.True(shell.ExitCode == 0, $"{command}\n{said}\n{await errors}");
            if (command.Contains("\"stream\": true", StringComparison.Ordinal))
            {
                Assert.EndsWith("data: [DONE]", said.TrimEnd(), StringComparison.Ordinal);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [NodeTheory]
    [MemberData(nameof(Scripts))]
    public async Task A_script_does_what_its_page_says(string page, int index)
    {
        var hub = await TestHub.SharedAsync();
        var name = $"snippet-{Slashes().Replace(page, "-")}-{index}.mjs";
        var script = MarkdownPage.Read(page).Blocks[index].Text
            .Replace("http://localhost:5080", hub.GatewayUrl.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("process.env.AIHUB_API_KEY", JsonSerializer.Serialize(_reader.Key.Key), StringComparison.Ordinal);
        var path = Path.Combine(AppContext.BaseDirectory, "Node", name);
        await File.WriteAllTextAsync(path, script);
        try
        {
            Assert.NotEmpty((await NodeClients.RunAsync(name)).Trim());
        }
        finally
        {
            File.Delete(path);
        }
    }

    [Theory]
    [MemberData(nameof(Programs))]
    public async Task A_program_does_what_its_page_says(string page, int index)
    {
        var (program, greeting) = await OwnAsync(page, index);
        Assert.Equal(greeting, (await Commands.RunDotNetAsync(program)).Trim());
    }

    [Theory]
    [MemberData(nameof(Pythons))]
    public async Task Python_reads_what_its_page_says_and_runs_it_where_it_can(string page, int index)
    {
        var (program, greeting) = await OwnAsync(page, index);
        Assert.Equal(greeting, (await Commands.RunPythonAsync(program, "openai") ?? greeting).Trim());
    }

    /// <summary>The snippet with the reader's own key and hub in it, and what it greets the model with, who says the same.</summary>
    private async Task<(string Program, string Greeting)> OwnAsync(string page, int index)
    {
        var text = MarkdownPage.Read(page).Blocks[index].Text;
        Assert.Contains("\"ai-hub-…\"", text, StringComparison.Ordinal);
        var program = text.Replace("http://localhost:5080", (await TestHub.SharedAsync()).GatewayUrl.ToString().TrimEnd('/'), StringComparison.Ordinal)
            .Replace("ai-hub-…", _reader.Key.Key, StringComparison.Ordinal);
        return (program, Greeting().Match(text).Groups["text"].Value);
    }

    private static async Task<TestCustomer> NewReaderAsync()
    {
        var hub = await TestHub.SharedAsync();
        var reader = await hub.RegisterAsync();
        // Readers read all pages within a minute.
        await hub.Database.AsAdminAsync<bool>(
            $"""
             update subscriptions set plan_id = '{PlanIds.Enterprise}' where organization_id = '{reader.OrganizationId}';
             select ledger_post(gen_random_uuid(), '{reader.OrganizationId}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', 100000000000, now(), now()) is not null
             """);
        return reader;
    }

    [GeneratedRegex("(?:\"content\": |StreamingAsync\\()\"(?<text>[^\"]+)\"")]
    private static partial Regex Greeting();

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex Slashes();
}
