using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Gemini;

/// <summary>A vendor that speaks Google's <c>generateContent</c>, at <c>/vendors/gemini/v1beta</c>.</summary>
public sealed class GeminiVendor : SimulatedVendor
{
    public const string VendorName = "gemini";

    private const string Version = "simulated";

    public override string Name => VendorName;

    protected override string KeyHeader => "x-goog-api-key";

    /// <summary>What a part is signed with that had to be thought about; it proves that it came back where it belongs.</summary>
    public static string Signature(string what) => ThoughtSeal.Redact(what);

    protected override VendorRefusal? Check(JsonElement body) =>
        GeminiRules.Check(body) is { } broken ? Refuse(400, "", broken) : null;

    protected override VendorRefusal Refuse(int status, string reason, string? message = null)
    {
        var (name, words) = (status, reason) switch
        {
            (400, "context") => ("INVALID_ARGUMENT", "The input token count exceeds the maximum number of tokens allowed."),
            (400, "policy") => ("INVALID_ARGUMENT", "The prompt was blocked."),
            (400, _) => ("INVALID_ARGUMENT", message ?? "Request contains an invalid argument."),
            (401, "missing") => ("PERMISSION_DENIED", "Method doesn't allow unregistered callers. Please use API Key or other form of API consumer identity to call this API."),

            // Google calls a wrong key an invalid argument.
            (401, _) => ("INVALID_ARGUMENT", "API key not valid. Please pass a valid API key."),
            (403, _) => ("PERMISSION_DENIED", "The caller does not have permission"),
            (404, _) => ("NOT_FOUND", message ?? "The model is not found for API version v1beta, or is not supported for generateContent."),
            (429, _) => ("RESOURCE_EXHAUSTED", "You exceeded your current quota, please check your plan and billing details."),
            (500, _) => ("INTERNAL", "An internal error has occurred. Please retry."),
            (504, _) => ("DEADLINE_EXCEEDED", "The request timed out. Please try again."),
            (503, _) => ("UNAVAILABLE", "The model is overloaded. Please try again later."),
            _ => ("UNKNOWN", "Something went wrong."),
        };
        var code = (status, reason) switch { (401, "missing") => 403, (401, _) => 400, _ => status };
        var error = new JsonObject { ["code"] = code, ["message"] = words, ["status"] = name };
        if (status == 401 && reason != "missing")
        {
            error["details"] = new JsonArray(new JsonObject
            {
                ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo",
                ["reason"] = "API_KEY_INVALID",
                ["domain"] = "googleapis.com",
            });
        }
        else if (status == 429 && reason == "")
        {
            error["details"] = new JsonArray(new JsonObject { ["@type"] = "type.googleapis.com/google.rpc.RetryInfo", ["retryDelay"] = "3s" });
        }
        else if (status == 429)
        {
            error["details"] = new JsonArray(new JsonObject { ["@type"] = "type.googleapis.com/google.rpc.ErrorInfo", ["reason"] = "BILLING_DISABLED" });
        }

        return new VendorRefusal(code, new JsonObject { ["error"] = error });
    }

    public override bool HasUsage(JsonObject json) => json.ContainsKey("usageMetadata");

    public override void ForgetUsage(JsonObject json) => json.Remove("usageMetadata");

    public override Step.Bytes Frame(Spoken sent) => new(Encoding.UTF8.GetBytes($"data: {Wire.Line(sent.Json)}\r\n\r\n"), sent.Part, HasUsage(sent.Json));

    public override string ErrorFrame() => $"data: {Wire.Line(Refuse(503, "").Body)}\r\n\r\n";

