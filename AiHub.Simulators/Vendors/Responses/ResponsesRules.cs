using System.Text.Json;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Responses;

/// <summary>What OpenAI checks in a Responses request before any model sees it, in its own words.</summary>
internal static class ResponsesRules
{
    private const int LeastOutput = 16;

    private static readonly Shape Annotations = Shape.List(() => Shape.Map);

    private static readonly Shape UserPart = Shape.Depending(part => KindOf(part) switch
    {
        "input_text" => Shape.Object(["text"], Kind("input_text"), ("text", () => Shape.Text)),
        "input_image" => Shape.Object([], Kind("input_image"), ("detail", () => Shape.Words("low", "high", "auto", "original")), ("image_url", () => Shape.Text), ("file_id", () => Shape.Text)),
        "input_file" => Shape.Object([], Kind("input_file"), ("file_id", () => Shape.Text), ("file_data", () => Shape.Text), ("file_url", () => Shape.Text), ("filename", () => Shape.Text)),
        _ => Shape.Object(["type"], Kind("input_text", "input_image", "input_file")),
    });

    private static readonly Shape AssistantPart = Shape.Depending(part => KindOf(part) switch
    {
        "refusal" => Shape.Object(["refusal"], Kind("refusal"), ("refusal", () => Shape.Text)),
        _ => Shape.Object(["text"], Kind("output_text", "refusal"), ("text", () => Shape.Text), ("annotations", () => Annotations!), ("logprobs", () => Shape.List(() => Shape.Map))),
    });

    private static readonly Shape Output = Shape.Depending(output => output.ValueKind == JsonValueKind.String ? Shape.Text : Shape.List(() => UserPart));

    private static readonly Shape Item = Shape.Depending(item => KindOf(item) switch
    {
        "function_call" => Shape.Object(
            ["call_id", "name", "arguments"],
            Kind("function_call"), ("id", () => Shape.Text), ("call_id", () => Shape.Text), ("name", () => Shape.Text), ("arguments", () => Shape.Text), ("status", () => Shape.Text)),
        "function_call_output" => Shape.Object(
            ["call_id", "output"], Kind("function_call_output"), ("id", () => Shape.Text), ("call_id", () => Shape.Text), ("output", () => Output!), ("status", () => Shape.Text)),
        "custom_tool_call" => Shape.Object(
            ["call_id", "name", "input"], Kind("custom_tool_call"), ("id", () => Shape.Text), ("call_id", () => Shape.Text), ("name", () => Shape.Text), ("input", () => Shape.Text), ("status", () => Shape.Text)),
        "custom_tool_call_output" => Shape.Object(["call_id", "output"], Kind("custom_tool_call_output"), ("id", () => Shape.Text), ("call_id", () => Shape.Text), ("output", () => Output!)),
        "reasoning" => Shape.Object(
            ["summary"],
            Kind("reasoning"),
            ("id", () => Shape.Text),
            ("summary", () => Shape.List(() => Shape.Object(["text"], Kind("summary_text"), ("text", () => Shape.Text)))),
            ("content", () => Shape.List(() => Shape.Map)),
            ("encrypted_content", () => Shape.Text),
            ("status", () => Shape.Text)),
        "web_search_call" => Shape.Map,
        _ => Shape.Object(
            ["role", "content"],
            Kind("message", "function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output", "reasoning", "web_search_call"),
            ("id", () => Shape.Text),
            ("status", () => Shape.Text),
            ("phase", () => Shape.Text),
            ("role", () => Shape.Words("user", "assistant", "system", "developer")),
            ("content", () => Shape.Depending(content =>
                content.ValueKind == JsonValueKind.String ? Shape.Text : Shape.List(() => item.Given("role") is { ValueKind: JsonValueKind.String } role && role.ValueEquals("assistant") ? AssistantPart! : UserPart!)))),
    });

    private static readonly Shape Tool = Shape.Depending(tool => KindOf(tool) switch
    {
        "function" => Shape.Object(
            ["name", "parameters", "strict"], Kind("function"), ("name", () => Shape.Text), ("description", () => Shape.Text), ("parameters", () => Shape.Map), ("strict", () => Shape.Flag)),
        "custom" => Shape.Object(["name"], Kind("custom"), ("name", () => Shape.Text), ("description", () => Shape.Text), ("format", () => Shape.Map)),
        _ => Shape.Map,
    });

