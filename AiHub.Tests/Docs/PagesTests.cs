using System.Globalization;
using System.Reflection;
using System.Text;
using System.Text.RegularExpressions;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Deploy;

namespace AiHub.Tests.Docs;

public sealed partial class PagesTests
{
    [Fact]
    public void Chinese_and_English_have_the_same_pages_with_the_same_headings()
    {
        var (english, chinese) = (MarkdownPage.Below("docs/en"), MarkdownPage.Below("docs/zh"));

        Assert.Equal(english.Keys, chinese.Keys);
        foreach (var (name, page) in english)
        {
            Assert.True(page.Headings.Select(heading => heading.Level).SequenceEqual(chinese[name].Headings.Select(heading => heading.Level)), $"The headings of {name} differ.");
            Assert.True(page.Blocks.Count == chinese[name].Blocks.Count, $"The examples of {name} differ.");
            // What is run is run once, so it must be the same in both.
            Assert.Equal(page.Blocks.Where(Snippets.Runs), chinese[name].Blocks.Where(Snippets.Runs));
        }

        var (readme, chineseReadme) = (MarkdownPage.Read("README.md"), MarkdownPage.Read("README.zh-CN.md"));
        Assert.Equal(readme.Headings.Select(heading => heading.Level), chineseReadme.Headings.Select(heading => heading.Level));
    }

    [Fact]
    public void Chinese_pages_are_in_Chinese()
    {
        foreach (var page in MarkdownPage.Below("docs/zh").Values)
        {
            Assert.All(page.Headings.Where(heading => heading.Level > 1 && !Names.Contains(heading.Text)), heading => Assert.Matches(Han(), heading.Text));
        }
    }

    [Fact]
    public void Every_link_leads_somewhere()
    {
        var pages = MarkdownPage.Below("docs").Values.Append(MarkdownPage.Read("README.md")).Append(MarkdownPage.Read("README.zh-CN.md")).Append(MarkdownPage.Read("bench/README.md"));
        foreach (var page in pages)
        {
            foreach (var link in page.Links.Where(link => !link.StartsWith("http", StringComparison.Ordinal)))
            {
                var (path, anchor) = link.IndexOf('#', StringComparison.Ordinal) is var at and >= 0 ? (link[..at], Uri.UnescapeDataString(link[(at + 1)..])) : (link, null);
                var target = path.Length == 0 ? page.Path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(page.Path)!, path));
                Assert.True(File.Exists(target) || Directory.Exists(target), $"{page.Name} links to {link}, which does not exist.");
                Assert.True(anchor is null || MarkdownPage.Read(target).Anchors().Contains(anchor), $"{page.Name} links to {link}, which has no such heading.");
            }
        }
    }

    [Fact]
    public void Every_code_of_the_management_API_is_explained()
    {
        var kinds = typeof(ProblemKind).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.FieldType == typeof(ProblemKind))
            .Select(field => (ProblemKind)field.GetValue(null)!).OrderBy(kind => kind.Code, StringComparer.Ordinal).ToList();

        MarkdownPage.Read("docs/en/errors.md").Holds("problems", Table("| Code | Status | Meaning | What to do |", kind => (kind.Title.In(Language.En), kind.Detail.In(Language.En))));
        MarkdownPage.Read("docs/zh/errors.md").Holds("problems", Table("| 错误码 | 状态 | 含义 | 处理 |", kind => (kind.Title.In(Language.Zh), kind.Detail.In(Language.Zh))));

        string Table(string head, Func<ProblemKind, (string Title, string Detail)> texts)
        {
            var table = new StringBuilder("\n").Append(head).Append("\n|---|---|---|---|\n");
            foreach (var kind in kinds)
            {
                var (title, detail) = texts(kind);
                table.Append(CultureInfo.InvariantCulture, $"| `{kind.Code}` | {kind.Status} | {Cell(title)} | {Cell(detail)} |\n");
            }

            return table.Append('\n').ToString();
        }

        // What a refusal fills in when it is made.
        static string Cell(string text) => Hole().Replace(text, "…").Replace("|", "\\|", StringComparison.Ordinal);
    }

    [Fact]
    public void Every_code_for_those_who_call_models_is_explained()
    {
        var (english, chinese) = (MarkdownPage.Read("docs/en/errors.md").Text, MarkdownPage.Read("docs/zh/errors.md").Text);
        var sources = Directory.EnumerateFiles(Path.Combine(Repository.Root, "AiHub.Gateway"), "*.cs", SearchOption.AllDirectories)
            .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal) && !path.Contains("Management", StringComparison.Ordinal));

        var codes = sources.SelectMany(path => Code().Matches(File.ReadAllText(path)).Select(code => code.Groups["code"].Value)).Where(code => code.Length > 0).Distinct().ToList();
        Assert.True(codes.Count > 20, string.Join(' ', codes));
        Assert.All(codes, code => Assert.True(english.Contains($"`{code}`", StringComparison.Ordinal) && chinese.Contains($"`{code}`", StringComparison.Ordinal), $"{code} is not explained in docs/*/errors.md."));
    }

    [Fact]
    public void Every_option_is_listed()
    {
        MarkdownPage.Read("docs/en/configuration.md").Holds("options", Table("| Setting | Kind | Default |"));
        MarkdownPage.Read("docs/zh/configuration.md").Holds("options", Table("| 设置 | 类型 | 默认值 |"));

        string Table(string head) => $"\n{head}\n|---|---|---|\n{string.Concat(ProductOptions.All.Select(row => $"| `{row.Setting}` | {row.Kind} | {row.Default} |\n"))}\n";
    }

    /// <summary>Headings that are names, the same in every language.</summary>
    private static readonly string[] Names = ["Stripe", "AppHost", "Worker"];

    [GeneratedRegex(@"\p{IsCJKUnifiedIdeographs}")]
    private static partial Regex Han();

    [GeneratedRegex(@"\{\d+\}")]
    private static partial Regex Hole();

    // Code = "…", code: "…", a constant of Refusals, and what failures of vendors are called.
    [GeneratedRegex(""""(?:\bCode = |\bcode: |private const string (?:InsufficientQuota|InsufficientBalance|BudgetExceeded) = |ProviderFailure\.\w+ => |(?:Unauthorized|Forbidden|Refuse)\([^;\n]*, )"(?<code>[a-z]+(?:_[a-z]+)+)(?=["])"""")]
    private static partial Regex Code();
}