    protected override Ask Read(JsonElement body, string model, bool stream)
    {
        var contents = body.GetProperty("contents").EnumerateArray().ToArray();
        var config = body.Given("generationConfig");
        var calling = body.Given("toolConfig")?.Given("functionCallingConfig");
        var mode = calling?.Given("mode")?.GetString();
        var allowed = calling?.Given("allowedFunctionNames") is { } names ? names.EnumerateArray().Select(name => name.GetString()).ToArray() : null;
        var thinking = config?.Given("thinkingConfig");
        return new Ask
        {
            Model = model,
            Stream = stream,
            LastUserText = contents.LastOrDefault(content => RoleOf(content) == "user" && TextOf(content).Length > 0) is { ValueKind: JsonValueKind.Object } said ? TextOf(said) : "",
            Tools = mode == "NONE" ? [] : [.. FunctionsOf(body).Where(tool => allowed is null || allowed.Contains(tool.Name))],
            MustCall = mode == "ANY",
            Results = [.. PartsOf(contents[^1]).Where(part => part.Given("functionResponse") is not null).Select(part => ResultOf(part.GetProperty("functionResponse").GetProperty("response")))],
            Stop = config?.Given("stopSequences") is { } stop ? [.. stop.EnumerateArray().Select(one => one.GetString()!)] : [],
            MaxTokens = config?.Given("maxOutputTokens")?.GetInt32(),
            Thinks = thinking?.Given("includeThoughts") is { ValueKind: JsonValueKind.True },
            Schema = config?.Given("responseJsonSchema"),
            Prompt = Prompt(body, contents),
        };
    }

    protected override JsonObject Document(Ask ask, Told told) => Answer(
        ask,
        told,
        [.. Thought(told.Choice.Reasoning), .. Speech(told.Choice, told.Choice.Content), .. Calls(told.Choice)],
        told.Choice.FinishReason,
        told.Choice.CompletionTokens - told.Choice.ReasoningTokens,
        told.Choice.ReasoningTokens);

    protected override IEnumerable<Spoken> Events(Ask ask, Told told)
    {
        var choice = told.Choice;
        foreach (var word in SimulatedModel.Words(choice.Reasoning))
        {
            yield return new Spoken(Answer(ask, told, Thought(word), null, 0, Tokens.Count(word)), new Part(0, word, IsThought: true), HasUsage: true);
        }

        var written = 0;
        foreach (var word in SimulatedModel.Words(choice.Content))
        {
            written += Tokens.Count(word);
            yield return new Spoken(Answer(ask, told, [new JsonObject { ["text"] = word }], null, written, choice.ReasoningTokens), new Part(0, word, IsThought: false), HasUsage: true);
        }

        foreach (var call in Calls(choice))
        {
            var function = call["functionCall"]!;
            yield return new Spoken(
                Answer(ask, told, [call], null, written, choice.ReasoningTokens),
                new Part(0, $"{function["name"]}{Wire.Line(function["args"]!)}", IsThought: false),
                HasUsage: true);
        }

        // The last chunk brings the reason, and the signature of what was said.
        JsonObject[] last = choice.Reasoning.Length > 0 && choice.Calls.Count == 0 ? [new JsonObject { ["text"] = "", ["thoughtSignature"] = Signature("text") }] : [new JsonObject { ["text"] = "" }];
        yield return new Spoken(
            Answer(ask, told, last, choice.FinishReason, choice.CompletionTokens - choice.ReasoningTokens, choice.ReasoningTokens), HasUsage: true, Finishes: true);
    }

    internal static string RoleOf(JsonElement content) => content.Given("role")?.GetString() ?? "user";

    internal static IEnumerable<JsonElement> PartsOf(JsonElement content) => content.Given("parts") is { } parts ? parts.EnumerateArray() : [];

    private static string TextOf(JsonElement content) => string.Concat(PartsOf(content).Select(part => part.Given("text")?.GetString()));

    private static string ResultOf(JsonElement response) =>
        (response.Given("result") ?? response.Given("error")) is { ValueKind: JsonValueKind.String } text ? text.GetString()! : response.GetRawText();

    private static IEnumerable<AskedTool> FunctionsOf(JsonElement body) =>
        from tool in body.Given("tools") is { } tools ? tools.EnumerateArray().AsEnumerable() : []
        where tool.Given("functionDeclarations") is not null
        from function in tool.GetProperty("functionDeclarations").EnumerateArray()
        select new AskedTool("function", function.GetProperty("name").GetString()!, function.Given("parametersJsonSchema") ?? default);

