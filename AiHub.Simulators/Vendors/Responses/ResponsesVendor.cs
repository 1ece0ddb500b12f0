using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Responses;

/// <summary>A vendor that speaks OpenAI's Responses, at <c>/vendors/responses/v1</c>. It keeps nothing: each request brings its whole conversation.</summary>
public sealed class ResponsesVendor : SimulatedVendor
{
    public const string VendorName = "responses";

    private const int FragmentLength = 8;

    public override string Name => VendorName;

    protected override string KeyHeader => "Authorization";

    protected override VendorRefusal? Check(JsonElement body) =>
        ResponsesRules.Check(body) is { } broken ? new VendorRefusal(broken.Status, broken.ToJson()) : null;

    protected override VendorRefusal Refuse(int status, string reason, string? message = null)
    {
        var error = (status, reason) switch
        {
            (400, "context") => OpenAIError.ContextLengthExceeded(8192, 9001),
            (400, "policy") => new OpenAIError(400, "Invalid prompt: we've limited access to this content for safety reasons.", Code: "invalid_prompt"),
            (400, _) => OpenAIError.Invalid(message ?? "The request is not valid."),
            (401, "missing") => OpenAIError.NoKey(),
            (401, _) => OpenAIError.WrongKey("sk-sim-revoked-0000"),
            (402, _) => new OpenAIError(402, "Your credit balance is exhausted.", Code: "credit_balance_exhausted"),
            (403, _) => new OpenAIError(403, "You are not allowed to sample from this model", Code: null),
            (404, _) => new OpenAIError(404, message ?? "The requested model does not exist.", Code: "model_not_found"),
            (429, "quota") => new OpenAIError(429, "You exceeded your current quota, please check your plan and billing details.", "insufficient_quota", Code: "insufficient_quota"),
            (429, _) => OpenAIError.TooManyRequests(60, null),
            (503, _) => new OpenAIError(503, "The engine is currently overloaded, please try again later.", "service_unavailable_error", Code: "server_is_overloaded"),
            _ => new OpenAIError(status, "The server had an error processing your request.", "server_error"),
        };
        return new VendorRefusal(error.Status, error.ToJson());
    }

    public override bool HasUsage(JsonObject json) => (json["response"] as JsonObject ?? json)["usage"] is JsonObject;

    public override void ForgetUsage(JsonObject json) => (json["response"] as JsonObject ?? json).Remove("usage");

    public override Step.Bytes Frame(Spoken sent) =>
        new(Encoding.UTF8.GetBytes($"event: {sent.Json["type"]}\ndata: {Wire.Line(sent.Json)}\n\n"), sent.Part, HasUsage(sent.Json));

    public override string ErrorFrame() =>
        $"event: error\ndata: {Wire.Line(new JsonObject { ["type"] = "error", ["code"] = "server_error", ["message"] = "The server had an error processing your request.", ["param"] = null, ["sequence_number"] = 99 })}\n\n";

    protected override Ask Read(JsonElement body, string model, bool stream)
    {
        JsonElement[] items = body.GetProperty("input") is { ValueKind: JsonValueKind.Array } list ? [.. list.EnumerateArray()] : [];
        var asked = body.GetProperty("input") is { ValueKind: JsonValueKind.String } only
            ? only.GetString()!
            : items.LastOrDefault(item => item.Given("role") is { } role && role.ValueEquals("user")) is { ValueKind: JsonValueKind.Object } last ? TextOf(last, "content") : "";
        var choice = body.Given("tool_choice");
        AskedTool[] tools = [.. (body.Given("tools") is { } given ? given.EnumerateArray().AsEnumerable() : [])
            .Where(tool => tool.Given("type")?.GetString() is "function" or "custom")
            .Select(tool => new AskedTool(tool.GetProperty("type").GetString()!, tool.GetProperty("name").GetString()!, tool.Given("parameters") ?? default))];
        var named = choice is { ValueKind: JsonValueKind.Object } one ? one.Given("name")?.GetString() : null;
        return new Ask
        {
            Model = model,
            Stream = stream,
            User = (body.Given("safety_identifier") ?? body.Given("user"))?.GetString(),
            LastUserText = asked,
            Tools = choice is { ValueKind: JsonValueKind.String } word && word.ValueEquals("none") ? [] : [.. tools.Where(tool => named is null || tool.Name == named)],
            MustCall = named is not null || (choice is { ValueKind: JsonValueKind.String } must && must.ValueEquals("required")),
            Results = [.. items.Reverse().TakeWhile(item => item.Given("type")?.GetString() is "function_call_output" or "custom_tool_call_output").Reverse().Select(item => TextOf(item, "output"))],
            MaxTokens = body.Given("max_output_tokens")?.GetInt32(),
            Thinks = body.Given("reasoning")?.Given("effort") is { } effort && !effort.ValueEquals("none"),
            Schema = body.Given("text")?.Given("format")?.Given("schema"),
            Prompt = Prompt(body, items, asked),
        };
    }