    private static readonly Shape Request = Shape.Object(
        ["model", "input"],
        ("model", () => Shape.Text),
        ("input", () => Shape.Depending(input => input.ValueKind == JsonValueKind.String ? Shape.Text : Shape.List(() => Item))),
        ("instructions", () => Shape.Text),
        ("max_output_tokens", () => Shape.Integer),
        ("max_tool_calls", () => Shape.Integer),
        ("temperature", () => Shape.Number),
        ("top_p", () => Shape.Number),
        ("top_logprobs", () => Shape.Integer),
        ("tools", () => Shape.List(() => Tool)),
        ("tool_choice", () => Shape.Depending(choice => choice.ValueKind == JsonValueKind.String ? Shape.Words("none", "auto", "required") : Shape.Map)),
        ("parallel_tool_calls", () => Shape.Flag),
        ("reasoning", () => Shape.Object(
            [], ("effort", () => Shape.Words("none", "minimal", "low", "medium", "high", "xhigh")), ("summary", () => Shape.Words("auto", "concise", "detailed")), ("generate_summary", () => Shape.Text))),
        ("text", () => Shape.Object([], ("format", () => Shape.Map), ("verbosity", () => Shape.Words("low", "medium", "high")))),
        ("include", () => Shape.List(() => Shape.Words(
            "reasoning.encrypted_content", "message.output_text.logprobs", "web_search_call.action.sources", "message.input_image.image_url", "code_interpreter_call.outputs"))),
        ("stream", () => Shape.Flag),
        ("stream_options", () => Shape.Object([], ("include_obfuscation", () => Shape.Flag))),
        ("store", () => Shape.Flag),
        ("background", () => Shape.Flag),
        ("metadata", () => Shape.Map),
        ("client_metadata", () => Shape.Map),
        ("user", () => Shape.Text),
        ("safety_identifier", () => Shape.Text),
        ("prompt_cache_key", () => Shape.Text),
        ("prompt_cache_retention", () => Shape.Text),
        ("service_tier", () => Shape.Text),
        ("truncation", () => Shape.Words("auto", "disabled")),
        ("previous_response_id", () => Shape.Text),
        ("conversation", () => Shape.Any),
        ("prompt", () => Shape.Map));

    /// <returns>Null when the body is a request that OpenAI would take.</returns>
    public static OpenAIError? Check(JsonElement body) => Request.Check(body, "").Select(Say).Concat(BrokenRest(body)).FirstOrDefault();

    private static (string, Func<Shape>) Kind(params string[] words) => ("type", () => Shape.Words(words));

    private static string? KindOf(JsonElement item) => item.Given("type") is { ValueKind: JsonValueKind.String } type ? type.GetString() : null;

    private static OpenAIError Say(Break broken)
    {
        var path = broken.Kind == BreakKind.Unknown && broken.Path.Length > 0 ? $"{broken.Path}.{broken.Name}" : broken.Kind == BreakKind.Unknown ? broken.Name : broken.Path;
        return broken.Kind switch
        {
            BreakKind.Unknown => OpenAIError.Invalid($"Unknown parameter: '{path}'.", path, "unknown_parameter"),
            BreakKind.Missing => OpenAIError.Invalid($"Missing required parameter: '{path}'.", path, "missing_required_parameter"),
            BreakKind.WrongType => OpenAIError.Invalid($"Invalid type for '{path}': expected {broken.Expected}, but got {broken.Value.ValueKind.ToString().ToLowerInvariant()} instead.", path, "invalid_type"),
            _ => OpenAIError.Invalid($"Invalid value: {broken.Value.GetRawText()}. Supported values are: {broken.Expected}.", path, "invalid_value"),
        };
    }

    private static IEnumerable<OpenAIError> BrokenRest(JsonElement body)
    {
        if (body.Given("max_output_tokens") is { } limit && limit.GetInt64() < LeastOutput)
        {
            yield return OpenAIError.Invalid(
                $"Invalid 'max_output_tokens': integer below minimum value. Expected a value >= {LeastOutput}, but got {limit} instead.", "max_output_tokens", "integer_below_min_value");
        }

        if (body.Given("previous_response_id") is { } previous)
        {
            yield return OpenAIError.Invalid($"Previous response with id '{previous}' not found.", "previous_response_id", "previous_response_not_found");
        }

        if (body.GetProperty("input") is not { ValueKind: JsonValueKind.Array } items)
        {
            yield break;
        }

        HashSet<string> called = [];
        HashSet<string> answered = [];
        foreach (var item in items.EnumerateArray())
        {
            var id = item.Given("call_id")?.GetString() ?? "";
            switch (KindOf(item))
            {
                case "function_call" or "custom_tool_call":
                    called.Add(id);
                    break;
                case "function_call_output" or "custom_tool_call_output":
                    answered.Add(id);
                    if (!called.Contains(id))
                    {
                        yield return OpenAIError.Invalid($"No tool call found for function call output with call_id {id}.", "input");
                    }

                    break;
                case "reasoning" when item.Given("encrypted_content") is { } sealedThought && !ThoughtSeal.IsRedacted(sealedThought.GetString()!):
                    yield return OpenAIError.Invalid("The encrypted content could not be verified. Reason: Encrypted content could not be decrypted or parsed.", null, "invalid_encrypted_content");
                    break;
            }
        }

        foreach (var id in called.Except(answered))
        {
            yield return OpenAIError.Invalid($"No tool output found for function call {id}.", "input");
        }
    }
}
