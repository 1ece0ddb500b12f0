using System.Text.Json;
using System.Text.RegularExpressions;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>What Anthropic checks in a request before any model sees it, in its own words. Rules are yielded in order; the first broken one is the answer.</summary>
public static partial class MessageRules
{
    private const int MostCacheMarks = 4;
    private const int LeastBudget = 1_024;

    private static readonly HashSet<string> Parameters =
    [
        "model", "messages", "max_tokens", "system", "metadata", "stop_sequences", "stream", "temperature", "top_p", "top_k", "tools", "tool_choice", "thinking",
        "service_tier", "output_config", "cache_control", "container", "diagnostics", "inference_geo", "speed", "user_profile_id", "workspace_id",
    ];

    private static readonly HashSet<string> BetaParameters = ["context_management", "mcp_servers", "output_format", "betas", "fallbacks"];
    private static readonly HashSet<string> NotCounted = ["max_tokens", "stream", "metadata", "stop_sequences", "temperature", "top_p", "top_k", "service_tier"];
    private static readonly string[] Images = ["image/jpeg", "image/png", "image/gif", "image/webp"];

    private static readonly Dictionary<string, string[]> UserBlocks = new()
    {
        ["text"] = ["text", "cache_control", "citations"],
        ["image"] = ["source", "cache_control", "transformations"],
        ["document"] = ["source", "title", "context", "citations", "cache_control"],
        ["search_result"] = ["source", "title", "content", "citations", "cache_control"],
        ["tool_result"] = ["tool_use_id", "content", "is_error", "cache_control", "toolset_name"],
        ["container_upload"] = ["file_id", "cache_control"],
    };

    private static readonly Dictionary<string, string[]> AssistantBlocks = new()
    {
        ["text"] = ["text", "cache_control", "citations"],
        ["thinking"] = ["thinking", "signature"],
        ["redacted_thinking"] = ["data"],
        ["tool_use"] = ["id", "name", "input", "cache_control", "caller", "toolset_name"],
        ["server_tool_use"] = ["id", "name", "input", "cache_control", "caller"],
        ["web_search_tool_result"] = ["tool_use_id", "content", "cache_control", "caller"],
    };

    /// <param name="betas">The request names beta features, which have parameters of their own.</param>
    /// <param name="current">The request names version 2026-10-21, which knows no sampling parameters.</param>
    /// <param name="counts">The request only asks how many tokens it has.</param>
    /// <returns>Null when the body is a request that Anthropic would take.</returns>
    public static AnthropicRefusal? Check(JsonElement body, bool betas, bool current, bool counts = false) =>
        Broken(body, betas, current, counts).Select(AnthropicRefusal.Invalid).FirstOrDefault();

    private static IEnumerable<string> Broken(JsonElement body, bool betas, bool current, bool counts)
    {
        if (body.ValueKind != JsonValueKind.Object)
        {
            yield return "Input should be a valid dictionary";
            yield break;
        }

        foreach (var member in body.EnumerateObject())
        {
            if (!Parameters.Contains(member.Name) && !(betas && BetaParameters.Contains(member.Name))
                || counts && NotCounted.Contains(member.Name)
                || current && member.Name is "temperature" or "top_p" or "top_k")
            {
                yield return $"{member.Name}: Extra inputs are not permitted";
            }
        }

        var rules = Required(body, "model", JsonValueKind.String, "string").Concat(Required(body, "messages", JsonValueKind.Array, "array"));
        foreach (var broken in rules.Concat(counts ? [] : BrokenLimit(body)))
        {
            yield return broken;
            yield break;
        }

        foreach (var broken in BrokenNumbers(body).Concat(BrokenSystem(body)).Concat(BrokenTools(body)).Concat(BrokenThinking(body)).Concat(BrokenRest(body)).Concat(BrokenMessages(body)))
        {
            yield return broken;
        }
    }

