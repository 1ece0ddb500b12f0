using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Guardrails;

/// <summary>A text in a JSON text.</summary>
/// <param name="File">What stands before the text's base64, where it is that of a file: <c>data:text/plain;base64,</c>.</param>
/// <param name="Content">The number of the list whose parts are one text to a model; null where it stands alone.</param>
internal sealed record Spoken(JsonRange Range, string Text, string? File = null, int? Content = null)
{
    /// <summary>As it stands in the JSON.</summary>
    public string Written(string text) => File is null ? text : File + Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}

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

    // What is in a picture, in sound or in a file, or where it is.
    private static readonly FrozenSet<string> Unreadable = new[] { "image_url", "input_audio", "video_url", "file_id", "file_url", "b64_json", "image" }.ToFrozenSet();

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private const string Base64Mark = ";base64,";
    private const int LeastFile = 64;

    /// <summary>Whether messages of a request hold what nobody here can read.</summary>
    public static bool HasUnreadable(ReadOnlySpan<byte> json)
    {
        var members = new JsonMembers(json);
        while (members.Next())
        {
            if (Encoding.UTF8.GetString(members.Name) is "messages" or "input" && HasUnreadable("", members.Value))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether a value holds what nobody here can read.</summary>
    /// <param name="name">Its member's name, where that says what it is.</param>
    public static bool HasUnreadable(string name, ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 256 });
        return !json.IsEmpty && reader.Read() && HoldsUnreadable(ref reader, name);
    }

    private static bool HoldsUnreadable(ref Utf8JsonReader reader, string name)
    {
        var held = false;
        switch (reader.TokenType)
        {
            case JsonTokenType.String:
                return Unreadable.Contains(name) || (Contents.Contains(name) && reader.GetString()! is var text && IsFile(text) && TextOf(text) is null);
            case JsonTokenType.StartArray:
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    held |= HoldsUnreadable(ref reader, name);
                }

                break;
            // What a tool is called with, in Anthropic's words; elsewhere it is one text.
            case JsonTokenType.StartObject when name == "input":
                reader.Skip();
                break;
            case JsonTokenType.StartObject:
                held = Unreadable.Contains(name) || (name == "source" && !IsText(reader));
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var member = reader.GetString()!;
                    reader.Read();
                    held |= HoldsUnreadable(ref reader, member);
                }

                break;
        }

        return held;

        // {"type": "image", "source": {"type": "url", …}}
        static bool IsText(Utf8JsonReader source)
        {
            using var document = JsonDocument.ParseValue(ref source);
            return document.RootElement.TryGetProperty("type", out var type) && type.GetString() is "text" or "content";
        }
    }

    /// <returns>What is written in a file of text, and what stands before its base64; null for any other file.</returns>
    private static (string Text, string File)? TextOf(string data)
    {
        var mark = data.IndexOf(Base64Mark, StringComparison.Ordinal);
        if (mark < 0 || !(data.StartsWith("data:text/", StringComparison.OrdinalIgnoreCase) || data.StartsWith("data:application/json", StringComparison.OrdinalIgnoreCase) || data.StartsWith("data:application/xml", StringComparison.OrdinalIgnoreCase)))
        {
            return null;
        }

        var start = mark + Base64Mark.Length;
        var bytes = new byte[(data.Length - start) / 4 * 3 + 3];
        try
        {
            return Convert.TryFromBase64Chars(data.AsSpan(start), bytes, out var count) ? (Strict.GetString(bytes, 0, count), data[..start]) : null;
        }
        catch (DecoderFallbackException)
        {
            // It says it is text and is none.
            return null;
        }
    }

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
    public static List<Spoken> Of(ReadOnlySpan<byte> json, ReadOnlySpan<string> members, bool all = false)
    {
        var texts = new List<Spoken>();
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

            Collect(ref reader, name, texts, all, null);
        }

        return texts;
    }

    private static void Collect(ref Utf8JsonReader reader, string name, List<Spoken> texts, bool all, int? content)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.String when reader.ValueSpan.Length > 0 && (all || !Silent.Contains(name)):
                var text = reader.GetString()!;
                var start = (int)reader.TokenStartIndex;
                var range = new JsonRange(start, (int)reader.BytesConsumed - start);
                if (all || !IsSilent(name, text))
                {
                    texts.Add(new Spoken(range, text, Content: content));
                }
                else if (TextOf(text) is var (written, file))
                {
                    texts.Add(new Spoken(range, written, file));
                }

                break;
            case JsonTokenType.StartArray:
                content = name == "content" ? (int)reader.TokenStartIndex : null;
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    Collect(ref reader, name, texts, all, content);
                }

                break;
            case JsonTokenType.StartObject:
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var member = reader.GetString()!;
                    reader.Read();
                    Collect(ref reader, member, texts, all, content);
                }

                break;
        }
    }
}
