using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Responses;

/// <summary>Turns a Chat Completions request into one of OpenAI's Responses.</summary>
internal sealed class ChatToResponses
{
    /// <summary>The format of reasoning that OpenAI encrypted, in <c>reasoning_details</c>.</summary>
    public const string Format = "openai-responses-v1";

    /// <summary>A whole output item that Chat Completions has no counterpart of, such as a search that ran at OpenAI, as base64 of its JSON.</summary>
    public const string ItemFormat = "openai-responses-v1.item";

    // Said elsewhere, decided by the hub, or part of how the answer is delivered.
    private static readonly FrozenSet<string> Handled = FrozenSet.Create(
        "model", "messages", "tools", "tool_choice", "max_tokens", "max_completion_tokens", "stream", "stream_options", "response_format", "verbosity",
        "reasoning_effort", "reasoning", "web_search_options", "logprobs", "top_logprobs", "store", "models", "route", "provider", "usage", "session_id");

    // The same in both.
    private static readonly FrozenSet<string> Alike = FrozenSet.Create(
        "temperature", "top_p", "parallel_tool_calls", "metadata", "user", "safety_identifier", "prompt_cache_key", "prompt_cache_retention", "service_tier");

    private readonly JsonElement _request;
    private readonly Utf8JsonWriter _writer;
    private readonly List<string> _dropped = [];
    private readonly HashSet<string> _customCalls = [];

    private ChatToResponses(JsonElement request, Utf8JsonWriter writer) => (_request, _writer) = (request, writer);

    /// <returns>Paths of what could not be translated, each once.</returns>
    public static IReadOnlyList<string> Translate(JsonElement request, WireTarget target, long? outputCap, IBufferWriter<byte> responses)
    {
        using var writer = new Utf8JsonWriter(responses, Wire.Writer);
        var translation = new ChatToResponses(request, writer);
        translation.WriteRequest(target, outputCap);
        writer.Flush();
        return translation._dropped;
    }

