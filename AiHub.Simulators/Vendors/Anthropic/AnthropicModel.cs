using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.Shared;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>A model that behaves as its name says.</summary>
/// <param name="Fault">What goes wrong with every request to this model; null when nothing does.</param>
public sealed record AnthropicModel(string Name, string Description, Func<MessageRequest, IEnumerable<Block>> Draft, AnthropicFault? Fault = null)
{
    public static IReadOnlyDictionary<string, AnthropicModel> All { get; } = ((IEnumerable<AnthropicModel>)
        [
            new("echo", "Answers with the last user message, word by word.", Echo),
            new("lorem", "Answers with N words for 'lorem N', else as many tokens as max_tokens allows.", Lorem),
            new("slow", "Echoes slowly; 'slow 500 20' waits 500 ms for the first token and 20 ms between events.", Echo),
            new("busy", "Answers 429 with retry-after.", Echo, AnthropicFaults.Busy),
            new("dies", "Drops the line in the middle of its answer.", Troubled, AnthropicFaults.Dies),
            new("tools", "Calls the tool that tool_choice names, or the first one ('all tools': every one), then answers from the results.", CallTools),
            new("reasoning", "Thinks before it echoes, whenever thinking is on; 'redact' makes it hide a part.", Reason),
            .. AnthropicFaults.All.Values.Select(fault => new AnthropicModel($"fault-{fault.Name}", fault.Description, Troubled, fault)),
        ]).ToDictionary(model => model.Name);

    private static IEnumerable<Block> Echo(MessageRequest request) => Spoken(request, Formatted(request, request.LastUserText));

    private static IEnumerable<Block> Lorem(MessageRequest request) =>
        Spoken(request, Orders.LoremText(Orders.Lorem(request.LastUserText) ?? Orders.Filling(request.MaxTokens)));

    private static IEnumerable<Block> Troubled(MessageRequest request) =>
        Orders.Lorem(request.LastUserText) is null ? Spoken(request, Orders.TroubledText()) : Lorem(request);

    private static IEnumerable<Block> Reason(MessageRequest request)
    {
        var blocks = Echo(request);
        return request.Thinks && request.LastUserText.Contains("redact", StringComparison.OrdinalIgnoreCase)
            ? blocks.Take(1).Append(new Block.Redacted("What was thought here is nobody's business.")).Concat(blocks.Skip(1))
            : blocks;
    }

    private static IEnumerable<Block> CallTools(MessageRequest request)
    {
        var results = request.LastToolResults.Select(MessageRequest.TextOf).ToArray();
        if (results.Length > 0)
        {
            return Spoken(request, $"The tools answered: {string.Join(" | ", results)}");
        }

        JsonElement[] tools = [.. request.Tools.Where(tool => MessageRequest.KindOf(tool) is null or "custom")];
        var choice = MessageRequest.KindOf(request.ToolChoice);
        var chosen = choice switch
        {
            "none" => [],
            "tool" => tools.Where(tool => tool.GetProperty("name").ValueEquals(request.ToolChoice!.Value.GetProperty("name").GetString())),
            _ when request.LastUserText.Contains("all tools", StringComparison.OrdinalIgnoreCase) && request.ToolChoice?.Given("disable_parallel_tool_use") is not { ValueKind: JsonValueKind.True } => tools,
            _ => tools.Take(1),
        };
        IEnumerable<Block> calls = [.. chosen.Select(tool => new Block.ToolUse(
            $"toolu_{Guid.CreateVersion7():N}",
            tool.GetProperty("name").GetString()!,
            Wire.Line(SchemaSample.Of(tool.GetProperty("input_schema")) ?? new JsonObject())))];
        if (!calls.Any())
        {
            return Echo(request);
        }

        // A forced call comes without a word.
        return choice is "any" or "tool" ? calls : Spoken(request, "I will look that up.").Concat(calls);
    }

    private static IEnumerable<Block> Spoken(MessageRequest request, string text)
    {
        if (request.Thinks)
        {
            yield return new Block.Thought($"The user wrote {request.LastUserText.Length} characters.\nI shall answer 认真地.", request.HidesThoughts);
        }

        yield return new Block.Speech(text);
    }

    // A model asked for JSON answers JSON.
    private static string Formatted(MessageRequest request, string text) =>
        request.Format?.Given("schema") is { } schema ? Wire.Line(SchemaSample.Of(schema) ?? new JsonObject()) : text;
}
