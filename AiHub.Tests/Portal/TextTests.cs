using System.Collections;
using System.Globalization;
using System.Resources;
using System.Text.RegularExpressions;
using AiHub.Portal.Resources;
using AiHub.Worker.Runs;

namespace AiHub.Tests.Portal;

public sealed partial class TextTests
{
    // Signs and units that both languages write alike.
    private static readonly string[] Alike = ["None", "Unit_Thousand", "Unit_Million", "Unit_Billion", "Metric_Tokens"];

    [Fact]
    public void Both_languages_have_the_same_texts()
    {
        var (english, chinese) = (TextsOf("en"), TextsOf("zh-CN"));

        Assert.Equal(english.Keys.Order(StringComparer.Ordinal), chinese.Keys.Order(StringComparer.Ordinal));
        Assert.DoesNotContain(english, text => text.Value.Length == 0);
        Assert.DoesNotContain(chinese, text => text.Value.Length == 0);
    }

    [Fact]
    public void Both_languages_fill_in_the_same_values()
    {
        var chinese = TextsOf("zh-CN");

        Assert.DoesNotContain(TextsOf("en"), text => !Places(text.Value).SetEquals(Places(chinese[text.Key])));
    }

    [Fact]
    public void Nothing_was_left_untranslated()
    {
        var chinese = TextsOf("zh-CN");

        Assert.Empty(TextsOf("en").Where(text => text.Value == chinese[text.Key]).Select(text => text.Key).Except(Alike));
    }

    [Fact]
    public void Every_run_of_the_worker_has_a_name_people_read()
    {
        var runs = typeof(Run).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Run)) && !type.IsAbstract).Select(type => $"Run_{type.Name}").ToList();

        Assert.True(runs.Count > 15);
        Assert.Empty(runs.Except(TextsOf("en").Keys));
    }

    private static Dictionary<string, string> TextsOf(string language)
    {
        var name = language == "en" ? CultureInfo.InvariantCulture : CultureInfo.GetCultureInfo(language);
        ResourceSet texts = Text.ResourceManager.GetResourceSet(name, createIfNotExists: true, tryParents: false)!;
        return texts.Cast<DictionaryEntry>().ToDictionary(text => (string)text.Key, text => (string)text.Value!);
    }

    private static HashSet<string> Places(string text) => [.. Place().Matches(text).Select(match => match.Value)];

    [GeneratedRegex(@"\{\d+\}")]
    private static partial Regex Place();
}
