using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Pieces that a message has in common with the stream of one.</summary>
internal static class MessageParts
{
    /// <summary>Whether a reasoning detail carries a signature that Anthropic itself made.</summary>
    public static bool IsAnthropics(JsonElement detail) =>
        detail.Says("format"u8, DetailFormat.Anthropic) && detail.Given("signature"u8, JsonValueKind.String, out _) && !detail.Given("id"u8, out _);

    /// <summary>An envelope with everything of the detail but its text, which travels in the open.</summary>
    public static byte[] SignatureFor(JsonElement detail)
    {
        if (detail.ValueKind != JsonValueKind.Object)
        {
            return Envelope.Unsigned.ToArray();
        }

        using var json = new PooledBytes();
        using (var writer = new Utf8JsonWriter(json, Wire.Writer))
        {
            writer.WriteStartObject();
            writer.WriteStartObject("detail"u8);
            foreach (var member in detail.EnumerateObject())
            {
                if (!(member.NameEquals("text"u8) || member.NameEquals("summary"u8)) || member.Value.ValueKind != JsonValueKind.String)
                {
                    writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Envelope.Seal(json.Written);
    }

    /// <summary>The members of a redacted thinking block: Anthropic's own data, or another vendor's detail in an envelope.</summary>
    public static void WriteRedacted(Utf8JsonWriter writer, JsonElement detail)
    {
        writer.WriteString("type"u8, "redacted_thinking"u8);
        if (detail.Says("format"u8, DetailFormat.Anthropic) && !detail.Given("id"u8, out _))
        {
            writer.Copy("data"u8, detail, "data"u8);
        }
        else
        {
            writer.WriteString("data"u8, SignatureFor(detail));
        }
    }

    /// <summary>Whether a tool call has fields of its vendor's own that want to come back with it, such as Gemini's thought signature.</summary>
    public static bool HasExtras(JsonElement call) => call.ValueKind == JsonValueKind.Object && call.EnumerateObject().Any(IsExtra);

    public static byte[] SealExtras(JsonElement call, string id)
    {
        using var json = new PooledBytes();
        using (var writer = new Utf8JsonWriter(json, Wire.Writer))
        {
            writer.WriteStartObject();
            writer.WriteString("tool_call"u8, id);
            writer.WriteStartObject("extra"u8);
            foreach (var member in call.EnumerateObject().Where(IsExtra))
            {
                writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        return Envelope.Seal(json.Written);
    }

    /// <summary>Who called the tool: the model itself, not a program it wrote.</summary>
    public static void WriteCaller(Utf8JsonWriter writer)
    {
        writer.WriteStartObject("caller"u8);
        writer.WriteString("type"u8, "direct"u8);
        writer.WriteEndObject();
    }

    public static void WriteStopDetails(Utf8JsonWriter writer, string stopReason, string? explanation)
    {
        if (stopReason != "refusal")
        {
            writer.WriteNull("stop_details"u8);
            return;
        }

        writer.WriteStartObject("stop_details"u8);
        writer.WriteString("type"u8, "refusal"u8);
        writer.WriteNull("category"u8);
        writer.WriteString("explanation"u8, explanation);
        writer.WriteEndObject();
    }

    private static bool IsExtra(JsonProperty member) =>
        member.Name is not ("id" or "type" or "index" or "function" or "custom") && member.Value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined);
}
