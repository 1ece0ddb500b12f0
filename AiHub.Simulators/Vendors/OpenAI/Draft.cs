using System.Text.Json;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>What a simulated model would say if nothing stopped it.</summary>
public sealed record Draft(string Content, string Reasoning = "", IReadOnlyList<ToolCall>? Calls = null);

/// <param name="Kind"><c>function</c> or <c>custom</c>.</param>
/// <param name="Input">A function's arguments as JSON, or a custom tool's text.</param>
public sealed record ToolCall(string Id, string Kind, string Name, string Input);

/// <summary>One choice of an answer: the draft, cut by stop sequences and by the token limit as OpenAI would.</summary>
public sealed record Choice(string Content, string Reasoning, IReadOnlyList<ToolCall> Calls, string FinishReason)
{
    public int ReasoningTokens { get; } = Tokens.Count(Reasoning);

    public int CompletionTokens => ReasoningTokens + _spoken;

    private readonly int _spoken = Tokens.Count(Content) + Calls.Sum(Cost);

    public static Choice Of(Draft draft, IReadOnlyList<string> stop, int? maxTokens)
    {
        var content = CutAtStop(draft.Content, stop);
        var left = maxTokens ?? int.MaxValue;

        var reasoning = Within(draft.Reasoning, ref left, out var cut);
        content = cut ? string.Empty : Within(content, ref left, out cut);

        List<ToolCall> calls = [];
        foreach (var call in draft.Calls ?? [])
        {
            if (cut)
            {
                break;
            }

            left -= Tokens.Count(call.Name);
            calls.Add(call with { Input = Within(call.Input, ref left, out cut) });
        }

        return new Choice(content, reasoning, calls, cut ? "length" : calls.Count > 0 ? "tool_calls" : "stop");
    }

    private static int Cost(ToolCall call) => Tokens.Count(call.Name) + Tokens.Count(call.Input);

    private static string CutAtStop(string text, IReadOnlyList<string> stop)
    {
        var end = stop.Where(one => one.Length > 0).Select(one => text.IndexOf(one, StringComparison.Ordinal)).Where(at => at >= 0).DefaultIfEmpty(text.Length).Min();

        return text[..end];
    }

    private static string Within(string text, ref int left, out bool cut)
    {
        var needed = Tokens.Count(text);
        cut = needed > left;
        var kept = cut ? Tokens.Take(text, left) : text;
        left = cut ? 0 : left - needed;

        return kept;
    }
}

/// <summary>What a request's text comes to, counted the way OpenAI documents it: 3 tokens a message and 3 to open the answer, plus the text itself.</summary>
public static class PromptTokens
{
    private const int PerMessage = 3;
    private const int Opening = 3;
    private const int PerName = 1;

    // A low-detail image; OpenAI's own figure depends on the model and the picture's size.
    private const int PerImage = 85;

    public static IReadOnlyList<int> Of(ChatRequest request)
    {
        List<int> tokens = [];
        foreach (var tool in request.Tools)
        {
            tokens.AddRange(Tokens.Encode(tool.GetRawText()));
        }

        foreach (var message in request.Messages)
        {
            Pad(PerMessage);
            Add(ChatRequest.RoleOf(message));
            Add(ChatRequest.TextOf(message));
            if (message.Given("name") is { } name)
            {
                Add(name.GetString()!);
                Pad(PerName);
            }

            if (message.Given("tool_calls") is { } calls)
            {
                Add(calls.GetRawText());
            }

            if (message.Given("content") is { ValueKind: JsonValueKind.Array } parts)
            {
                Pad(PerImage * parts.EnumerateArray().Count(part => part.GetProperty("type").ValueEquals("image_url")));
            }
        }

        Pad(Opening);

        return tokens;

        void Add(string text) => tokens.AddRange(Tokens.Encode(text));
        void Pad(int count) => tokens.AddRange(Enumerable.Repeat(0, count));
    }
}
