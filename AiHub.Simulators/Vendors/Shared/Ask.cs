using System.Text.Json;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Shared;

/// <summary>What a simulated model makes of a request, whichever dialect it came in.</summary>
public sealed record Ask
{
    public required string Model { get; init; }

    public bool Stream { get; init; }

    public string? User { get; init; }

    public string LastUserText { get; init; } = "";

    /// <summary>The tools it may call.</summary>
    public IReadOnlyList<AskedTool> Tools { get; init; } = [];

    /// <summary>The caller wants a call and not a word.</summary>
    public bool MustCall { get; init; }

    /// <summary>What tools answered since the user spoke last.</summary>
    public IReadOnlyList<string> Results { get; init; } = [];

    public IReadOnlyList<string> Stop { get; init; } = [];

    public int? MaxTokens { get; init; }

    public bool Thinks { get; init; }

    /// <summary>A model asked for JSON answers JSON.</summary>
    public JsonElement? Schema { get; init; }

    /// <summary>The prompt as it is counted.</summary>
    public required IReadOnlyList<int> Prompt { get; init; }
}

/// <param name="Kind"><c>function</c> or <c>custom</c>.</param>
public sealed record AskedTool(string Kind, string Name, JsonElement Schema);

/// <summary>An answer before it is put into words: what was thought, said and called, cut where the caller said.</summary>
public sealed record Told(string Id, DateTimeOffset At, Choice Choice, int PromptTokens, int CachedTokens)
{
    /// <summary>In characters, thoughts and calls included.</summary>
    public int Length { get; } = Choice.Reasoning.Length + Choice.Content.Length + Choice.Calls.Sum(call => call.Name.Length + call.Input.Length);
}
