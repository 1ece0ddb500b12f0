using System.Buffers;
using System.Security.Cryptography;
using System.Text.Json;

namespace AiHub.Gateway.Caching;

/// <summary>Tells whether two requests ask for the same answer: spaces, the order of members and what does not shape an answer make no difference.</summary>
internal static class CanonicalRequest
{
    // They say who asks, who shall answer or how to deliver it. The model is told by its own id, whatever it was called.
    private static readonly HashSet<string> Indifferent =
    [
        "model", "models", "route", "provider", "stream", "stream_options", "user", "session_id", "safety_identifier", "prompt_cache_key",
        "prompt_cache_retention", "metadata", "store", "trace", "debug", "usage",
    ];

    /// <param name="scope">Everything else that must agree, the organization first of all.</param>
    /// <exception cref="JsonException">The request is not valid JSON.</exception>
    public static string Hash(ReadOnlyMemory<byte> json, params string[] scope)
    {
        var text = new ArrayBufferWriter<byte>(json.Length);
        using (var document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 256 }))
        using (var writer = new Utf8JsonWriter(text, new JsonWriterOptions { SkipValidation = true, MaxDepth = 256 }))
        {
            writer.WriteStartArray();
            foreach (var part in scope)
            {
                writer.WriteStringValue(part);
            }

            Write(document.RootElement, writer, isRoot: true);
            writer.WriteEndArray();
        }

        return Convert.ToHexStringLower(SHA256.HashData(text.WrittenSpan));
    }

    private static void Write(JsonElement value, Utf8JsonWriter writer, bool isRoot = false)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                writer.WriteStartObject();
                foreach (var member in value.EnumerateObject().Where(member => !isRoot || !Indifferent.Contains(member.Name)).OrderBy(member => member.Name, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(member.Name);
                    Write(member.Value, writer);
                }

                writer.WriteEndObject();
                break;
            case JsonValueKind.Array:
                writer.WriteStartArray();
                foreach (var item in value.EnumerateArray())
                {
                    Write(item, writer);
                }

                writer.WriteEndArray();
                break;
            default:
                value.WriteTo(writer);
                break;
        }
    }
}
