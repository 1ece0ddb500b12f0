using System.Text.Json;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>A chat request that has passed <see cref="ChatRules"/>; null members count as absent, as they do at OpenAI.</summary>
public sealed class ChatRequest(JsonElement body)
{
    public JsonElement Body => body;

    public string Model => Text("model")!;

    public IReadOnlyList<JsonElement> Messages { get; } = [.. body.GetProperty("messages").EnumerateArray()];

    public bool Stream => Flag("stream");

    public bool IncludeUsage => Given("stream_options") is { } options && options.Given("include_usage") is { ValueKind: JsonValueKind.True };

    public int Choices => Number("n") ?? 1;

    public int? MaxTokens => Number("max_completion_tokens") ?? Number("max_tokens");

    public int? Seed => Given("seed") is { } seed && seed.TryGetInt32(out var value) ? value : null;

    public string? User => Text("user");

    public bool Logprobs => Flag("logprobs");

    public IReadOnlyList<JsonElement> Tools { get; } = body.Given("tools") is { } tools ? [.. tools.EnumerateArray()] : [];

    public IReadOnlyList<string> Stop => Given("stop") switch
    {
        { ValueKind: JsonValueKind.String } one => [one.GetString()!],
        { ValueKind: JsonValueKind.Array } many => [.. many.EnumerateArray().Select(stop => stop.GetString()!)],
        _ => [],
    };

    public string LastUserText => Messages.LastOrDefault(message => RoleOf(message) == "user") is { ValueKind: JsonValueKind.Object } message ? TextOf(message) : string.Empty;

    public JsonElement LastMessage => Messages[^1];

    public JsonElement? Given(string name) => body.Given(name);

    public string? Text(string name) => Given(name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    public static string RoleOf(JsonElement message) => message.GetProperty("role").GetString()!;

    /// <summary>A message's text: its string content, or its text parts joined.</summary>
    public static string TextOf(JsonElement message) => message.Given("content") switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } parts => string.Concat(parts.EnumerateArray().Select(part => part.Given("text")?.GetString())),
        _ => string.Empty,
    };

    private bool Flag(string name) => Given(name) is { ValueKind: JsonValueKind.True };

    private int? Number(string name) => Given(name)?.GetInt32();
}

public static class JsonElementExtensions
{
    /// <summary>The member, unless it is absent or null.</summary>
    public static JsonElement? Given(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
