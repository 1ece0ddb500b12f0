using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Responses;

/// <summary>Says an answer of OpenAI's Responses in Chat Completions: a whole response, or the events of a stream, one chunk at most for each.</summary>
/// <remarks><c>{"type":"response.output_text.delta","output_index":1,"delta":"Hello"}</c></remarks>
internal sealed class ResponsesAnswer(DateTimeOffset created)
{
    private readonly Dictionary<long, int> _calls = [];
    private readonly HashSet<long> _filledCalls = [];
    private byte[] _id = [];
    private byte[] _model = [];
    private bool _begun;
    private bool _thought;

    /// <summary>The vendor has said that the answer is whole. A stream that closes before is broken.</summary>
    public bool Finished { get; private set; }

    /// <returns>False, with nothing written, when this is no response.</returns>
    public bool TryWriteWhole(JsonElement response, IBufferWriter<byte> chat)
    {
        if (!response.Given("output"u8, JsonValueKind.Array, out var output))
        {
            return false;
        }

        Adopt(response);
        using var writer = new Utf8JsonWriter(chat, Wire.Writer);
        Open(writer, "chat.completion"u8, response);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("message"u8);
        writer.WriteString("role"u8, "assistant"u8);
        WriteSpoken(writer, output);
        WriteThoughts(writer, output);
        WriteCalls(writer, output);
        writer.WriteEndObject();
        WriteLogprobs(writer, output);
        WriteReason(writer, response, _calls.Count > 0);
        writer.WriteEndObject();
        writer.WriteEndArray();
        WriteUsage(writer, response);
        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    /// <returns>Whether a chunk was written.</returns>
    public bool Push(JsonElement sent, IBufferWriter<byte> chunk)
    {
        using var writer = new Utf8JsonWriter(chunk, Wire.Writer);
        var number = sent.Number("output_index"u8) ?? 0;
        sent.Given("delta"u8, JsonValueKind.String, out var delta);
        switch (sent.Text("type"u8))
        {
            case "response.created" or "response.in_progress" or "response.queued":
                sent.Given("response"u8, out var begun);
                Adopt(begun);
                return !_begun && Say(writer, () => writer.WriteString("content"u8, ""u8));
            case "response.output_text.delta" when !delta.IsEmptyText():
                return Say(writer, () => writer.Copy("content"u8, delta), sent);
            case "response.refusal.delta":
                return Say(writer, () => writer.Copy("refusal"u8, delta));
            case "response.reasoning_summary_part.added" when _thought:
                return Say(writer, () => writer.WriteString("reasoning_content"u8, "\n\n"u8));
            case "response.reasoning_summary_text.delta":
                _thought = true;
                return Say(writer, () =>
                {
                    writer.Copy("reasoning_content"u8, delta);
                    BeginDetail(writer, "reasoning.summary"u8, number);
                    writer.Copy("summary"u8, delta);
                    EndDetail(writer);
                });
            case "response.reasoning_text.delta":
                _thought = true;
                return Say(writer, () => writer.Copy("reasoning_content"u8, delta));
            case "response.output_item.added" when sent.Given("item"u8, out var added) && IsCall(added):
                return Say(writer, () => WriteCallStart(writer, added, number));
            case "response.function_call_arguments.delta":
                _filledCalls.Add(number);
                return Say(writer, () => WriteCallMore(writer, number, "function"u8, "arguments"u8, delta));
            case "response.custom_tool_call_input.delta":
                _filledCalls.Add(number);
                return Say(writer, () => WriteCallMore(writer, number, "custom"u8, "input"u8, delta));
            case "response.output_item.done" when sent.Given("item"u8, out var item):
                return EndItem(writer, item, number);
            case "response.output_text.annotation.added" when sent.Given("annotation"u8, out var annotation):
                return Say(writer, () =>
                {
                    writer.WriteStartArray("annotations"u8);
                    WriteAnnotation(writer, annotation);
                    writer.WriteEndArray();
                });
            case "response.completed" or "response.incomplete":
                sent.Given("response"u8, out var response);
                Finished = true;
                return End(writer, response);
            default:
                return false;
        }
    }

    private static bool IsCall(JsonElement item) => item.Says("type"u8, "function_call"u8) || item.Says("type"u8, "custom_tool_call"u8);

    private void Adopt(JsonElement response)
    {
        _id = Encoding.UTF8.GetBytes(response.Text("id"u8) ?? "");
        _model = Encoding.UTF8.GetBytes(response.Text("model"u8) ?? "");
    }

    private void Open(Utf8JsonWriter writer, ReadOnlySpan<byte> kind, JsonElement response)
    {
        writer.WriteStartObject();
        writer.WriteString("id"u8, _id);
        writer.WriteString("object"u8, kind);
        writer.WriteNumber("created"u8, created.ToUnixTimeSeconds());
        writer.WriteString("model"u8, _model);
        writer.Copy("service_tier"u8, response, "service_tier"u8);
    }

    private bool Say(Utf8JsonWriter writer, Action delta, JsonElement sent = default)
    {
        Open(writer, "chat.completion.chunk"u8, default);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("delta"u8);
        if (!_begun)
        {
            _begun = true;
            writer.WriteString("role"u8, "assistant"u8);
        }

        delta();
        writer.WriteEndObject();
        if (sent.Given("logprobs"u8, JsonValueKind.Array, out var logprobs) && logprobs.GetArrayLength() > 0)
        {
            writer.WriteStartObject("logprobs"u8);
            writer.Copy("content"u8, logprobs);
            writer.WriteEndObject();
        }

        writer.WriteNull("finish_reason"u8);
        writer.WriteEndObject();
        writer.WriteEndArray();
        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    private bool EndItem(Utf8JsonWriter writer, JsonElement item, long number)
    {
        if (IsCall(item))
        {
            // Some vendors send a call whole, without its pieces.
            var custom = item.Says("type"u8, "custom_tool_call"u8);
            return !_filledCalls.Contains(number) && item.Given(custom ? "input"u8 : "arguments"u8, JsonValueKind.String, out var whole) && !whole.IsEmptyText()
                && Say(writer, () =>
                {
                    if (_calls.ContainsKey(number))
                    {
                        WriteCallMore(writer, number, custom ? "custom"u8 : "function"u8, custom ? "input"u8 : "arguments"u8, whole);
                    }
                    else
                    {
                        WriteCallStart(writer, item, number, whole);
                    }
                });
        }

        if (item.Says("type"u8, "message"u8) || item.Says("type"u8, "reasoning"u8) && !item.Given("encrypted_content"u8, out _))
        {
            return false;
        }

        return Say(writer, () =>
        {
            writer.WriteStartArray("reasoning_details"u8);
            WriteDetail(writer, item, number);
            writer.WriteEndArray();
        });
    }

    private bool End(Utf8JsonWriter writer, JsonElement response)
    {
        Open(writer, "chat.completion.chunk"u8, response);
        writer.WriteStartArray("choices"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, 0);
        writer.WriteStartObject("delta"u8);
        writer.WriteEndObject();
        WriteReason(writer, response, _calls.Count > 0);
        writer.WriteEndObject();
        writer.WriteEndArray();
        WriteUsage(writer, response);
        writer.WriteEndObject();
        writer.Flush();
        return true;
    }

    private void WriteCallStart(Utf8JsonWriter writer, JsonElement item, long number, JsonElement whole = default)
    {
        var custom = item.Says("type"u8, "custom_tool_call"u8);
        var index = _calls[number] = _calls.Count;
        writer.WriteStartArray("tool_calls"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, index);
        writer.WriteString("id"u8, item.Text("call_id"u8));
        writer.WriteString("type"u8, custom ? "custom"u8 : "function"u8);
        writer.WriteStartObject(custom ? "custom"u8 : "function"u8);
        writer.Copy("name"u8, item, "name"u8);
        writer.WritePropertyName(custom ? "input"u8 : "arguments"u8);
        if (whole.ValueKind == JsonValueKind.String)
        {
            writer.Copy(whole);
        }
        else
        {
            writer.WriteStringValue(""u8);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private void WriteCallMore(Utf8JsonWriter writer, long number, ReadOnlySpan<byte> kind, ReadOnlySpan<byte> member, JsonElement more)
    {
        writer.WriteStartArray("tool_calls"u8);
        writer.WriteStartObject();
        writer.WriteNumber("index"u8, _calls.GetValueOrDefault(number));
        writer.WriteStartObject(kind);
        writer.Copy(member, more);
        writer.WriteEndObject();
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    private static void BeginDetail(Utf8JsonWriter writer, ReadOnlySpan<byte> type, long number)
    {
        writer.WriteStartArray("reasoning_details"u8);
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        writer.WriteString("format"u8, ChatToResponses.Format);
        writer.WriteNumber("index"u8, number);
    }

    private static void EndDetail(Utf8JsonWriter writer)
    {
        writer.WriteEndObject();
        writer.WriteEndArray();
    }

    // Encrypted thoughts, or an item Chat Completions has no counterpart of: both come back with the next turn.
    private static void WriteDetail(Utf8JsonWriter writer, JsonElement item, long number)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, "reasoning.encrypted"u8);
        if (item.Says("type"u8, "reasoning"u8))
        {
            writer.WriteString("format"u8, ChatToResponses.Format);
            writer.Copy("id"u8, item, "id"u8);
            writer.Copy("data"u8, item, "encrypted_content"u8);
        }
        else
        {
            writer.WriteString("format"u8, ChatToResponses.ItemFormat);
            writer.WriteBase64String("data"u8, Encoding.UTF8.GetBytes(item.GetRawText()));
        }

        writer.WriteNumber("index"u8, number);
        writer.WriteEndObject();
    }

    private static void WriteSpoken(Utf8JsonWriter writer, JsonElement output)
    {
        using var spoken = new PooledBytes();
        string? refusal = null;
        var annotations = new List<JsonElement>();
        foreach (var part in output.EnumerateArray().Where(item => item.Says("type"u8, "message"u8)).SelectMany(item => item.Items("content"u8).ToArray()))
        {
            if (part.Given("text"u8, JsonValueKind.String, out var text))
            {
                spoken.Write(Wire.Inner(text));
                annotations.AddRange(part.Items("annotations"u8));
            }
            else
            {
                refusal = part.Text("refusal"u8) ?? refusal;
            }
        }

        if (spoken.Written.IsEmpty && output.EnumerateArray().Any(IsCall))
        {
            writer.WriteNull("content"u8);
        }
        else
        {
            writer.WriteJoined("content"u8, spoken.Written, default);
        }

        writer.WriteString("refusal"u8, refusal);
        if (annotations.Count > 0)
        {
            writer.WriteStartArray("annotations"u8);
            foreach (var annotation in annotations)
            {
                WriteAnnotation(writer, annotation);
            }

            writer.WriteEndArray();
        }
    }

    // {"type":"url_citation","url":…} has its members one level deeper in Chat Completions.
    private static void WriteAnnotation(Utf8JsonWriter writer, JsonElement annotation)
    {
        var type = annotation.Text("type"u8) ?? "url_citation";
        writer.WriteStartObject();
        writer.WriteString("type"u8, type);
        writer.WriteStartObject(type);
        foreach (var member in annotation.EnumerateObject().Where(member => !member.NameEquals("type"u8)))
        {
            writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
        }

        writer.WriteEndObject();
        writer.WriteEndObject();
    }

    private static void WriteThoughts(Utf8JsonWriter writer, JsonElement output)
    {
        var thoughts = output.EnumerateArray().Where(item => item.Says("type"u8, "reasoning"u8))
            .SelectMany(item => item.Items("summary"u8).Concat(item.Items("content"u8)).Select(part => part.Text("text"u8)).OfType<string>().ToArray())
            .ToArray();
        if (thoughts.Length > 0)
        {
            writer.WriteString("reasoning_content"u8, string.Join("\n\n", thoughts));
        }

        if (!output.EnumerateArray().Any(IsDetail))
        {
            return;
        }

        writer.WriteStartArray("reasoning_details"u8);
        foreach (var (number, item) in output.EnumerateArray().Index())
        {
            foreach (var part in item.Says("type"u8, "reasoning"u8) ? item.Items("summary"u8) : default)
            {
                writer.WriteStartObject();
                writer.WriteString("type"u8, "reasoning.summary"u8);
                writer.WriteString("format"u8, ChatToResponses.Format);
                writer.WriteNumber("index"u8, number);
                writer.Copy("summary"u8, part, "text"u8);
                writer.WriteEndObject();
            }

            if (IsDetail(item))
            {
                WriteDetail(writer, item, number);
            }
        }

        writer.WriteEndArray();
    }

    private static bool IsDetail(JsonElement item) =>
        item.Says("type"u8, "reasoning"u8) ? item.Given("encrypted_content"u8, out _) : !item.Says("type"u8, "message"u8) && !IsCall(item);

    private void WriteCalls(Utf8JsonWriter writer, JsonElement output)
    {
        foreach (var (number, item) in output.EnumerateArray().Index().Where(entry => IsCall(entry.Item)))
        {
            if (_calls.Count == 0)
            {
                writer.WriteStartArray("tool_calls"u8);
            }

            _calls.Add(number, _calls.Count);
            var custom = item.Says("type"u8, "custom_tool_call"u8);
            writer.WriteStartObject();
            writer.Copy("id"u8, item, "call_id"u8);
            writer.WriteString("type"u8, custom ? "custom"u8 : "function"u8);
            writer.WriteStartObject(custom ? "custom"u8 : "function"u8);
            writer.Copy("name"u8, item, "name"u8);
            writer.Copy(custom ? "input"u8 : "arguments"u8, item, custom ? "input"u8 : "arguments"u8);
            writer.WriteEndObject();
            writer.WriteEndObject();
        }

        if (_calls.Count > 0)
        {
            writer.WriteEndArray();
        }
    }

    private static void WriteLogprobs(Utf8JsonWriter writer, JsonElement output)
    {
        var lists = output.EnumerateArray().SelectMany(item => item.Items("content"u8).ToArray()).SelectMany(part => part.Items("logprobs"u8).ToArray()).ToArray();
        if (lists.Length == 0)
        {
            writer.WriteNull("logprobs"u8);
            return;
        }

        writer.WriteStartObject("logprobs"u8);
        writer.WriteStartArray("content"u8);
        foreach (var token in lists)
        {
            writer.Copy(token);
        }

        writer.WriteEndArray();
        writer.WriteEndObject();
    }

    private static void WriteReason(Utf8JsonWriter writer, JsonElement response, bool calls)
    {
        response.Given("incomplete_details"u8, out var details);
        var reason = details.Text("reason"u8);
        writer.WriteString("finish_reason"u8, reason switch
        {
            "max_output_tokens" => "length",
            "content_filter" => "content_filter",
            _ when response.Says("status"u8, "cancelled"u8) => "error",
            _ => calls ? "tool_calls" : "stop",
        });
        writer.WriteString("native_finish_reason"u8, reason ?? response.Text("status"u8));
    }

    private static void WriteUsage(Utf8JsonWriter writer, JsonElement response)
    {
        if (!response.Given("usage"u8, JsonValueKind.Object, out var usage) || usage.Number("input_tokens"u8) is not { } input || usage.Number("output_tokens"u8) is not { } output)
        {
            return;
        }

        usage.Given("input_tokens_details"u8, out var inputs);
        usage.Given("output_tokens_details"u8, out var outputs);
        writer.WriteStartObject("usage"u8);
        writer.WriteNumber("prompt_tokens"u8, input);
        writer.WriteNumber("completion_tokens"u8, output);
        writer.WriteNumber("total_tokens"u8, input + output);
        writer.WriteStartObject("prompt_tokens_details"u8);
        writer.WriteNumber("cached_tokens"u8, inputs.Number("cached_tokens"u8) ?? 0);
        writer.WriteNumber("cache_write_tokens"u8, inputs.Number("cache_write_tokens"u8) ?? 0);
        writer.WriteEndObject();
        writer.WriteStartObject("completion_tokens_details"u8);
        writer.WriteNumber("reasoning_tokens"u8, outputs.Number("reasoning_tokens"u8) ?? 0);
        writer.WriteEndObject();
        writer.WriteEndObject();
    }
}