    protected override JsonObject Document(Ask ask, Told told) => Response(ask, told, Items(told), told.Choice.FinishReason == "length" ? "incomplete" : "completed");

    protected override IEnumerable<Spoken> Events(Ask ask, Told told)
    {
        var number = 0;
        yield return Event("response.created", ("response", Response(ask, told, [], "in_progress")));
        yield return Event("response.in_progress", ("response", Response(ask, told, [], "in_progress")));
        foreach (var (index, item) in Items(told).Index())
        {
            var id = (string)item["id"]!;
            yield return Event("response.output_item.added", ("output_index", index), ("item", Empty(item)));
            switch ((string)item["type"]!)
            {
                case "reasoning":
                    yield return Event("response.reasoning_summary_part.added", ("item_id", id), ("output_index", index), ("summary_index", 0), ("part", new JsonObject { ["type"] = "summary_text", ["text"] = "" }));
                    foreach (var word in SimulatedModel.Words(told.Choice.Reasoning))
                    {
                        yield return Event("response.reasoning_summary_text.delta", ("item_id", id), ("output_index", index), ("summary_index", 0), ("delta", word)) with { Part = new Part(0, word, IsThought: true) };
                    }

                    yield return Event("response.reasoning_summary_text.done", ("item_id", id), ("output_index", index), ("summary_index", 0), ("text", told.Choice.Reasoning));
                    break;
                case "message":
                    yield return Event("response.content_part.added", ("item_id", id), ("output_index", index), ("content_index", 0), ("part", new JsonObject { ["type"] = "output_text", ["text"] = "", ["annotations"] = new JsonArray() }));
                    foreach (var word in SimulatedModel.Words(told.Choice.Content))
                    {
                        yield return Event("response.output_text.delta", ("item_id", id), ("output_index", index), ("content_index", 0), ("delta", word), ("logprobs", new JsonArray())) with { Part = new Part(0, word, IsThought: false) };
                    }

                    yield return Event("response.output_text.done", ("item_id", id), ("output_index", index), ("content_index", 0), ("text", told.Choice.Content), ("logprobs", new JsonArray()));
                    yield return Event("response.content_part.done", ("item_id", id), ("output_index", index), ("content_index", 0), ("part", item["content"]![0]!.DeepClone()));
                    break;
                case var kind:
                    var (member, delta) = kind == "custom_tool_call" ? ("input", "response.custom_tool_call_input") : ("arguments", "response.function_call_arguments");
                    var whole = (string)item[member]!;
                    var isFirst = true;
                    foreach (var fragment in whole.EnumerateRunes().Chunk(FragmentLength).Select(runes => string.Concat(runes)))
                    {
                        yield return Event($"{delta}.delta", ("item_id", id), ("output_index", index), ("delta", fragment)) with { Part = new Part(0, isFirst ? $"{item["name"]}{fragment}" : fragment, IsThought: false) };
                        isFirst = false;
                    }

                    yield return Event($"{delta}.done", ("item_id", id), ("output_index", index), (member, whole));
                    break;
            }

            yield return Event("response.output_item.done", ("output_index", index), ("item", item));
        }

        var cut = told.Choice.FinishReason == "length";
        yield return Event(cut ? "response.incomplete" : "response.completed", ("response", Response(ask, told, Items(told), cut ? "incomplete" : "completed"))) with { HasUsage = true, Finishes = true };

        Spoken Event(string type, params (string Name, JsonNode? Value)[] members)
        {
            var json = new JsonObject { ["type"] = type, ["sequence_number"] = number++ };
            foreach (var (name, value) in members)
            {
                json[name] = value;
            }

            return new Spoken(json);
        }
    }