    private static IEnumerable<string> Required(JsonElement holder, string name, JsonValueKind kind, string word, string path = "")
    {
        if (!holder.TryGetProperty(name, out var value))
        {
            yield return $"{path}{name}: Field required";
        }
        else if (value.ValueKind != kind)
        {
            yield return $"{path}{name}: Input should be a valid {word}";
        }
    }

    private static IEnumerable<string> BrokenLimit(JsonElement body)
    {
        foreach (var broken in Required(body, "max_tokens", JsonValueKind.Number, "integer"))
        {
            yield return broken;
            yield break;
        }

        if (!body.GetProperty("max_tokens").TryGetInt32(out var limit))
        {
            yield return "max_tokens: Input should be a valid integer";
        }
        else if (limit < 1)
        {
            yield return "max_tokens: Input should be greater than or equal to 1";
        }
    }

    private static IEnumerable<string> BrokenNumbers(JsonElement body)
    {
        foreach (var name in (string[])["temperature", "top_p"])
        {
            if (body.Given(name) is { } value)
            {
                if (value.ValueKind != JsonValueKind.Number)
                {
                    yield return $"{name}: Input should be a valid number";
                }
                else if (value.GetDouble() > 1)
                {
                    yield return $"{name}: Input should be less than or equal to 1";
                }
                else if (value.GetDouble() < 0)
                {
                    yield return $"{name}: Input should be greater than or equal to 0";
                }
            }
        }

        if (body.Given("temperature") is not null && body.Given("top_p") is not null)
        {
            yield return "`temperature` and `top_p` cannot both be specified for this model. Please use only one.";
        }

        if (body.Given("top_k") is { } topK && (topK.ValueKind != JsonValueKind.Number || !topK.TryGetInt32(out _)))
        {
            yield return "top_k: Input should be a valid integer";
        }

        if (body.Given("stream") is { ValueKind: not (JsonValueKind.True or JsonValueKind.False) })
        {
            yield return "stream: Input should be a valid boolean";
        }
    }

    private static IEnumerable<string> BrokenSystem(JsonElement body)
    {
        if (body.Given("system") is not { } system || system.ValueKind == JsonValueKind.String)
        {
            yield break;
        }

        if (system.ValueKind != JsonValueKind.Array)
        {
            yield return "system: Input should be a valid string";
            yield break;
        }

        var number = 0;
        foreach (var block in system.EnumerateArray())
        {
            foreach (var broken in BrokenBlock(block, $"system.{number++}", UserBlocks, only: "text"))
            {
                yield return broken;
            }
        }
    }

    private static IEnumerable<string> BrokenTools(JsonElement body)
    {
        if (body.Given("tools") is { ValueKind: not JsonValueKind.Array })
        {
            yield return "tools: Input should be a valid array";
            yield break;
        }

        JsonElement[] tools = body.Given("tools") is { } given ? [.. given.EnumerateArray()] : [];
        for (var number = 0; number < tools.Length; number++)
        {
            if (MessageRequest.KindOf(tools[number]) is not (null or "custom"))
            {
                continue;
            }

            var path = $"tools.{number}.custom.";
            foreach (var broken in Required(tools[number], "name", JsonValueKind.String, "string", path).Concat(Required(tools[number], "input_schema", JsonValueKind.Object, "dictionary", path)))
            {
                yield return broken;
                yield break;
            }

            if (!ToolName().IsMatch(tools[number].GetProperty("name").GetString()!))
            {
                yield return $"{path}name: String should match pattern '^[a-zA-Z0-9_-]{{1,128}}$'";
            }

            if (tools[number].GetProperty("input_schema").Given("type")?.ValueEquals("object") is not true)
            {
                yield return $"{path}input_schema.type: Field required";
            }
        }

        string[] names = [.. tools.Select(tool => tool.Given("name")?.GetString() ?? "")];
        if (names.Distinct().Count() < names.Length)
        {
            yield return "tools: Tool names must be unique.";
        }

        if (body.Given("tool_choice") is { } choice)
        {
            foreach (var broken in BrokenChoice(choice, names))
            {
                yield return broken;
            }
        }
    }

