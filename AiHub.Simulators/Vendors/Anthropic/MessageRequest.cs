using System.Text.Json;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>A request that has passed <see cref="MessageRules"/>; null members count as absent, as they do at Anthropic.</summary>
public sealed class MessageRequest(JsonElement body)
{
    public string Model => body.GetProperty("model").GetString()!;

    public bool Stream => body.Given("stream") is { ValueKind: JsonValueKind.True };

    public int MaxTokens => body.GetProperty("max_tokens").GetInt32();

    public string? User => body.Given("metadata")?.Given("user_id")?.GetString();

    public IReadOnlyList<JsonElement> Messages { get; } = [.. body.GetProperty("messages").EnumerateArray()];

    public IReadOnlyList<JsonElement> Tools { get; } = body.Given("tools") is { } tools ? [.. tools.EnumerateArray()] : [];

    public IReadOnlyList<string> Stop { get; } = body.Given("stop_sequences") is { } stop ? [.. stop.EnumerateArray().Select(one => one.GetString()!)] : [];

    public JsonElement? ToolChoice => body.Given("tool_choice");

    public JsonElement? Format => body.Given("output_config")?.Given("format");

    /// <summary>The model was asked to think, or left to decide for itself.</summary>
    public bool Thinks => KindOf(body.Given("thinking")) is "enabled" or "adaptive";

    public bool HidesThoughts => body.Given("thinking")?.Given("display")?.GetString() == "omitted";

    public bool HasThinkingBudget => KindOf(body.Given("thinking")) == "enabled";

    /// <summary>The text of the last message that has any from the user; what tools returned is not the user's.</summary>
    public string LastUserText => Messages.LastOrDefault(message => RoleOf(message) == "user" && TextOf(message).Length > 0) is { ValueKind: JsonValueKind.Object } message ? TextOf(message) : "";

    public IEnumerable<JsonElement> LastToolResults => BlocksOf(Messages[^1]).Where(block => KindOf(block) == "tool_result");

    public static string RoleOf(JsonElement message) => message.GetProperty("role").GetString()!;

    public static string? KindOf(JsonElement? block) => block?.Given("type") is { ValueKind: JsonValueKind.String } kind ? kind.GetString() : null;

    public static IEnumerable<JsonElement> BlocksOf(JsonElement holder) =>
        holder.Given("content") is { ValueKind: JsonValueKind.Array } blocks ? blocks.EnumerateArray() : [];

    /// <summary>A message's (or tool result's) text: its string content, or its text blocks joined.</summary>
    public static string TextOf(JsonElement holder) => holder.Given("content") switch
    {
        { ValueKind: JsonValueKind.String } text => text.GetString()!,
        { ValueKind: JsonValueKind.Array } blocks => string.Concat(blocks.EnumerateArray().Where(block => KindOf(block) == "text").Select(block => block.GetProperty("text").GetString())),
        _ => "",
    };

    /// <summary>The prompt's tokens, and how many of them stand before the last mark of what to cache.</summary>
    public Prompt Read()
    {
        const int PerMessage = 4;
        const int PerImage = 1_568;
        List<int> tokens = [];
        var marked = 0;
        var forAnHour = false;

        foreach (var tool in Tools)
        {
            Add(tool.GetRawText());
            Mark(tool);
        }

        AddContent(body.Given("system"));
        foreach (var message in Messages)
        {
            Pad(PerMessage);
            AddContent(message.Given("content"));
        }

        Mark(body);
        return new Prompt(tokens, marked, forAnHour);

        void AddContent(JsonElement? content)
        {
            if (content is { ValueKind: JsonValueKind.String } text)
            {
                Add(text.GetString()!);
            }
            else if (content is { ValueKind: JsonValueKind.Array } blocks)
            {
                foreach (var block in blocks.EnumerateArray())
                {
                    AddBlock(block);
                    Mark(block);
                }
            }
        }

        void AddBlock(JsonElement block)
        {
            switch (KindOf(block))
            {
                case "text":
                    Add(block.GetProperty("text").GetString()!);
                    break;
                case "thinking" or "redacted_thinking":
                    // Earlier thoughts are taken out of the prompt.
                    break;
                case "image" or "document":
                    Pad(PerImage);
                    break;
                case "tool_use":
                    Add(block.GetProperty("name").GetString()!);
                    Add(block.GetProperty("input").GetRawText());
                    break;
                case "tool_result":
                    AddContent(block.Given("content"));
                    break;
                default:
                    Add(block.GetRawText());
                    break;
            }
        }

        void Add(string text) => tokens.AddRange(Tokens.Encode(text));
        void Pad(int count) => tokens.AddRange(Enumerable.Repeat(0, count));
        void Mark(JsonElement block)
        {
            if (block.Given("cache_control") is { } mark)
            {
                marked = tokens.Count;
                forAnHour = mark.Given("ttl")?.GetString() == "1h";
            }
        }
    }
}

/// <param name="Marked">How many tokens the caller wants cached.</param>
public sealed record Prompt(IReadOnlyList<int> Tokens, int Marked, bool ForAnHour);
