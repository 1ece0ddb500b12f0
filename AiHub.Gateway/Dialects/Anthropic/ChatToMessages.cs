using System.Buffers;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <param name="Dropped">Paths of what could not be translated, each once; list positions are left out so that the header stays short.</param>
/// <param name="CustomTools">Tools that take free text. Anthropic has only tools with a schema, so their text travels in a member <c>input</c>.</param>
public sealed record MessagesTranslation(IReadOnlyList<string> Dropped, FrozenSet<string> CustomTools);

/// <summary>Turns a Chat Completions request into an Anthropic Messages request.</summary>
public sealed class ChatToMessages
{
    // Decided by the hub, or part of how the answer is delivered.
    private static readonly FrozenSet<string> Handled = FrozenSet.Create(
        "model", "messages", "tools", "tool_choice", "parallel_tool_calls", "max_tokens", "max_completion_tokens", "stream", "stream_options",
        "temperature", "top_p", "top_k", "stop", "user", "safety_identifier", "service_tier", "response_format", "reasoning_effort", "reasoning",
        "web_search_options", "cache_control", "models", "route", "provider", "usage", "session_id", "anthropic", "thinking");

    // Fields of Anthropic's own tools that a client may put beside a function.
    private static readonly FrozenSet<string> ToolFields = FrozenSet.Create("cache_control", "defer_loading", "allowed_callers", "input_examples", "eager_input_streaming");

    private readonly JsonElement _request;
    private readonly MessagesTarget _target;
    private readonly Utf8JsonWriter _writer;
    private readonly List<string> _dropped = [];
    private readonly HashSet<string> _customTools = [];

    private ChatToMessages(JsonElement request, MessagesTarget target, Utf8JsonWriter writer) => (_request, _target, _writer) = (request, target, writer);

    /// <param name="request">A Chat Completions request whose shape has been checked: an object with a list of messages.</param>
    public static MessagesTranslation Translate(JsonElement request, MessagesTarget target, IBufferWriter<byte> messages)
    {
        using var writer = new Utf8JsonWriter(messages, Wire.Writer);
        var translation = new ChatToMessages(request, target, writer);
        translation.WriteRequest();
        writer.Flush();
        return new MessagesTranslation(translation._dropped, translation._customTools.ToFrozenSet());
    }

    private void WriteRequest()
    {
        var maxTokens = _request.Number("max_completion_tokens"u8) ?? _request.Number("max_tokens"u8) ?? _target.MaxOutputTokens;
        maxTokens = Math.Min(maxTokens, _target.OutputCap ?? maxTokens);

        _writer.WriteStartObject();
        if (_target.Model is { } model)
        {
            _writer.WriteString("model"u8, model);
        }
        else
        {
            _writer.Copy("model"u8, _request, "model"u8);
        }

        _writer.WriteNumber("max_tokens"u8, maxTokens);
        WriteSystem();
        WriteMessages();
        var forced = WriteTools();
        var thinks = WriteReasoning(maxTokens, forced);
        WriteSampling(thinks);
        WriteStop();
        WriteUser();
        WriteServiceTier();
        _writer.Copy("stream"u8, _request, "stream"u8);
        _writer.Copy("cache_control"u8, _request, "cache_control"u8);
        NoteUnknown();
        _writer.WriteEndObject();
    }

