using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>A model that behaves as its name says, at every vendor the same.</summary>
/// <param name="Fault">What goes wrong with every request to this model; null when nothing does.</param>
public sealed record Persona(string Name, string Description, Func<Ask, Draft> Draft, VendorFault? Fault = null)
{
    public static IReadOnlyDictionary<string, Persona> All { get; } = ((IEnumerable<Persona>)
        [
            new("echo", "Answers with the last user message, word by word.", Echo),
            new("lorem", "Answers with N words for 'lorem N', else as many tokens as the limit allows, else 100 words.", Lorem),
            new("slow", "Echoes slowly; 'slow 500 20' waits 500 ms for the first token and 20 ms between events.", Echo),
            new("busy", "Answers 429 with retry-after.", Echo, VendorFaults.All["busy"]),
            new("dies", "Drops the line in the middle of its answer.", Troubled, VendorFaults.All["dies"]),
            new("tools", "Calls the first tool ('all tools': every one), then answers from the results.", CallTools),
            new("reasoning", "Thinks before it echoes.", Reason),
            .. VendorFaults.All.Values.Select(fault => new Persona($"fault-{fault.Name}", fault.Description, Troubled, fault)),
        ]).ToDictionary(persona => persona.Name);

    private static Draft Echo(Ask ask) => Said(ask, ask.LastUserText);

    private static Draft Lorem(Ask ask) =>
        Said(ask, Orders.LoremText(Orders.Lorem(ask.LastUserText) ?? (ask.MaxTokens is { } tokens ? Orders.Filling(tokens) : Orders.UsualWords)));

    private static Draft Troubled(Ask ask) => Orders.Lorem(ask.LastUserText) is null ? Said(ask, Orders.TroubledText()) : Lorem(ask);

    private static Draft Reason(Ask ask) => Said(ask with { Thinks = true }, ask.LastUserText);

    private static Draft CallTools(Ask ask)
    {
        if (ask.Results.Count > 0)
        {
            return Said(ask, $"The tools answered: {string.Join(" | ", ask.Results)}");
        }

        var called = ask.LastUserText.Contains("all tools", StringComparison.OrdinalIgnoreCase) ? ask.Tools : [.. ask.Tools.Take(1)];
        if (called.Count == 0)
        {
            return Echo(ask);
        }

        var draft = Said(ask, ask.MustCall ? "" : "I will look that up.");
        return draft with
        {
            Calls = [.. called.Select(tool => new ToolCall(
                $"call_{Guid.CreateVersion7():N}",
                tool.Kind,
                tool.Name,
                tool.Kind == "custom" ? ask.LastUserText : Wire.Line(SchemaSample.Of(tool.Schema) ?? new JsonObject())))],
        };
    }

    private static Draft Said(Ask ask, string text) => new(
        ask.Schema is { } schema ? Wire.Line(SchemaSample.Of(schema) ?? new JsonObject()) : text,
        ask.Thinks ? $"The user wrote {ask.LastUserText.Length} characters. I shall answer 认真地." : "");
}
