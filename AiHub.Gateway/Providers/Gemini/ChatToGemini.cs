using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Gemini;

/// <param name="Dropped">Paths of what could not be translated, each once.</param>
/// <param name="CustomTools">Tools that take free text. Gemini has only tools with a schema, so their text travels in a member <c>input</c>.</param>
internal sealed record GeminiTranslation(IReadOnlyList<string> Dropped, FrozenSet<string> CustomTools);

/// <summary>Turns a Chat Completions request into Gemini's <c>generateContent</c>.</summary>
internal sealed class ChatToGemini
{
    // Said elsewhere, decided by the hub, or part of how the answer is delivered.
    private static readonly FrozenSet<string> Handled = FrozenSet.Create(
        "model", "messages", "tools", "tool_choice", "max_tokens", "max_completion_tokens", "stream", "stream_options", "temperature", "top_p", "top_k", "stop", "n",
        "presence_penalty", "frequency_penalty", "seed", "logprobs", "top_logprobs", "response_format", "reasoning_effort", "reasoning", "web_search_options",
        "modalities", "models", "route", "provider", "usage", "session_id", "google");

    // What Google has a name for and other vendors' clients write as a tool's type.
    private static readonly FrozenDictionary<string, string> OwnTools = new Dictionary<string, string>
    {
        ["google_search"] = "googleSearch",
        ["googleSearch"] = "googleSearch",
        ["code_execution"] = "codeExecution",
        ["codeExecution"] = "codeExecution",
        ["url_context"] = "urlContext",
        ["urlContext"] = "urlContext",
    }.ToFrozenDictionary();

    private readonly JsonElement _request;
    private readonly WireTarget _target;
    private readonly Utf8JsonWriter _writer;
    private readonly List<string> _dropped = [];
    private readonly HashSet<string> _customTools = [];

    // What the calls that results belong to were named: Gemini goes by names.
    private readonly Dictionary<string, string> _calls = [];

    private ChatToGemini(JsonElement request, WireTarget target, Utf8JsonWriter writer) => (_request, _target, _writer) = (request, target, writer);

    public static GeminiTranslation Translate(JsonElement request, WireTarget target, long? outputCap, IBufferWriter<byte> gemini)
    {
        using var writer = new Utf8JsonWriter(gemini, Wire.Writer);
        var translation = new ChatToGemini(request, target, writer);
        translation.WriteRequest(outputCap);
        writer.Flush();
        return new GeminiTranslation(translation._dropped, translation._customTools.ToFrozenSet());
    }

    private void WriteRequest(long? outputCap)
    {
        _writer.WriteStartObject();
        WriteSystem();
        WriteContents();
        WriteTools();
        WriteGenerationConfig(outputCap);
        foreach (var parameter in _request.EnumerateObject())
        {
            if (!Handled.Contains(parameter.Name) && !IsNeutral(parameter))
            {
                Drop(parameter.Name);
            }
        }

        if (_request.Given("google"u8, JsonValueKind.Object, out var native))
        {
            // Safety settings, cached content: whoever writes them knows whom they speak to.
            foreach (var member in native.EnumerateObject().Where(member => member.Name is "safetySettings" or "cachedContent" or "labels"))
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }
        }

