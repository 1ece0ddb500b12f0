using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>A model that behaves as its name says.</summary>
/// <param name="Fault">What goes wrong with every request to this model; null when nothing does.</param>
public sealed partial record SimulatedModel(string Name, string Description, Func<ChatRequest, int, Draft> Draft, Fault? Fault = null)
{
    public static IReadOnlyDictionary<string, SimulatedModel> All { get; } = ((IEnumerable<SimulatedModel>)
        [
            new("echo", "Answers with the last user message, word by word.", Echo),
            new("lorem", "Answers with N words for 'lorem N', else as many tokens as max_tokens allows, else 100 words.", Lorem),
            new("slow", "Echoes slowly; 'slow 500 20' waits 500 ms for the first token and 20 ms between chunks.", Echo),
            new("busy", "Answers 429 with retry-after.", Echo, Faults.Busy),
            new("dies", "Drops the line in the middle of its answer.", Troubled, Faults.Dies),
            new("tools", "Calls the tool that tool_choice names, or the first one ('all tools': every one), then answers from the results.", CallTools),
            new("reasoning", "Thinks (reasoning_content) before it echoes.", Reason),
            .. Faults.All.Values.Select(fault => new SimulatedModel($"fault-{fault.Name}", fault.Description, fault.CallsTools ? CallTools : Troubled, fault)),
        ]).ToDictionary(model => model.Name);

    /// <summary>Pieces as a stream delivers them: a word with the space before it, or one ideograph.</summary>
    public static IEnumerable<string> Words(string text) => Word().Matches(text).Select(match => match.Value);

    private static Draft Echo(ChatRequest request, int choice) => new(Formatted(request, request.LastUserText));

    private static Draft Lorem(ChatRequest request, int choice) => new(Orders.LoremText(
        Orders.Lorem(request.LastUserText) ?? (request.MaxTokens is { } tokens ? Orders.Filling(tokens) : Orders.UsualWords), choice + (request.Seed ?? 0)));

    private static Draft Troubled(ChatRequest request, int choice) =>
        Orders.Lorem(request.LastUserText) is null ? new Draft(Orders.TroubledText()) : Lorem(request, choice);

    private static Draft Reason(ChatRequest request, int choice)
    {
        var text = request.LastUserText;
        var effort = request.Text("reasoning_effort");
        var thoughts = effort == "none" ? string.Empty : $"The user wrote {text.Length} characters. Their last message should be repeated as it is.";

        return new Draft(Formatted(request, text), thoughts);
    }

    private static Draft CallTools(ChatRequest request, int choice)
    {
        var results = request.Messages.Reverse().TakeWhile(message => ChatRequest.RoleOf(message) == "tool").Reverse().Select(ChatRequest.TextOf).ToArray();
        if (results.Length > 0)
        {
            return new Draft($"The tool answered: {string.Join(" | ", results)}");
        }

        if (Chosen(request) is not { ValueKind: JsonValueKind.Object } tool)
        {
            return Echo(request, choice);
        }

        var all = request.Given("tool_choice") is not { ValueKind: JsonValueKind.Object } && request.LastUserText.Contains("all tools", StringComparison.OrdinalIgnoreCase)
            && request.Given("parallel_tool_calls") is not { ValueKind: JsonValueKind.False };
        return new Draft(string.Empty, Calls: [.. (all ? request.Tools : [tool]).Select(one => CallOf(one, request))]);
    }

    private static ToolCall CallOf(JsonElement tool, ChatRequest request)
    {
        var kind = tool.GetProperty("type").GetString()!;
        var definition = tool.GetProperty(kind);
        var input = kind == "custom"
            ? request.LastUserText
            : Wire.Line((definition.Given("parameters") is { } schema ? SchemaSample.Of(schema) : null) ?? new JsonObject());

        return new ToolCall($"call_{Guid.CreateVersion7():N}", kind, definition.GetProperty("name").GetString()!, input);
    }

    private static JsonElement Chosen(ChatRequest request) => request.Given("tool_choice") switch
    {
        { ValueKind: JsonValueKind.String } choice when choice.ValueEquals("none") => default,
        { ValueKind: JsonValueKind.Object } choice when choice.Given(choice.GetProperty("type").GetString()!)?.Given("name") is { } name =>
            request.Tools.First(tool => tool.GetProperty(tool.GetProperty("type").GetString()!).GetProperty("name").ValueEquals(name.GetString())),
        _ => request.Tools.FirstOrDefault(),
    };

    // A model asked for JSON answers JSON.
    private static string Formatted(ChatRequest request, string text) => request.Given("response_format")?.Given("type")?.GetString() switch
    {
        "json_object" => Wire.Line(new JsonObject { ["text"] = text }),
        "json_schema" when request.Given("response_format")?.Given("json_schema")?.Given("schema") is { } schema => Wire.Line(SchemaSample.Of(schema) ?? new JsonObject()),
        _ => text,
    };

    [GeneratedRegex(@"\s*[\p{IsCJKUnifiedIdeographs}\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]|\s*[^\s\p{IsCJKUnifiedIdeographs}\p{IsHiragana}\p{IsKatakana}\p{IsHangulSyllables}]+|\s+")]
    private static partial Regex Word();
}
