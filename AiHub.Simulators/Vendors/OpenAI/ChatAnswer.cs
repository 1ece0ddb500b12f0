using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>A finished answer, as one document or as the events of a stream.</summary>
public sealed class ChatAnswer(ChatRequest request, string id, DateTimeOffset created, IReadOnlyList<Choice> choices, int promptTokens, int cachedTokens)
{
    private const int FragmentLength = 8;
    private const string Fingerprint = "fp_simulated";

    public string Id => id;

    public int PromptTokens => promptTokens;

    public int CachedTokens => cachedTokens;

    public int CompletionTokens { get; } = choices.Sum(choice => choice.CompletionTokens);

    public int ReasoningTokens { get; } = choices.Sum(choice => choice.ReasoningTokens);

    /// <summary>In characters, reasoning and calls included.</summary>
    public int Length { get; } = choices.Sum(choice => choice.Reasoning.Length + choice.Content.Length + choice.Calls.Sum(call => call.Name.Length + call.Input.Length));

    public int Pieces => choices.Sum(choice => SimulatedModel.Words(choice.Reasoning).Count() + SimulatedModel.Words(choice.Content).Count());

    public JsonObject Document() => new()
    {
        ["id"] = id,
        ["object"] = "chat.completion",
        ["created"] = created.ToUnixTimeSeconds(),
        ["model"] = request.Model,
        ["choices"] = new JsonArray([.. choices.Select((choice, index) => (JsonNode)Whole(choice, index))]),
        ["usage"] = Usage(CompletionTokens),
        ["service_tier"] = "default",
        ["system_fingerprint"] = Fingerprint,
    };

    public IEnumerable<Step> Events()
    {
        foreach (var sent in Interleaved())
        {
            yield return sent;
        }

        if (request.IncludeUsage)
        {
            var last = Chunk();
            last["choices"] = new JsonArray();
            last["usage"] = Usage(CompletionTokens);
            yield return new Step.Event(last);
        }

        yield return new Step.Done();
    }

