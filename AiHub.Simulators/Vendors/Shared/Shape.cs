using System.Text.Json;

namespace AiHub.Simulators.Vendors.Shared;

public enum BreakKind
{
    /// <summary>A member nobody knows.</summary>
    Unknown,
    Missing,
    WrongType,

    /// <summary>A word that is not one of those allowed.</summary>
    WrongValue,
}

/// <summary>What is wrong with a request, and where. A vendor says it in its own words.</summary>
public sealed record Break(BreakKind Kind, string Path, string Name, string Expected, JsonElement Value);

/// <summary>What a vendor lets stand at one place of a request: unknown members, wrong types and unknown words are breaks. Null counts as absent.</summary>
public sealed class Shape
{
    public static readonly Shape Any = new("anything");
    public static readonly Shape Text = new("a string", JsonValueKind.String);
    public static readonly Shape Number = new("a number", JsonValueKind.Number);
    public static readonly Shape Integer = new("an integer", JsonValueKind.Number) { _whole = true };
    public static readonly Shape Flag = new("a boolean", JsonValueKind.True, JsonValueKind.False);

    /// <summary>Any object: a schema, metadata, arguments.</summary>
    public static readonly Shape Map = new("an object", JsonValueKind.Object);

    private readonly string _expected;
    private readonly JsonValueKind[] _kinds;
    private Dictionary<string, Func<Shape>>? _members;
    private string[] _required = [];
    private Func<Shape>? _items;
    private string[]? _words;
    private Func<JsonElement, Shape>? _choice;
    private bool _whole;

    private Shape(string expected, params JsonValueKind[] kinds) => (_expected, _kinds) = (expected, kinds);

    public static Shape Words(params string[] words) => new("a string", JsonValueKind.String) { _words = words };

    public static Shape List(Func<Shape> items) => new("an array", JsonValueKind.Array) { _items = items };

    /// <summary>An object with these members and no others.</summary>
    public static Shape Object(string[] required, params (string Name, Func<Shape> Shape)[] members) =>
        new("an object", JsonValueKind.Object) { _members = members.ToDictionary(member => member.Name, member => member.Shape), _required = required };

    /// <summary>What it must be depends on what it is.</summary>
    public static Shape Depending(Func<JsonElement, Shape> choice) => new("anything") { _choice = choice };

    public IEnumerable<Break> Check(JsonElement value, string path, string name = "")
    {
        if (_choice is { } choose)
        {
            return choose(value).Check(value, path, name);
        }

        return _kinds.Length > 0 && !_kinds.Contains(value.ValueKind) || (_whole && !value.TryGetInt64(out _))
            ? [new Break(BreakKind.WrongType, path, name, _expected, value)]
            : _words is { } words && !words.Contains(value.GetString()) ? [new Break(BreakKind.WrongValue, path, name, string.Join(", ", words), value)]
            : Inside(value, path);
    }

    private IEnumerable<Break> Inside(JsonElement value, string path)
    {
        if (_items is { } items)
        {
            foreach (var (index, item) in value.EnumerateArray().Index())
            {
                foreach (var broken in items().Check(item, $"{path}[{index}]"))
                {
                    yield return broken;
                }
            }
        }

        if (_members is not { } members)
        {
            yield break;
        }

        foreach (var member in value.EnumerateObject())
        {
            var at = path.Length > 0 ? $"{path}.{member.Name}" : member.Name;
            if (!members.TryGetValue(member.Name, out var shape))
            {
                yield return new Break(BreakKind.Unknown, path, member.Name, "", member.Value);
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                foreach (var broken in shape().Check(member.Value, at, member.Name))
                {
                    yield return broken;
                }
            }
        }

        foreach (var name in _required.Where(name => !value.TryGetProperty(name, out var given) || given.ValueKind == JsonValueKind.Null))
        {
            yield return new Break(BreakKind.Missing, path.Length > 0 ? $"{path}.{name}" : name, name, "", default);
        }
    }
}
