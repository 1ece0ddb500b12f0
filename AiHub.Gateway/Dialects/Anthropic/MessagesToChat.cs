using System.Buffers;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <param name="Dropped">Paths of what could not be translated, each once; list positions are left out so that the header stays short.</param>
/// <param name="Invalid">Why the request is no valid Messages request; null when it is one. What was written is then of no use.</param>
/// <param name="Names">The tools whose names had to be shortened, for the way back.</param>
public sealed record ChatTranslation(IReadOnlyList<string> Dropped, string? Invalid, ToolNames Names);

/// <summary>Turns an Anthropic Messages request into a Chat Completions request.</summary>
public sealed class MessagesToChat
{
    private const int LongestUser = 64;

    private readonly JsonElement _request;
    private readonly ChatExtras _extras;
    private readonly Utf8JsonWriter _writer;
    private readonly List<string> _dropped = [];
    private readonly ToolNames _names = new();
    private string? _invalid;

    private MessagesToChat(JsonElement request, ChatExtras extras, Utf8JsonWriter writer) => (_request, _extras, _writer) = (request, extras, writer);

    /// <param name="extras">What the upstream takes beyond plain Chat Completions.</param>
    public static ChatTranslation Translate(JsonElement request, ChatExtras extras, IBufferWriter<byte> chat)
    {
        using var writer = new Utf8JsonWriter(chat, Wire.Writer);
        var translation = new MessagesToChat(request, extras, writer);
        translation.WriteRequest();
        writer.Flush();
        return new ChatTranslation(translation._dropped, translation._invalid, translation._names);
    }

    private void WriteRequest()
    {
        if (_request.ValueKind != JsonValueKind.Object)
        {
            _invalid = "The request body is not a JSON object.";
            return;
        }

        _writer.WriteStartObject();
        _writer.Copy("model"u8, _request, "model"u8);
        _writer.WriteStartArray("messages"u8);
        if (_request.Given("system"u8, out var system))
        {
            WriteSystem(system, "system");
        }

        var number = 0;
        foreach (var message in _request.Items("messages"u8))
        {
            WriteMessage(message, number++);
        }

        _writer.WriteEndArray();
        if (!_request.Given("messages"u8, JsonValueKind.Array, out _))
        {
            Refuse(_request.Given("messages"u8, out _) ? "messages: Input should be a valid array" : "messages: Field required");
        }

        WriteTools();
        WriteReasoning();
        foreach (var parameter in _request.EnumerateObject())
        {
            if (parameter.Value.ValueKind != JsonValueKind.Null)
            {
                WriteParameter(parameter);
            }
        }

        if (_extras.HasFlag(ChatExtras.Everything))
        {
            WriteUnknown();
        }

        _writer.WriteEndObject();
    }

    private void WriteParameter(JsonProperty parameter)
    {
        var value = parameter.Value;
        switch (parameter.Name)
        {
            case "model" or "messages" or "system" or "tools" or "tool_choice" or "thinking":
                break;
            case "max_tokens":
                _writer.Copy(_extras.HasFlag(ChatExtras.MaxCompletionTokens) ? "max_completion_tokens"u8 : "max_tokens"u8, value);
                break;
            case "stream":
                _writer.Copy("stream"u8, value);
                if (value.ValueKind == JsonValueKind.True)
                {
                    _writer.WriteStartObject("stream_options"u8);
                    _writer.WriteBoolean("include_usage"u8, true);
                    _writer.WriteEndObject();
                }

                break;
            case "temperature":
                _writer.Copy("temperature"u8, value);
                break;
            case "top_p":
                _writer.Copy("top_p"u8, value);
                break;
            case "top_k" when _extras.HasFlag(ChatExtras.TopK):
                _writer.Copy("top_k"u8, value);
                break;
            case "cache_control" when _extras.HasFlag(ChatExtras.CacheControl):
                _writer.Copy("cache_control"u8, value);
                break;
            case "stop_sequences":
                if (value.ValueKind != JsonValueKind.Array)
                {
                    Refuse("stop_sequences: Input should be a valid array");
                }
                else if (value.GetArrayLength() > 0)
                {
                    _writer.Copy("stop"u8, value);
                }

                break;
            case "metadata":
                WriteMetadata(value);
                break;
            case "service_tier":
                WriteServiceTier(value);
                break;
            case "output_config":
                WriteOutputConfig(value);
                break;
            case "output_format":
                WriteFormat(value, "output_format");
                break;
            default:
                if (!_extras.HasFlag(ChatExtras.Everything))
                {
                    Drop(parameter.Name);
                }

                break;
        }
    }

