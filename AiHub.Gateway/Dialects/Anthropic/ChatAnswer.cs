using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Turns an Anthropic message into a Chat Completions answer.</summary>
public static class ChatAnswer
{
    /// <returns>False, with nothing written, when this is no message.</returns>
    public static bool TryWrite(JsonElement message, ChatHead head, IBufferWriter<byte> answer)
    {
        if (!message.Says("type"u8, "message"u8) || !message.Given("content"u8, JsonValueKind.Array, out var content))
        {
            return false;
        }

        message.Given("usage"u8, out var usage);
        using var writer = new Utf8JsonWriter(answer, Wire.Writer);
        writer.WriteStartObject();
        writer.Copy("id"u8, message, "id"u8);
        writer.WriteString("object"u8, "chat.completion"u8);
        writer.WriteNumber("created"u8, head.Created.ToUnixTimeSeconds());
        writer.Copy("model"u8, message, "model"u8);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        WriteSpoken(writer, content);
        writer.WriteString("refusal"u8, message.Given("stop_details"u8, out var details) ? details.Text("explanation"u8) : null);
        WriteThoughts(writer, content);
        WriteToolCalls(writer, content, head);
        WriteAnnotations(writer, content);
        writer.WriteEndObject();
        writer.WriteNull("logprobs"u8);
        head.WriteReasons(writer, message);
        writer.WriteEndObject();
        writer.WriteEndArray();
        if (AnthropicUsage.Of(usage).Tokens is { } tokens)
        {
            AnthropicUsage.WriteChat(writer, tokens, usage);
        }

        ChatHead.WriteServiceTier(writer, usage);
        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    private static void WriteSpoken(Utf8JsonWriter writer, JsonElement content)
    {
        var spoken = content.EnumerateArray().Where(block => block.Says("type"u8, "text"u8));
        if (!spoken.Any() && content.EnumerateArray().Any(block => block.Says("type"u8, "tool_use"u8)))
        {
            writer.WriteNull("content"u8);
            return;
        }

        using var joined = new PooledBytes();
        foreach (var block in spoken)
        {
            joined.Write(block.Given("text"u8, JsonValueKind.String, out var text) ? Wire.Inner(text) : default);
        }

        writer.WriteJoined("content"u8, joined.Written, default);
    }

    private static void WriteThoughts(Utf8JsonWriter writer, JsonElement content)
    {
        using var joined = new PooledBytes();
        var position = 0;
        var details = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (block.Says("type"u8, "thinking"u8) && block.Given("thinking"u8, JsonValueKind.String, out var thinking) && !thinking.IsEmptyText())
            {
                joined.Write(joined.Written.IsEmpty ? default : "\\n\\n"u8);
                joined.Write(Wire.Inner(thinking));
            }
        }

        if (!joined.Written.IsEmpty)
        {
            writer.WriteJoined("reasoning_content"u8, joined.Written, default);
        }

        foreach (var block in content.EnumerateArray())
        {
            if (block.Text("type"u8) is not ("text" or "tool_use" or null))
            {
                if (details++ == 0)
                {
                    writer.WriteStartArray("reasoning_details"u8);
                }

                WriteDetail(writer, block, position);
            }

            position++;
        }

        if (details > 0)
        {
            writer.WriteEndArray();
        }
    }

    /// <summary>A block that is neither text nor a tool call, as an entry of <c>reasoning_details</c> that restores it with the next turn.</summary>
    internal static void WriteDetail(Utf8JsonWriter writer, JsonElement block, int position)
    {
        writer.WriteStartObject();
        if (block.Says("type"u8, "thinking"u8))
        {
            writer.WriteString("type"u8, "reasoning.text"u8);
            writer.Copy("text"u8, block, "thinking"u8);
            writer.Copy("signature"u8, block, "signature"u8);
            writer.WriteString("format"u8, DetailFormat.Anthropic);
        }
        else if (block.Says("type"u8, "redacted_thinking"u8))
        {
            writer.WriteString("type"u8, "reasoning.encrypted"u8);
            writer.Copy("data"u8, block, "data"u8);
            writer.WriteString("format"u8, DetailFormat.Anthropic);
        }
        else
        {
            writer.WriteString("type"u8, "reasoning.encrypted"u8);
            writer.WriteBase64String("data"u8, Encoding.UTF8.GetBytes(block.GetRawText()));
            writer.WriteString("format"u8, DetailFormat.AnthropicBlock);
        }

        writer.WriteNumber("index"u8, position);
        writer.WriteEndObject();
    }

    private static void WriteToolCalls(Utf8JsonWriter writer, JsonElement content, ChatHead head)
    {
        var calls = 0;
        foreach (var block in content.EnumerateArray().Where(block => block.Says("type"u8, "tool_use"u8)))
        {
            if (calls++ == 0)
            {
                writer.WriteStartArray("tool_calls"u8);
            }

            block.Given("input"u8, out var input);
            var isCustom = head.CustomTools.Contains(block.Text("name"u8) ?? "");
            writer.WriteStartObject();
            writer.Copy("id"u8, block, "id"u8);
            writer.WriteString("type"u8, isCustom ? "custom"u8 : "function"u8);
            writer.WriteStartObject(isCustom ? "custom"u8 : "function"u8);
            writer.Copy("name"u8, block, "name"u8);
            if (isCustom)
            {
                writer.WriteString("input"u8, ChatHead.CustomInput(input));
            }
            else if (input.ValueKind == JsonValueKind.Undefined)
            {
                writer.WriteString("arguments"u8, "{}"u8);
            }
            else
            {
                writer.WriteAsString("arguments"u8, input);
            }

            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        if (calls > 0)
        {
            writer.WriteEndArray();
        }
    }

    private static void WriteAnnotations(Utf8JsonWriter writer, JsonElement content)
    {
        var written = 0;
        var start = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (!block.Given("text"u8, JsonValueKind.String, out var text) || !block.Says("type"u8, "text"u8))
            {
                continue;
            }

            var end = start + Wire.Length(text);
            foreach (var citation in block.Items("citations"u8))
            {
                if (written++ == 0)
                {
                    writer.WriteStartArray("annotations"u8);
                }

                Citations.WriteAnnotation(writer, citation, start, end);
            }

            start = end;
        }

        if (written > 0)
        {
            writer.WriteEndArray();
        }
    }
}
