using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Guardrails;

/// <summary>Where in a JSON text somebody says something: all strings but those that name, point or sign.</summary>
internal static class SpokenTexts
{
    private static readonly FrozenSet<string> Silent = new[]
    {
        "role", "type", "id", "call_id", "tool_call_id", "name", "index", "url", "data", "format", "detail", "signature", "encrypted_content", "file_id", "file_data",
        "media_type", "mime_type", "status", "phase",
    }.ToFrozenSet();

    public static bool IsSilent(string member) => Silent.Contains(member);

    /// <param name="members">The members of the outermost object to look into.</param>
    public static List<(JsonRange Range, string Text)> Of(ReadOnlySpan<byte> json, ReadOnlySpan<string> members)
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

            Collect(ref reader, name, texts);
        }

        return texts;
    }

    private static void Collect(ref Utf8JsonReader reader, string name, List<(JsonRange, string)> texts)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when !IsSilent(name) && reader.ValueSpan.Length > 0:
                var start = (int)reader.TokenStartIndex;
                texts.Add((new JsonRange(start, (int)reader.BytesConsumed - start), reader.GetString()!));
                break;
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Collect(ref reader, name, texts);
                }

                break;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var member = reader.GetString()!;
                    reader.Read();
                    Collect(ref reader, member, texts);
                }

                break;
        }
    }
}
