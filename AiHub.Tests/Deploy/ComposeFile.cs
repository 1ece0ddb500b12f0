using System.Text;
using YamlDotNet.RepresentationModel;

namespace AiHub.Tests.Deploy;

/// <summary>What <c>docker compose</c> would make of deploy/compose.yaml: merged (<c>&lt;&lt;</c>) and with the variables of <c>.env</c> put in.</summary>
internal sealed class ComposeFile
{
    private readonly IReadOnlyDictionary<string, string> _variables;
    private readonly YamlMappingNode _root;

    private ComposeFile(string text, IReadOnlyDictionary<string, string> variables)
    {
        _variables = variables;
        var yaml = new YamlStream();
        yaml.Load(new StringReader(text));
        _root = (YamlMappingNode)yaml.Documents[0].RootNode;
    }

    public static string Folder { get; } = Path.Combine(Repository.Root, "deploy");

    public static ComposeFile Read(IReadOnlyDictionary<string, string> variables) =>
        new(File.ReadAllText(Path.Combine(Folder, "compose.yaml")), variables);

    public IReadOnlyDictionary<string, Dictionary<string, YamlNode>> Services =>
        Merged(_root.Children["services"]).ToDictionary(service => service.Key, service => Merged(service.Value));

    /// <summary>The environment of a service, as its container would have it.</summary>
    public Dictionary<string, string> EnvironmentOf(string service) =>
        Services[service].TryGetValue("environment", out var environment)
            ? Merged(environment).ToDictionary(variable => variable.Key, variable => Interpolate(((YamlScalarNode)variable.Value).Value ?? ""))
            : [];

    /// <summary>The variables the file asks for, with their defaults; null where it insists on a value.</summary>
    public static Dictionary<string, string?> Variables()
    {
        var found = new Dictionary<string, string?>();
        var file = Read(new AskedFor(found));
        foreach (var scalar in file._root.AllNodes.OfType<YamlScalarNode>())
        {
            file.Interpolate(scalar.Value ?? "");
        }

        return found;
    }

    private string Interpolate(string text)
    {
        var result = new StringBuilder();
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] != '$' || at + 1 == text.Length)
            {
                result.Append(text[at]);
            }
            else if (text[at + 1] == '$')
            {
                result.Append('$');
                at++;
            }
            else if (text[at + 1] == '{')
            {
                var end = Closing(text, at + 1);
                result.Append(Value(text[(at + 2)..end]));
                at = end;
            }
            else
            {
                result.Append('$');
            }
        }

        return result.ToString();
    }

    // NAME, NAME:-default or NAME:?what is missing; the default may hold variables again.
    private string Value(string expression)
    {
        var mark = expression.IndexOf(':', StringComparison.Ordinal);
        var name = mark < 0 ? expression : expression[..mark];
        var isRequired = mark >= 0 && expression[mark + 1] == '?';
        var fallback = mark >= 0 && !isRequired ? expression[(mark + 2)..] : null;
        if (_variables is AskedFor asked)
        {
            asked.Hear(name, isRequired ? null : fallback ?? "");
            return fallback is null ? "" : Interpolate(fallback);
        }

        if (_variables.TryGetValue(name, out var value) && value.Length > 0)
        {
            return value;
        }

        return isRequired ? throw new InvalidOperationException($"compose.yaml asks for {name}: {expression[(mark + 2)..]}") : Interpolate(fallback ?? "");
    }

    private static int Closing(string text, int open)
    {
        for (var (at, depth) = (open, 0); at < text.Length; at++)
        {
            depth += text[at] switch { '{' => 1, '}' => -1, _ => 0 };
            if (depth == 0)
            {
                return at;
            }
        }

        throw new FormatException($"A variable does not end: {text}");
    }

    private static Dictionary<string, YamlNode> Merged(YamlNode node)
    {
        var result = new Dictionary<string, YamlNode>();
        foreach (var (key, value) in ((YamlMappingNode)node).Children)
        {
            if (((YamlScalarNode)key).Value != "<<")
            {
                result[((YamlScalarNode)key).Value!] = value;
                continue;
            }

            foreach (var merged in value is YamlSequenceNode several ? several.Children : [value])
            {
                foreach (var (name, inherited) in Merged(merged))
                {
                    result.TryAdd(name, inherited);
                }
            }
        }

        return result;
    }

    private sealed class AskedFor(Dictionary<string, string?> found) : Dictionary<string, string>
    {
        public void Hear(string name, string? fallback) => found[name] = fallback;
    }
}
