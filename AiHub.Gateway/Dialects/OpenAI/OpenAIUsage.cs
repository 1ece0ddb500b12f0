using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.OpenAI;

/// <param name="Inconsistent">The vendor's figures contradicted each other and were clamped.</param>
public readonly record struct UsageReading(TokenUsage Tokens, bool Inconsistent);

/// <summary>
/// Turns the usage object of the OpenAI dialect, with what its speakers have added, into disjoint buckets.
/// Details are subsets of the totals there: what is cached or reasoned is taken out of the total it belongs to, once.
/// </summary>
internal static class OpenAIUsage
{
    /// <returns>Null when the totals are missing; an explicit 0 is a value.</returns>
    public static UsageReading? Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        var usage = document.RootElement;
        if (usage.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var total = Number(usage, "total_tokens");
        var prompt = Number(usage, "prompt_tokens") ?? Number(usage, "input_tokens");
        var completion = Number(usage, "completion_tokens") ?? Number(usage, "output_tokens");
        prompt ??= total - completion;
        completion ??= total - prompt;
        if (prompt is null || completion is null)
        {
            return null;
        }

        var input = Object(usage, "prompt_tokens_details") ?? Object(usage, "input_tokens_details");
        var output = Object(usage, "completion_tokens_details") ?? Object(usage, "output_tokens_details");
        var reasoning = Number(output, "reasoning_tokens") ?? Number(usage, "reasoning_tokens") ?? 0;

        // xAI counts reasoning beside the completion instead of inside it; the total tells.
        if (reasoning > 0 && total == prompt + completion + reasoning)
        {
            completion += reasoning;
        }

        var read = new Share(prompt.Value);
        var cacheRead = read.Take(Number(input, "cached_tokens") ?? Number(usage, "prompt_cache_hit_tokens") ?? Number(usage, "cached_tokens") ?? Number(usage, "cache_read_input_tokens") ?? 0);
        var cacheWrite = read.Take(Number(input, "cache_write_tokens") ?? Number(input, "cache_creation_tokens") ?? Number(usage, "cache_creation_input_tokens") ?? 0);
        // Only Anthropic keeps some for an hour, which costs more; the hub's own translation says how many.
        var cacheWrite1h = Math.Clamp(Number(input, "cache_write_1h_tokens") ?? 0, 0, cacheWrite);
        var audioIn = read.Take(Number(input, "audio_tokens") ?? 0);
        var imageIn = read.Take(Number(input, "image_tokens") ?? 0);

        var written = new Share(completion.Value);
        var reasoned = written.Take(reasoning);
        var audioOut = written.Take(Number(output, "audio_tokens") ?? 0);
        var imageOut = written.Take(Number(output, "image_tokens") ?? 0);

        return new UsageReading(
            new TokenUsage(
                InputUncached: read.Left,
                CacheRead: cacheRead,
                CacheWrite5m: cacheWrite - cacheWrite1h,
                CacheWrite1h: cacheWrite1h,
                OutputText: written.Left,
                OutputReasoning: reasoned,
                AudioIn: audioIn,
                AudioOut: audioOut,
                ImageIn: imageIn,
                ImageOut: imageOut),
            read.Exceeded || written.Exceeded);
    }

    private static JsonElement? Object(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Object ? value : null;

    private static long? Number(JsonElement? parent, string name)
    {
        if (parent is not { } element || !element.TryGetProperty(name, out var value) || value.ValueKind != JsonValueKind.Number)
        {
            return null;
        }

        // 12.0 is a whole number that some JSON writers produce.
        return value.TryGetInt64(out var whole) ? whole
            : value.TryGetDecimal(out var number) && Math.Abs(number) < long.MaxValue ? (long)number
            : null;
    }

    /// <summary>A total from which parts are taken; what is left is the part nobody named.</summary>
    private struct Share(long total)
    {
        public long Left { get; private set; } = Math.Max(0, total);

        public bool Exceeded { get; private set; } = total < 0;

        public long Take(long part)
        {
            var taken = Math.Clamp(part, 0, Left);
            Exceeded |= taken != part;
            Left -= taken;
            return taken;
        }
    }
}
