using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Guardrails;

/// <summary>Where in a JSON text somebody says something: all strings but those that name, point or sign.</summary>
internal static class SpokenTexts
{
    private static readonly FrozenSet<string> Silent = new[]
    {
        "role", "type", "id", "call_id", "tool_call_id", "name", "index", "url", "format", "detail", "signature", "encrypted_content", "file_id",
        "media_type", "mime_type", "status", "phase", "b64_json", "image_url",
    }.ToFrozenSet();

    // A file, or what is written in one.
    private static readonly FrozenSet<string> Contents = new[] { "data", "file_data", "image" }.ToFrozenSet();

    private const int LeastFile = 64;

    public static bool IsSilent(string member, string text) => Silent.Contains(member) || (Contents.Contains(member) && IsFile(text));

    /// <summary>Whether an array of the value holds numbers: texts that somebody has turned into tokens already.</summary>
    public static bool HasTokens(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        while (!json.IsEmpty && reader.Read())
        {
            if (reader.TokenType == JsonTokenType.Number)
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsFile(string text) =>
        text.StartsWith("data:", StringComparison.Ordinal) || text.StartsWith("http", StringComparison.Ordinal) || (text.Length >= LeastFile && System.Buffers.Text.Base64.IsValid(text));

    /// <param name="members">The members of the outermost object to look into.</param>
    /// <param name="all">Every text counts, whatever it is called: what models are shown of a customer's own records.</param>
    public static List<(JsonRange Range, string Text)> Of(ReadOnlySpan<byte> json, ReadOnlySpan<string> members, bool all = false)
    {
        var texts = new List<(JsonRange, string)>();
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!members.Contains(name))
            {
                reader.Skip();
                continue;
            }

            Collect(ref reader, name, texts, all);
        }

        return texts;
    }

    private static void Collect(ref Utf8JsonReader reader, string name, List<(JsonRange, string)> texts, bool all)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when reader.ValueSpan.Length > 0 && (all || !Silent.Contains(name)):
                var text = reader.GetString()!;
                if (all || !IsSilent(name, text))
                {
                    var start = (int)reader.TokenStartIndex;
                    texts.Add((new JsonRange(start, (int)reader.BytesConsumed - start), text));
                }

                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Collect(ref reader, name, texts, all);
                }

                break;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var member = reader.GetString()!;
                    reader.Read();
                    Collect(ref reader, member, texts, all);
                }

                break;
        }
    }
}