    /// <param name="completionTokens">All of them, or as many as have been sent so far.</param>
    public JsonObject Usage(int completionTokens) => new()
    {
        ["prompt_tokens"] = promptTokens,
        ["completion_tokens"] = completionTokens,
        ["total_tokens"] = promptTokens + completionTokens,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = cachedTokens, ["audio_tokens"] = 0 },
        ["completion_tokens_details"] = new JsonObject
        {
            ["reasoning_tokens"] = Math.Min(ReasoningTokens, completionTokens),
            ["audio_tokens"] = 0,
            ["accepted_prediction_tokens"] = 0,
            ["rejected_prediction_tokens"] = 0,
        },
    };

    // Choices take turns, as they do when they are really made at the same time.
    private IEnumerable<Step> Interleaved()
    {
        var turns = choices.Select((choice, index) => Deltas(choice, index).GetEnumerator()).ToList();
        while (turns.Count > 0)
        {
            foreach (var turn in turns.ToArray())
            {
                if (turn.MoveNext())
                {
                    yield return turn.Current;
                }
                else
                {
                    turn.Dispose();
                    turns.Remove(turn);
                }
            }
        }
    }

    private IEnumerable<Step> Deltas(Choice choice, int index)
    {
        yield return Delta(index, new JsonObject { ["role"] = "assistant", ["content"] = choice.Calls.Count > 0 ? null : "", ["refusal"] = null });

        foreach (var thought in SimulatedModel.Words(choice.Reasoning))
        {
            yield return Delta(index, new JsonObject { ["reasoning_content"] = thought }, thought, isThought: true);
        }

        foreach (var word in SimulatedModel.Words(choice.Content))
        {
            yield return Delta(index, new JsonObject { ["content"] = word }, word);
        }

        for (var number = 0; number < choice.Calls.Count; number++)
        {
            foreach (var sent in CallDeltas(choice.Calls[number], number, index))
            {
                yield return sent;
            }
        }

        yield return Delta(index, [], finishReason: choice.FinishReason);
    }

    // {"index":0,"id":"call_…","type":"function","function":{"name":"weather","arguments":""}}, then {"index":0,"function":{"arguments":"{\"city\""}} …
    private IEnumerable<Step> CallDeltas(ToolCall call, int number, int index)
    {
        var input = call.Kind == "custom" ? "input" : "arguments";
        var opening = new JsonObject
        {
            ["index"] = number,
            ["id"] = call.Id,
            ["type"] = call.Kind,
            [call.Kind] = new JsonObject { ["name"] = call.Name, [input] = "" },
        };
        yield return Delta(index, new JsonObject { ["tool_calls"] = new JsonArray(opening) }, call.Name);

        foreach (var fragment in Fragments(call.Input))
        {
            var more = new JsonObject { ["index"] = number, [call.Kind] = new JsonObject { [input] = fragment } };
            yield return Delta(index, new JsonObject { ["tool_calls"] = new JsonArray(more) }, fragment);
        }
    }

    private Step.Event Delta(int index, JsonObject delta, string text = "", bool isThought = false, string? finishReason = null)
    {
        var chunk = Chunk();
        chunk["choices"] = new JsonArray(new JsonObject
        {
            ["index"] = index,
            ["delta"] = delta,
            ["logprobs"] = request.Logprobs && text.Length > 0 && !isThought ? Logprobs(text) : null,
            ["finish_reason"] = finishReason,
        });
        if (request.IncludeUsage)
        {
            chunk["usage"] = null;
        }

        return new Step.Event(chunk, text.Length > 0 ? new Part(index, text, isThought) : null);
    }

    private JsonObject Chunk() => new()
    {
        ["id"] = id,
        ["object"] = "chat.completion.chunk",
        ["created"] = created.ToUnixTimeSeconds(),
        ["model"] = request.Model,
        ["service_tier"] = "default",
        ["system_fingerprint"] = Fingerprint,
    };

    private JsonObject Whole(Choice choice, int index)
    {
        var message = new JsonObject
        {
            ["role"] = "assistant",
            ["content"] = choice.Calls.Count > 0 ? null : choice.Content,
            ["refusal"] = null,
            ["annotations"] = new JsonArray(),
        };
        if (choice.Reasoning.Length > 0)
        {
            message["reasoning_content"] = choice.Reasoning;
        }

        if (choice.Calls.Count > 0)
        {
            message["tool_calls"] = new JsonArray([.. choice.Calls.Select(call => (JsonNode)new JsonObject
            {
                ["id"] = call.Id,
                ["type"] = call.Kind,
                [call.Kind] = new JsonObject { ["name"] = call.Name, [call.Kind == "custom" ? "input" : "arguments"] = call.Input },
            })]);
        }

        return new JsonObject
        {
            ["index"] = index,
            ["message"] = message,
            ["logprobs"] = request.Logprobs ? Logprobs(choice.Content) : null,
            ["finish_reason"] = choice.FinishReason,
        };
    }

    private static JsonObject Logprobs(string text) => new()
    {
        ["content"] = new JsonArray([.. Tokens.Split(text).Select(token => (JsonNode)new JsonObject
        {
            ["token"] = token,
            ["logprob"] = -0.01,
            ["bytes"] = new JsonArray([.. Encoding.UTF8.GetBytes(token).Select(one => (JsonNode)one)]),
            ["top_logprobs"] = new JsonArray(),
        })]),
        ["refusal"] = null,
    };

    private static IEnumerable<string> Fragments(string text)
    {
        for (var start = 0; start < text.Length;)
        {
            var end = Math.Min(start + FragmentLength, text.Length);
            end += end < text.Length && char.IsLowSurrogate(text[end]) ? 1 : 0;
            yield return text[start..end];
            start = end;
        }
    }
}
