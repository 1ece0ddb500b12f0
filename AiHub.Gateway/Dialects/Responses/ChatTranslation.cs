using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Errors;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>What a request builds on that it does not carry itself.</summary>
/// <param name="Turns">The items of the responses before, oldest first, inputs and outputs alike.</param>
/// <param name="Referenced">Items the input names by <c>item_reference</c>, by id.</param>
public sealed record EarlierItems(IReadOnlyList<JsonElement> Turns, IReadOnlyDictionary<string, JsonElement> Referenced)
{
    public static readonly EarlierItems None = new([], new Dictionary<string, JsonElement>());
}

/// <summary>
/// Says a Responses request in the words of Chat Completions. What chat has no words for is named in the list of dropped parameters;
/// members neither dialect knows go along as they are, for they may mean something to the vendor.
/// </summary>
public sealed class ChatTranslation
{
    private readonly ResponsesRequest _request;
    private readonly EarlierItems _earlier;
    private readonly Utf8JsonWriter _chat;
    private readonly List<string> _dropped;

    private ChatTranslation(ResponsesRequest request, EarlierItems earlier, Utf8JsonWriter chat, List<string> dropped) =>
        (_request, _earlier, _chat, _dropped) = (request, earlier, chat, dropped);

    /// <param name="dropped">Gets the paths of what could not be translated: <c>tools[2]</c>, <c>truncation</c>, <c>input[].phase</c>.</param>
    /// <returns>Null when the request was translated.</returns>
    public static OpenAIError? Write(ResponsesRequest request, EarlierItems earlier, IBufferWriter<byte> chat, List<string> dropped)
    {
        using var writer = new Utf8JsonWriter(chat, Wire.Writing);
        return new ChatTranslation(request, earlier, writer, dropped).Write();
    }

    private OpenAIError? Write()
    {
        var body = _request.Body;
        _chat.WriteStartObject();
        _chat.CopyRaw("model"u8, body.Get("model"u8));
        using (var messages = new ChatMessages(_request, _earlier, _chat, _dropped))
        {
            if (messages.Write() is { } refusal)
            {
                return refusal;
            }
        }

        if (_request.Stream)
        {
            _chat.WriteBoolean("stream"u8, true);
            _chat.WriteStartObject("stream_options"u8);
            _chat.WriteBoolean("include_usage"u8, true);
            _chat.WriteEndObject();
        }

        var hasTools = WriteTools(body.Get("tools"u8));
        WriteLogprobs(body.Get("top_logprobs"u8));
        foreach (var member in body.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                WriteMember(member, hasTools);
            }
        }

