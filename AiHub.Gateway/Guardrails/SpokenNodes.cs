using System.Buffers;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.OpenAI;

namespace AiHub.Gateway.Guardrails;

/// <summary>The texts of a JSON tree that somebody says, to look at and to put others in their place.</summary>
internal static class SpokenNodes
{
    /// <param name="path">Where the node is; of an item with an index of its own, that.</param>
    /// <param name="by">What stands in the place of a text, given where it is.</param>
    /// <returns>The node, or the text in its place.</returns>
    public static JsonNode? Visit(JsonNode? node, string path, Func<string, string, string> by)
    {
        switch (node)
        {
            case JsonObject members:
                foreach (var (name, value) in members.ToList())
                {
                    if (Text(value) is not { } text)
                    {
                        Visit(value, $"{path}/{name}", by);
                    }
                    else if (!SpokenTexts.IsSilent(name, text))
                    {
                        Place(text, by($"{path}/{name}", text), after => members[name] = after);
                    }
                }

                return node;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    var position = i;
                    var at = $"{path}/{IndexOf(items[i], i)}";
                    if (Text(items[i]) is { } text)
                    {
                        Place(text, by(at, text), after => items[position] = after);
                    }
                    else
                    {
                        Visit(items[i], at, by);
                    }
                }

                return node;
            default:
                return Text(node) is { } alone && !SpokenTexts.IsSilent(path, alone) ? by(path, alone) is var said && said != alone ? said : node : node;
        }
    }

    public static string? Text(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    public static int IndexOf(JsonNode? node, int position) =>
        node is JsonObject item && item["index"] is JsonValue number && number.TryGetValue<int>(out var index) ? index : position;

    public static ReadOnlyMemory<byte> Bytes(JsonObject json)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, AnswerRepair.Readable))
        {
            json.WriteTo(writer);
        }

        return buffer.WrittenMemory;
    }

    private static void Place(string before, string after, Action<string> put)
    {
        if (before != after)
        {
            put(after);
        }
    }
}
