using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// How many tokens a Messages request asks a model to read, which <c>count_tokens</c> answers. Only the vendor knows exactly; agents
/// decide by the answer when to shorten their history, so what must be guessed is guessed high.
/// </summary>
public static class PromptSize
{
    /// <summary>Anthropic scales images down until they cost no more.</summary>
    private const int Image = 1_600;
    private const int BytesPerDocumentToken = 30;
    private const int PerMessage = 4;

    /// <summary>What the model is told about calling tools at all, besides the tools.</summary>
    private const int ToolUse = 346;

    /// <param name="count">The model's tokenizer.</param>
    public static long Count(JsonElement request, Func<string, long> count)
    {
        var tokens = request.Given("system"u8, out var system) ? Texts(system, count) : 0;
        foreach (var message in request.Items("messages"u8))
        {
            tokens += PerMessage + (message.Given("content"u8, out var content) ? Texts(content, count) : 0);
        }

        var tools = request.Items("tools"u8).Aggregate(0L, (sum, tool) => sum + count(tool.GetRawText()));
        var schema = request.Given("output_config"u8, out var config) && config.Given("format"u8, out var format) ? count(format.GetRawText()) : 0;
        return tokens + tools + (tools > 0 ? ToolUse : 0) + schema;
    }

    private static long Texts(JsonElement content, Func<string, long> count) => content.ValueKind switch
    {
        JsonValueKind.String => count(content.Plain()),
        JsonValueKind.Array => content.EnumerateArray().Aggregate(0L, (sum, block) => sum + Block(block, count)),
        _ => 0,
    };

    private static long Block(JsonElement block, Func<string, long> count)
    {
        switch (block.Text("type"u8))
        {
            case "text":
                return Of(block, "text"u8, count);
            case "image":
                return Image;
            case "document":
                return Of(block, "title"u8, count) + Of(block, "context"u8, count) + (block.Given("source"u8, out var source) ? Document(source, count) : 0);
            case "tool_use" or "server_tool_use":
                return Of(block, "name"u8, count) + (block.Given("input"u8, out var input) ? count(input.GetRawText()) : 0) + PerMessage;
            case "tool_result":
                return PerMessage + (block.Given("content"u8, out var result) ? Texts(result, count) : 0);
            case "thinking":
                return Of(block, "thinking"u8, count);
            case "redacted_thinking":
                return Of(block, "data"u8, count);
            default:
                return count(block.GetRawText());
        }
    }

    private static long Document(JsonElement source, Func<string, long> count)
    {
        if (source.Says("type"u8, "base64"u8) && source.Given("data"u8, JsonValueKind.String, out var data))
        {
            return Math.Max(Image, Wire.Inner(data).Length / 4 * 3 / BytesPerDocumentToken);
        }

        return source.Says("type"u8, "text"u8) ? Of(source, "data"u8, count)
            : source.Given("content"u8, out var content) ? Texts(content, count)
            : Image;
    }

    private static long Of(JsonElement block, ReadOnlySpan<byte> name, Func<string, long> count) => block.Text(name) is { } text ? count(text) : 0;
}