        _chat.WriteEndObject();
        return null;
    }

    private void WriteMember(JsonProperty member, bool hasTools)
    {
        var value = member.Value;
        switch (member.Name)
        {
            // Written already, or kept by the hub itself: the echo, the store and the events need nothing of the vendor.
            case "model" or "input" or "instructions" or "stream" or "tools" or "tool_choice" or "top_logprobs":
            case "store" or "previous_response_id" or "metadata":
                break;
            case "max_output_tokens":
                _chat.CopyRaw("max_completion_tokens"u8, value);
                break;
            case "parallel_tool_calls":
                // Without tools vendors refuse it, and it means nothing.
                if (hasTools)
                {
                    _chat.CopyRaw("parallel_tool_calls"u8, value);
                }

                break;
            case "reasoning":
                WriteReasoning(value);
                break;
            case "text":
                WriteText(value);
                break;
            case "include":
                CheckInclude(value);
                break;
            case "stream_options":
                DropMembers(value, "stream_options", "include_usage");
                break;
            case "truncation":
                // "disabled" is what chat does anyway.
                if (value.ValueKind != JsonValueKind.String || !value.ValueEquals("disabled"u8))
                {
                    _dropped.Add("truncation");
                }

                break;
            case "background":
                if (value.ValueKind == JsonValueKind.True)
                {
                    _dropped.Add("background");
                }

                break;
            // Members of this dialect that chat lacks, and members of chat that would say twice what is said already.
            case "max_tool_calls" or "context_management" or "moderation" or "prompt_cache_options" or "client_metadata":
            case "messages" or "n" or "functions" or "function_call" or "response_format" or "reasoning_effort" or "verbosity":
            case "max_tokens" or "max_completion_tokens" or "logprobs" or "modalities" or "audio":
                _dropped.Add(member.Name);
                break;
            default:
                _chat.WritePropertyName(member.Name);
                _chat.WriteRawValue(value.Raw(), skipInputValidation: true);
                break;
        }
    }

    private void WriteReasoning(JsonElement reasoning)
    {
        if (reasoning.Get("effort"u8) is { ValueKind: JsonValueKind.String } effort)
        {
            _chat.CopyRaw("reasoning_effort"u8, effort);
        }

        DropMembers(reasoning, "reasoning", "effort", "summary", "generate_summary");
    }

    private void WriteText(JsonElement text)
    {
        var format = text.Get("format"u8);
        switch (format.Text("type"u8))
        {
            case null or "text":
                break;
            case "json_schema":
                _chat.WriteStartObject("response_format"u8);
                _chat.WriteString("type"u8, "json_schema"u8);
                _chat.WriteStartObject("json_schema"u8);
                foreach (var member in format.EnumerateObject().Where(member => !member.NameEquals("type"u8) && member.Value.ValueKind != JsonValueKind.Null))
                {
                    _chat.WritePropertyName(member.Name);
                    _chat.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                }

                _chat.WriteEndObject();
                _chat.WriteEndObject();
                break;
            default:
                // json_object is the same in both; other formats are for the vendor to judge.
                _chat.CopyRaw("response_format"u8, format);
                break;
        }

        if (text.Get("verbosity"u8) is { ValueKind: JsonValueKind.String } verbosity)
        {
            _chat.CopyRaw("verbosity"u8, verbosity);
        }

        DropMembers(text, "text", "format", "verbosity");
    }

    private void WriteLogprobs(JsonElement top)
    {
        var wanted = top.ValueKind == JsonValueKind.Number && !(top.TryGetInt32(out var count) && count == 0);
        if (wanted || _request.Includes("message.output_text.logprobs"u8))
        {
            _chat.WriteBoolean("logprobs"u8, true);
        }

        if (wanted)
        {
            _chat.CopyRaw("top_logprobs"u8, top);
        }
    }

    private void CheckInclude(JsonElement include)
    {
        var index = 0;
        foreach (var one in include.EnumerateArray())
        {
            if (one.ValueKind != JsonValueKind.String
                || !(one.ValueEquals("reasoning.encrypted_content"u8) || one.ValueEquals("message.output_text.logprobs"u8)))
            {
                _dropped.Add($"include[{index}]");
            }

            index++;
        }
    }

    private void DropMembers(JsonElement element, string path, params ReadOnlySpan<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            _dropped.Add(path);
            return;
        }

        foreach (var member in element.EnumerateObject())
        {
            if (member.Value.ValueKind != JsonValueKind.Null && !known.Contains(member.Name))
            {
                _dropped.Add($"{path}.{member.Name}");
            }
        }
    }

    private bool WriteTools(JsonElement tools)
    {
        var choice = _request.Body.Get("tool_choice"u8);
        var allowed = Allowed(choice);
        var written = false;
        if (tools.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var tool in tools.EnumerateArray())
            {
                WriteTool(tool, $"tools[{index++}]", null, allowed, ref written);
            }
        }

        if (written)
        {
            _chat.WriteEndArray();
        }

        WriteChoice(choice, written);
        return written;
    }

    private void WriteTool(JsonElement tool, string path, string? space, HashSet<string>? allowed, ref bool written)
    {
        if (ToolKinds.IsNamespace(tool))
        {
            var index = 0;
            foreach (var member in ToolKinds.Members(tool))
            {
                WriteTool(member, $"{path}.tools[{index++}]", tool.Text("name"u8), allowed, ref written);
            }

            return;
        }

        if (ToolKinds.Of(tool) is not { } kind || tool.Text("name"u8) is not { Length: > 0 } name)
        {
            _dropped.Add(path);
            return;
        }

        var function = ToolNames.Function(space, name);
        // Chat models know no list of allowed tools; leaving the others out comes to the same.
        if (allowed is not null && !allowed.Contains(function))
        {
            return;
        }

        if (!written)
        {
            written = true;
            _chat.WriteStartArray("tools"u8);
        }

        _chat.WriteStartObject();
        _chat.WriteString("type"u8, "function"u8);
        _chat.WriteStartObject("function"u8);
        _chat.WriteString("name"u8, function);
        if (kind == ToolKind.Custom)
        {
            WriteCustom(tool);
        }
        else
        {
            WriteFunction(tool, path);
        }

        _chat.WriteEndObject();
        _chat.WriteEndObject();
    }

    private void WriteFunction(JsonElement tool, string path)
    {
        foreach (var member in tool.EnumerateObject())
        {
            switch (member.Name)
            {
                case "type" or "name":
                    break;
                case "description" or "parameters" or "strict":
                    if (member.Value.ValueKind != JsonValueKind.Null)
                    {
                        _chat.WritePropertyName(member.Name);
                        _chat.WriteRawValue(member.Value.Raw(), skipInputValidation: true);
                    }

                    break;
                // Loading on demand and calling from programs are a vendor's; here every tool is there from the start.
                case "defer_loading" or "allowed_callers":
                    break;
                default:
                    if (member.Value.ValueKind != JsonValueKind.Null)
                    {
                        _dropped.Add($"{path}.{member.Name}");
                    }

                    break;
            }
        }
    }

    private void WriteCustom(JsonElement tool)
    {
        var format = tool.Get("format"u8);
        var grammar = format.Get("definition"u8).Exists() ? format : format.Get("grammar"u8);
        using var description = new JsonText();
        if (tool.Get("description"u8) is { ValueKind: JsonValueKind.String } said)
        {
            description.Append(said.Escaped());
        }

        // Vendors outside OpenAI cannot constrain a model by a grammar, but the model can be told.
        if (grammar.Get("definition"u8) is { ValueKind: JsonValueKind.String } definition)
        {
            description.AppendPlain(description.IsEmpty ? ""u8 : "\n\n"u8);
            description.AppendPlain("The input must follow this "u8);
            description.AppendPlain(Encoding.UTF8.GetBytes(grammar.Text("syntax"u8) ?? "lark"));
            description.AppendPlain(" grammar:\n"u8);
            description.Append(definition.Escaped());
        }

        if (!description.IsEmpty)
        {
            _chat.WriteText("description"u8, description);
        }

        _chat.WritePropertyName("parameters"u8);
        _chat.WriteRawValue(
            """{"type":"object","properties":{"input":{"type":"string","description":"The tool's whole input, as plain text."}},"required":["input"],"additionalProperties":false}"""u8,
            skipInputValidation: true);
    }

    private static HashSet<string>? Allowed(JsonElement choice)
    {
        if (choice.Text("type"u8) != "allowed_tools" || choice.Get("tools"u8) is not { ValueKind: JsonValueKind.Array } tools)
        {
            return null;
        }

        return tools.EnumerateArray()
            .Select(tool => ToolNames.Function(tool.Text("namespace"u8), tool.Text("name"u8) ?? ""))
            .ToHashSet(StringComparer.Ordinal);
    }

    private void WriteChoice(JsonElement choice, bool hasTools)
    {
        if (!choice.Exists())
        {
            return;
        }

        if (!hasTools)
        {
            // "none" and "auto" come true without tools as well.
            if (choice.ValueKind == JsonValueKind.Object || choice.ValueEquals("required"u8))
            {
                _dropped.Add("tool_choice");
            }

            return;
        }

        if (choice.ValueKind == JsonValueKind.String)
        {
            _chat.CopyRaw("tool_choice"u8, choice);
            return;
        }

        switch (choice.Text("type"u8))
        {
            case "allowed_tools":
                _chat.WriteString("tool_choice"u8, choice.Text("mode"u8) ?? "auto");
                break;
            case "function" or "custom":
                _chat.WriteStartObject("tool_choice"u8);
                _chat.WriteString("type"u8, "function"u8);
                _chat.WriteStartObject("function"u8);
                _chat.WriteString("name"u8, ToolNames.Function(choice.Text("namespace"u8), choice.Text("name"u8) ?? ""));
                _chat.WriteEndObject();
                _chat.WriteEndObject();
                break;
            default:
                _dropped.Add("tool_choice");
                break;
        }
    }
}