    private static IEnumerable<string> BrokenChoice(JsonElement choice, string[] names)
    {
        switch (MessageRequest.KindOf(choice))
        {
            case "tool" when choice.Given("name") is not { ValueKind: JsonValueKind.String }:
                yield return "tool_choice.tool.name: Field required";
                break;
            case "tool" when !names.Contains(choice.GetProperty("name").GetString()):
                yield return $"Tool '{choice.GetProperty("name").GetString()}' not found in provided tools";
                break;
            case "none" when choice.Given("disable_parallel_tool_use") is not null:
                yield return "tool_choice.none.disable_parallel_tool_use: Extra inputs are not permitted";
                break;
            case "auto" or "any" or "tool" or "none" when names.Length == 0:
                yield return "tool_choice may only be specified while providing tools";
                break;
            case "auto" or "any" or "tool" or "none":
                break;
            default:
                yield return "tool_choice: Input tag found using 'type' does not match any of the expected tags: 'auto', 'any', 'tool', 'none'";
                break;
        }
    }

    private static IEnumerable<string> BrokenThinking(JsonElement body)
    {
        if (body.Given("thinking") is not { } thinking)
        {
            yield break;
        }

        switch (MessageRequest.KindOf(thinking))
        {
            case "adaptive" or "disabled" or "between_tools":
                yield break;
            case "enabled":
                break;
            default:
                yield return "thinking: Input tag found using 'type' does not match any of the expected tags: 'adaptive', 'disabled', 'enabled', 'between_tools'";
                yield break;
        }

        if (thinking.Given("budget_tokens") is not { ValueKind: JsonValueKind.Number } budget)
        {
            yield return "thinking.enabled.budget_tokens: Field required";
            yield break;
        }

        if (budget.GetInt32() < LeastBudget)
        {
            yield return $"thinking.enabled.budget_tokens: Input should be greater than or equal to {LeastBudget}";
        }

        if (body.Given("max_tokens") is { } limit && limit.GetInt32() <= budget.GetInt32())
        {
            yield return "`max_tokens` must be greater than `thinking.budget_tokens`.";
        }

        if (body.Given("temperature") is { } temperature && temperature.GetDouble() != 1)
        {
            yield return "`temperature` may only be set to 1 when thinking is enabled.";
        }

        if (body.Given("top_k") is not null)
        {
            yield return "`top_k` must be unset when thinking is enabled.";
        }

        if (body.Given("top_p") is { } topP && topP.GetDouble() < 0.95)
        {
            yield return "`top_p` must be greater than or equal to 0.95 or unset when thinking is enabled.";
        }

        if (MessageRequest.KindOf(body.Given("tool_choice")) is "any" or "tool")
        {
            yield return "Thinking may not be enabled when tool_choice forces tool use.";
        }
    }

