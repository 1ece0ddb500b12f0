using System.Collections.Frozen;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Why an answer ended, in both dialects.</summary>
internal static class StopReasons
{
    private static readonly FrozenSet<string> Anthropic = FrozenSet.Create(
        "end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded");

    /// <summary>Finish reasons that vendors give when it is they who failed: such an answer is broken, not finished.</summary>
    public static bool IsFailure(string finishReason) => finishReason is "error" or "insufficient_system_resource" or "abort";

    /// <param name="choice">A choice of a chat answer, or of the last chunk of one.</param>
    /// <param name="calledTools">Some vendors say "stop" after a tool call.</param>
    public static string OfChat(JsonElement choice, string? finishReason, bool calledTools)
    {
        if (choice.Text("native_finish_reason"u8) is { } native && Anthropic.Contains(native))
        {
            return native;
        }

        return finishReason switch
        {
            "tool_calls" or "function_call" => "tool_use",
            "length" => "max_tokens",
            "model_length" => "model_context_window_exceeded",
            "content_filter" or "refusal" or "sensitive" => "refusal",
            _ when calledTools => "tool_use",
            _ => choice.Given("stop_reason"u8, JsonValueKind.String, out _) ? "stop_sequence" : "end_turn",
        };
    }

    public static string ToChat(string? stopReason) => stopReason switch
    {
        "tool_use" => "tool_calls",
        "max_tokens" or "model_context_window_exceeded" => "length",
        "refusal" => "content_filter",
        _ => "stop",
    };
}
