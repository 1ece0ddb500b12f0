using System.Buffers;
using System.Text.Json;
using AiHub.Domain.Catalog;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>Turns a Chat Completions answer into an Anthropic message.</summary>
public sealed class MessageAnswer
{
    private readonly MessageHead _head;
    private readonly Utf8JsonWriter _writer;
    private bool _calledTools;

    private MessageAnswer(MessageHead head, Utf8JsonWriter writer) => (_head, _writer) = (head, writer);

    /// <param name="tokens">What the answer used, as it is charged; null when nobody knows.</param>
    /// <returns>False, with nothing written, when the answer has no choice or its vendor gave up on it.</returns>
    public static bool TryWrite(JsonElement answer, MessageHead head, TokenUsage? tokens, IBufferWriter<byte> message)
    {
        if (answer.Items("choices"u8).FirstOrDefault() is not { ValueKind: JsonValueKind.Object } choice
            || !choice.Given("message"u8, JsonValueKind.Object, out var said)
            || choice.Text("finish_reason"u8) is { } reason && StopReasons.IsFailure(reason))
        {
            return false;
        }

        using var writer = new Utf8JsonWriter(message, Wire.Writer);
        new MessageAnswer(head, writer).Write(answer, choice, said, tokens ?? default);
        writer.Flush();
        return true;
    }

    private void Write(JsonElement answer, JsonElement choice, JsonElement said, TokenUsage tokens)
    {
        _writer.WriteStartObject();
        _writer.WriteString("id"u8, _head.Id);
        _writer.WriteString("type"u8, "message"u8);
        _writer.WriteString("role"u8, "assistant"u8);
        _writer.WriteString("model"u8, _head.Model);
        _writer.WriteStartArray("content"u8);
        WriteThoughts(said);
        WriteSpoken(said);
        WriteToolUses(said);
        _writer.WriteEndArray();

        var reason = StopReasons.OfChat(choice, choice.Text("finish_reason"u8), _calledTools);
        var refusal = said.Text("refusal"u8);
        if (reason == "end_turn" && refusal is { Length: > 0 })
        {
            reason = "refusal";
        }

        _writer.WriteString("stop_reason"u8, reason);
        _writer.WriteString("stop_sequence"u8, reason == "stop_sequence" ? choice.Text("stop_reason"u8) : null);
        MessageParts.WriteStopDetails(_writer, reason, refusal);
        _writer.WriteNull("container"u8);
        _writer.WriteNull("diagnostics"u8);
        AnthropicUsage.WriteMessage(_writer, tokens, answer.Says("service_tier"u8, "priority"u8) ? "priority" : null);
        _writer.WriteEndObject();
    }

    private void WriteThoughts(JsonElement said)
    {
        var texts = 0;
        foreach (var detail in said.Items("reasoning_details"u8))
        {
            switch (detail.Text("type"u8))
            {
                case "reasoning.text":
                    texts++;
                    WriteThinking(detail.Given("text"u8, out var text) ? text : default, detail);
                    break;
                case "reasoning.summary":
                    texts++;
                    WriteThinking(detail.Given("summary"u8, out var summary) ? summary : default, detail);
                    break;
                case "reasoning.encrypted" when detail.Says("format"u8, DetailFormat.AnthropicBlock):
                    WriteBlock(detail);
                    break;
                default:
                    WriteRedacted(detail);
                    break;
            }
        }

        if (texts == 0 && (said.Given("reasoning_content"u8, JsonValueKind.String, out var plain) || said.Given("reasoning"u8, JsonValueKind.String, out plain)) && !plain.IsEmptyText())
        {
            WriteThinking(plain, default);
        }
    }

    private void WriteThinking(JsonElement text, JsonElement detail)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "thinking"u8);
        if (text.ValueKind == JsonValueKind.String)
        {
            _writer.Copy("thinking"u8, text);
        }
        else
        {
            _writer.WriteString("thinking"u8, ""u8);
        }

        if (MessageParts.IsAnthropics(detail))
        {
            _writer.Copy("signature"u8, detail.GetProperty("signature"u8));
        }
        else
        {
            _writer.WriteString("signature"u8, MessageParts.SignatureFor(detail));
        }

        _writer.WriteEndObject();
    }

    private void WriteRedacted(JsonElement detail)
    {
        _writer.WriteStartObject();
        MessageParts.WriteRedacted(_writer, detail);
        _writer.WriteEndObject();
    }

    private void WriteBlock(JsonElement detail)
    {
        if (detail.Given("data"u8, JsonValueKind.String, out var data) && data.TryGetBytesFromBase64(out var block))
        {
            _writer.WriteRawValue(block, skipInputValidation: true);
        }
    }

    private void WriteSpoken(JsonElement said)
    {
        if (said.Given("content"u8, JsonValueKind.Array, out var parts))
        {
            // Mistral answers in parts, thinking among them.
            foreach (var part in parts.EnumerateArray())
            {
                if (part.Given("text"u8, JsonValueKind.String, out var text))
                {
                    WriteText(text, default);
                }
                else if (part.Says("type"u8, "thinking"u8))
                {
                    var thoughts = string.Concat(part.Items("thinking"u8).Select(thought => thought.Text("text"u8)));
                    WriteThinking(JsonElement.Parse(JsonSerializer.SerializeToUtf8Bytes(thoughts)), default);
                }
            }
        }
        else if (said.Given("content"u8, JsonValueKind.String, out var content) && !content.IsEmptyText())
        {
            WriteText(content, said);
        }

        if (said.Given("refusal"u8, JsonValueKind.String, out var refusal) && !refusal.IsEmptyText())
        {
            WriteText(refusal, default);
        }
    }

    private void WriteText(JsonElement text, JsonElement annotated)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "text"u8);
        _writer.Copy("text"u8, text);
        if (annotated.Items("annotations"u8).Any())
        {
            _writer.WriteStartArray("citations"u8);
            foreach (var annotation in annotated.Items("annotations"u8))
            {
                Citations.WriteCitation(_writer, annotation);
            }

            _writer.WriteEndArray();
        }
        else
        {
            _writer.WriteNull("citations"u8);
        }

        _writer.WriteEndObject();
    }

    private void WriteToolUses(JsonElement said)
    {
        var number = 0;
        foreach (var call in said.Items("tool_calls"u8))
        {
            _calledTools = true;
            var id = call.Text("id"u8) is { Length: > 0 } given ? given : $"toolu_{_head.Id}_{number}";
            number++;
            if (MessageParts.HasExtras(call))
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "redacted_thinking"u8);
                _writer.WriteString("data"u8, MessageParts.SealExtras(call, id));
                _writer.WriteEndObject();
            }

            WriteToolUse(call.Given("function"u8, out var function) ? function : default, id);
        }

        if (number == 0 && said.Given("function_call"u8, JsonValueKind.Object, out var legacy))
        {
            _calledTools = true;
            WriteToolUse(legacy, $"toolu_{_head.Id}_0");
        }
    }

    private void WriteToolUse(JsonElement function, string id)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "tool_use"u8);
        _writer.WriteString("id"u8, id);
        _writer.WriteString("name"u8, _head.Names.Restore(function.Text("name"u8) ?? ""));
        ToolInput.Write(_writer, function.Given("arguments"u8, out var arguments) ? arguments : default);
        MessageParts.WriteCaller(_writer);
        _writer.WriteEndObject();
    }
}