    private static IEnumerable<string> BrokenRest(JsonElement body)
    {
        if (body.Given("metadata") is { } metadata)
        {
            foreach (var member in metadata.EnumerateObject().Where(member => member.Name != "user_id"))
            {
                yield return $"metadata.{member.Name}: Extra inputs are not permitted";
            }
        }

        if (body.Given("service_tier") is { } tier && !(tier.ValueKind == JsonValueKind.String && tier.GetString() is "auto" or "standard_only"))
        {
            yield return "service_tier: Input should be 'auto' or 'standard_only'";
        }

        if (body.Given("stop_sequences") is { } stop)
        {
            if (stop.ValueKind != JsonValueKind.Array)
            {
                yield return "stop_sequences: Input should be a valid array";
            }
            else if (stop.EnumerateArray().Any(one => one.ValueKind != JsonValueKind.String || string.IsNullOrWhiteSpace(one.GetString())))
            {
                yield return "stop_sequences: each stop sequence must contain non-whitespace";
            }
        }

        if (body.Given("output_config") is { } config)
        {
            if (config.Given("effort") is { } effort && !(effort.ValueKind == JsonValueKind.String && effort.GetString() is "low" or "medium" or "high" or "xhigh" or "max"))
            {
                yield return "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
            }

            if (config.Given("format") is { } format && (MessageRequest.KindOf(format) != "json_schema" || format.Given("schema") is not { ValueKind: JsonValueKind.Object }))
            {
                yield return "output_config.format.schema: Field required";
            }
        }

        var marks = Marks(body);
        if (marks > MostCacheMarks)
        {
            yield return $"A maximum of {MostCacheMarks} blocks with cache_control may be provided. Found {marks}.";
        }
    }

    private static int Marks(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => element.EnumerateObject().Sum(member => member.Name switch
        {
            "cache_control" => member.Value.ValueKind == JsonValueKind.Object ? 1 : 0,
            "input" or "input_schema" => 0,
            _ => Marks(member.Value),
        }),
        JsonValueKind.Array => element.EnumerateArray().Sum(Marks),
        _ => 0,
    };

    private static IEnumerable<string> BrokenMessages(JsonElement body)
    {
        JsonElement[] messages = [.. body.GetProperty("messages").EnumerateArray()];
        if (messages.Length == 0)
        {
            yield return "messages: at least one message is required";
        }

        for (var number = 0; number < messages.Length; number++)
        {
            foreach (var broken in BrokenMessage(messages[number], number, last: number == messages.Length - 1))
            {
                yield return broken;
            }
        }

        foreach (var broken in BrokenCalls(messages).Concat(BrokenThoughts(body, messages)))
        {
            yield return broken;
        }
    }

    private static IEnumerable<string> BrokenMessage(JsonElement message, int number, bool last)
    {
        var path = $"messages.{number}.";
        foreach (var broken in Required(message, "role", JsonValueKind.String, "string", path))
        {
            yield return broken;
            yield break;
        }

        var role = MessageRequest.RoleOf(message);
        if (role is not ("user" or "assistant"))
        {
            yield return role == "system"
                ? "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role."
                : $"{path}role: Input should be 'user' or 'assistant'";
            yield break;
        }

        foreach (var member in message.EnumerateObject().Where(member => member.Name is not ("role" or "content")))
        {
            yield return $"{path}{member.Name}: Extra inputs are not permitted";
        }

        if (!message.TryGetProperty("content", out var content))
        {
            yield return $"{path}content: Field required";
            yield break;
        }

        var isPrefill = last && role == "assistant";
        if (content.ValueKind == JsonValueKind.String)
        {
            if (content.GetString()!.Length == 0 && !isPrefill)
            {
                yield return $"messages.{number}: all messages must have non-empty content except for the optional final assistant message";
            }
        }
        else if (content.ValueKind != JsonValueKind.Array)
        {
            yield return $"{path}content: Input should be a valid array";
            yield break;
        }
        else if (content.GetArrayLength() == 0 && !isPrefill)
        {
            yield return $"messages.{number}: all messages must have non-empty content except for the optional final assistant message";
        }

        var position = 0;
        foreach (var block in MessageRequest.BlocksOf(message))
        {
            foreach (var broken in BrokenBlock(block, $"{path}content.{position++}", role == "user" ? UserBlocks : AssistantBlocks))
            {
                yield return broken;
            }
        }

        if (isPrefill && MessageRequest.TextOf(message) is { Length: > 0 } text && char.IsWhiteSpace(text[^1]))
        {
            yield return "messages: final assistant content cannot end with trailing whitespace";
        }
    }