    private static List<int> Prompt(JsonElement body, IEnumerable<JsonElement> contents)
    {
        const int PerTurn = 2;
        const int PerMedium = 258;
        List<int> tokens = [];
        if (body.Given("tools") is { } tools)
        {
            tokens.AddRange(Tokens.Encode(tools.GetRawText()));
        }

        if (body.Given("systemInstruction") is { } system)
        {
            tokens.AddRange(Tokens.Encode(TextOf(system)));
        }

        foreach (var content in contents)
        {
            tokens.AddRange(Enumerable.Repeat(0, PerTurn));
            foreach (var part in PartsOf(content))
            {
                tokens.AddRange(part.Given("text") is { } text ? Tokens.Encode(text.GetString()!)
                    : part.Given("inlineData") is not null || part.Given("fileData") is not null ? Enumerable.Repeat(0, PerMedium)
                    : Tokens.Encode(part.GetRawText()));
            }
        }

        return tokens;
    }

    private static JsonObject[] Thought(string text) => text.Length > 0 ? [new JsonObject { ["text"] = text, ["thought"] = true }] : [];

    private static JsonObject[] Speech(Choice choice, string text)
    {
        if (text.Length == 0 && choice.Calls.Count > 0)
        {
            return [];
        }

        var part = new JsonObject { ["text"] = text };
        if (choice.Reasoning.Length > 0 && choice.Calls.Count == 0)
        {
            part["thoughtSignature"] = Signature("text");
        }

        return [part];
    }

    // Of several calls the first is signed.
    private static IEnumerable<JsonObject> Calls(Choice choice)
    {
        foreach (var (index, call) in choice.Calls.Index())
        {
            var part = new JsonObject
            {
                ["functionCall"] = new JsonObject { ["id"] = call.Id["call_".Length..], ["name"] = call.Name, ["args"] = Arguments(call.Input) },
            };
            if (index == 0)
            {
                part["thoughtSignature"] = Signature($"call {call.Name}");
            }

            yield return part;
        }
    }

    private static JsonNode Arguments(string input)
    {
        try
        {
            return JsonNode.Parse(input) ?? new JsonObject();
        }
        catch (JsonException)
        {
            // Cut by the limit.
            return new JsonObject();
        }
    }

    private static JsonObject Answer(Ask ask, Told told, IEnumerable<JsonObject> parts, string? reason, int written, int thought)
    {
        var candidate = new JsonObject
        {
            ["content"] = new JsonObject { ["parts"] = new JsonArray([.. parts.Select(part => (JsonNode)part)]), ["role"] = "model" },
            ["index"] = 0,
        };
        if (reason is not null)
        {
            candidate["finishReason"] = reason == "length" ? "MAX_TOKENS" : "STOP";
        }

        var usage = new JsonObject
        {
            ["promptTokenCount"] = told.PromptTokens,
            ["candidatesTokenCount"] = written,
            ["totalTokenCount"] = told.PromptTokens + written + thought,
            ["promptTokensDetails"] = new JsonArray(new JsonObject { ["modality"] = "TEXT", ["tokenCount"] = told.PromptTokens }),
        };
        if (thought > 0)
        {
            usage["thoughtsTokenCount"] = thought;
        }

        if (told.CachedTokens > 0)
        {
            usage["cachedContentTokenCount"] = told.CachedTokens;
        }

        return new JsonObject
        {
            ["candidates"] = new JsonArray(candidate),
            ["usageMetadata"] = usage,
            ["modelVersion"] = $"{ask.Model}-{Version}",
            ["responseId"] = told.Id,
        };
    }
}

public static class GeminiRoutes
{
    public static void MapGeminiVendor(this WebApplication app)
    {
        var simulated = new GeminiVendor();
        var vendor = app.MapGroup("/vendors/gemini");
        vendor.MapPost("/v1beta/models/{call}", context => RunAsync(simulated, context));
        vendor.Map("/{**rest}", simulated.RefusePathAsync);
    }

    // models/gemini-3-flash:streamGenerateContent?alt=sse
    private static Task RunAsync(GeminiVendor vendor, HttpContext context)
    {
        var call = (string)context.GetRouteValue("call")!;
        var query = context.Request.Query;
        return call.Split(':') switch
        {
            // A key in a URL ends up in logs: Google takes it, this vendor does not.
            _ when query.ContainsKey("key") => vendor.RefusePathAsync(context),
            [var model, "generateContent"] => vendor.RunAsync(context, model, stream: false),
            [var model, "streamGenerateContent"] when query["alt"] == "sse" => vendor.RunAsync(context, model, stream: true),
            _ => vendor.RefusePathAsync(context),
        };
    }
}