    private void WriteMetadata(JsonElement metadata)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in metadata.EnumerateObject())
        {
            if (member.NameEquals("user_id"u8) && member.Value.ValueKind == JsonValueKind.String)
            {
                // Both are opaque names of an end user; OpenAI refuses more than 64 characters, agents send about 140.
                var user = member.Value.Plain();
                _writer.WriteString("user"u8, user.Length <= LongestUser || _extras.HasFlag(ChatExtras.Everything)
                    ? user
                    : Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(user))));
            }
            else if (member.Value.ValueKind != JsonValueKind.Null)
            {
                Drop($"metadata.{member.Name}");
            }
        }
    }

    private void WriteServiceTier(JsonElement tier)
    {
        if (tier.ValueKind == JsonValueKind.String && tier.ValueEquals("auto"u8))
        {
            _writer.WriteString("service_tier"u8, "auto"u8);
        }
        else if (tier.ValueKind == JsonValueKind.String && tier.ValueEquals("standard_only"u8))
        {
            _writer.WriteString("service_tier"u8, "default"u8);
        }
        else
        {
            Drop("service_tier");
        }
    }

    private void WriteOutputConfig(JsonElement config)
    {
        if (config.ValueKind != JsonValueKind.Object)
        {
            return;
        }

        foreach (var member in config.EnumerateObject())
        {
            if (member.NameEquals("format"u8))
            {
                WriteFormat(member.Value, "output_config.format");
            }
            else if (!member.NameEquals("effort"u8) && member.Value.ValueKind != JsonValueKind.Null)
            {
                Drop($"output_config.{member.Name}");
            }
        }
    }

    private void WriteFormat(JsonElement format, string path)
    {
        if (format.ValueKind == JsonValueKind.Null)
        {
            return;
        }

        if (!format.Says("type"u8, "json_schema"u8) || !format.Given("schema"u8, out var schema))
        {
            Drop(path);
            return;
        }

        _writer.WriteStartObject("response_format"u8);
        _writer.WriteString("type"u8, "json_schema"u8);
        _writer.WriteStartObject("json_schema"u8);
        _writer.WriteString("name"u8, "output"u8);
        _writer.WriteBoolean("strict"u8, true);
        _writer.Copy("schema"u8, schema);
        _writer.WriteEndObject();
        _writer.WriteEndObject();
    }

    private void WriteReasoning()
    {
        var effort = _request.Given("output_config"u8, out var config) ? config.Text("effort"u8) : null;
        _request.Given("thinking"u8, out var thinking);
        var kind = thinking.Text("type"u8);
        var asObject = _extras.HasFlag(ChatExtras.ReasoningObject);
        var asEffort = _extras.HasFlag(ChatExtras.ReasoningEffort);
        var kept = _extras.HasFlag(ChatExtras.Everything) && (kind is not ("enabled" or "disabled") || thinking.Given("display"u8, out _));

        if (kind == "enabled" && !kept && thinking.Number("budget_tokens"u8) is { } budget)
        {
            if (asObject)
            {
                _writer.WriteStartObject("reasoning"u8);
                _writer.WriteNumber("max_tokens"u8, budget);
                _writer.WriteEndObject();
            }
            else
            {
                effort ??= Efforts.OfBudget(budget);
            }
        }
        else if (kind == "disabled" && asObject)
        {
            _writer.WriteStartObject("reasoning"u8);
            _writer.WriteBoolean("enabled"u8, false);
            _writer.WriteEndObject();
        }
        else if (kind == "disabled" && asEffort)
        {
            // Few vendors know an effort of "none", so a model that always reasons will do so here.
            Drop("thinking");
            effort = null;
        }

        if (effort is not null && asEffort)
        {
            _writer.WriteString("reasoning_effort"u8, effort == "max" && !_extras.HasFlag(ChatExtras.Everything) ? "xhigh" : effort);
        }
        else if (effort is not null && config.Given("effort"u8, out _))
        {
            Drop("output_config.effort");
        }

        if (!kept && thinking.Given("display"u8, out _))
        {
            Drop("thinking.display");
        }

        if (kind is "enabled" or "adaptive" or "between_tools" && !asObject && !asEffort)
        {
            Drop("thinking");
        }
    }

    private void WriteUnknown()
    {
        _writer.WriteStartObject("anthropic"u8);
        foreach (var parameter in _request.EnumerateObject())
        {
            if (parameter.Name is not ("model" or "messages" or "system" or "tools" or "tool_choice" or "max_tokens" or "stream" or "temperature" or "top_p"
                or "top_k" or "cache_control" or "stop_sequences" or "metadata" or "service_tier" or "output_config" or "output_format" or "thinking"))
            {
                _writer.Copy(Encoding.UTF8.GetBytes(parameter.Name), parameter.Value);
            }
        }

        if (_request.Given("thinking"u8, out var thinking) && (thinking.Text("type"u8) is not ("enabled" or "disabled") || thinking.Given("display"u8, out _)))
        {
            _writer.Copy("thinking"u8, thinking);
        }

        _writer.WriteEndObject();
    }

    private void WriteTools()
    {
        if (_request.Given("tools"u8, out var tools) && tools.ValueKind != JsonValueKind.Array)
        {
            Refuse("tools: Input should be a valid array");
            return;
        }

        var webSearch = default(JsonElement);
        var functions = 0;
        foreach (var tool in tools.Items())
        {
            var kind = tool.Text("type"u8);
            var isFunction = kind is null or "custom" && tool.Given("name"u8, JsonValueKind.String, out _);
            if (!isFunction && !_extras.HasFlag(ChatExtras.Everything))
            {
                if (kind?.StartsWith("web_search_", StringComparison.Ordinal) == true && _extras.HasFlag(ChatExtras.WebSearch))
                {
                    webSearch = tool;
                }
                else
                {
                    Drop($"tools[].{kind ?? "name"}");
                }

                continue;
            }

            if (functions++ == 0)
            {
                _writer.WriteStartArray("tools"u8);
            }

            if (isFunction)
            {
                WriteTool(tool);
            }
            else
            {
                _writer.Copy(tool);
            }
        }

        if (functions > 0)
        {
            _writer.WriteEndArray();
            WriteToolChoice(tools);
        }
        else if (_request.Given("tool_choice"u8, out var choice) && !choice.Says("type"u8, "none"u8))
        {
            Drop("tool_choice");
        }

        if (webSearch.ValueKind == JsonValueKind.Object)
        {
            WriteWebSearch(webSearch);
        }
    }

    private void WriteTool(JsonElement tool)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "function"u8);
        _writer.WriteStartObject("function"u8);
        _writer.WriteString("name"u8, _names.Shorten(tool.Text("name"u8)!));
        _writer.Copy("description"u8, tool, "description"u8);
        _writer.Copy("parameters"u8, tool, "input_schema"u8);
        _writer.Copy("strict"u8, tool, "strict"u8);
        _writer.WriteEndObject();
        foreach (var member in tool.EnumerateObject())
        {
            if (member.Name is "name" or "description" or "input_schema" or "strict" or "type" || member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (_extras.HasFlag(member.Name == "cache_control" ? ChatExtras.CacheControl : ChatExtras.Everything))
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }
            else
            {
                Drop($"tools[].{member.Name}");
            }
        }

        _writer.WriteEndObject();
    }

    private void WriteToolChoice(JsonElement tools)
    {
        if (!_request.Given("tool_choice"u8, out var choice))
        {
            return;
        }

        var kind = choice.Text("type"u8);
        if (kind is "auto" or "none")
        {
            _writer.WriteString("tool_choice"u8, kind);
        }
        else if (kind == "any")
        {
            _writer.WriteString("tool_choice"u8, "required"u8);
        }
        else if (kind == "tool" && choice.Text("name"u8) is { } name && IsWritten(tools, name))
        {
            _writer.WriteStartObject("tool_choice"u8);
            _writer.WriteString("type"u8, "function"u8);
            _writer.WriteStartObject("function"u8);
            _writer.WriteString("name"u8, _names.Shorten(name));
            _writer.WriteEndObject();
            _writer.WriteEndObject();
        }
        else
        {
            Drop("tool_choice");
        }

        if (choice.Given("disable_parallel_tool_use"u8, out var disable) && disable.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            _writer.WriteBoolean("parallel_tool_calls"u8, disable.ValueKind == JsonValueKind.False);
        }
    }

    private bool IsWritten(JsonElement tools, string name) => tools.EnumerateArray().Any(tool =>
        tool.Text("name"u8) == name && (tool.Text("type"u8) is null or "custom" || _extras.HasFlag(ChatExtras.Everything)));

    private void WriteWebSearch(JsonElement tool)
    {
        _writer.WriteStartObject("web_search_options"u8);
        if (tool.Given("user_location"u8, out var location))
        {
            _writer.WriteStartObject("user_location"u8);
            _writer.WriteString("type"u8, "approximate"u8);
            _writer.WriteStartObject("approximate"u8);
            _writer.Copy("city"u8, location, "city"u8);
            _writer.Copy("region"u8, location, "region"u8);
            _writer.Copy("country"u8, location, "country"u8);
            _writer.Copy("timezone"u8, location, "timezone"u8);
            _writer.WriteEndObject();
            _writer.WriteEndObject();
        }

        _writer.WriteEndObject();
        foreach (var member in tool.EnumerateObject())
        {
            if (member.Name is not ("type" or "name" or "user_location") && member.Value.ValueKind != JsonValueKind.Null)
            {
                Drop($"tools[].web_search.{member.Name}");
            }
        }
    }

    private void WriteMessage(JsonElement message, int number)
    {
        if (!message.Given("content"u8, out var content))
        {
            Refuse($"messages.{number}.content: Field required");
            return;
        }

        if (content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            Refuse($"messages.{number}.content: Input should be a valid array");
            return;
        }

        switch (message.Text("role"u8))
        {
            case "user":
                WriteUser(content, number);
                break;
            case "assistant":
                WriteAssistant(content, number);
                break;
            case "system":
                WriteSystem(content, $"messages.{number}.content");
                break;
            default:
                Refuse($"messages.{number}.role: Input should be 'user' or 'assistant'");
                break;
        }
    }

    private void WriteSystem(JsonElement content, string path)
    {
        if (content.ValueKind is not (JsonValueKind.String or JsonValueKind.Array))
        {
            Refuse($"{path}: Input should be a valid string or array");
            return;
        }

        if (content.IsEmptyText() || content.ValueKind == JsonValueKind.Array && content.GetArrayLength() == 0)
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("role"u8, "system"u8);
        if (content.ValueKind == JsonValueKind.String)
        {
            _writer.Copy("content"u8, content);
        }
        else if (content.GetArrayLength() == 1 && content[0].Given("text"u8, JsonValueKind.String, out var only) && !Keeps(content[0], "system[].cache_control"))
        {
            _writer.Copy("content"u8, only);
        }
        else
        {
            _writer.WriteStartArray("content"u8);
            var number = 0;
            foreach (var block in content.EnumerateArray())
            {
                WriteTextPart(block, $"{path}.{number++}", "system[]");
            }

            _writer.WriteEndArray();
        }

        _writer.WriteEndObject();
    }

    private void WriteUser(JsonElement content, int number)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            _writer.WriteStartObject();
            _writer.WriteString("role"u8, "user"u8);
            _writer.Copy("content"u8, content);
            _writer.WriteEndObject();
            return;
        }

        // Chat Completions wants the answers of all tools directly after the calls, so they go before whatever else the user says.
        var parts = 0;
        var position = 0;
        foreach (var block in content.EnumerateArray())
        {
            if (block.Says("type"u8, "tool_result"u8))
            {
                WriteToolResult(block, $"messages.{number}.content.{position}");
                parts += _extras.HasFlag(ChatExtras.Parts) ? 0 : block.Items("content"u8).Count(IsMedia);
            }
            else if (!(block.Given("text"u8, out var text) && text.IsEmptyText()))
            {
                parts++;
            }

            position++;
        }

        if (parts == 0)
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("role"u8, "user"u8);
        if (content.GetArrayLength() == 1 && content[0].Says("type"u8, "text"u8) && content[0].Given("text"u8, JsonValueKind.String, out var only)
            && !Keeps(content[0], "messages[].content[].cache_control"))
        {
            _writer.Copy("content"u8, only);
        }
        else
        {
            _writer.WriteStartArray("content"u8);
            if (!_extras.HasFlag(ChatExtras.Parts))
            {
                WriteMediaOfResults(content);
            }

            position = 0;
            foreach (var block in content.EnumerateArray())
            {
                if (!block.Says("type"u8, "tool_result"u8))
                {
                    WritePart(block, $"messages.{number}.content.{position}");
                }

                position++;
            }

            _writer.WriteEndArray();
        }

        _writer.WriteEndObject();
    }

    private void WriteMediaOfResults(JsonElement content)
    {
        foreach (var result in content.EnumerateArray().Where(block => block.Says("type"u8, "tool_result"u8)))
        {
            foreach (var block in result.Items("content"u8).Where(IsMedia))
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "text"u8);
                _writer.WriteString("text"u8, $"Attachment to the result of tool call {result.Text("tool_use_id"u8)}:");
                _writer.WriteEndObject();
                WritePart(block, "messages");
            }
        }
    }

    private static bool IsMedia(JsonElement block) => block.Says("type"u8, "image"u8) || block.Says("type"u8, "document"u8) && !IsTextDocument(block);

    private static bool IsTextDocument(JsonElement block) => block.Given("source"u8, out var source) && (source.Says("type"u8, "text"u8) || source.Says("type"u8, "content"u8));

    private void WriteToolResult(JsonElement result, string path)
    {
        if (!result.Given("tool_use_id"u8, JsonValueKind.String, out var id))
        {
            Refuse($"{path}.tool_use_id: Field required");
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("role"u8, "tool"u8);
        _writer.Copy("tool_call_id"u8, id);

        // Chat Completions has no word for a tool that failed.
        var failed = result.Flag("is_error"u8);
        var kept = _extras.HasFlag(ChatExtras.Everything);
        var prefix = failed && !kept ? "Error: "u8 : default;
        result.Given("content"u8, out var content);
        if (content.ValueKind == JsonValueKind.String)
        {
            _writer.WriteJoined("content"u8, prefix, Wire.Inner(content));
        }
        else if (_extras.HasFlag(ChatExtras.Parts) && content.ValueKind == JsonValueKind.Array)
        {
            _writer.WriteStartArray("content"u8);
            if (!prefix.IsEmpty)
            {
                _writer.WriteStartObject();
                _writer.WriteString("type"u8, "text"u8);
                _writer.WriteString("text"u8, "Error:"u8);
                _writer.WriteEndObject();
            }

            var number = 0;
            foreach (var block in content.EnumerateArray())
            {
                WritePart(block, $"{path}.content.{number++}");
            }

            _writer.WriteEndArray();
        }
        else
        {
            var text = new StringBuilder(failed && !kept ? "Error: " : "");
            foreach (var block in content.Items())
            {
                AppendPlain(text, block);
            }

            _writer.WriteString("content"u8, text.ToString());
        }

        if (kept && result.Given("is_error"u8, out var error))
        {
            _writer.Copy("is_error"u8, error);
        }

        foreach (var member in result.EnumerateObject())
        {
            if (member.Name is "type" or "tool_use_id" or "content" or "is_error" || member.Value.ValueKind == JsonValueKind.Null)
            {
                continue;
            }

            if (_extras.HasFlag(member.Name == "cache_control" ? ChatExtras.CacheControl : ChatExtras.Everything))
            {
                _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
            }
            else
            {
                Drop($"messages[].content[].{member.Name}");
            }
        }

        _writer.WriteEndObject();
    }

    private void AppendPlain(StringBuilder text, JsonElement block)
    {
        if (text.Length > 0 && text[^1] is not ('\n' or ' '))
        {
            text.Append('\n');
        }

        switch (block.Text("type"u8))
        {
            case "text":
                text.Append(block.Text("text"u8));
                break;
            case "search_result":
                text.Append(SearchResult(block));
                break;
            case "document" when IsTextDocument(block):
                text.Append(TextDocument(block));
                break;
            case "image" or "document":
                text.Append("(attached to the next message)");
                break;
            default:
                Drop($"messages[].content[].{block.Text("type"u8) ?? "type"}");
                break;
        }

        NoteFields(block, "messages[].content[]");
    }

    private void WritePart(JsonElement block, string path)
    {
        switch (block.Text("type"u8))
        {
            case "text":
                WriteTextPart(block, path, "messages[].content[]");
                break;
            case "image" when block.Given("source"u8, out var source) && (source.Says("type"u8, "base64"u8) || source.Says("type"u8, "url"u8)):
                WriteImage(block, source, path);
                break;
            case "document" or "search_result" or "image" or "container_upload" or "browser_state" when _extras.HasFlag(ChatExtras.Everything):
                _writer.Copy(block);
                break;
            case "document" when IsTextDocument(block):
                WriteText(TextDocument(block), block);
                break;
            case "document" when block.Given("source"u8, out var source) && (source.Says("type"u8, "base64"u8) || source.Says("type"u8, "url"u8)):
                WriteFile(block, source);
                break;
            case "search_result":
                WriteText(SearchResult(block), block);
                break;
            case { } other:
                if (_extras.HasFlag(ChatExtras.Everything))
                {
                    _writer.Copy(block);
                }
                else
                {
                    Drop($"messages[].content[].{other}");
                }

                break;
            case null:
                Refuse($"{path}.type: Field required");
                break;
        }
    }

    private void WriteTextPart(JsonElement block, string path, string dropPath)
    {
        if (!block.Given("text"u8, JsonValueKind.String, out var text))
        {
            Refuse($"{path}.text: Field required");
            return;
        }

        if (Wire.Inner(text).IsEmpty)
        {
            return;
        }

        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "text"u8);
        _writer.Copy("text"u8, text);
        if (Keeps(block, $"{dropPath}.cache_control"))
        {
            _writer.Copy("cache_control"u8, block, "cache_control"u8);
        }

        if (block.Given("citations"u8, out var citations) && !(citations.ValueKind == JsonValueKind.Array && citations.GetArrayLength() == 0))
        {
            if (_extras.HasFlag(ChatExtras.Everything))
            {
                _writer.Copy("citations"u8, citations);
            }
            else
            {
                Drop($"{dropPath}.citations");
            }
        }

        _writer.WriteEndObject();
    }

    private void WriteText(string text, JsonElement block)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "text"u8);
        _writer.WriteString("text"u8, text);
        if (_extras.HasFlag(ChatExtras.CacheControl))
        {
            _writer.Copy("cache_control"u8, block, "cache_control"u8);
        }

        _writer.WriteEndObject();
        NoteFields(block, "messages[].content[]");
    }

    private void WriteImage(JsonElement block, JsonElement source, string path)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "image_url"u8);
        _writer.WriteStartObject("image_url"u8);
        if (source.Given("url"u8, JsonValueKind.String, out var url))
        {
            _writer.Copy("url"u8, url);
        }
        else if (source.Given("media_type"u8, JsonValueKind.String, out var type) && source.Given("data"u8, JsonValueKind.String, out var data))
        {
            _writer.WriteJoined("url"u8, "data:"u8, Wire.Inner(type), ";base64,"u8, Wire.Inner(data));
        }
        else
        {
            Refuse($"{path}.source: Field required");
        }

        _writer.WriteEndObject();
        if (_extras.HasFlag(ChatExtras.CacheControl))
        {
            _writer.Copy("cache_control"u8, block, "cache_control"u8);
        }

        if (_extras.HasFlag(ChatExtras.Everything))
        {
            _writer.Copy("transformations"u8, block, "transformations"u8);
        }

        _writer.WriteEndObject();
        NoteFields(block, "messages[].content[]");
    }

    private void WriteFile(JsonElement block, JsonElement source)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "file"u8);
        _writer.WriteStartObject("file"u8);
        _writer.WriteString("filename"u8, block.Text("title"u8) ?? "document.pdf");
        if (source.Given("url"u8, JsonValueKind.String, out var url))
        {
            _writer.Copy("file_data"u8, url);
        }
        else if (source.Given("data"u8, JsonValueKind.String, out var data))
        {
            var type = source.Given("media_type"u8, JsonValueKind.String, out var media) ? Wire.Inner(media) : "application/pdf"u8;
            _writer.WriteJoined("file_data"u8, "data:"u8, type, ";base64,"u8, Wire.Inner(data));
        }

        _writer.WriteEndObject();
        if (_extras.HasFlag(ChatExtras.CacheControl))
        {
            _writer.Copy("cache_control"u8, block, "cache_control"u8);
        }

        _writer.WriteEndObject();
        if (block.Given("context"u8, out _))
        {
            Drop("messages[].content[].context");
        }

        NoteFields(block, "messages[].content[]");
    }

    private void NoteFields(JsonElement block, string path)
    {
        if (!_extras.HasFlag(ChatExtras.CacheControl) && block.Given("cache_control"u8, out _))
        {
            Drop($"{path}.cache_control");
        }

        if (!_extras.HasFlag(ChatExtras.Everything) && block.Given("transformations"u8, out _))
        {
            Drop($"{path}.transformations");
        }

        if (block.Given("citations"u8, JsonValueKind.Object, out var citations) && citations.Flag("enabled"u8))
        {
            Drop($"{path}.citations");
        }
    }

    private static string SearchResult(JsonElement block) =>
        string.Join('\n', [block.Text("title"u8), block.Text("source"u8), .. block.Items("content"u8).Select(text => text.Text("text"u8))]);

    private static string TextDocument(JsonElement block)
    {
        var source = block.GetProperty("source"u8);
        var text = new StringBuilder();
        foreach (var heading in (ReadOnlySpan<string?>)[block.Text("title"u8), block.Text("context"u8)])
        {
            if (heading is not null)
            {
                text.Append(heading).Append("\n\n");
            }
        }

        return (source.Text("data"u8) ?? source.Text("content"u8)) is { } whole
            ? text.Append(whole).ToString()
            : text.AppendJoin('\n', source.Items("content"u8).Select(part => part.Text("text"u8))).ToString();
    }

    private void WriteAssistant(JsonElement content, int number)
    {
        _writer.WriteStartObject();
        _writer.WriteString("role"u8, "assistant"u8);
        if (content.ValueKind == JsonValueKind.String)
        {
            _writer.Copy("content"u8, content);
        }
        else
        {
            WriteSpoken(content, number);
            WriteThoughts(content);
            WriteToolCalls(content, number);
        }

        _writer.WriteEndObject();
    }

    private void WriteSpoken(JsonElement content, int number)
    {
        var texts = content.EnumerateArray().Count(IsText);
        if (texts == 0)
        {
            if (content.EnumerateArray().Any(block => block.Says("type"u8, "tool_use"u8)))
            {
                _writer.WriteNull("content"u8);
            }
            else
            {
                _writer.WriteString("content"u8, ""u8);
            }

            return;
        }

        var plain = !_extras.HasFlag(ChatExtras.Parts) || texts == 1 && !content.EnumerateArray().Any(block =>
            IsText(block) && (Keeps(block, "messages[].content[].cache_control") || _extras.HasFlag(ChatExtras.Everything) && block.Given("citations"u8, JsonValueKind.Array, out _)));
        if (!plain)
        {
            _writer.WriteStartArray("content"u8);
            var position = 0;
            foreach (var block in content.EnumerateArray())
            {
                if (IsText(block))
                {
                    WriteTextPart(block, $"messages.{number}.content.{position}", "messages[].content[]");
                }

                position++;
            }

            _writer.WriteEndArray();
            return;
        }

        using var joined = new PooledBytes();
        foreach (var block in content.EnumerateArray().Where(IsText))
        {
            joined.Write(Wire.Inner(block.GetProperty("text"u8)));
            Keeps(block, "messages[].content[].cache_control");
            if (block.Given("citations"u8, JsonValueKind.Array, out var citations) && citations.GetArrayLength() > 0)
            {
                Drop("messages[].content[].citations");
            }
        }

        _writer.WriteJoined("content"u8, joined.Written, default);
    }

    private static bool IsText(JsonElement block) => block.Says("type"u8, "text"u8) && block.Given("text"u8, JsonValueKind.String, out var text) && !Wire.Inner(text).IsEmpty;

    private void WriteThoughts(JsonElement content)
    {
        if (_extras.HasFlag(ChatExtras.ReasoningContent))
        {
            using var joined = new PooledBytes();
            foreach (var block in content.EnumerateArray().Where(block => block.Says("type"u8, "thinking"u8)))
            {
                if (block.Given("thinking"u8, JsonValueKind.String, out var thinking) && !Wire.Inner(thinking).IsEmpty)
                {
                    joined.Write(joined.Written.IsEmpty ? default : "\\n\\n"u8);
                    joined.Write(Wire.Inner(thinking));
                }
            }

            if (!joined.Written.IsEmpty)
            {
                _writer.WriteJoined("reasoning_content"u8, joined.Written, default);
            }
        }

        var details = _extras.HasFlag(ChatExtras.ReasoningDetails);
        var begun = false;
        var position = 0;
        foreach (var block in content.EnumerateArray())
        {
            switch (block.Text("type"u8))
            {
                case "text" or "tool_use" or null:
                    break;
                case "thinking" or "redacted_thinking":
                    block.Given(block.Says("type"u8, "thinking"u8) ? "signature"u8 : "data"u8, out var secret);
                    var ours = Envelope.TryOpen(secret, out var carried);
                    if (ours && !carried.Given("detail"u8, out _))
                    {
                        // Plain reasoning text, already written, or what belongs to a tool call.
                        if (!_extras.HasFlag(ChatExtras.ReasoningContent) && block.Says("type"u8, "thinking"u8))
                        {
                            Drop("messages[].content[].thinking");
                        }

                        break;
                    }

                    if (!details)
                    {
                        if (!_extras.HasFlag(ChatExtras.ReasoningContent) || block.Says("type"u8, "redacted_thinking"u8))
                        {
                            Drop($"messages[].content[].{block.Text("type"u8)}");
                        }

                        break;
                    }

                    BeginDetails(ref begun);
                    if (ours)
                    {
                        WriteCarriedDetail(block, carried.GetProperty("detail"u8));
                    }
                    else
                    {
                        WriteDetail(block, position);
                    }

                    break;
                case { } other:
                    if (_extras.HasFlag(ChatExtras.Everything))
                    {
                        BeginDetails(ref begun);
                        WriteBlockDetail(block, position);
                    }
                    else
                    {
                        Drop($"messages[].content[].{other}");
                    }

                    break;
            }

            position++;
        }

        if (begun)
        {
            _writer.WriteEndArray();
        }
    }

    private void BeginDetails(ref bool begun)
    {
        if (!begun)
        {
            _writer.WriteStartArray("reasoning_details"u8);
            begun = true;
        }
    }

    private void WriteDetail(JsonElement block, int position)
    {
        _writer.WriteStartObject();
        if (block.Says("type"u8, "thinking"u8))
        {
            _writer.WriteString("type"u8, "reasoning.text"u8);
            _writer.Copy("text"u8, block, "thinking"u8);
            _writer.Copy("signature"u8, block, "signature"u8);
        }
        else
        {
            _writer.WriteString("type"u8, "reasoning.encrypted"u8);
            _writer.Copy("data"u8, block, "data"u8);
        }

        _writer.WriteString("format"u8, DetailFormat.Anthropic);
        _writer.WriteNumber("index"u8, position);
        _writer.WriteEndObject();
    }

    private void WriteBlockDetail(JsonElement block, int position)
    {
        _writer.WriteStartObject();
        _writer.WriteString("type"u8, "reasoning.encrypted"u8);
        _writer.WriteBase64String("data"u8, Encoding.UTF8.GetBytes(block.GetRawText()));
        _writer.WriteString("format"u8, DetailFormat.AnthropicBlock);
        _writer.WriteNumber("index"u8, position);
        _writer.WriteEndObject();
    }

    // The vendor's own entry, whose text (or summary) travelled in the open as the block's thinking.
    private void WriteCarriedDetail(JsonElement block, JsonElement detail)
    {
        _writer.WriteStartObject();
        foreach (var member in detail.EnumerateObject())
        {
            _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
        }

        if (block.Given("thinking"u8, out var thinking))
        {
            _writer.Copy(detail.Says("type"u8, "reasoning.summary"u8) ? "summary"u8 : "text"u8, thinking);
        }

        _writer.WriteEndObject();
    }

    private void WriteToolCalls(JsonElement content, int number)
    {
        var calls = 0;
        var position = -1;
        foreach (var block in content.EnumerateArray())
        {
            position++;
            if (!block.Says("type"u8, "tool_use"u8))
            {
                continue;
            }

            if (!block.Given("id"u8, JsonValueKind.String, out var id) || block.Text("name"u8) is not { } name)
            {
                Refuse($"messages.{number}.content.{position}.{(block.Given("id"u8, out _) ? "name" : "id")}: Field required");
                continue;
            }

            if (calls++ == 0)
            {
                _writer.WriteStartArray("tool_calls"u8);
            }

            _writer.WriteStartObject();
            _writer.Copy("id"u8, id);
            _writer.WriteString("type"u8, "function"u8);
            _writer.WriteStartObject("function"u8);
            _writer.WriteString("name"u8, _names.Shorten(name));
            if (block.Given("input"u8, out var input))
            {
                _writer.WriteAsString("arguments"u8, input);
            }
            else
            {
                _writer.WriteString("arguments"u8, "{}"u8);
            }

            _writer.WriteEndObject();
            if (_extras.HasFlag(ChatExtras.ToolCallExtras))
            {
                WriteCallExtras(content, id);
            }

            foreach (var member in block.EnumerateObject())
            {
                if (member.Name is "type" or "id" or "name" or "input" || member.Value.ValueKind == JsonValueKind.Null || member.Name == "caller" && member.Value.Says("type"u8, "direct"u8))
                {
                    continue;
                }

                if (_extras.HasFlag(member.Name == "cache_control" ? ChatExtras.CacheControl : ChatExtras.Everything))
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }
                else
                {
                    Drop($"messages[].content[].{member.Name}");
                }
            }

            _writer.WriteEndObject();
        }

        if (calls > 0)
        {
            _writer.WriteEndArray();
        }
    }

    private void WriteCallExtras(JsonElement content, JsonElement id)
    {
        foreach (var block in content.EnumerateArray().Where(block => block.Says("type"u8, "redacted_thinking"u8)))
        {
            if (block.Given("data"u8, out var data) && Envelope.TryOpen(data, out var carried) && carried.Says("tool_call"u8, Encoding.UTF8.GetBytes(id.Plain())) && carried.Given("extra"u8, out var extra))
            {
                foreach (var member in extra.EnumerateObject())
                {
                    _writer.Copy(Encoding.UTF8.GetBytes(member.Name), member.Value);
                }
            }
        }
    }

    // Whether the block has a cache mark that the upstream takes; one that it does not take is noted.
    private bool Keeps(JsonElement block, string path)
    {
        if (!block.Given("cache_control"u8, out _))
        {
            return false;
        }

        if (!_extras.HasFlag(ChatExtras.CacheControl))
        {
            Drop(path);
            return false;
        }

        return true;
    }

    private void Drop(string path)
    {
        if (!_dropped.Contains(path))
        {
            _dropped.Add(path);
        }
    }

    private void Refuse(string reason) => _invalid ??= reason;
}