    private void WriteSystem()
    {
        var blocks = 0;
        var leading = true;
        var only = default(JsonElement);
        var plain = true;
        foreach (var message in _request.Items("messages"u8))
        {
            leading &= IsSystem(message);
            if (!IsSystem(message) || _target.TakesSystemTurns && !leading || !message.Given("content"u8, out var content))
            {
                continue;
            }

            if (content.ValueKind == JsonValueKind.String)
            {
                only = content;
                blocks += content.IsEmptyText() ? 0 : 1;
                plain &= !message.Given("cache_control"u8, out _);
            }
            else
            {
                plain = false;
                blocks += content.Items().Count(IsTextPart);
            }
        }

        if (blocks == 0)
        {
            return;
        }

        if (blocks == 1 && plain)
        {
            // The only text, though not always the last content: empty ones do not count.
            _writer.Copy("system"u8, !only.IsEmptyText() ? only : _request.Items("messages"u8)
                .First(message => IsSystem(message) && message.Given("content"u8, JsonValueKind.String, out var text) && !text.IsEmptyText()).GetProperty("content"u8));
            return;
        }

        _writer.WriteStartArray("system"u8);
        leading = true;
        foreach (var message in _request.Items("messages"u8))
        {
            leading &= IsSystem(message);
            if (IsSystem(message) && (leading || !_target.TakesSystemTurns) && message.Given("content"u8, out var content))
            {
                WriteTexts(content, message);
            }
        }

        _writer.WriteEndArray();
    }

    private static bool IsSystem(JsonElement message) => message.Says("role"u8, "system"u8) || message.Says("role"u8, "developer"u8);

    // Anthropic refuses empty texts; leaving them out changes nothing.
    private static bool IsTextPart(JsonElement part) => part.Given("text"u8, JsonValueKind.String, out var text) && !Wire.Inner(text).IsEmpty;

