using System.Text.RegularExpressions;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>What can be said of the chart without Helm; the workflows lint and render it with Helm itself.</summary>
public sealed partial class ChartTests
{
    private static readonly string Folder = Path.Combine(Repository.Root, "deploy", "helm", "aihub");

    [Fact]
    public void Templates_use_only_values_that_exist_and_end_what_they_begin()
    {
        var values = Paths(Load("values.yaml"), "").ToHashSet();
        foreach (var template in Directory.EnumerateFiles(Path.Combine(Folder, "templates")))
        {
            var text = File.ReadAllText(template);
            Assert.Equal([], Value().Matches(text).Select(value => value.Groups["path"].Value).Except(values));
            Assert.True(Begin().Count(text) == End().Count(text), $"{template} does not end what it begins.");
            Assert.Equal(text.Split("{{").Length, text.Split("}}").Length);
        }
    }

    [Fact]
    public void Every_value_is_used()
    {
        var templates = string.Concat(Directory.EnumerateFiles(Path.Combine(Folder, "templates")).Select(File.ReadAllText));
        // The three services are gone through by name, and what belongs together is taken whole.
        var unused = Leaves(Load("values.yaml"), "").Where(path => !path.Split('.').Any(part => Uses(templates, part)));
        Assert.Empty(unused);

        static bool Uses(string text, string part) => text.Contains($".{part}", StringComparison.Ordinal);
    }

    [Fact]
    public void The_chart_waits_longer_than_a_replica_drains()
    {
        var server = (YamlMappingNode)Load("values.yaml")["server"];
        var drain = TimeSpan.Parse(Text(server["drainTimeout"]), null) + TimeSpan.Parse(Text(server["readinessDelay"]), null);

        Assert.True(int.Parse(Text(server["terminationGracePeriodSeconds"]), null) > drain.TotalSeconds);
    }

    private static YamlMappingNode Load(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Folder, file))));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    private static string Text(YamlNode node) => ((YamlScalarNode)node).Value!;

    private static IEnumerable<string> Paths(YamlMappingNode node, string prefix) => node.Children.SelectMany(child =>
        child.Value is YamlMappingNode inner
            ? Paths(inner, $"{prefix}{Text(child.Key)}.").Prepend($"{prefix}{Text(child.Key)}")
            : [$"{prefix}{Text(child.Key)}"]);

    private static IEnumerable<string> Leaves(YamlMappingNode node, string prefix) => node.Children.SelectMany(child =>
        child.Value is YamlMappingNode { Children.Count: > 0 } inner ? Leaves(inner, $"{prefix}{Text(child.Key)}.") : [$"{prefix}{Text(child.Key)}"]);

    [GeneratedRegex(@"\.Values\.(?<path>[A-Za-z.]+[A-Za-z])")]
    private static partial Regex Value();

    [GeneratedRegex(@"\{\{-? *(?:if|range|with|define|block) ")]
    private static partial Regex Begin();

    [GeneratedRegex(@"\{\{-? *end *-?\}\}")]
    private static partial Regex End();
}
