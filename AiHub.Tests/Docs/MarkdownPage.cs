using System.Text;
using System.Text.RegularExpressions;
using AiHub.Tests.Deploy;

namespace AiHub.Tests.Docs;

/// <summary>A page of the documentation: its headings, its links and its fenced blocks.</summary>
internal sealed partial class MarkdownPage
{
    private MarkdownPage(string path)
    {
        Path = path;
        Text = File.ReadAllText(path);
        Blocks = [.. Fence().Matches(Text).Select(block => new Block(block.Groups["language"].Value, block.Groups["text"].Value))];
        Prose = Fence().Replace(Text, "");
        Headings = [.. Heading().Matches(Prose).Select(heading => (heading.Groups["level"].Length, heading.Groups["text"].Value.Trim()))];
        Links = [.. Link().Matches(Prose).Select(link => link.Groups["target"].Value)];
    }

    public string Path { get; }
    public string Text { get; }
    public string Prose { get; }
    public IReadOnlyList<Block> Blocks { get; }
    public IReadOnlyList<(int Level, string Text)> Headings { get; }
    public IReadOnlyList<string> Links { get; }

    public string Name => System.IO.Path.GetRelativePath(Repository.Root, Path);

    public static MarkdownPage Read(string path) => new(System.IO.Path.Combine(Repository.Root, path));

    /// <summary>All pages below a folder, by their path within it.</summary>
    public static SortedDictionary<string, MarkdownPage> Below(string folder)
    {
        var root = System.IO.Path.Combine(Repository.Root, folder);
        var pages = new SortedDictionary<string, MarkdownPage>(StringComparer.Ordinal);
        foreach (var path in Directory.EnumerateFiles(root, "*.md", SearchOption.AllDirectories))
        {
            pages[System.IO.Path.GetRelativePath(root, path)] = new MarkdownPage(path);
        }

        return pages;
    }

    /// <summary>The anchors GitHub gives the headings.</summary>
    public IEnumerable<string> Anchors() => Headings.Select(heading => Slug(heading.Text));

    public string Between(string mark)
    {
        var start = Text.IndexOf($"<!-- generated:{mark} -->", StringComparison.Ordinal);
        Assert.True(start >= 0, $"{Name} has no part generated:{mark}.");
        start = Text.IndexOf('\n', start) + 1;
        return Text[start..Text.IndexOf("<!-- /generated -->", start, StringComparison.Ordinal)];
    }

    /// <summary>Compares the generated part with what it should be; with AIHUB_UPDATE_DOCS=1 it is written instead.</summary>
    public void Holds(string mark, string generated)
    {
        var present = Between(mark);
        if (Environment.GetEnvironmentVariable("AIHUB_UPDATE_DOCS") == "1")
        {
            var start = Text.IndexOf($"<!-- generated:{mark} -->", StringComparison.Ordinal);
            start = Text.IndexOf('\n', start) + 1;
            File.WriteAllText(Path, Text[..start] + generated + Text[(start + present.Length)..]);
            return;
        }

        Assert.True(present == generated, $"{Name} is behind the code. Run the tests once with AIHUB_UPDATE_DOCS=1 and commit the page.\n{generated}");
    }

    private static string Slug(string heading)
    {
        var slug = new StringBuilder();
        foreach (var character in heading.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(character) || character is '-' or '_')
            {
                slug.Append(character);
            }
            else if (character == ' ')
            {
                slug.Append('-');
            }
        }

        return slug.ToString();
    }

    internal sealed record Block(string Language, string Text);

    [GeneratedRegex("^```(?<language>[a-z]*)\n(?<text>.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    [GeneratedRegex("^(?<level>#+) (?<text>.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex(@"\[[^\]\n]*\]\((?<target>[^)\s]+)\)")]
    private static partial Regex Link();
}
