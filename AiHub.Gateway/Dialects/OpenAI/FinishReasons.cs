using System.Text.Json;

namespace AiHub.Gateway.Dialects.OpenAI;

/// <summary>Why an answer ended, in OpenAI's words.</summary>
internal static class FinishReasons
{
    public const string Stop = "stop";
    public const string ToolCalls = "tool_calls";

    public static bool IsKnown(ref Utf8JsonReader reader) => reader.TokenType == JsonTokenType.String
        && (reader.ValueTextEquals("stop"u8) || reader.ValueTextEquals("length"u8) || reader.ValueTextEquals("tool_calls"u8)
            || reader.ValueTextEquals("content_filter"u8) || reader.ValueTextEquals("function_call"u8));

    public static bool IsKnown(string reason) => reason is Stop or "length" or ToolCalls or "content_filter" or "function_call";

    /// <summary>What some vendors finish with when they gave up: not an end but a failure.</summary>
    public static bool IsFailure(ReadOnlySpan<byte> quoted) => quoted.SequenceEqual("\"error\""u8) || quoted.SequenceEqual("\"insufficient_system_resource\""u8);
}
