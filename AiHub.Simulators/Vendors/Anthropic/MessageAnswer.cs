using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>One block of an answer.</summary>
public abstract record Block
{
    /// <param name="IsHidden">The caller gets the signature only.</param>
    public sealed record Thought(string Content, bool IsHidden) : Block;

    public sealed record Redacted(string Content) : Block;

    public sealed record Speech(string Content) : Block;

    public sealed record ToolUse(string Id, string Name, string Input) : Block;
}

/// <summary>A finished answer, as one document or as the events of a stream.</summary>
public sealed class MessageAnswer
{
    private const int FragmentLength = 8;

    private readonly MessageRequest _request;
    private readonly bool _everyKey;
    private readonly Prompt _prompt;
    private readonly List<Block> _blocks = [];
    private readonly string _stopReason;
    private readonly string? _stopSequence;

    /// <param name="everyKey">Null members are sent too.</param>
    /// <param name="cached">How many of the prompt's marked tokens were in the cache.</param>
    public MessageAnswer(MessageRequest request, bool everyKey, string id, IEnumerable<Block> draft, Prompt prompt, int cached)
    {
        (_request, _everyKey, Id, _prompt, CachedTokens) = (request, everyKey, id, prompt, Math.Min(cached, prompt.Marked));
        var left = request.MaxTokens;
        foreach (var block in draft)
        {
            if (left <= 0)
            {
                break;
            }

            var taken = Within(block, ref left, ref _stopSequence);
            _blocks.Add(taken);
            if (_stopSequence is not null)
            {
                break;
            }
        }

        _stopReason = _stopSequence is not null ? "stop_sequence" : left <= 0 ? "max_tokens" : _blocks.Any(block => block is Block.ToolUse) ? "tool_use" : "end_turn";
        ThinkingTokens = _blocks.Sum(block => block is Block.Thought or Block.Redacted ? CountOf(block) : 0);
        OutputTokens = _blocks.Sum(CountOf);
    }

    public string Id { get; }

    /// <summary>Events of a stream that deliver something.</summary>
    public int Pieces => Events().Count(sent => sent.Part is not null);

    /// <summary>Of what they deliver, in characters.</summary>
    public int Length => Events().Sum(sent => sent.Part?.Text.Length ?? 0);

    public int PromptTokens => _prompt.Tokens.Count;

    public int CachedTokens { get; }

    public int OutputTokens { get; }

    public int ThinkingTokens { get; }

    private int WrittenTokens => _prompt.Marked - CachedTokens;

    public JsonObject Document() => Message(new JsonArray([.. _blocks.Select(block => (JsonNode)Whole(block))]), _stopReason, _stopSequence, OutputTokens);

    /// <summary>The events in order, each with the piece of the answer that it delivers.</summary>
    public IEnumerable<(JsonObject Event, Part? Part)> Events()
    {
        yield return (new JsonObject { ["type"] = "message_start", ["message"] = Message([], null, null, Math.Min(1, OutputTokens)) }, null);
        for (var index = 0; index < _blocks.Count; index++)
        {
            yield return (new JsonObject { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = Empty(_blocks[index]) }, Begun(_blocks[index]));
            if (index == 0)
            {
                yield return (new JsonObject { ["type"] = "ping" }, null);
            }

            foreach (var (delta, part) in Deltas(_blocks[index]))
            {
                yield return (new JsonObject { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta }, part);
            }

            yield return (new JsonObject { ["type"] = "content_block_stop", ["index"] = index }, null);
        }

        var end = EveryKey(new JsonObject { ["stop_reason"] = _stopReason, ["stop_sequence"] = _stopSequence });
        end.Remove("diagnostics");
        var usage = Usage(OutputTokens);
        usage.Remove("cache_creation");
        usage.Remove("service_tier");
        yield return (
            new JsonObject
            {
                ["type"] = "message_delta",
                ["delta"] = end,
                ["usage"] = usage,
            },
            null);
        yield return (new JsonObject { ["type"] = "message_stop" }, null);
    }

    private JsonObject Message(JsonArray content, string? stopReason, string? stopSequence, int outputTokens) => EveryKey(new JsonObject
    {
        ["model"] = _request.Model,
        ["id"] = Id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["content"] = content,
        ["stop_reason"] = stopReason,
        ["stop_sequence"] = stopSequence,
        ["usage"] = Usage(outputTokens),
    });

    private JsonObject EveryKey(JsonObject message)
    {
        foreach (var key in _everyKey ? (string[])["container", "diagnostics", "stop_details"] : [])
        {
            message[key] = null;
        }

        return message;
    }