    internal static string TextOf(JsonElement item, string member) => item.Given(member) switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(part => part.Given("text")?.GetString())),
        _ => "",
    };

    private static List<int> Prompt(JsonElement body, JsonElement[] items, string asked)
    {
        const int PerItem = 3;
        const int PerMedium = 85;
        List<int> tokens = [.. Tokens.Encode(body.Given("tools")?.GetRawText() ?? ""), .. Tokens.Encode(body.Given("instructions")?.GetString() ?? "")];
        if (items.Length == 0)
        {
            tokens.AddRange(Tokens.Encode(asked));
        }

        foreach (var item in items)
        {
            tokens.AddRange(Enumerable.Repeat(0, PerItem));
            tokens.AddRange(Tokens.Encode(item.Given("content") is not null ? TextOf(item, "content") : item.Given("encrypted_content") is not null ? "" : item.GetRawText()));
            tokens.AddRange(Enumerable.Repeat(0, PerMedium * (item.Given("content") is { ValueKind: JsonValueKind.Array } parts
                ? parts.EnumerateArray().Count(part => part.Given("type")?.GetString() is "input_image" or "input_file")
                : 0)));
        }

        return tokens;
    }

    private static JsonObject[] Items(Told told)
    {
        var choice = told.Choice;
        List<JsonObject> items = [];
        if (choice.Reasoning.Length > 0)
        {
            items.Add(new JsonObject
            {
                ["id"] = $"rs_{told.Id}",
                ["type"] = "reasoning",
                ["summary"] = new JsonArray(new JsonObject { ["type"] = "summary_text", ["text"] = choice.Reasoning }),
                ["encrypted_content"] = ThoughtSeal.Redact(choice.Reasoning),
            });
        }

        if (choice.Content.Length > 0 || choice.Calls.Count == 0)
        {
            items.Add(new JsonObject
            {
                ["id"] = $"msg_{told.Id}",
                ["type"] = "message",
                ["status"] = choice.FinishReason == "length" ? "incomplete" : "completed",
                ["role"] = "assistant",
                ["content"] = new JsonArray(new JsonObject { ["type"] = "output_text", ["text"] = choice.Content, ["annotations"] = new JsonArray(), ["logprobs"] = new JsonArray() }),
            });
        }

        items.AddRange(choice.Calls.Select(call => new JsonObject
        {
            ["id"] = $"{(call.Kind == "custom" ? "ctc" : "fc")}_{call.Id["call_".Length..]}",
            ["type"] = call.Kind == "custom" ? "custom_tool_call" : "function_call",
            ["status"] = "completed",
            ["call_id"] = call.Id,
            ["name"] = call.Name,
            [call.Kind == "custom" ? "input" : "arguments"] = call.Input,
        }));
        return [.. items];
    }

    private static JsonObject Empty(JsonObject item)
    {
        var empty = item.DeepClone().AsObject();
        empty["status"] = "in_progress";
        foreach (var (name, value) in (ReadOnlySpan<(string, JsonNode)>)[("content", new JsonArray()), ("summary", new JsonArray()), ("arguments", ""), ("input", "")])
        {
            if (empty.ContainsKey(name))
            {
                empty[name] = value;
            }
        }

        empty.Remove("encrypted_content");
        return empty;
    }

    private static JsonObject Response(Ask ask, Told told, JsonObject[] items, string status)
    {
        var done = status != "in_progress";
        return new JsonObject
        {
            ["id"] = $"resp_{told.Id}",
            ["object"] = "response",
            ["created_at"] = told.At.ToUnixTimeSeconds(),
            ["status"] = status,
            ["background"] = false,
            ["error"] = null,
            ["incomplete_details"] = status == "incomplete" ? new JsonObject { ["reason"] = "max_output_tokens" } : null,
            ["instructions"] = null,
            ["model"] = ask.Model,
            ["output"] = new JsonArray([.. items.Select(item => item.DeepClone())]),
            ["parallel_tool_calls"] = true,
            ["previous_response_id"] = null,
            ["service_tier"] = "default",
            ["store"] = false,
            ["usage"] = !done ? null : new JsonObject
            {
                ["input_tokens"] = told.PromptTokens,
                ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = told.CachedTokens },
                ["output_tokens"] = told.Choice.CompletionTokens,
                ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = told.Choice.ReasoningTokens },
                ["total_tokens"] = told.PromptTokens + told.Choice.CompletionTokens,
            },
            ["metadata"] = new JsonObject(),
        };
    }
}

public static class ResponsesRoutes
{
    public static void MapResponsesVendor(this WebApplication app)
    {
        var simulated = new ResponsesVendor();
        var vendor = app.MapGroup("/vendors/responses");
        vendor.MapPost("/v1/responses", context => simulated.RunAsync(context, model: null, stream: null));
        vendor.Map("/{**rest}", simulated.RefusePathAsync);
    }
}
