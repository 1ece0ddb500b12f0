using System.Globalization;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>deploy/helm/aihub as <c>helm template hub</c> would render it.</summary>
internal sealed class Chart
{
    public static readonly string Folder = Path.Combine(Repository.Root, "deploy", "helm", "aihub");

    /// <summary>What has no default because only the operator knows it.</summary>
    public static readonly (string Path, object? Value)[] Required =
    [
        ("hosts.api", "api.example.com"), ("hosts.portal", "hub.example.com"), ("postgresql.host", "pg.internal"),
        ("secrets.ownerPassword", "o\"wner"), ("secrets.appPassword", "app"), ("secrets.cacheConnection", "redis:6379,password=r"),
    ];

    /// <summary>The documents of all templates, NOTES.txt aside.</summary>
    public static IReadOnlyList<YamlMappingNode> Render(params (string Path, object? Value)[] set)
    {
        var templates = new GoTemplate();
        var files = Directory.EnumerateFiles(Path.Combine(Folder, "templates")).Order(StringComparer.Ordinal)
            .Select(path => (Name: Path.GetFileName(path), Render: templates.Add(File.ReadAllText(path)))).ToList();
        var root = Root(set);
        var documents = new List<YamlMappingNode>();
        foreach (var (name, render) in files)
        {
            var text = render(root);
            if (name is "_helpers.tpl" or "NOTES.txt")
            {
                continue;
            }

            var yaml = new YamlStream();
            try
            {
                yaml.Load(new StringReader(text));
            }
            catch (YamlException wrong)
            {
                throw new FormatException($"{name} renders what is no YAML: {wrong.Message}\n{text}", wrong);
            }

            documents.AddRange(yaml.Documents.Select(document => document.RootNode).OfType<YamlMappingNode>());
        }

        return documents;
    }

    private static Dictionary<string, object?> Root(IEnumerable<(string Path, object? Value)> set)
    {
        var values = (Dictionary<string, object?>)Plain(Load("values.yaml"))!;
        foreach (var (path, value) in set)
        {
            var parts = path.Split('.');
            var map = parts[..^1].Aggregate(values, (inner, part) => (Dictionary<string, object?>)inner[part]!);
            Assert.True(map.ContainsKey(parts[^1]), $"values.yaml has no {path}.");
            map[parts[^1]] = value;
        }

        var chart = (Dictionary<string, object?>)Plain(Load("Chart.yaml"))!;
        return new()
        {
            ["Values"] = values,
            ["Chart"] = new Dictionary<string, object?> { ["AppVersion"] = chart["appVersion"], ["Name"] = chart["name"] },
            ["Release"] = new Dictionary<string, object?> { ["Name"] = "hub", ["Service"] = "Helm", ["Namespace"] = "hub" },
        };
    }

    public static YamlMappingNode Load(string file)
    {
        var yaml = new YamlStream();
        yaml.Load(new StringReader(File.ReadAllText(Path.Combine(Folder, file))));
        return (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    // Helm reads every number as a floating one.
    private static object? Plain(YamlNode node) => node switch
    {
        YamlMappingNode map => map.Children.ToDictionary(child => ((YamlScalarNode)child.Key).Value!, child => Plain(child.Value)),
        YamlSequenceNode list => list.Children.Select(Plain).ToList(),
        YamlScalarNode { Style: not ScalarStyle.Plain } text => text.Value,
        YamlScalarNode { Value: null or "" or "null" or "~" } => null,
        YamlScalarNode { Value: "true" or "false" } truth => truth.Value == "true",
        YamlScalarNode { Value: var text } => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : text,
        _ => throw new NotSupportedException(node.ToString()),
    };
}
