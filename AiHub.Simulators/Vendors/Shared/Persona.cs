using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>A model that behaves as its name says, at every vendor the same.</summary>
/// <param name="Fault">What goes wrong with every request to this model; null when nothing does.</param>
public sealed partial record Persona(string Name, string Description, Func<Ask, Draft> Draft, VendorFault? Fault = null)
{
    private const int UsualWords = 100;
    private const int MostWords = 100_000;

    private static readonly string[] LoremWords =
        "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore et dolore magna aliqua".Split(' ');

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

    /// <summary>First wait and the waits between events; only <c>slow</c> has any.</summary>
    public (TimeSpan First, TimeSpan Between) Pace(Ask ask, SimulatorOptions options)
    {
        if (Name != "slow")
        {
            return default;
        }

        return SlowOrder().Match(ask.LastUserText) is { Success: true } order
            ? (Milliseconds(order.Groups[1]), Milliseconds(order.Groups[2]))
            : (options.SlowFirstToken, options.SlowBetweenChunks);

        static TimeSpan Milliseconds(Group group) => TimeSpan.FromMilliseconds(int.Parse(group.ValueSpan, CultureInfo.InvariantCulture));
    }

    private static Draft Echo(Ask ask) => Said(ask, ask.LastUserText);

    private static Draft Lorem(Ask ask)
    {
        var order = LoremOrder().Match(ask.LastUserText);

        // Every word is at least one token, so one word more than the limit always reaches it.
        var words = order.Success ? int.Parse(order.Groups[1].ValueSpan, CultureInfo.InvariantCulture) : ask.MaxTokens is { } limit ? limit + 1 : UsualWords;
        return Said(ask, LoremText(Math.Min(words, MostWords)));
    }

    // Long enough to break in the middle, with characters of two, three and four bytes to break in two.
    private static Draft Troubled(Ask ask) => LoremOrder().IsMatch(ask.LastUserText)
        ? Lorem(ask)
        : Said(ask, string.Join(' ', Enumerable.Range(0, 5).Select(index => $"{LoremText(3)} 模拟供应商 é 😀 {index}")));

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

    private static string LoremText(int words) => string.Join(' ', Enumerable.Range(0, words).Select(index => LoremWords[index % LoremWords.Length]));

    [GeneratedRegex(@"\blorem\s+(\d{1,6})\b", RegexOptions.IgnoreCase)]
    private static partial Regex LoremOrder();

    [GeneratedRegex(@"\bslow\s+(\d{1,6})\s+(\d{1,6})\b", RegexOptions.IgnoreCase)]
    private static partial Regex SlowOrder();
}