    private void WriteTexts(JsonElement content, JsonElement message)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            WriteText(content, message);
            return;
        }

        foreach (var part in content.Items().Where(IsTextPart))
        {
            WriteText(part.GetProperty("text"u8), part);
        }
    }

    private void WriteText(JsonElement text, JsonElement marked)
    {
        if (text.IsEmptyText())
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "text"u8);
        _writer.Copy("text"u8, text);
        _writer.Copy("cache_control"u8, marked, "cache_control"u8);
        _writer.Copy("citations"u8, marked, "citations"u8);
        _writer.WriteEndObject();
    }

    private void WriteMessages()
    {
        _writer.WriteStartArray("messages"u8);
        var messages = _request.Given("messages"u8, JsonValueKind.Array, out var list) ? list : default;
        var count = messages.ValueKind == JsonValueKind.Array ? messages.GetArrayLength() : 0;
        var leading = true;

        // The results of all tools belong into one user message, together with what the user says next.
        var resultsOpen = false;
        for (var number = 0; number < count; number++)
        {
            var message = messages[number];
            leading &= IsSystem(message);
            if (message.Says("role"u8, "tool"u8))
            {
                if (!resultsOpen)
                {
                    BeginTurn("user"u8);
                    resultsOpen = true;
                }

                WriteToolResult(message);
                continue;
            }

            var joins = resultsOpen && message.Says("role"u8, "user"u8);
            if (resultsOpen && !joins)
            {
                EndTurn();
                resultsOpen = false;
            }

            if (IsSystem(message))
            {
                if (_target.TakesSystemTurns && !leading && HasBlocks(message))
                {
                    BeginTurn("system"u8);
                    message.Given("content"u8, out var content);
                    WriteTexts(content, message);
                    EndTurn();
                }
            }
            else if (message.Says("role"u8, "assistant"u8))
            {
                WriteAssistant(message, last: number == count - 1);
            }
            else if (message.Says("role"u8, "user"u8))
            {
                WriteUser(message, joins);
                resultsOpen = false;
            }
            else
            {
                Drop($"messages[].role.{message.Text("role"u8)}");
            }
        }

        if (resultsOpen)
        {
            EndTurn();
        }

        _writer.WriteEndArray();
    }

    private void BeginTurn(ReadOnlySpan<byte> role)
    {
        _writer.WriteStartObject();
        _writer.WriteString("role"u8, role);
        _writer.WriteStartArray("content"u8);
    }

    private void EndTurn()
    {
        _writer.WriteEndArray();
        _writer.WriteEndObject();
    }

    private static bool HasBlocks(JsonElement message) => message.Given("content"u8, out var content)
        && (content.ValueKind == JsonValueKind.String ? !content.IsEmptyText() : content.Items().Any(part => !part.Given("text"u8, out var text) || !text.IsEmptyText()));

    private void WriteUser(JsonElement message, bool joins)
    {
        NoteName(message);
        if (!HasBlocks(message))
        {
            if (joins)
            {
                EndTurn();
            }

            return;
        }

        var content = message.GetProperty("content"u8);
        if (!joins && content.ValueKind == JsonValueKind.String && !message.Given("cache_control"u8, out _))
        {
            _writer.WriteStartObject();
            _writer.WriteString("role"u8, "user"u8);
            _writer.Copy("content"u8, content);
            _writer.WriteEndObject();
            return;
        }

        if (!joins)
        {
            BeginTurn("user"u8);
        }

        WriteParts(content, message);
        EndTurn();
    }

    private void WriteParts(JsonElement content, JsonElement message)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            WriteText(content, message);
            return;
        }

        foreach (var part in content.Items())
        {
            WritePart(part);
        }
    }

    private void WritePart(JsonElement part)
    {
        switch (part.Text("type"u8))
        {
            case "text" or "input_text" or null when part.Given("text"u8, JsonValueKind.String, out var text):
                WriteText(text, part);
                break;
            case "refusal" when part.Given("refusal"u8, JsonValueKind.String, out var refusal):
                WriteText(refusal, part);
                break;
            case "image_url":
                WriteImage(part);
                break;
            case "file":
                WriteFile(part);
                break;

            // Blocks of Anthropic's own, which clients that know the vendor put into Chat Completions.
            case "image" or "document" when part.Given("source"u8, JsonValueKind.Object, out _):
            case "search_result" or "container_upload" or "tool_reference" or "browser_state":
                _writer.Copy(part);
                break;
            case var other:
                Drop($"messages[].content[].{other ?? "type"}");
                break;
        }
    }

    private void WriteImage(JsonElement part)
    {
        var url = part.Given("image_url"u8, out var image) && image.ValueKind == JsonValueKind.Object ? image.Text("url"u8) : part.Text("image_url"u8);
        if (url is null)
        {
            Drop("messages[].content[].image_url");
            return;
        }

        if (image.Given("detail"u8, out var detail) && !(detail.ValueKind == JsonValueKind.String && detail.ValueEquals("auto"u8)))
        {
            Drop("messages[].content[].image_url.detail");
        }

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "image"u8);
        WriteSource(url);
        _writer.Copy("cache_control"u8, part, "cache_control"u8);
        _writer.Copy("transformations"u8, part, "transformations"u8);
        _writer.WriteEndObject();
    }

    private void WriteFile(JsonElement part)
    {
        part.Given("file"u8, out var file);
        if (file.Text("file_data"u8) is not { } data)
        {
            // A file id names something in another vendor's store.
            Drop("messages[].content[].file");
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "document"u8);
        if (data.StartsWith("data:text/", StringComparison.Ordinal) && Plain(data) is { } plain)
        {
            _writer.WriteStartObject("source"u8);
            _writer.WriteString("type"u8, "text"u8);
            _writer.WriteString("media_type"u8, "text/plain"u8);
            _writer.WriteString("data"u8, plain);
            _writer.WriteEndObject();
        }
        else
        {
            WriteSource(data);
        }

        _writer.Copy("title"u8, file, "filename"u8);
        _writer.Copy("cache_control"u8, part, "cache_control"u8);
        _writer.WriteEndObject();
    }

    private static string? Plain(string url)
    {
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (comma < 0)
        {
            return null;
        }

        if (!url.AsSpan(0, comma).EndsWith(";base64"))
        {
            return Uri.UnescapeDataString(url[(comma + 1)..]);
        }

        var bytes = new byte[url.Length];
        return Convert.TryFromBase64Chars(url.AsSpan(comma + 1), bytes, out var length) ? Encoding.UTF8.GetString(bytes, 0, length) : null;
    }

    // data:image/png;base64,iVBORw0… or an address
    private void WriteSource(string url)
    {
        _writer.WriteStartObject("source"u8);
        var comma = url.IndexOf(',', StringComparison.Ordinal);
        if (url.StartsWith("data:", StringComparison.Ordinal) && comma > 0)
        {
            var head = url.AsSpan(5, comma - 5);
            var type = head[..(head.IndexOf(';') is >= 0 and var end ? end : head.Length)];
            _writer.WriteString("type"u8, "base64"u8);
            _writer.WriteString("media_type"u8, type.Equals("image/jpg", StringComparison.OrdinalIgnoreCase) ? "image/jpeg" : type);
            _writer.WriteString("data"u8, url.AsSpan(comma + 1));
        }
        else
        {
            _writer.WriteString("type"u8, "url"u8);
            _writer.WriteString("url"u8, url);
        }

        _writer.WriteEndObject();
    }

    private void WriteToolResult(JsonElement message)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "tool_result"u8);
        _writer.WriteString("tool_use_id"u8, ToolId(message.Text("tool_call_id"u8) ?? ""));
        if (message.Given("content"u8, out var content))
        {
            if (content.ValueKind == JsonValueKind.String)
            {
                _writer.Copy("content"u8, content);
            }
            else if (content.ValueKind == JsonValueKind.Array)
            {
                _writer.WriteStartArray("content"u8);
                WriteParts(content, message);
                _writer.WriteEndArray();
            }
            else
            {
                // Some clients put the result's JSON here as it is.
                _writer.WriteAsString("content"u8, content);
            }
        }

        _writer.Copy("is_error"u8, message, "is_error"u8);
        _writer.Copy("cache_control"u8, message, "cache_control"u8);
        _writer.Copy("toolset_name"u8, message, "toolset_name"u8);
        _writer.WriteEndObject();
    }

    /// <summary>Anthropic takes letters, digits, '_' and '-' only; other vendors use more, and a conversation may change vendors.</summary>
    private static string ToolId(string id)
    {
        if (id.Length > 0 && id.All(character => char.IsAsciiLetterOrDigit(character) || character is '_' or '-'))
        {
            return id;
        }

        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(id)));
        return $"{string.Concat(id.Take(40).Select(character => char.IsAsciiLetterOrDigit(character) ? character : '_'))}_{digest.AsSpan(0, 8)}";
    }

    private void WriteAssistant(JsonElement message, bool last)
    {
        NoteName(message);
        var details = Details.Of(message, Drop);
        var texts = Texts(message, last);
        var calls = message.Items("tool_calls"u8);
        if (message.Given("audio"u8, out _))
        {
            Drop("messages[].audio");
        }

        if (message.Given("function_call"u8, out _))
        {
            Drop("messages[].function_call");
        }

        if (!details.Any && (message.Given("reasoning_content"u8, out var thoughts) || message.Given("reasoning"u8, out thoughts)) && !thoughts.IsEmptyText())
        {
            // Anthropic only takes back what it has signed.
            Drop("messages[].reasoning_content");
        }

        if (!details.Any && texts.Count == 0 && !calls.Any())
        {
            return;
        }

        if (!details.Any && texts is [{ Marked.ValueKind: JsonValueKind.Undefined } only] && !calls.Any())
        {
            _writer.WriteStartObject();
            _writer.WriteString("role"u8, "assistant"u8);
            _writer.WriteString("content"u8, only.Text);
            _writer.WriteEndObject();
            return;
        }

        BeginTurn("assistant"u8);
        var position = 0;
        foreach (var text in texts)
        {
            position += details.WriteUpTo(position, _writer);
            WriteSpoken(text);
            position++;
        }

        foreach (var call in calls)
        {
            position += details.WriteUpTo(position, _writer);
            WriteToolUse(call);
            position++;
        }

        details.WriteUpTo(int.MaxValue, _writer);
        EndTurn();
    }

    private readonly record struct Spoken(string Text, JsonElement Marked);

    private static List<Spoken> Texts(JsonElement message, bool last)
    {
        var texts = new List<Spoken>();
        if (message.Given("content"u8, out var content))
        {
            if (content.ValueKind == JsonValueKind.String)
            {
                texts.Add(new Spoken(content.Plain(), message.Given("cache_control"u8, out _) ? message : default));
            }
            else
            {
                texts.AddRange(content.Items().Select(part => new Spoken(part.Text("text"u8) ?? part.Text("refusal"u8) ?? "", part)));
            }
        }

        if (message.Text("refusal"u8) is { } refusal)
        {
            texts.Add(new Spoken(refusal, default));
        }

        // An answer that is to be continued may not end in white space.
        if (last && texts.Count > 0)
        {
            texts[^1] = texts[^1] with { Text = texts[^1].Text.TrimEnd() };
        }

        texts.RemoveAll(text => text.Text.Length == 0);
        return texts;
    }

    private void WriteSpoken(Spoken text)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "text"u8);
        _writer.WriteString("text"u8, text.Text);
        _writer.Copy("cache_control"u8, text.Marked, "cache_control"u8);
        _writer.Copy("citations"u8, text.Marked, "citations"u8);
        _writer.WriteEndObject();
    }

    private void WriteToolUse(JsonElement call)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "tool_use"u8);
        _writer.WriteString("id"u8, ToolId(call.Text("id"u8) ?? ""));
        if (call.Given("custom"u8, out var custom))
        {
            _writer.Copy("name"u8, custom, "name"u8);
            _writer.WriteStartObject("input"u8);
            _writer.Copy("input"u8, custom, "input"u8);
            _writer.WriteEndObject();
        }
        else
        {
            call.Given("function"u8, out var function);
            _writer.Copy("name"u8, function, "name"u8);
            function.Given("arguments"u8, out var arguments);
            ToolInput.Write(_writer, arguments);
        }

        _writer.Copy("cache_control"u8, call, "cache_control"u8);
        _writer.Copy("caller"u8, call, "caller"u8);
        _writer.Copy("toolset_name"u8, call, "toolset_name"u8);
        _writer.WriteEndObject();
    }

    /// <returns>Whether the model must call a tool.</returns>
    private bool WriteTools()
    {
        var choice = _request.Given("tool_choice"u8, out var given) ? given : default;
        var allowed = choice.Says("type"u8, "allowed_tools"u8) && choice.Given("allowed_tools"u8, out var few) ? few : default;
        var count = 0;
        foreach (var tool in _request.Items("tools"u8))
        {
            if (allowed.ValueKind == JsonValueKind.Object && !allowed.Items("tools"u8).Any(one => NameOf(one) == NameOf(tool)))
            {
                continue;
            }

            if (tool.Says("type"u8, "function"u8) && tool.Given("function"u8, out var function))
            {
                Begin(ref count);
                WriteFunction(tool, function);
            }
            else if (tool.Says("type"u8, "custom"u8) && tool.Given("custom"u8, out var custom))
            {
                Begin(ref count);
                WriteCustom(custom);
            }
            else if (tool.Text("type"u8) is not (null or "function" or "custom"))
            {
                // One of Anthropic's own tools, named by a client that knows the vendor.
                Begin(ref count);
                _writer.Copy(tool);
            }
            else
            {
                Drop("tools[].type");
            }
        }

        if (_request.Given("web_search_options"u8, out var search))
        {
            Begin(ref count);
            WriteWebSearch(search);
        }

        if (count == 0)
        {
            return false;
        }

        _writer.WriteEndArray();
        return WriteToolChoice(choice, allowed);

        void Begin(ref int written)
        {
            if (written++ == 0)
            {
                _writer.WriteStartArray("tools"u8);
            }
        }
    }

    private static string? NameOf(JsonElement tool) =>
        tool.Given("function"u8, out var inner) || tool.Given("custom"u8, out inner) ? inner.Text("name"u8) : tool.Text("name"u8);

    private void WriteFunction(JsonElement tool, JsonElement function)
    {
        _writer.WriteStartObject();
        _writer.Copy("name"u8, function, "name"u8);
        _writer.Copy("description"u8, function, "description"u8);
        if (function.Given("parameters"u8, JsonValueKind.Object, out var parameters))
        {
            if (parameters.Given("type"u8, out _))
            {
                _writer.Copy("input_schema"u8, parameters);
            }
            else
            {
                _writer.WriteStartObject("input_schema"u8);
                _writer.WriteString("type"u8, "object"u8);
                foreach (var member in parameters.EnumerateObject())
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }

                _writer.WriteEndObject();
            }
        }
        else
        {
            _writer.WriteStartObject("input_schema"u8);
            _writer.WriteString("type"u8, "object"u8);
            _writer.WriteStartObject("properties"u8);
            _writer.WriteEndObject();
            _writer.WriteEndObject();
        }

        _writer.Copy("strict"u8, function, "strict"u8);
        foreach (var member in tool.EnumerateObject())
        {
            if (ToolFields.Contains(member.Name))
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }
            else if (member.Name is not ("type" or "function"))
            {
                Drop($"tools[].{member.Name}");
            }
        }

        _writer.WriteEndObject();
    }

    private void WriteCustom(JsonElement custom)
    {
        _customTools.Add(custom.Text("name"u8) ?? "");
        _writer.WriteStartObject();
        _writer.Copy("name"u8, custom, "name"u8);
        _writer.Copy("description"u8, custom, "description"u8);
        _writer.WritePropertyName("input_schema"u8);
        _writer.WriteRawValue("""{"type":"object","properties":{"input":{"type":"string"}},"required":["input"]}"""u8, skipInputValidation: true);
        _writer.WriteEndObject();
        if (custom.Given("format"u8, out var format) && !format.Says("type"u8, "text"u8))
        {
            Drop("tools[].custom.format");
        }
    }

    private void WriteWebSearch(JsonElement search)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "web_search_20250305"u8);
        _writer.WriteString("name"u8, "web_search"u8);
        if (search.Given("user_location"u8, out var location) && location.Given("approximate"u8, JsonValueKind.Object, out var approximate))
        {
            _writer.WriteStartObject("user_location"u8);
            _writer.WriteString("type"u8, "approximate"u8);
            foreach (var member in approximate.EnumerateObject())
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }

            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
        if (search.Given("search_context_size"u8, out _))
        {
            Drop("web_search_options.search_context_size");
        }
    }

    private bool WriteToolChoice(JsonElement choice, JsonElement allowed)
    {
        var mode = choice.ValueKind == JsonValueKind.String ? choice.Plain() : allowed.Text("mode"u8);
        var name = choice.ValueKind == JsonValueKind.Object && allowed.ValueKind != JsonValueKind.Object ? NameOf(choice) : null;
        var parallel = _request.Given("parallel_tool_calls"u8, out var several) ? several.ValueKind : JsonValueKind.Undefined;
        var disable = parallel is JsonValueKind.False or JsonValueKind.True && mode != "none" ? parallel == JsonValueKind.False : default(bool?);
        if (choice.ValueKind == JsonValueKind.Undefined && disable is not true)
        {
            return false;
        }

        _writer.WriteStartObject("tool_choice"u8);
        _writer.WriteString("type"u8, name is not null ? "tool" : mode switch { "none" => "none", "required" => "any", _ => "auto" });
        if (name is not null)
        {
            _writer.WriteString("name"u8, name);
        }

        if (disable is { } one)
        {
            _writer.WriteBoolean("disable_parallel_tool_use"u8, one);
        }

        _writer.WriteEndObject();
        return name is not null || mode == "required";
    }

    /// <returns>Whether the model thinks with a budget, which forbids most sampling parameters.</returns>
    private bool WriteReasoning(long maxTokens, bool forced)
    {
        _request.Given("reasoning"u8, out var reasoning);
        _request.Given("anthropic"u8, out var native);
        if (!native.Given("thinking"u8, out var thinking))
        {
            _request.Given("thinking"u8, out thinking);
        }

        var effort = _request.Text("reasoning_effort"u8) ?? reasoning.Text("effort"u8);
        var budget = reasoning.Number("max_tokens"u8);
        var thinks = false;
        if (thinking.ValueKind == JsonValueKind.Object)
        {
            _writer.Copy("thinking"u8, thinking);
            thinks = thinking.Says("type"u8, "enabled"u8);
        }
        else if (effort == "none" || reasoning.Given("enabled"u8, JsonValueKind.False, out _))
        {
            effort = null;
            _writer.WriteStartObject("thinking"u8);
            _writer.WriteString("type"u8, "disabled"u8);
            _writer.WriteEndObject();
        }
        else if ((effort is not null || budget is not null || reasoning.Flag("enabled"u8)) && native.ValueKind != JsonValueKind.Object || budget is not null)
        {
            thinks = WriteThinking(effort, budget, maxTokens, forced);
        }

        WriteOutputConfig(effort is null || _target.Thinking != ThinkingStyle.Adaptive && native.ValueKind != JsonValueKind.Object ? null : effort == "minimal" ? "low" : effort);
        return thinks;
    }

    private bool WriteThinking(string? effort, long? budget, long maxTokens, bool forced)
    {
        var asked = budget is not null ? "reasoning.max_tokens" : effort is not null ? "reasoning_effort" : "reasoning.enabled";
        if (_target.Thinking == ThinkingStyle.None)
        {
            Drop(asked);
            return false;
        }

        if (_target.Thinking == ThinkingStyle.Adaptive && budget is null)
        {
            _writer.WriteStartObject("thinking"u8);
            _writer.WriteString("type"u8, "adaptive"u8);
            _writer.WriteEndObject();
            return false;
        }

        // Anthropic refuses a budget that does not leave room for an answer, with a tool that must be called, and in the middle of a
        // chain of tool calls that did not begin with thinking it has signed.
        var tokens = Math.Min(budget ?? Efforts.Budget(effort ?? "medium") ?? 0, maxTokens * 4 / 5);
        if (tokens < 1_024 || forced || !MayThink())
        {
            Drop(asked);
            return false;
        }

        _writer.WriteStartObject("thinking"u8);
        _writer.WriteString("type"u8, "enabled"u8);
        _writer.WriteNumber("budget_tokens"u8, budget is { } exact && exact < maxTokens ? exact : tokens);
        _writer.WriteEndObject();
        return true;
    }

    private bool MayThink()
    {
        var messages = _request.GetProperty("messages"u8);
        for (var number = messages.GetArrayLength() - 1; number >= 0; number--)
        {
            if (messages[number].Says("role"u8, "assistant"u8))
            {
                return !messages[number].Items("tool_calls"u8).Any() || Details.Of(messages[number], _ => { }).Any;
            }

            if (!messages[number].Says("role"u8, "tool"u8))
            {
                return true;
            }
        }

        return true;
    }

    private void WriteOutputConfig(string? effort)
    {
        _request.Given("response_format"u8, out var format);
        var schema = default(JsonElement);
        if (format.Says("type"u8, "json_schema"u8) && format.Given("json_schema"u8, out var described))
        {
            if (!described.Given("schema"u8, out schema))
            {
                Drop("response_format.json_schema");
            }

            if (described.Given("description"u8, out _))
            {
                Drop("response_format.json_schema.description");
            }
        }
        else if (format.ValueKind == JsonValueKind.Object && !format.Says("type"u8, "text"u8))
        {
            Drop("response_format");
        }

        if (effort is null && schema.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        _writer.WriteStartObject("output_config"u8);
        if (effort is not null)
        {
            _writer.WriteString("effort"u8, effort);
        }

        if (schema.ValueKind == JsonValueKind.Object)
        {
            _writer.WriteStartObject("format"u8);
            _writer.WriteString("type"u8, "json_schema"u8);
            _writer.Copy("schema"u8, schema);
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
    }

    private void WriteSampling(bool thinks)
    {
        var hasTemperature = _request.Given("temperature"u8, JsonValueKind.Number, out var temperature);
        if (hasTemperature)
        {
            var value = temperature.GetDouble();
            if (!_target.TakesSampling || thinks && value != 1)
            {
                Drop("temperature");
                hasTemperature = false;
            }
            else if (value > 1)
            {
                // Anthropic's scale ends where others have their half.
                Drop("temperature");
                _writer.WriteNumber("temperature"u8, 1);
            }
            else
            {
                _writer.Copy("temperature"u8, temperature);
            }
        }

        if (_request.Given("top_p"u8, JsonValueKind.Number, out var topP))
        {
            // Current models take one of the two; 1 is no restriction, so it may go silently.
            if (_target.TakesSampling && !hasTemperature && !(thinks && topP.GetDouble() < 0.95) || _request.Given("anthropic"u8, out _))
            {
                _writer.Copy("top_p"u8, topP);
            }
            else if (topP.GetDouble() != 1)
            {
                Drop("top_p");
            }
        }

        if (_request.Given("top_k"u8, JsonValueKind.Number, out var topK))
        {
            if (_target.TakesSampling && !thinks || _request.Given("anthropic"u8, out _))
            {
                _writer.Copy("top_k"u8, topK);
            }
            else
            {
                Drop("top_k");
            }
        }
    }

    private void WriteStop()
    {
        if (!_request.Given("stop"u8, out var stop))
        {
            return;
        }

        // Anthropic refuses stop sequences of nothing but white space.
        var sequences = stop.ValueKind == JsonValueKind.String ? [stop.Plain()] : stop.Items().Select(one => one.ValueKind == JsonValueKind.String ? one.Plain() : "").ToArray();
        if (sequences.Any(string.IsNullOrWhiteSpace))
        {
            Drop("stop");
        }

        if (sequences.All(string.IsNullOrWhiteSpace))
        {
            return;
        }

        _writer.WriteStartArray("stop_sequences"u8);
        foreach (var sequence in sequences.Where(sequence => !string.IsNullOrWhiteSpace(sequence)))
        {
            _writer.WriteStringValue(sequence);
        }

        _writer.WriteEndArray();
    }

    private void WriteUser()
    {
        if ((_request.Text("user"u8) ?? _request.Text("safety_identifier"u8)) is { Length: > 0 } user)
        {
            _writer.WriteStartObject("metadata"u8);
            _writer.WriteString("user_id"u8, user);
            _writer.WriteEndObject();
        }
    }

    private void WriteServiceTier()
    {
        switch (_request.Text("service_tier"u8))
        {
            case null:
                break;
            case "auto":
                _writer.WriteString("service_tier"u8, "auto"u8);
                break;
            case "default" or "standard":
                _writer.WriteString("service_tier"u8, "standard_only"u8);
                break;
            default:
                Drop("service_tier");
                break;
        }
    }

    private void NoteUnknown()
    {
        foreach (var parameter in _request.EnumerateObject())
        {
            if (!Handled.Contains(parameter.Name) && !IsNeutral(parameter))
            {
                Drop(parameter.Name);
            }
        }

        if (_request.Given("anthropic"u8, JsonValueKind.Object, out var native))
        {
            foreach (var member in native.EnumerateObject())
            {
                if (!member.NameEquals("thinking"u8))
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }
            }
        }
    }

    // What says no more than the default does: many clients always send it.
    private static bool IsNeutral(JsonProperty parameter) => parameter.Value.ValueKind switch
    {
        JsonValueKind.Null => true,
        JsonValueKind.False => parameter.Name is "logprobs" or "store",
        JsonValueKind.Number => parameter.Name is "presence_penalty" or "frequency_penalty" or "top_logprobs" && parameter.Value.GetDouble() == 0
            || parameter.Name == "n" && parameter.Value.GetDouble() == 1,
        JsonValueKind.Array => parameter.Name == "modalities" && parameter.Value.EnumerateArray().All(kind => kind.ValueKind == JsonValueKind.String && kind.ValueEquals("text"u8)),
        _ => false,
    };

    private void NoteName(JsonElement message)
    {
        if (message.Given("name"u8, out _))
        {
            Drop("messages[].name");
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
