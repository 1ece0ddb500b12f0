using System.Text.Json.Nodes;

namespace AiHub.Gateway.Scim;

public enum ScimOperationKind
{
    Add,
    Replace,
    Remove,
}

/// <summary>One change of a PATCH. A value without a path has been taken apart: what is left always names what it changes.</summary>
/// <param name="Path">For example <c>active</c>, <c>name.givenName</c>, <c>members</c>.</param>
/// <param name="Filter">What stood in brackets: <c>members[value eq "…"]</c>.</param>
public sealed record ScimOperation(ScimOperationKind Kind, string Path, IReadOnlyList<ScimCondition> Filter, JsonNode? Value)
{
    public bool Is(string path) => Path.Equals(path, StringComparison.OrdinalIgnoreCase);
}

/// <summary>
/// Reads a PATCH as Entra ID and Okta send it: <c>op</c> in any case, values with or without a path, whole schema names before attributes,
/// booleans as text.
/// </summary>
public static class ScimPatch
{
    private const int MostOperations = 1000;

    public static IReadOnlyList<ScimOperation> Read(JsonObject body)
    {
        if (Of(body, "Operations") is not JsonArray operations || operations.Count is 0 or > MostOperations)
        {
            throw new ScimException(StatusCodes.Status400BadRequest, $"A PATCH has 1 to {MostOperations} Operations.", "invalidSyntax");
        }

        return [.. operations.SelectMany(Read)];
    }

    /// <summary>A member of an object, whatever its case.</summary>
    public static JsonNode? Of(JsonObject body, string name) => body.FirstOrDefault(member => member.Key.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    public static bool ReadBoolean(JsonNode? value, string name) => value switch
    {
        JsonValue known when known.TryGetValue<bool>(out var truth) => truth,
        JsonValue known when known.TryGetValue<string>(out var text) && bool.TryParse(text, out var truth) => truth,
        _ => throw ScimException.InvalidValue($"{name} must be true or false."),
    };

    /// <returns>Null for null and for what is not there.</returns>
    public static string? ReadText(JsonNode? value, string name, int longest = 254)
    {
        var text = value switch
        {
            null => null,
            JsonValue known when known.TryGetValue<string>(out var said) => said.Trim(),
            _ => throw ScimException.InvalidValue($"{name} must be text."),
        };
        return text is { Length: > 0 }
            ? text.Length <= longest && !text.Any(char.IsControl) ? text : throw ScimException.InvalidValue($"{name} must have at most {longest} characters and no control characters.")
            : null;
    }

    private static IEnumerable<ScimOperation> Read(JsonNode? node)
    {
        if (node is not JsonObject operation || !Enum.TryParse<ScimOperationKind>(ReadText(Of(operation, "op"), "op"), ignoreCase: true, out var kind))
        {
            throw new ScimException(StatusCodes.Status400BadRequest, "An operation's op is add, replace or remove.", "invalidSyntax");
        }

        var value = Of(operation, "value");
        if (ReadText(Of(operation, "path"), "path", 1000) is { } path)
        {
            yield return Targeted(kind, path, value);
            yield break;
        }

        if (kind == ScimOperationKind.Remove)
        {
            throw new ScimException(StatusCodes.Status400BadRequest, "A remove needs a path.", "noTarget");
        }

        if (value is not JsonObject members)
        {
            throw ScimException.InvalidValue("An operation without a path needs an object as its value.");
        }

        foreach (var (name, member) in members)
        {
            if (member is JsonObject parts && !name.Contains(':', StringComparison.Ordinal))
            {
                foreach (var (part, inner) in parts)
                {
                    yield return Targeted(kind, $"{name}.{part}", inner);
                }
            }
            else
            {
                yield return Targeted(kind, name, member);
            }
        }
    }

    private static ScimOperation Targeted(ScimOperationKind kind, string path, JsonNode? value)
    {
        foreach (var schema in (ReadOnlySpan<string>)[ScimSchemas.User, ScimSchemas.Group])
        {
            if (path.StartsWith(schema + ":", StringComparison.OrdinalIgnoreCase))
            {
                path = path[(schema.Length + 1)..];
            }
        }

        var open = path.IndexOf('[', StringComparison.Ordinal);
        if (open < 0)
        {
            return new ScimOperation(kind, path, [], value);
        }

        var close = path.LastIndexOf(']');
        return close > open
            ? new ScimOperation(kind, path[..open] + path[(close + 1)..], ScimFilter.Parse(path[(open + 1)..close]), value)
            : throw ScimException.InvalidPath(path);
    }
}
