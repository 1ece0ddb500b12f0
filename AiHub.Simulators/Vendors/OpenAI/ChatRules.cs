using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>What OpenAI checks in a chat request before any model sees it. Rules are yielded in OpenAI's order; the first broken one is the answer.</summary>
public static partial class ChatRules
{
    private static readonly string[] Roles = ["system", "assistant", "user", "function", "tool", "developer"];
    private static readonly string[] UserParts = ["text", "image_url", "input_audio", "file"];
    private static readonly string[] AssistantParts = ["text", "refusal"];
    private static readonly string[] TextParts = ["text"];

    private static readonly HashSet<string> Parameters =
    [
        "audio", "frequency_penalty", "function_call", "functions", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens", "messages",
        "metadata", "modalities", "model", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key", "prompt_cache_retention",
        "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop", "store", "stream", "stream_options", "temperature",
        "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity", "web_search_options",
    ];

    /// <returns>Null when the body is a request that OpenAI would take.</returns>
    public static OpenAIError? Check(JsonElement body, bool refuseUnknown) => Broken(body, refuseUnknown).FirstOrDefault();

    private static IEnumerable<OpenAIError> Broken(JsonElement body, bool refuseUnknown)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            yield return OpenAIError.Invalid("Invalid type for the request body: expected an object.", code: "invalid_type");
        }

        if (body.Given("model") is not { } model)
        {
            yield return OpenAIError.Invalid("you must provide a model parameter");
            yield break;
        }

        if (model.ValueKind != JsonValueKind.String || model.GetString()!.Length == 0)
        {
            yield return WrongType("model", "a string", model);
        }

        if (refuseUnknown)
        {
            foreach (var member in body.EnumerateObject().Where(member => !Parameters.Contains(member.Name)))
            {
                yield return OpenAIError.Invalid($"Unknown parameter: '{member.Name}'.", member.Name, "unknown_parameter");
            }
        }

        foreach (var error in BrokenMessages(body).Concat(BrokenNumbers(body)).Concat(BrokenSwitches(body)).Concat(BrokenTools(body)))
        {
            yield return error;
        }
    }

    private static IEnumerable<OpenAIError> BrokenMessages(JsonElement body)
    {
        if (body.Given("messages") is not { } messages)
        {
            yield return Missing("messages");
            yield break;
        }

        if (messages.ValueKind != JsonValueKind.Array)
        {
            yield return WrongType("messages", "an array of objects", messages);
        }

        if (messages.GetArrayLength() == 0)
        {
            yield return OpenAIError.Invalid(
                "Invalid 'messages': empty array. Expected an array with minimum length 1, but got an empty array instead.", "messages", "empty_array");
        }

        // The calls that still want a tool message, and whether tool messages may come now.
        HashSet<string> open = [];
        var afterCalls = false;
        var index = 0;

        foreach (var message in messages.EnumerateArray())
        {
            var path = $"messages[{index++}]";
            foreach (var error in BrokenMessage(message, path))
            {
                yield return error;
            }

            var role = ChatRequest.RoleOf(message);
            if (role == "tool")
            {
                var id = message.Given("tool_call_id")?.GetString();
                if (!afterCalls || id is null || !open.Remove(id))
                {
                    yield return OpenAIError.Invalid(
                        "Invalid parameter: messages with role 'tool' must be a response to a preceeding message with 'tool_calls'.", $"{path}.role");
                }

                continue;
            }

            if (open.Count > 0)
            {
                yield return Unanswered(open, "messages");
            }

            afterCalls = false;
            if (role == "assistant" && message.Given("tool_calls") is { } calls)
            {
                open = [.. calls.EnumerateArray().Select(call => call.GetProperty("id").GetString()!)];
                afterCalls = true;
            }
        }

        if (open.Count > 0)
        {
            yield return Unanswered(open, "messages");
        }
    }

    private static IEnumerable<OpenAIError> BrokenMessage(JsonElement message, string path)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType(path, "an object", message);
        }

        if (message.Given("role") is not { } role)
        {
            yield return Missing($"{path}.role");
            yield break;
        }

        if (role.ValueKind != JsonValueKind.String || !Roles.Contains(role.GetString()))
        {
            yield return NotOneOf($"{path}.role", role, Roles);
        }

        if (message.Given("name") is { } name && (name.ValueKind != JsonValueKind.String || !NameShape().IsMatch(name.GetString()!)))
        {
            yield return BadPattern($"{path}.name", "^[^\\s<|\\\\/>]+$");
        }

        var isAssistant = role.ValueEquals("assistant");
        var calls = message.Given("tool_calls");
        if (calls is not null && !isAssistant)
        {
            yield return OpenAIError.Invalid($"Invalid parameter: '{path}.tool_calls' is only allowed in messages with role 'assistant'.", $"{path}.tool_calls");
        }

        if (message.Given("content") is not { } content)
        {
            if (!isAssistant || (calls is null && message.Given("function_call") is null && message.Given("refusal") is null && message.Given("audio") is null))
            {
                yield return OpenAIError.Invalid($"Invalid value for 'content': expected a string, got null.", $"{path}.content");
            }
        }
        else
        {
            foreach (var error in BrokenContent(content, $"{path}.content", role.GetString() switch { "user" => UserParts, "assistant" => AssistantParts, _ => TextParts }))
            {
                yield return error;
            }
        }

        if (role.ValueEquals("tool") && message.Given("tool_call_id") is not { ValueKind: JsonValueKind.String })
        {
            yield return Missing($"{path}.tool_call_id");
        }

        if (calls is { } given)
        {
            foreach (var error in BrokenCalls(given, $"{path}.tool_calls"))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<OpenAIError> BrokenContent(JsonElement content, string path, string[] kinds)
    {
        if (content.ValueKind == JsonValueKind.String)
        {
            yield break;
        }

        if (content.ValueKind != JsonValueKind.Array)
        {
            yield return OpenAIError.Invalid(
                $"Invalid type for '{path}': expected one of a string or array of objects, but got {Article(content)} instead.", path, "invalid_type");
        }

        if (content.GetArrayLength() == 0)
        {
            yield return OpenAIError.Invalid(
                $"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.", path, "empty_array");
        }

        var index = 0;
        foreach (var part in content.EnumerateArray())
        {
            var at = $"{path}[{index++}]";
            if (part.ValueKind != JsonValueKind.Object)
            {
                yield return WrongType(at, "an object", part);
            }

            if (part.Given("type") is not { } type)
            {
                yield return Missing($"{at}.type");
                yield break;
            }

            if (type.ValueKind != JsonValueKind.String || !kinds.Contains(type.GetString()))
            {
                yield return NotOneOf($"{at}.type", type, kinds);
            }

            foreach (var error in BrokenPart(part, type.GetString()!, at))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<OpenAIError> BrokenPart(JsonElement part, string type, string at)
    {
        // {"type":"image_url","image_url":{"url":"https://…"}}: each kind's value sits in a member of its own name.
        if (part.Given(type) is not { } value)
        {
            yield return Missing($"{at}.{type}");
            yield break;
        }

        if (type is "text" or "refusal")
        {
            if (value.ValueKind != JsonValueKind.String)
            {
                yield return WrongType($"{at}.{type}", "a string", value);
            }

            yield break;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType($"{at}.{type}", "an object", value);
        }

        switch (type)
        {
            case "image_url":
                if (value.Given("url") is not { ValueKind: JsonValueKind.String } url)
                {
                    yield return Missing($"{at}.image_url.url");
                }
                else if (!ImageUrl().IsMatch(url.GetString()!))
                {
                    yield return OpenAIError.Invalid("Invalid image URL: expected an http(s) URL or a base64-encoded image data URL.", $"{at}.image_url.url", "invalid_image_url");
                }

                if (value.Given("detail") is { } detail && (detail.ValueKind != JsonValueKind.String || detail.GetString() is not ("auto" or "low" or "high")))
                {
                    yield return NotOneOf($"{at}.image_url.detail", detail, ["low", "high", "auto"]);
                }

                break;
            case "input_audio":
                if (value.Given("data") is not { ValueKind: JsonValueKind.String })
                {
                    yield return Missing($"{at}.input_audio.data");
                }

                if (value.Given("format") is not { } format)
                {
                    yield return Missing($"{at}.input_audio.format");
                }
                else if (format.ValueKind != JsonValueKind.String || format.GetString() is not ("wav" or "mp3"))
                {
                    yield return NotOneOf($"{at}.input_audio.format", format, ["wav", "mp3"]);
                }

                break;
            default:
                if (value.Given("file_id") is null && value.Given("file_data") is null)
                {
                    yield return Missing($"{at}.file.file_id");
                }

                break;
        }
    }

    private static IEnumerable<OpenAIError> BrokenCalls(JsonElement calls, string path)
    {
        if (calls.ValueKind != JsonValueKind.Array)
        {
            yield return WrongType(path, "an array of objects", calls);
        }

        if (calls.GetArrayLength() == 0)
        {
            yield return OpenAIError.Invalid(
                $"Invalid '{path}': empty array. Expected an array with minimum length 1, but got an empty array instead.", path, "empty_array");
        }

        var index = 0;
        foreach (var call in calls.EnumerateArray())
        {
            var at = $"{path}[{index++}]";
            if (call.Given("id") is not { ValueKind: JsonValueKind.String })
            {
                yield return Missing($"{at}.id");
            }

            if (call.Given("type") is not { ValueKind: JsonValueKind.String } type)
            {
                yield return Missing($"{at}.type");
                yield break;
            }

            if (type.GetString() is not ("function" or "custom"))
            {
                yield return NotOneOf($"{at}.type", type, ["function", "custom"]);
            }

            var (kind, argument) = type.ValueEquals("function") ? ("function", "arguments") : ("custom", "input");
            if (call.Given(kind)?.Given("name") is not { ValueKind: JsonValueKind.String })
            {
                yield return Missing($"{at}.{kind}.name");
            }

            if (call.Given(kind)?.Given(argument) is not { } given)
            {
                yield return Missing($"{at}.{kind}.{argument}");
            }
            else if (given.ValueKind != JsonValueKind.String)
            {
                yield return WrongType($"{at}.{kind}.{argument}", "a string", given);
            }
        }
    }

    private static IEnumerable<OpenAIError> BrokenNumbers(JsonElement body) =>
        OutOfRange(body, "temperature", 0, 2)
            .Concat(OutOfRange(body, "top_p", 0, 1))
            .Concat(OutOfRange(body, "frequency_penalty", -2, 2))
            .Concat(OutOfRange(body, "presence_penalty", -2, 2))
            .Concat(NotWhole(body, "n", 1, 128))
            .Concat(NotWhole(body, "max_tokens", 1, int.MaxValue))
            .Concat(NotWhole(body, "max_completion_tokens", 1, int.MaxValue))
            .Concat(NotWhole(body, "top_logprobs", 0, 20))
            .Concat(NotWhole(body, "seed", long.MinValue, long.MaxValue))
            .Concat(BothLimits(body));

    private static IEnumerable<OpenAIError> BothLimits(JsonElement body)
    {
        if (body.Given("max_tokens") is not null && body.Given("max_completion_tokens") is not null)
        {
            yield return OpenAIError.Invalid(
                "Setting 'max_tokens' and 'max_completion_tokens' at the same time is not supported.", "max_tokens", "invalid_parameter_combination");
        }
    }

    private static IEnumerable<OpenAIError> BrokenSwitches(JsonElement body)
    {
        foreach (var name in (string[])["stream", "logprobs", "store"])
        {
            if (body.Given(name) is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } flag)
            {
                yield return WrongType(name, "a boolean", flag);
            }
        }

        foreach (var name in (string[])["user", "prompt_cache_key", "safety_identifier"])
        {
            if (body.Given(name) is { ValueKind: not JsonValueKind.String } text)
            {
                yield return WrongType(name, "a string", text);
            }
        }

        foreach (var (name, values) in ((string, string[])[])
            [
                ("service_tier", ["auto", "default", "flex", "scale", "priority"]),
                ("reasoning_effort", ["none", "minimal", "low", "medium", "high", "xhigh"]),
                ("verbosity", ["low", "medium", "high"]),
            ])
        {
            if (body.Given(name) is { } value && (value.ValueKind != JsonValueKind.String || !values.Contains(value.GetString())))
            {
                yield return NotOneOf(name, value, values);
            }
        }

        if (body.Given("stream_options") is { } options)
        {
            if (options.ValueKind != JsonValueKind.Object)
            {
                yield return WrongType("stream_options", "an object", options);
            }

            if (body.Given("stream") is not { ValueKind: JsonValueKind.True })
            {
                yield return OpenAIError.Invalid("The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options");
            }

            if (options.Given("include_usage") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } include)
            {
                yield return WrongType("stream_options.include_usage", "a boolean", include);
            }
        }

        if (body.Given("top_logprobs") is not null && body.Given("logprobs") is not { ValueKind: JsonValueKind.True })
        {
            yield return OpenAIError.Invalid("The 'top_logprobs' parameter is only allowed when 'logprobs' is enabled.", "top_logprobs");
        }

        foreach (var error in BrokenStop(body).Concat(BrokenMetadata(body)).Concat(BrokenFormat(body)))
        {
            yield return error;
        }

        if (body.Given("logit_bias") is { ValueKind: not JsonValueKind.Object } bias)
        {
            yield return WrongType("logit_bias", "an object", bias);
        }
    }

    private static IEnumerable<OpenAIError> BrokenStop(JsonElement body)
    {
        if (body.Given("stop") is not { } stop || stop.ValueKind == JsonValueKind.String)
        {
            yield break;
        }

        if (stop.ValueKind != JsonValueKind.Array || stop.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String))
        {
            yield return OpenAIError.Invalid(
                $"Invalid type for 'stop': expected one of an array of strings or string, but got {Article(stop)} instead.", "stop", "invalid_type");
        }

        if (stop.GetArrayLength() > 4)
        {
            yield return OpenAIError.Invalid(
                $"Invalid 'stop': array too long. Expected an array with maximum length 4, but got an array with length {stop.GetArrayLength()} instead.",
                "stop",
                "array_above_max_length");
        }
    }

    private static IEnumerable<OpenAIError> BrokenMetadata(JsonElement body)
    {
        if (body.Given("metadata") is not { } metadata)
        {
            yield break;
        }

        if (metadata.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType("metadata", "an object", metadata);
        }

        foreach (var member in metadata.EnumerateObject().Where(member => member.Value.ValueKind != JsonValueKind.String))
        {
            yield return WrongType($"metadata.{member.Name}", "a string", member.Value);
        }

        if (metadata.EnumerateObject().Count() > 16)
        {
            yield return OpenAIError.Invalid("Invalid 'metadata': too many properties. Expected an object with at most 16 properties.", "metadata", "object_above_max_properties");
        }
    }

    private static IEnumerable<OpenAIError> BrokenFormat(JsonElement body)
    {
        if (body.Given("response_format") is not { } format)
        {
            yield break;
        }

        if (format.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType("response_format", "an object", format);
        }

        switch (format.Given("type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null)
        {
            case null:
                yield return Missing("response_format.type");
                break;
            case "text":
                break;
            case "json_object":
                if (!body.GetProperty("messages").GetRawText().Contains("json", StringComparison.OrdinalIgnoreCase))
                {
                    yield return OpenAIError.Invalid(
                        "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.", "messages");
                }

                break;
            case "json_schema":
                if (format.Given("json_schema")?.Given("name") is not { ValueKind: JsonValueKind.String } name)
                {
                    yield return Missing("response_format.json_schema.name");
                }
                else if (!FunctionName().IsMatch(name.GetString()!))
                {
                    yield return BadPattern("response_format.json_schema.name", "^[a-zA-Z0-9_-]+$");
                }

                if (format.Given("json_schema")?.Given("schema") is { ValueKind: not JsonValueKind.Object } schema)
                {
                    yield return WrongType("response_format.json_schema.schema", "an object", schema);
                }

                break;
            default:
                yield return NotOneOf("response_format.type", format.GetProperty("type"), ["json_object", "json_schema", "text"]);
                break;
        }
    }

    private static IEnumerable<OpenAIError> BrokenTools(JsonElement body)
    {
        if (body.Given("tools") is not { } tools)
        {
            foreach (var name in (string[])["tool_choice", "parallel_tool_calls"])
            {
                if (body.Given(name) is not null)
                {
                    yield return OpenAIError.Invalid($"'{name}' is only allowed when 'tools' are specified.", name);
                }
            }

            yield break;
        }

        if (tools.ValueKind != JsonValueKind.Array)
        {
            yield return WrongType("tools", "an array of objects", tools);
        }

        if (tools.GetArrayLength() is 0 or > 128)
        {
            yield return tools.GetArrayLength() == 0
                ? OpenAIError.Invalid("Invalid 'tools': empty array. Expected an array with minimum length 1, but got an empty array instead.", "tools", "empty_array")
                : OpenAIError.Invalid(
                    $"Invalid 'tools': array too long. Expected an array with maximum length 128, but got an array with length {tools.GetArrayLength()} instead.",
                    "tools",
                    "array_above_max_length");
        }

        List<string> names = [];
        var index = 0;
        foreach (var tool in tools.EnumerateArray())
        {
            foreach (var error in BrokenTool(tool, $"tools[{index++}]"))
            {
                yield return error;
            }

            names.Add(tool.GetProperty(tool.GetProperty("type").GetString()!).GetProperty("name").GetString()!);
        }

        if (body.Given("parallel_tool_calls") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) } parallel)
        {
            yield return WrongType("parallel_tool_calls", "a boolean", parallel);
        }

        if (body.Given("tool_choice") is { } choice)
        {
            foreach (var error in BrokenChoice(choice, names))
            {
                yield return error;
            }
        }
    }

    private static IEnumerable<OpenAIError> BrokenTool(JsonElement tool, string path)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType(path, "an object", tool);
        }

        if (tool.Given("type") is not { } type)
        {
            yield return Missing($"{path}.type");
            yield break;
        }

        if (type.ValueKind != JsonValueKind.String || type.GetString() is not ("function" or "custom"))
        {
            yield return NotOneOf($"{path}.type", type, ["function", "custom"]);
        }

        var kind = type.GetString()!;
        if (tool.Given(kind) is not { ValueKind: JsonValueKind.Object } definition)
        {
            yield return Missing($"{path}.{kind}");
            yield break;
        }

        if (definition.Given("name") is not { ValueKind: JsonValueKind.String } name)
        {
            yield return Missing($"{path}.{kind}.name");
        }
        else if (!FunctionName().IsMatch(name.GetString()!))
        {
            yield return BadPattern($"{path}.{kind}.name", "^[a-zA-Z0-9_-]+$");
        }

        if (kind == "function" && definition.Given("parameters") is { } parameters)
        {
            if (parameters.ValueKind != JsonValueKind.Object)
            {
                yield return WrongType($"{path}.function.parameters", "an object", parameters);
            }

            if (parameters.EnumerateObject().Any() && parameters.Given("type") is not { ValueKind: JsonValueKind.String })
            {
                yield return WrongSchema(definition, path, "None");
            }
            else if (parameters.Given("type") is { } shape && !shape.ValueEquals("object"))
            {
                yield return WrongSchema(definition, path, shape.ToString());
            }
        }
    }

    private static IEnumerable<OpenAIError> BrokenChoice(JsonElement choice, List<string> names)
    {
        if (choice.ValueKind == JsonValueKind.String)
        {
            if (choice.GetString() is not ("none" or "auto" or "required"))
            {
                yield return NotOneOf("tool_choice", choice, ["none", "auto", "required"]);
            }

            yield break;
        }

        if (choice.ValueKind != JsonValueKind.Object)
        {
            yield return WrongType("tool_choice", "an object", choice);
        }

        if (choice.Given("type") is not { ValueKind: JsonValueKind.String } type)
        {
            yield return Missing("tool_choice.type");
            yield break;
        }

        if (type.GetString() is not ("function" or "custom" or "allowed_tools"))
        {
            yield return NotOneOf("tool_choice.type", type, ["allowed_tools", "function", "custom"]);
        }

        if (type.GetString() is "function" or "custom")
        {
            if (choice.Given(type.GetString()!)?.Given("name") is not { ValueKind: JsonValueKind.String } name)
            {
                yield return Missing($"tool_choice.{type.GetString()}.name");
            }
            else if (!names.Contains(name.GetString()!))
            {
                yield return OpenAIError.Invalid($"Tool choice '{name.GetString()}' not found in 'tools' parameter.", "tool_choice");
            }
        }
    }

    private static IEnumerable<OpenAIError> OutOfRange(JsonElement body, string name, double from, double to)
    {
        if (body.Given(name) is not { } value)
        {
            yield break;
        }

        if (value.ValueKind != JsonValueKind.Number)
        {
            yield return WrongType(name, "a decimal", value);
        }

        var number = value.GetDouble();
        if (number < from || number > to)
        {
            yield return OpenAIError.Invalid(
                number < from
                    ? $"Invalid '{name}': decimal below minimum value. Expected a value >= {Invariant(from)}, but got {value.GetRawText()} instead."
                    : $"Invalid '{name}': decimal above maximum value. Expected a value <= {Invariant(to)}, but got {value.GetRawText()} instead.",
                name,
                number < from ? "decimal_below_min_value" : "decimal_above_max_value");
        }
    }

    private static IEnumerable<OpenAIError> NotWhole(JsonElement body, string name, long from, long to)
    {
        if (body.Given(name) is not { } value)
        {
            yield break;
        }

        if (value.ValueKind != JsonValueKind.Number || !value.TryGetInt64(out var number))
        {
            yield return OpenAIError.Invalid(
                $"Invalid type for '{name}': expected an integer, but got {(value.ValueKind == JsonValueKind.Number ? "a decimal number" : Article(value))} instead.",
                name,
                "invalid_type");
            yield break;
        }

        if (number < from || number > to)
        {
            yield return OpenAIError.Invalid(
                number < from
                    ? $"Invalid '{name}': integer below minimum value. Expected a value >= {from}, but got {number} instead."
                    : $"Invalid '{name}': integer above maximum value. Expected a value <= {to}, but got {number} instead.",
                name,
                number < from ? "integer_below_min_value" : "integer_above_max_value");
        }
    }

    private static OpenAIError Missing(string path) => OpenAIError.Invalid($"Missing required parameter: '{path}'.", path, "missing_required_parameter");

    private static OpenAIError WrongType(string path, string expected, JsonElement value) =>
        OpenAIError.Invalid($"Invalid type for '{path}': expected {expected}, but got {Article(value)} instead.", path, "invalid_type");

    private static OpenAIError NotOneOf(string path, JsonElement value, string[] values)
    {
        var quoted = values.Select(one => $"'{one}'").ToArray();
        var list = quoted.Length > 2 ? $"{string.Join(", ", quoted[..^1])}, and {quoted[^1]}" : string.Join(" and ", quoted);

        return OpenAIError.Invalid($"Invalid value: '{value}'. Supported values are: {list}.", path, "invalid_value");
    }

    private static OpenAIError BadPattern(string path, string pattern) => OpenAIError.Invalid(
        $"Invalid '{path}': string does not match pattern. Expected a string that matches the pattern '{pattern}'.", path, "invalid_value");

    private static OpenAIError WrongSchema(JsonElement function, string path, string type) => OpenAIError.Invalid(
        $"Invalid schema for function '{function.GetProperty("name").GetString()}': schema must be a JSON Schema of 'type: \"object\"', got 'type: \"{type}\"'.",
        $"{path}.function.parameters",
        "invalid_function_parameters");

    private static OpenAIError Unanswered(HashSet<string> calls, string path) => OpenAIError.Invalid(
        "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
        + $"The following tool_call_ids did not have response messages: {string.Join(", ", calls)}",
        path);

    private static string Article(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        JsonValueKind.Number => value.TryGetInt64(out _) ? "an integer" : "a decimal number",
        JsonValueKind.True or JsonValueKind.False => "a boolean",
        _ => "null",
    };

    private static string Invariant(double value) => value.ToString(CultureInfo.InvariantCulture);

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,64}$")]
    private static partial Regex FunctionName();

    [GeneratedRegex(@"^[^\s<|\\/>]{1,64}$")]
    private static partial Regex NameShape();

    [GeneratedRegex("^(https?://|data:[a-z]+/[a-zA-Z0-9.+-]+;base64,)", RegexOptions.IgnoreCase)]
    private static partial Regex ImageUrl();
}