    private JsonObject Usage(int outputTokens) => new()
    {
        ["input_tokens"] = PromptTokens - _prompt.Marked,
        ["cache_creation_input_tokens"] = WrittenTokens,
        ["cache_read_input_tokens"] = CachedTokens,
        ["cache_creation"] = new JsonObject
        {
            ["ephemeral_5m_input_tokens"] = _prompt.ForAnHour ? 0 : WrittenTokens,
            ["ephemeral_1h_input_tokens"] = _prompt.ForAnHour ? WrittenTokens : 0,
        },
        ["output_tokens"] = outputTokens,
        ["output_tokens_details"] = new JsonObject { ["thinking_tokens"] = Math.Min(ThinkingTokens, outputTokens) },
        ["service_tier"] = "standard",
    };

    private Block Within(Block block, ref int left, ref string? stopSequence)
    {
        switch (block)
        {
            case Block.Speech { Content: var words }:
                var first = _request.Stop.Select(stop => (Stop: stop, At: words.IndexOf(stop, StringComparison.Ordinal))).Where(stop => stop.At >= 0).OrderBy(stop => stop.At).FirstOrDefault();
                var spoken = Take(first.Stop is null ? words : words[..first.At], ref left);
                stopSequence = left > 0 ? first.Stop : null;
                return new Block.Speech(spoken);
            case Block.Thought thinking:
                return thinking with { Content = Take(thinking.Content, ref left) };
            case Block.Redacted redacted:
                return new Block.Redacted(Take(redacted.Content, ref left));
            case Block.ToolUse call:
                left -= Tokens.Count(call.Name);
                return call with { Input = Take(call.Input, ref left) };
            default:
                return block;
        }
    }

    private static string Take(string text, ref int left)
    {
        var needed = Tokens.Count(text);
        var taken = needed > left ? Tokens.Take(text, left) : text;
        left -= Math.Min(needed, Math.Max(0, left)) + (needed > left ? 1 : 0);
        return taken;
    }

    private static int CountOf(Block block) => block switch
    {
        Block.Thought thinking => Tokens.Count(thinking.Content),
        Block.Redacted redacted => Tokens.Count(redacted.Content),
        Block.Speech text => Tokens.Count(text.Content),
        Block.ToolUse call => Tokens.Count(call.Name) + Tokens.Count(call.Input),
        _ => 0,
    };

    private static JsonObject Whole(Block block)
    {
        var whole = Empty(block);
        switch (block)
        {
            case Block.Thought { IsHidden: false } thinking:
                whole["thinking"] = thinking.Content;
                whole["signature"] = ThoughtSeal.Sign(thinking.Content);
                break;
            case Block.Thought:
                whole["signature"] = ThoughtSeal.Sign("");
                break;
            case Block.Speech text:
                whole["text"] = text.Content;
                break;
            case Block.ToolUse call:
                whole["input"] = Parsed(call.Input);
                break;
        }

        return whole;
    }

    private static JsonObject Empty(Block block) => block switch
    {
        Block.Thought => new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" },
        Block.Redacted redacted => new JsonObject { ["type"] = "redacted_thinking", ["data"] = ThoughtSeal.Redact(redacted.Content) },
        Block.ToolUse call => new JsonObject { ["type"] = "tool_use", ["id"] = call.Id, ["name"] = call.Name, ["input"] = new JsonObject() },
        _ => new JsonObject { ["type"] = "text", ["text"] = "" },
    };

    private static Part? Begun(Block block) => block switch
    {
        Block.Redacted redacted => new Part(0, redacted.Content, IsThought: true),
        Block.ToolUse call => new Part(0, call.Name, IsThought: false),
        _ => null,
    };

    private static IEnumerable<(JsonObject Delta, Part? Part)> Deltas(Block block)
    {
        switch (block)
        {
            case Block.Speech text:
                foreach (var word in SimulatedModel.Words(text.Content))
                {
                    yield return (new JsonObject { ["type"] = "text_delta", ["text"] = word }, new Part(0, word, IsThought: false));
                }

                break;
            case Block.Thought { IsHidden: false } thinking:
                foreach (var word in SimulatedModel.Words(thinking.Content))
                {
                    yield return (new JsonObject { ["type"] = "thinking_delta", ["thinking"] = word }, new Part(0, word, IsThought: true));
                }

                yield return (new JsonObject { ["type"] = "signature_delta", ["signature"] = ThoughtSeal.Sign(thinking.Content) }, null);
                break;
            case Block.Thought thinking:
                yield return (new JsonObject { ["type"] = "signature_delta", ["signature"] = ThoughtSeal.Sign("") }, new Part(0, thinking.Content, IsThought: true));
                break;
            case Block.ToolUse call:
                yield return (new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = "" }, null);
                foreach (var fragment in call.Input == "{}" ? [] : call.Input.EnumerateRunes().Chunk(FragmentLength).Select(runes => string.Concat(runes)))
                {
                    yield return (new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = fragment }, new Part(0, fragment, IsThought: false));
                }

                break;
        }
    }

    // An answer that reached its limit may end in the middle of a tool's input; what is there is completed as far as it goes.
    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (System.Text.Json.JsonException)
        {
            return new JsonObject();
        }
    }
}
