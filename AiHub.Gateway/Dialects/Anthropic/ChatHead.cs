using System.Collections.Frozen;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>What Chat Completions says about an answer and Anthropic does not.</summary>
/// <param name="CustomTools">Tools that take free text; Anthropic was told that they take an object with a member <c>input</c>.</param>
public sealed record ChatHead(DateTimeOffset Created, FrozenSet<string> CustomTools)
{
    internal void WriteReasons(Utf8JsonWriter writer, JsonElement ended)
    {
        var reason = ended.Text("stop_reason"u8);
        writer.WriteString("finish_reason"u8, StopReasons.ToChat(reason));
        writer.WriteString("native_finish_reason"u8, reason);
        if (ended.Text("stop_sequence"u8) is { } sequence)
        {
            writer.WriteString("stop_reason"u8, sequence);
        }
    }

    internal static void WriteServiceTier(Utf8JsonWriter writer, JsonElement usage)
    {
        if (usage.Text("service_tier"u8) is { } tier)
        {
            writer.WriteString("service_tier"u8, tier == "standard" ? "default" : tier);
        }
    }

    /// <summary>The text of a call to a free-text tool.</summary>
    internal static string CustomInput(JsonElement input) => input.Text("input"u8) ?? (input.ValueKind == JsonValueKind.Undefined ? "" : input.GetRawText());

    internal static string CustomInput(ReadOnlySpan<byte> json) => Wire.TryParse(json, out var input) ? CustomInput(input) : Encoding.UTF8.GetString(json);
}
