using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Gemini;

/// <summary>
/// Gemini's count as Chat Completions has it. Its prompt includes what came from the cache; its thoughts stand beside the answer and not in it.
/// </summary>
internal static class GeminiUsage
{
    public static void WriteChat(Utf8JsonWriter writer, JsonElement usage)
    {
        var prompt = (usage.Number("promptTokenCount"u8) ?? 0) + (usage.Number("toolUsePromptTokenCount"u8) ?? 0);
        var thoughts = usage.Number("thoughtsTokenCount"u8) ?? 0;
        var answer = usage.Number("candidatesTokenCount"u8) ?? 0;

        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("prompt_tokens"u8, prompt);
        writer.WriteNumber("completion_tokens"u8, answer + thoughts);
        writer.WriteNumber("total_tokens"u8, prompt + answer + thoughts);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, usage.Number("cachedContentTokenCount"u8) ?? 0);

        // What the cache held is paid as cached, whatever it was.
        writer.WriteNumber("audio_tokens"u8, Of(usage, "promptTokensDetails"u8, "AUDIO"u8) - Of(usage, "cacheTokensDetails"u8, "AUDIO"u8));
        writer.WriteNumber("image_tokens"u8, Of(usage, "promptTokensDetails"u8, "IMAGE"u8) - Of(usage, "cacheTokensDetails"u8, "IMAGE"u8));
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, thoughts);
        writer.WriteNumber("audio_tokens"u8, Of(usage, "candidatesTokensDetails"u8, "AUDIO"u8));
        writer.WriteNumber("image_tokens"u8, Of(usage, "candidatesTokensDetails"u8, "IMAGE"u8));
        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static long Of(JsonElement usage, ReadOnlySpan<byte> details, ReadOnlySpan<byte> modality)
    {
        var sum = 0L;
        foreach (var detail in usage.Items(details))
        {
            sum += detail.Says("modality"u8, modality) ? detail.Number("tokenCount"u8) ?? 0 : 0;
        }

        return sum;
    }
}