    private static IEnumerable<string> BrokenBlock(JsonElement block, string path, Dictionary<string, string[]> kinds, string? only = null)
    {
        if (MessageRequest.KindOf(block) is not { } kind)
        {
            yield return $"{path}.type: Field required";
            yield break;
        }

        if (!kinds.TryGetValue(kind, out var members) || only is not null && kind != only)
        {
            yield return $"{path}: Input tag '{kind}' found using 'type' does not match any of the expected tags: {string.Join(", ", (only is null ? kinds.Keys : (IEnumerable<string>)[only]).Select(tag => $"'{tag}'"))}";
            yield break;
        }

        foreach (var member in block.EnumerateObject().Where(member => member.Name != "type" && !members.Contains(member.Name)))
        {
            yield return $"{path}.{kind}.{member.Name}: Extra inputs are not permitted";
        }

        var rules = kind switch
        {
            "text" => BrokenText(block, path),
            "image" => BrokenImage(block, path),
            "document" => Required(block, "source", JsonValueKind.Object, "dictionary", $"{path}.document."),
            "tool_use" => BrokenToolUse(block, path),
            "tool_result" => BrokenToolResult(block, path),
            "thinking" => BrokenThought(block, path),
            "redacted_thinking" => BrokenRedacted(block, path),
            _ => [],
        };
        foreach (var broken in rules)
        {
            yield return broken;
        }
    }

    private static IEnumerable<string> BrokenText(JsonElement block, string path)
    {
        foreach (var broken in Required(block, "text", JsonValueKind.String, "string", $"{path}.text."))
        {
            yield return broken;
            yield break;
        }

        if (block.GetProperty("text").GetString()!.Length == 0)
        {
            yield return "messages: text content blocks must be non-empty";
        }
    }

    private static IEnumerable<string> BrokenImage(JsonElement block, string path)
    {
        foreach (var broken in Required(block, "source", JsonValueKind.Object, "dictionary", $"{path}.image."))
        {
            yield return broken;
            yield break;
        }

        var source = block.GetProperty("source");
        switch (MessageRequest.KindOf(source))
        {
            case "base64" when source.Given("media_type")?.GetString() is not { } type || !Images.Contains(type):
                yield return $"{path}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'";
                break;
            case "base64" when source.Given("data") is not { ValueKind: JsonValueKind.String } data || !data.TryGetBytesFromBase64(out _):
                yield return $"{path}.image.source.base64: The image data is not valid base64";
                break;
            case "url" when source.Given("url") is not { ValueKind: JsonValueKind.String } url || !url.GetString()!.StartsWith("https://", StringComparison.Ordinal):
                yield return $"{path}.image.source.url.url: Only HTTPS URLs are supported.";
                break;
            case "base64" or "url" or "file":
                break;
            default:
                yield return $"{path}.image.source: Input tag found using 'type' does not match any of the expected tags: 'base64', 'url', 'file'";
                break;
        }
    }

    private static IEnumerable<string> BrokenToolUse(JsonElement block, string path)
    {
        var at = $"{path}.tool_use.";
        var rules = Required(block, "id", JsonValueKind.String, "string", at).Concat(Required(block, "name", JsonValueKind.String, "string", at)).Concat(Required(block, "input", JsonValueKind.Object, "dictionary", at));
        foreach (var broken in rules)
        {
            yield return broken;
            yield break;
        }

        if (!ToolId().IsMatch(block.GetProperty("id").GetString()!))
        {
            yield return $"{at}id: String should match pattern '^[a-zA-Z0-9_-]+$'";
        }
    }

    private static IEnumerable<string> BrokenToolResult(JsonElement block, string path)
    {
        foreach (var broken in Required(block, "tool_use_id", JsonValueKind.String, "string", $"{path}.tool_result."))
        {
            yield return broken;
        }

        var position = 0;
        foreach (var part in MessageRequest.BlocksOf(block))
        {
            foreach (var broken in BrokenBlock(part, $"{path}.tool_result.content.{position++}", UserBlocks))
            {
                yield return broken;
            }
        }
    }

