using System.Text.RegularExpressions;
using AiHub.Tests.Deploy;

namespace AiHub.Tests.Portal;

public sealed partial class StyleSheetTests
{
    [Fact]
    public void No_class_is_given_its_looks_in_two_style_sheets()
    {
        var classes = Directory.GetFiles(Path.Combine(Repository.Root, "AiHub.Portal", "wwwroot", "css"), "*.css")
            .SelectMany(file => Classes(File.ReadAllText(file)).Distinct().Select(name => (name, sheet: Path.GetFileName(file))))
            .ToLookup(found => found.name, found => found.sheet);

        Assert.True(classes.Count > 150);
        Assert.Equal([], classes.Where(sheets => sheets.Count() > 1).Select(sheets => $"{sheets.Key}: {string.Join(", ", sheets)}"));
    }

    /// <summary>The classes with a rule of their own, whatever else stands in the selector's list; not those that only vary another or a narrow screen.</summary>
    private static IEnumerable<string> Classes(string sheet) => Rule().Matches(Nested().Replace(Comment().Replace(sheet, ""), ""))
        .SelectMany(rule => rule.Groups[1].Value.Split(','))
        .Select(selector => selector.Trim())
        .Where(selector => Alone().IsMatch(selector));

    [GeneratedRegex(@"/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();

    [GeneratedRegex(@"@[^{;]*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\}")]
    private static partial Regex Nested();

    [GeneratedRegex(@"([^{}]+)\{[^{}]*\}")]
    private static partial Regex Rule();

    [GeneratedRegex(@"^\.[\w-]+$")]
    private static partial Regex Alone();
}
