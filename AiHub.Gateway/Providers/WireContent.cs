using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Gateway.Providers;

/// <summary>A vendor's whole answer as it came. The typed content is only built for plain Semantic Kernel callers.</summary>
internal sealed class WireMessage : ChatMessageContent
{
    public WireMessage(ReadOnlyMemory<byte> json, AnswerFacts facts, string model, ReadOnlyMemory<byte> original = default)
        : base(AuthorRole.Assistant, content: null, model, innerContent: null, Encoding.UTF8, metadata: null) => (Json, Facts, Original) = (json, facts, original);

    private WireMessage(ReadOnlyMemory<byte> json, AnswerFacts facts, JsonElement answer, JsonElement choice, string model)
        : base(
            AuthorRole.Assistant,
            WireText.Of(choice, "message"),
            WireText.Of(answer, "model") ?? model,
            innerContent: answer,
            Encoding.UTF8,
            WireText.Metadata(answer, choice)) => (Json, Facts) = (json, facts);

    public ReadOnlyMemory<byte> Json { get; }

    public AnswerFacts Facts { get; }

    /// <summary>The vendor's own words, where the client speaks them and they are not Chat Completions.</summary>
    public ReadOnlyMemory<byte> Original { get; }

    /// <summary>One message per choice, as Semantic Kernel has it.</summary>
    public static IReadOnlyList<ChatMessageContent> Typed(ReadOnlyMemory<byte> json, AnswerFacts facts, string model)
    {
        var answer = JsonElement.Parse(json.Span);
        return [.. answer.GetProperty("choices").EnumerateArray().Select(choice => new WireMessage(json, facts, answer, choice, model))];
    }
}

/// <summary>One event of a vendor's stream as it came. Its bytes are valid until the stream is read on.</summary>
internal sealed class WireEvent : StreamingChatMessageContent
{
    public WireEvent(ReadOnlyMemory<byte> json, in AnswerFacts facts, string model, ReadOnlyMemory<byte> original = default)
        : base(role: null, content: null, innerContent: null, choiceIndex: 0, model, Encoding.UTF8, metadata: null) => (Json, Facts, Original) = (json, facts, original);

    private WireEvent(ReadOnlyMemory<byte> json, in AnswerFacts facts, JsonElement chunk, JsonElement choice, string model)
        : base(
            AuthorRole.Assistant,
            WireText.Of(choice, "delta"),
            innerContent: chunk,
            choice.ValueKind == JsonValueKind.Object && choice.TryGetProperty("index", out var index) ? index.GetInt32() : 0,
            WireText.Of(chunk, "model") ?? model,
            Encoding.UTF8,
            WireText.Metadata(chunk, choice)) => (Json, Facts) = (json, facts);

    public ReadOnlyMemory<byte> Json { get; }

    public AnswerFacts Facts { get; }

    /// <summary>The vendor's own words, where the client speaks them and they are not Chat Completions.</summary>
    public ReadOnlyMemory<byte> Original { get; }

    public override byte[] ToByteArray() => Json.ToArray();

    public static IEnumerable<WireEvent> Typed(ReadOnlyMemory<byte> json, AnswerFacts facts, string model)
    {
        var chunk = JsonElement.Parse(json.Span);
        if (facts.Choices == 0)
        {
            return [new WireEvent(json, facts, chunk, default, model)];
        }

        return chunk.GetProperty("choices").EnumerateArray().Select(choice => new WireEvent(json, facts, chunk, choice, model));
    }
}

file static class WireText
{
    public static string? Of(JsonElement parent, string name)
    {
        if (parent.ValueKind != JsonValueKind.Object || !parent.TryGetProperty(name, out var value))
        {
            return null;
        }

        return value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Object => Of(value, "content"),
            _ => null,
        };
    }

    public static IReadOnlyDictionary<string, object?> Metadata(JsonElement answer, JsonElement choice) => new Dictionary<string, object?>
    {
        ["Id"] = Of(answer, "id"),
        ["FinishReason"] = Of(choice, "finish_reason"),
        ["Usage"] = answer.TryGetProperty("usage", out var usage) && usage.ValueKind == JsonValueKind.Object ? OpenAIUsage.Read(Encoding.UTF8.GetBytes(usage.GetRawText()))?.Tokens : null,
    };
}