        _writer.WriteEndObject();
    }

    // What says no more than the default does: many clients always send it.
    private static bool IsNeutral(JsonProperty parameter) => parameter.Value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.False => parameter.Name is "store",
        JsonValueKind.True => parameter.Name is "parallel_tool_calls",
        JsonValueKind.String => parameter.Name is "service_tier" && parameter.Value.ValueEquals("auto"u8),
        _ => false,
    };

    private static bool IsSystem(JsonElement message) => message.Says("role"u8, "system"u8) || message.Says("role"u8, "developer"u8);

    private void WriteSystem()
    {
        var begun = false;
        foreach (var message in _request.Items("messages"u8).Where(IsSystem))
        {
            foreach (var text in TextsOf(message))
            {
                if (!begun)
                {
                    begun = true;
                    _writer.WriteStartObject("systemInstruction"u8);
                    _writer.WriteStartArray("parts"u8);
                }

                WriteText(text);
            }
        }

        if (begun)
        {
            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }
    }

    private IEnumerable<JsonElement> TextsOf(JsonElement message)
    {
        NoteCacheControl(message, "messages[]");
        if (!message.Given("content"u8, out var content))
        {
            yield break;
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            if (!content.IsEmptyText())
            {
                yield return content;
            }

            yield break;
        }

        foreach (var part in content.Items())
        {
            NoteCacheControl(part, "messages[].content[]");
            if (part.Given("text"u8, JsonValueKind.String, out var text) && !text.IsEmptyText())
            {
                yield return text;
            }
        }
    }

    private void WriteContents()
    {
        _writer.WriteStartArray("contents"u8);
        string? open = null;
        foreach (var message in _request.Items("messages"u8).Where(message => !IsSystem(message) && SaysAnything(message)))
        {
            var role = message.Text("role"u8);
            if (role is not ("user" or "assistant" or "tool" or "function"))
            {
                Drop($"messages[].role.{role}");
                continue;
            }

            // What tools answered is the user's, and so is what the user says next; Gemini wants speakers to take turns.
            var speaker = role == "assistant" ? "model" : "user";
            if (open != speaker)
            {
                End();
                _writer.WriteStartObject();
                _writer.WriteString("role"u8, speaker);
                _writer.WriteStartArray("parts"u8);
                open = speaker;
            }

            NoteCacheControl(message, "messages[]");
            if (message.Given("name"u8, out _) && role != "function")
            {
                Drop("messages[].name");
            }

            switch (role)
            {
                case "assistant":
                    WriteAssistant(message);
                    break;
                case "user":
                    WriteParts(message);
                    break;
                default:
                    WriteToolResult(message);
                    break;
            }
        }

        End();
        _writer.WriteEndArray();

        void End()
        {
            if (open is not null)
            {
                _writer.WriteEndArray();
                _writer.WriteEndObject();
            }
        }
    }

    // A turn without parts is refused.
    private static bool SaysAnything(JsonElement message) =>
        message.Given("content"u8, out var content) && !content.IsEmptyText() || message.Says("role"u8, "tool"u8) || message.Given("refusal"u8, out _)
        || message.Items("tool_calls"u8).Any() || message.Items("reasoning_details"u8).Any() || message.Items("images"u8).Any();

    private void WriteParts(JsonElement message)
    {
        if (!message.Given("content"u8, out var content))
        {
            return;
        }

        if (content.ValueKind == JsonValueKind.String)
        {
            WriteText(content);
            return;
        }

        foreach (var part in content.Items())
        {
            WritePart(part);
        }
    }

    private void WriteText(JsonElement text)
    {
        _writer.WriteStartObject();
        _writer.Copy("text"u8, text);
        _writer.WriteEndObject();
    }

    private void WritePart(JsonElement part)
    {
        NoteCacheControl(part, "messages[].content[]");
        switch (part.Text("type"u8))
        {
            case "text" or "input_text" or null when part.Given("text"u8, JsonValueKind.String, out var text):
                WriteText(text);
                break;
            case "refusal" when part.Given("refusal"u8, JsonValueKind.String, out var refusal):
                WriteText(refusal);
                break;
            case "image_url" or "video_url" when Url(part) is { } url:
                WriteMedia(url, null);
                if (part.Given("image_url"u8, out var image) && image.Text("detail"u8) is not (null or "auto"))
                {
                    Drop("messages[].content[].image_url.detail");
                }

                break;
            case "input_audio" when part.Given("input_audio"u8, out var audio) && audio.Text("data"u8) is { } data:
                WriteInline($"audio/{audio.Text("format"u8) ?? "wav"}", data);
                break;
            case "file" when part.Given("file"u8, out var file) && (file.Text("file_data"u8) ?? file.Text("file_url"u8)) is { } body:
                WriteMedia(body, file.Text("filename"u8));
                break;
            case var other:
                Drop($"messages[].content[].{other ?? "type"}");
                break;
        }
    }

    private static string? Url(JsonElement part) =>
        part.Given("image_url"u8, out var media) || part.Given("video_url"u8, out media)
            ? media.ValueKind == JsonValueKind.String ? media.Plain() : media.Text("url"u8)
            : null;

    // data:image/png;base64,iVBORw0… or an address
    private void WriteMedia(string url, string? name)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (url.StartsWith("data:", StringComparison.Ordinal) && comma > 0)
        {
            var head = url[5..comma];
            var type = head[..(head.IndexOf(';', StringComparison.Ordinal) is >= 0 and var end ? end : head.Length)];
            var data = head.EndsWith(";base64", StringComparison.Ordinal)
                ? url[(comma + 1)..]
                : Convert.ToBase64String(Encoding.UTF8.GetBytes(Uri.UnescapeDataString(url[(comma + 1)..])));
            WriteInline(type.Length > 0 ? type : "text/plain", data);
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteStartObject("fileData"u8);
        if (MediaTypeOf(name ?? url) is { } known)
        {
            _writer.WriteString("mimeType"u8, known);
        }

        _writer.WriteString("fileUri"u8, url);
        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    private static string? MediaTypeOf(string url)
    {
        var path = url.AsSpan(0, url.AsSpan().IndexOfAny('?', '#') is >= 0 and var end ? end : url.Length);
        var dot = path.LastIndexOf('.');
        return dot < 0 ? null : path[(dot + 1)..].ToString().ToLowerInvariant() switch
        {
            "png" => "image/png",
            "jpg" or "jpeg" => "image/jpeg",
            "webp" => "image/webp",
            "gif" => "image/gif",
            "heic" => "image/heic",
            "pdf" => "application/pdf",
            "mp4" => "video/mp4",
            "mov" => "video/quicktime",
            "webm" => "video/webm",
            "mp3" => "audio/mp3",
            "wav" => "audio/wav",
            "txt" or "md" => "text/plain",
            _ => null,
        };
    }

    private void WriteInline(string type, string data)
    {
        _writer.WriteStartObject();
        WriteInlineData(type, data);
        _writer.WriteEndObject();
    }

    private void WriteInlineData(string type, string data)
    {
        _writer.WriteStartObject("inlineData"u8);
        _writer.WriteString("mimeType"u8, type == "image/jpg" ? "image/jpeg" : type);
        _writer.WriteString("data"u8, data);
        _writer.WriteEndObject();
    }

    private void WriteAssistant(JsonElement message)
    {
        var thoughts = GeminiThoughts.Of(message, Drop);
        if (!thoughts.Any && (message.Given("reasoning_content"u8, out var reasoning) || message.Given("reasoning"u8, out reasoning)) && !reasoning.IsEmptyText())
        {
            // Gemini only takes back what it has signed.
            Drop("messages[].reasoning_content");
        }

        thoughts.WriteBefore(_writer);
        if (message.Given("content"u8, out var content))
        {
            if (content.ValueKind == JsonValueKind.String)
            {
                WriteSpoken(content, thoughts.OfText());
            }
            else
            {
                foreach (var part in content.Items())
                {
                    NoteCacheControl(part, "messages[].content[]");
                    if (part.Given("text"u8, JsonValueKind.String, out var text) || part.Given("refusal"u8, JsonValueKind.String, out text))
                    {
                        WriteSpoken(text, thoughts.OfText());
                    }
                }
            }
        }

        if (message.Text("refusal"u8) is { Length: > 0 } refusal)
        {
            _writer.WriteStartObject();
            _writer.WriteString("text"u8, refusal);
            _writer.WriteEndObject();
        }

        foreach (var image in message.Items("images"u8))
        {
            if (Url(image) is { } url)
            {
                WriteMedia(url, null);
            }
        }

        if (thoughts.OfText() is { ValueKind: JsonValueKind.String } left)
        {
            // A signature whose text was empty stands alone.
            _writer.WriteStartObject();
            _writer.WriteString("text"u8, ""u8);
            _writer.Copy("thoughtSignature"u8, left);
            _writer.WriteEndObject();
        }

        foreach (var call in message.Items("tool_calls"u8))
        {
            WriteCall(call, thoughts);
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

    private void WriteSpoken(JsonElement text, JsonElement signature)
    {
        if (text.IsEmptyText() && signature.ValueKind != JsonValueKind.String)
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.Copy("text"u8, text);
        if (signature.ValueKind == JsonValueKind.String)
        {
            _writer.Copy("thoughtSignature"u8, signature);
        }

        _writer.WriteEndObject();
    }

    private void WriteCall(JsonElement call, GeminiThoughts thoughts)
    {
        var isCustom = call.Given("custom"u8, out var function);
        if (!isCustom)
        {
            call.Given("function"u8, out function);
        }

        var id = call.Text("id"u8) ?? "";
        var name = function.Text("name"u8) ?? "";
        _calls[id] = name;
        _writer.WriteStartObject();
        _writer.WriteStartObject("functionCall"u8);
        WriteId(id);
        _writer.WriteString("name"u8, name);
        if (isCustom)
        {
            _writer.WriteStartObject("args"u8);
            _writer.Copy("input"u8, function, "input"u8);
            _writer.WriteEndObject();
        }
        else
        {
            function.Given("arguments"u8, out var arguments);
            ToolInput.Write(_writer, arguments, "args"u8);
        }

        _writer.WriteEndObject();
        if (thoughts.OfCall(call, id) is { ValueKind: JsonValueKind.String } signature)
        {
            _writer.Copy("thoughtSignature"u8, signature);
        }

        _writer.WriteEndObject();
    }

    // An id the hub made up for a call that came without one means nothing to Gemini.
    private void WriteId(string id)
    {
        if (id.Length > 0 && !id.StartsWith(GeminiAnswer.MadeUpId, StringComparison.Ordinal))
        {
            _writer.WriteString("id"u8, id);
        }
    }

    private void WriteToolResult(JsonElement message)
    {
        var id = message.Text("tool_call_id"u8) ?? "";
        _writer.WriteStartObject();
        _writer.WriteStartObject("functionResponse"u8);
        WriteId(id);
        _writer.WriteString("name"u8, _calls.GetValueOrDefault(id) ?? message.Text("name"u8) ?? "unknown");
        message.Given("content"u8, out var content);
        WriteResponse(content, message.Flag("is_error"u8));
        _writer.WriteEndObject();
        _writer.WriteEndObject();

        foreach (var part in content.Items().Where(part => part.Text("type"u8) is not (null or "text" or "input_text")))
        {
            WritePart(part);
        }
    }

    private void WriteResponse(JsonElement content, bool failed)
    {
        _writer.WritePropertyName("response"u8);
        var text = content.ValueKind switch
        {
            JsonValueKind.String => content.Plain(),
            JsonValueKind.Array => string.Concat(content.EnumerateArray().Select(part => part.Text("text"u8))),
            JsonValueKind.Undefined => "",
            _ => content.GetRawText(),
        };
        if (!failed && Wire.TryParse(Encoding.UTF8.GetBytes(text), out var json) && json.ValueKind == JsonValueKind.Object)
        {
            _writer.Copy(json);
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString(failed ? "error"u8 : "result"u8, text);
        _writer.WriteEndObject();
    }

    private void WriteTools()
    {
        var functions = new List<JsonElement>();
        var own = new List<(string Name, JsonElement Tool)>();
        foreach (var tool in _request.Items("tools"u8))
        {
            NoteCacheControl(tool, "tools[]");
            if (tool.Text("type"u8) is { } type && OwnTools.TryGetValue(type, out var name))
            {
                own.Add((name, tool.Given(Encoding.UTF8.GetBytes(type), out var options) ? options : default));
            }
            else if (tool.Given("function"u8, out _) || tool.Given("custom"u8, out _))
            {
                functions.Add(tool);
            }
            else
            {
                Drop("tools[].type");
            }
        }

        if (_request.Given("web_search_options"u8, out var search))
        {
            own.Add(("googleSearch", default));
            if (search.ValueKind == JsonValueKind.Object && search.EnumerateObject().Any())
            {
                Drop("web_search_options");
            }
        }

        if (functions.Count + own.Count == 0)
        {
            return;
        }

        _writer.WriteStartArray("tools"u8);
        if (functions.Count > 0)
        {
            _writer.WriteStartObject();
            _writer.WriteStartArray("functionDeclarations"u8);
            foreach (var tool in functions)
            {
                WriteDeclaration(tool);
            }

            _writer.WriteEndArray();
            _writer.WriteEndObject();
        }

        foreach (var (name, options) in own)
        {
            _writer.WriteStartObject();
            _writer.WritePropertyName(name);
            if (options.ValueKind == JsonValueKind.Object)
            {
                _writer.Copy(options);
            }
            else
            {
                _writer.WriteStartObject();
                _writer.WriteEndObject();
            }

            _writer.WriteEndObject();
        }

        _writer.WriteEndArray();
        if (functions.Count > 0)
        {
            WriteToolChoice();
        }
    }

    private void WriteDeclaration(JsonElement tool)
    {
        var isCustom = !tool.Given("function"u8, out var function) && tool.Given("custom"u8, out function);
        _writer.WriteStartObject();
        _writer.Copy("name"u8, function, "name"u8);
        _writer.Copy("description"u8, function, "description"u8);
        if (isCustom)
        {
            _customTools.Add(function.Text("name"u8) ?? "");
            _writer.WritePropertyName("parametersJsonSchema"u8);
            _writer.WriteRawValue("""{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"""u8, skipInputValidation: true);
            if (function.Given("format"u8, out var format) && !format.Says("type"u8, "text"u8))
            {
                Drop("tools[].custom.format");
            }
        }
        else
        {
            _writer.Copy("parametersJsonSchema"u8, function, "parameters"u8);
            if (function.Flag("strict"u8))
            {
                Drop("tools[].function.strict");
            }
        }

        _writer.WriteEndObject();
    }

    private void WriteToolChoice()
    {
        if (!_request.Given("tool_choice"u8, out var choice))
        {
            return;
        }

        List<string> names = [];
        var mode = choice.ValueKind == JsonValueKind.String ? choice.Plain() : "required";
        if (choice.Says("type"u8, "allowed_tools"u8) && choice.Given("allowed_tools"u8, out var allowed))
        {
            mode = allowed.Text("mode"u8) ?? "auto";
            names.AddRange(allowed.Items("tools"u8).Select(NameOf).OfType<string>());
        }
        else if (NameOf(choice) is { } name)
        {
            names.Add(name);
        }

        _writer.WriteStartObject("toolConfig"u8);
        _writer.WriteStartObject("functionCallingConfig"u8);
        // Names only go with a mode that calls: VALIDATED lets the model choose, within them.
        _writer.WriteString("mode"u8, mode switch { "none" => "NONE", "required" => "ANY", _ => names.Count > 0 ? "VALIDATED" : "AUTO" });
        if (names.Count > 0 && mode != "none")
        {
            _writer.WriteStartArray("allowedFunctionNames"u8);
            foreach (var name in names)
            {
                _writer.WriteStringValue(name);
            }

            _writer.WriteEndArray();
        }

        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    private static string? NameOf(JsonElement tool) =>
        tool.Given("function"u8, out var inner) || tool.Given("custom"u8, out inner) ? inner.Text("name"u8) : tool.Text("name"u8);

    private void WriteGenerationConfig(long? outputCap)
    {
        _writer.WriteStartObject("generationConfig"u8);
        var limit = _request.Number("max_completion_tokens"u8) ?? _request.Number("max_tokens"u8);
        if (outputCap is { } cap && !(limit <= cap))
        {
            limit = cap;
        }

        if (limit is { } most)
        {
            _writer.WriteNumber("maxOutputTokens"u8, most);
        }

        _writer.Copy("temperature"u8, _request, "temperature"u8);
        _writer.Copy("topP"u8, _request, "top_p"u8);
        _writer.Copy("topK"u8, _request, "top_k"u8);
        _writer.Copy("seed"u8, _request, "seed"u8);
        _writer.Copy("presencePenalty"u8, _request, "presence_penalty"u8);
        _writer.Copy("frequencyPenalty"u8, _request, "frequency_penalty"u8);
        if (_request.Number("n"u8) is > 1 and var choices)
        {
            _writer.WriteNumber("candidateCount"u8, choices);
        }

        if (_request.Given("stop"u8, out var stop))
        {
            _writer.WriteStartArray("stopSequences"u8);
            foreach (var sequence in stop.ValueKind == JsonValueKind.String ? [stop] : stop.Items().ToArray())
            {
                _writer.Copy(sequence);
            }

            _writer.WriteEndArray();
        }

        if (_request.Flag("logprobs"u8))
        {
            _writer.WriteBoolean("responseLogprobs"u8, true);
            _writer.Copy("logprobs"u8, _request, "top_logprobs"u8);
        }

        WriteModalities();
        WriteFormat();
        WriteThinking();
        _writer.WriteEndObject();
    }

    private void WriteModalities()
    {
        if (!_request.Given("modalities"u8, JsonValueKind.Array, out var modalities))
        {
            return;
        }

        _writer.WriteStartArray("responseModalities"u8);
        foreach (var modality in modalities.EnumerateArray().Where(modality => modality.ValueKind == JsonValueKind.String))
        {
            _writer.WriteStringValue(modality.Plain().ToUpperInvariant());
        }

        _writer.WriteEndArray();
    }

    private void WriteFormat()
    {
        _request.Given("response_format"u8, out var format);
        switch (format.Text("type"u8))
        {
            case "json_object":
                _writer.WriteString("responseMimeType"u8, "application/json"u8);
                break;
            case "json_schema" when format.Given("json_schema"u8, out var described):
                _writer.WriteString("responseMimeType"u8, "application/json"u8);
                _writer.Copy("responseJsonSchema"u8, described, "schema"u8);
                break;
            case not (null or "text"):
                Drop("response_format");
                break;
        }
    }

    private void WriteThinking()
    {
        _request.Given("reasoning"u8, JsonValueKind.Object, out var reasoning);
        var effort = _request.Text("reasoning_effort"u8) ?? reasoning.Text("effort"u8);
        var budget = reasoning.Number("max_tokens"u8);
        var off = effort == "none" || reasoning.Given("enabled"u8, JsonValueKind.False, out _);
        if (effort is null && budget is null && !off && !reasoning.Flag("enabled"u8))
        {
            return;
        }

        if (_target.Quirks.Thinking == "none")
        {
            if (!off)
            {
                Drop(_request.Given("reasoning_effort"u8, out _) ? "reasoning_effort" : "reasoning");
            }

            return;
        }

        _writer.WriteStartObject("thinkingConfig"u8);
        if (budget is not null || _target.Quirks.Thinking == "budget")
        {
            // Automatic is -1.
            _writer.WriteNumber("thinkingBudget"u8, off ? 0 : budget ?? (effort is null ? -1 : Efforts.Budget(effort) ?? -1));
        }
        else if (off || effort is not null)
        {
            // Current models cannot be kept from thinking; this is the least.
            _writer.WriteString("thinkingLevel"u8, off ? "minimal" : effort is "xhigh" or "max" ? "high" : effort);
        }

        _writer.WriteBoolean("includeThoughts"u8, !off && !reasoning.Flag("exclude"u8));
        _writer.WriteEndObject();
    }

    // Gemini caches by itself; where to is not up to the caller.
    private void NoteCacheControl(JsonElement holder, string path)
    {
        if (holder.Given("cache_control"u8, out _))
        {
            Drop($"{path}.cache_control");
        }
    }

    private void Drop(string path)
    {
        if (!_dropped.Contains(path))
        {
            _dropped.Add(path);
        }
    }
}
