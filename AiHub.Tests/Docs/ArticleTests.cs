using System.Globalization;
using System.Text.RegularExpressions;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Docs;

/// <summary>What the articles count is counted: at least as many must be there. Measured times are the bench's, and of the machine they name.</summary>
public sealed partial class ArticleTests(TestDatabase database) : IClassFixture<TestDatabase>
{
    [Fact]
    public void The_catalogue_of_faults_has_as_many_as_the_article_says()
    {
        foreach (var language in Languages)
        {
            var text = Article(language, "streams-that-never-lie");
            var (openAi, anthropic) = (Number(OpenAIFaults(), text), Number(AnthropicsFaults(), text));
            Assert.True(openAi <= Faults.All.Count && anthropic <= AnthropicFaults.All.Count, $"{language}: {openAi} of {Faults.All.Count}, {anthropic} of {AnthropicFaults.All.Count}");
        }
    }

    [Fact]
    public async Task As_many_tables_are_closed_by_force_as_the_article_says()
    {
        var forced = await database.AsAdminAsync<long>("select count(*) from pg_class where relkind in ('r', 'p') and relforcerowsecurity and relnamespace = 'public'::regnamespace and not relispartition");

        Assert.All(Languages, language => Assert.InRange(Number(Tables(), Article(language, "row-level-security-proved")), 1, (int)forced));
    }

    private static readonly string[] Languages = ["en", "zh"];

    private static string Article(string language, string name) => MarkdownPage.Read($"docs/{language}/articles/{name}.md").Prose;

    private static int Number(Regex said, string text) => int.Parse(Assert.Single(said.Matches(text)).Groups["number"].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex("(?<number>[0-9]+) of them in OpenAI's dialect|OpenAI 方言有 (?<number>[0-9]+) 种")]
    private static partial Regex OpenAIFaults();

    [GeneratedRegex("(?<number>[0-9]+) in Anthropic's|Anthropic 方言有 (?<number>[0-9]+) 种")]
    private static partial Regex AnthropicsFaults();

    [GeneratedRegex("(?<number>[0-9]+) tables by now|目前有 (?<number>[0-9]+) 张表")]
    private static partial Regex Tables();
}