    private void WriteRequest(WireTarget target, long? outputCap)
    {
        _writer.WriteStartObject();
        _writer.WriteString("model"u8, target.Model);
        WriteInput();
        var limit = _request.Number("max_completion_tokens"u8) ?? _request.Number("max_tokens"u8);
        if (outputCap is { } cap && !(limit <= cap))
        {
            limit = cap;
        }

        if (limit is { } most)
        {
            // OpenAI takes no less.
            _writer.WriteNumber("max_output_tokens"u8, Math.Max(16, most));
        }

        WriteTools();
        WriteReasoning(target);
        WriteText();
        _writer.Copy("stream"u8, _request, "stream"u8);

        // Chat keeps nothing unless told to; Responses keep everything.
        _writer.WriteBoolean("store"u8, _request.Flag("store"u8));
        foreach (var parameter in _request.EnumerateObject())
        {
            if (Alike.Contains(parameter.Name))
            {
                if (parameter.Value.ValueKind != JsonValueKind.Null)
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(parameter.Name), parameter.Value);
                }
            }
            else if (!Handled.Contains(parameter.Name) && !IsNeutral(parameter))
            {
                Drop(parameter.Name);
            }
        }

        _writer.WriteEndObject();
    }

    // What says no more than the default does: many clients always send it.
    private static bool IsNeutral(JsonProperty parameter) => parameter.Value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.Number => parameter.Name is "presence_penalty" or "frequency_penalty" && parameter.Value.GetDouble() == 0 || parameter.Name == "n" && parameter.Value.GetDouble() == 1,
        JsonValueKind.Array => parameter.Name == "modalities" && parameter.Value.EnumerateArray().All(kind => kind.ValueKind == JsonValueKind.String && kind.ValueEquals("text"u8)),
        _ => false,
    };

    private void WriteInput()
    {
        _writer.WriteStartArray("input"u8);
        foreach (var message in _request.Items("messages"u8))
        {
            if (message.Given("name"u8, out _) && !message.Says("role"u8, "function"u8))
            {
                Drop("messages[].name");
            }

            if (message.Given("cache_control"u8, out _))
            {
                Drop("messages[].cache_control");
            }

            switch (message.Text("role"u8))
            {
                case "system" or "developer" or "user":
                    WriteMessage(message, message.Text("role"u8)!);
                    break;
                case "assistant":
                    WriteAssistant(message);
                    break;
                case "tool":
                    WriteToolResult(message);
                    break;
                case var role:
                    Drop($"messages[].role.{role}");
                    break;
            }
        }

        _writer.WriteEndArray();
    }

    private void WriteMessage(JsonElement message, string role)
    {
        if (!message.Given("content"u8, out var content))
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "message"u8);
        _writer.WriteString("role"u8, role);
        WriteContent("content"u8, content);
        _writer.WriteEndObject();
    }

    private void WriteContent(ReadOnlySpan<byte> name, JsonElement content)
    {
        if (content.ValueKind != JsonValueKind.Array)
        {
            _writer.Copy(name, content);
            return;
        }

        _writer.WriteStartArray(name);
        foreach (var part in content.EnumerateArray())
        {
            WritePart(part);
        }

        _writer.WriteEndArray();
    }

    private void WritePart(JsonElement part)
    {
        if (part.Given("cache_control"u8, out _))
        {
            Drop("messages[].content[].cache_control");
        }

        switch (part.Text("type"u8))
        {
            case "text" or "input_text" or null when part.Given("text"u8, JsonValueKind.String, out var text):
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "input_text"u8);
                _writer.Copy("text"u8, text);
                _writer.WriteEndObject();
                break;
            case "image_url" when part.Given("image_url"u8, out var image):
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "input_image"u8);
                _writer.WriteString("detail"u8, image.Text("detail"u8) ?? "auto");
                _writer.WriteString("image_url"u8, image.ValueKind == JsonValueKind.String ? image.Plain() : image.Text("url"u8));
                _writer.WriteEndObject();
                break;
            case "file" when part.Given("file"u8, out var file):
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "input_file"u8);
                foreach (var member in file.EnumerateObject().Where(member => member.Name is "file_id" or "file_data" or "filename" or "file_url"))
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }

                _writer.WriteEndObject();
                break;
            case var other:
                Drop($"messages[].content[].{other ?? "type"}");
                break;
        }
    }

    private void WriteAssistant(JsonElement message)
    {
        WriteReasoningItems(message);
        var parts = new List<(string Type, JsonElement Text)>();
        if (message.Given("content"u8, out var content))
        {
            if (content.ValueKind == JsonValueKind.String)
            {
                parts.Add(("output_text", content));
            }
            else
            {
                parts.AddRange(content.Items().Where(part => part.Given("text"u8, out _)).Select(part => ("output_text", part.GetProperty("text"u8))));
                parts.AddRange(content.Items().Where(part => part.Given("refusal"u8, out _)).Select(part => ("refusal", part.GetProperty("refusal"u8))));
            }
        }

        if (message.Given("refusal"u8, JsonValueKind.String, out var refusal))
        {
            parts.Add(("refusal", refusal));
        }

        parts.RemoveAll(part => part.Text.IsEmptyText());
        if (parts.Count > 0)
        {
            _writer.WriteStartObject();
            _writer.WriteString("type"u8, "message"u8);
            _writer.WriteString("role"u8, "assistant"u8);
            _writer.WriteStartArray("content"u8);
            foreach (var (type, text) in parts)
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, type);
                _writer.Copy(type == "refusal" ? "refusal"u8 : "text"u8, text);
                if (type == "output_text")
                {
                    _writer.WriteStartArray("annotations"u8);
                    _writer.WriteEndArray();
                }

                _writer.WriteEndObject();
            }

            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }

        foreach (var call in message.Items("tool_calls"u8))
        {
            WriteCall(call);
        }

        if (message.Given("audio"u8, out _))
        {
            Drop("messages[].audio");
        }

        if (message.Given("function_call"u8, out _))
        {
            Drop("messages[].function_call");
        }
    }

    // {"type":"reasoning","id":"rs_…","summary":[…],"encrypted_content":"…"}
    private void WriteReasoningItems(JsonElement message)
    {
        var details = message.Items("reasoning_details"u8).ToArray();
        if (details.Length == 0 && (message.Given("reasoning_content"u8, out var thoughts) || message.Given("reasoning"u8, out thoughts)) && !thoughts.IsEmptyText())
        {
            // OpenAI only takes back what it has encrypted.
            Drop("messages[].reasoning_content");
        }

        foreach (var detail in details)
        {
            if (detail.Says("format"u8, "openai-responses-v1.item"u8) && detail.Given("data"u8, JsonValueKind.String, out var packed)
                && packed.TryGetBytesFromBase64(out var json) && Wire.TryParse(json, out var item))
            {
                _writer.Copy(item);
            }
            else if (!detail.Says("format"u8, "openai-responses-v1"u8))
            {
                // Another vendor's reasoning: only that vendor can read it.
                Drop("messages[].reasoning_details");
            }
            else if (detail.Given("data"u8, JsonValueKind.String, out var data))
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "reasoning"u8);
                _writer.Copy("id"u8, detail, "id"u8);
                WriteSummary(details, detail.Number("index"u8));
                _writer.Copy("encrypted_content"u8, data);
                _writer.WriteEndObject();
            }
        }
    }

    // A stream brought the summary in pieces.
    private void WriteSummary(JsonElement[] details, long? index)
    {
        _writer.WriteStartArray("summary"u8);
        var summary = string.Concat(details.Where(detail => detail.Says("type"u8, "reasoning.summary"u8) && detail.Number("index"u8) == index).Select(detail => detail.Text("summary"u8)));
        if (summary.Length > 0)
        {
            _writer.WriteStartObject();
            _writer.WriteString("type"u8, "summary_text"u8);
            _writer.WriteString("text"u8, summary);
            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
    }

    private void WriteCall(JsonElement call)
    {
        var id = call.Text("id"u8) ?? "";
        _writer.WriteStartObject();
        if (call.Given("custom"u8, out var custom))
        {
            _customCalls.Add(id);
            _writer.WriteString("type"u8, "custom_tool_call"u8);
            _writer.WriteString("call_id"u8, id);
            _writer.Copy("name"u8, custom, "name"u8);
            _writer.Copy("input"u8, custom, "input"u8);
        }
        else
        {
            call.Given("function"u8, out var function);
            _writer.WriteString("type"u8, "function_call"u8);
            _writer.WriteString("call_id"u8, id);
            _writer.Copy("name"u8, function, "name"u8);
            if (function.Given("arguments"u8, JsonValueKind.String, out var arguments))
            {
                _writer.Copy("arguments"u8, arguments);
            }
            else if (function.Given("arguments"u8, out arguments))
            {
                _writer.WriteAsString("arguments"u8, arguments);
            }
            else
            {
                _writer.WriteString("arguments"u8, "{}"u8);
            }
        }

        _writer.WriteEndObject();
    }

    private void WriteToolResult(JsonElement message)
    {
        var id = message.Text("tool_call_id"u8) ?? "";
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, _customCalls.Contains(id) ? "custom_tool_call_output"u8 : "function_call_output"u8);
        _writer.WriteString("call_id"u8, id);
        message.Given("content"u8, out var content);
        if (content.ValueKind is JsonValueKind.String or JsonValueKind.Array)
        {
            WriteContent("output"u8, content);
        }
        else
        {
            _writer.WriteString("output"u8, content.ValueKind == JsonValueKind.Undefined ? "" : content.GetRawText());
        }

        _writer.WriteEndObject();
    }

    private void WriteTools()
    {
        var count = 0;
        foreach (var tool in _request.Items("tools"u8))
        {
            Begin();
            if (tool.Says("type"u8, "function"u8) && tool.Given("function"u8, out var function))
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "function"u8);
                foreach (var member in function.EnumerateObject().Where(member => member.Name != "strict" && member.Value.ValueKind != JsonValueKind.Null))
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }

                // Strict unless told otherwise, where Chat Completions is not.
                _writer.WriteBoolean("strict"u8, function.Flag("strict"u8));
                _writer.WriteEndObject();
            }
            else if (tool.Says("type"u8, "custom"u8) && tool.Given("custom"u8, out var custom))
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "custom"u8);
                foreach (var member in custom.EnumerateObject())
                {
                    if (member.NameEquals("format"u8) && member.Value.Given("grammar"u8, out var grammar))
                    {
                        _writer.WriteStartObject("format"u8);
                        _writer.WriteString("type"u8, "grammar"u8);
                        foreach (var rule in grammar.EnumerateObject())
                        {
                            _writer.Copy(Encoding.UTF8.GetBytes(rule.Name), rule.Value);
                        }

                        _writer.WriteEndObject();
                    }
                    else
                    {
                        _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                    }
                }

                _writer.WriteEndObject();
            }
            else
            {
                // One of OpenAI's own tools, named by a client that knows the vendor.
                _writer.Copy(tool);
            }
        }

        if (_request.Given("web_search_options"u8, JsonValueKind.Object, out var search))
        {
            Begin();
            WriteWebSearch(search);
        }

        if (count == 0)
        {
            return;
        }

        _writer.WriteEndArray();
        WriteToolChoice();

        void Begin()
        {
            if (count++ == 0)
            {
                _writer.WriteStartArray("tools"u8);
            }
        }
    }

    private void WriteWebSearch(JsonElement search)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "web_search"u8);
        _writer.Copy("search_context_size"u8, search, "search_context_size"u8);
        if (search.Given("user_location"u8, out var location) && location.Given("approximate"u8, JsonValueKind.Object, out var place))
        {
            _writer.WriteStartObject("user_location"u8);
            _writer.WriteString("type"u8, "approximate"u8);
            foreach (var member in place.EnumerateObject())
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }

            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
    }

    // {"type":"function","function":{"name":"f"}} is {"type":"function","name":"f"} here.
    private void WriteToolChoice()
    {
        if (!_request.Given("tool_choice"u8, out var choice))
        {
            return;
        }

        if (choice.Says("type"u8, "allowed_tools"u8) && choice.Given("allowed_tools"u8, out var allowed))
        {
            _writer.WriteStartObject("tool_choice"u8);
            _writer.WriteString("type"u8, "allowed_tools"u8);
            _writer.Copy("mode"u8, allowed, "mode"u8);
            _writer.WriteStartArray("tools"u8);
            foreach (var tool in allowed.Items("tools"u8))
            {
                WriteNamed(tool);
            }

            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }
        else if (choice.ValueKind == JsonValueKind.Object)
        {
            _writer.WritePropertyName("tool_choice"u8);
            WriteNamed(choice);
        }
        else
        {
            _writer.Copy("tool_choice"u8, choice);
        }
    }

    private void WriteNamed(JsonElement tool)
    {
        if (!tool.Given("function"u8, out var inner) && !tool.Given("custom"u8, out inner))
        {
            _writer.Copy(tool);
            return;
        }

        _writer.WriteStartObject();
        _writer.Copy("type"u8, tool, "type"u8);
        _writer.Copy("name"u8, inner, "name"u8);
        _writer.WriteEndObject();
    }

    private void WriteReasoning(WireTarget target)
    {
        _request.Given("reasoning"u8, JsonValueKind.Object, out var reasoning);
        var budget = reasoning.Number("max_tokens"u8);
        var off = reasoning.Given("enabled"u8, JsonValueKind.False, out _);
        var effort = _request.Text("reasoning_effort"u8) ?? reasoning.Text("effort"u8)
            ?? (off ? "none" : budget is { } tokens ? Efforts.OfBudget(tokens) : reasoning.Flag("enabled"u8) ? "medium" : null);
        if (effort is not null && target.Quirks.Thinking == "none")
        {
            if (effort != "none")
            {
                Drop(_request.Given("reasoning_effort"u8, out _) ? "reasoning_effort" : "reasoning");
            }

            effort = null;
        }

        if (effort is not null)
        {
            _writer.WriteStartObject("reasoning"u8);
            _writer.WriteString("effort"u8, effort);
            if (effort != "none" && !reasoning.Flag("exclude"u8))
            {
                _writer.WriteString("summary"u8, "auto"u8);
            }

            _writer.WriteEndObject();
        }

        var logprobs = _request.Flag("logprobs"u8);
        if (logprobs)
        {
            _writer.Copy("top_logprobs"u8, _request, "top_logprobs"u8);
        }

        _writer.WriteStartArray("include"u8);
        if (target.Quirks.Thinking != "none")
        {
            // Without it, thoughts cannot come back with the next turn.
            _writer.WriteStringValue("reasoning.encrypted_content"u8);
        }

        if (logprobs)
        {
            _writer.WriteStringValue("message.output_text.logprobs"u8);
        }

        _writer.WriteEndArray();
    }

    private void WriteText()
    {
        var hasFormat = _request.Given("response_format"u8, JsonValueKind.Object, out var format);
        var hasVerbosity = _request.Given("verbosity"u8, out var verbosity);
        if (!hasFormat && !hasVerbosity)
        {
            return;
        }

        _writer.WriteStartObject("text"u8);
        if (hasFormat)
        {
            _writer.WriteStartObject("format"u8);
            _writer.Copy("type"u8, format, "type"u8);
            if (format.Given("json_schema"u8, JsonValueKind.Object, out var described))
            {
                foreach (var member in described.EnumerateObject())
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }
            }

            _writer.WriteEndObject();
        }

        if (hasVerbosity)
        {
            _writer.Copy("verbosity"u8, verbosity);
        }

        _writer.WriteEndObject();
    }

    private void Drop(string path)
    {
        if (!_dropped.Contains(path))
        {
            _dropped.Add(path);
        }
    }
}