    private static IEnumerable<string> BrokenThought(JsonElement block, string path)
    {
        var at = $"{path}.thinking.";
        foreach (var broken in Required(block, "thinking", JsonValueKind.String, "string", at).Concat(Required(block, "signature", JsonValueKind.String, "string", at)))
        {
            yield return broken;
            yield break;
        }

        if (!ThoughtSeal.IsSigned(block.GetProperty("thinking").GetString()!, block.GetProperty("signature").GetString()!))
        {
            yield return $"{path}: Invalid `signature` in `thinking` block";
        }
    }

    private static IEnumerable<string> BrokenRedacted(JsonElement block, string path)
    {
        if (block.Given("data") is not { ValueKind: JsonValueKind.String } data || !ThoughtSeal.IsRedacted(data.GetString()!))
        {
            yield return $"{path}: Invalid `data` in `redacted_thinking` block";
        }
    }

    private static IEnumerable<string> BrokenCalls(JsonElement[] messages)
    {
        for (var number = 0; number < messages.Length; number++)
        {
            string[] calls = number > 0 ? [.. Ids(messages[number - 1], "tool_use", "id")] : [];
            string[] results = [.. Ids(messages[number], "tool_result", "tool_use_id")];
            var missing = calls.Except(results).ToArray();
            if (missing.Length > 0)
            {
                yield return $"messages.{number - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", missing)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
            }

            if (results.Except(calls).FirstOrDefault() is { } unasked)
            {
                yield return $"messages.{number}: unexpected `tool_use_id` found in `tool_result` blocks: {unasked}. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.";
            }

            if (results.Length > 0 && MessageRequest.BlocksOf(messages[number]).SkipWhile(block => MessageRequest.KindOf(block) == "tool_result").Any(block => MessageRequest.KindOf(block) == "tool_result"))
            {
                yield return $"messages.{number}: `tool_result` blocks must come first in the content of a message";
            }
        }

        if (messages.Length > 0 && Ids(messages[^1], "tool_use", "id").ToArray() is { Length: > 0 } open)
        {
            yield return $"messages.{messages.Length - 1}: `tool_use` ids were found without `tool_result` blocks immediately after: {string.Join(", ", open)}. Each `tool_use` block must have a corresponding `tool_result` block in the next message.";
        }
    }

    private static IEnumerable<string> Ids(JsonElement message, string kind, string name) =>
        MessageRequest.BlocksOf(message).Where(block => MessageRequest.KindOf(block) == kind).Select(block => block.Given(name)?.GetString() ?? "");

    // In the middle of a chain of tool calls the model wants to see what it thought when it began.
    private static IEnumerable<string> BrokenThoughts(JsonElement body, JsonElement[] messages)
    {
        if (MessageRequest.KindOf(body.Given("thinking")) != "enabled" || messages.Length == 0 || !MessageRequest.BlocksOf(messages[^1]).Any(block => MessageRequest.KindOf(block) == "tool_result"))
        {
            yield break;
        }

        var number = Array.FindLastIndex(messages, message => MessageRequest.RoleOf(message) == "assistant");
        if (number >= 0 && MessageRequest.KindOf(MessageRequest.BlocksOf(messages[number]).FirstOrDefault()) is { } first and not ("thinking" or "redacted_thinking"))
        {
            yield return $"messages.{number}.content.0.type: Expected `thinking` or `redacted_thinking`, but found `{first}`. When `thinking` is enabled, a final `assistant` message must start with a thinking block (preceeding the lastmost set of `tool_use` and `tool_result` blocks).";
        }
    }

    [GeneratedRegex("^[a-zA-Z0-9_-]{1,128}$")]
    private static partial Regex ToolName();

    [GeneratedRegex("^[a-zA-Z0-9_-]+$")]
    private static partial Regex ToolId();
}
