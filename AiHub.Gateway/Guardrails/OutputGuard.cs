using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using AiHub.Domain.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Guardrails;

/// <summary>
/// Looks at what a model answers before its caller sees it. It stands behind the meter, which has counted what the vendor made, so what is covered or
/// refused here is paid for exactly as if it had been seen.
/// </summary>
public sealed class OutputGuard(Judges judges)
{
    /// <exception cref="AnswerBlockedException">A guardrail blocks the answer. What it had let go before stays seen.</exception>
    public IAsyncEnumerable<ReplyChunk> Guarding(Call call, IAsyncEnumerable<ReplyChunk> answer, CancellationToken ct) =>
        !call.Caller.Guardrails.LooksAtOutput ? answer : call.Request.Stream ? StreamAsync(call, answer, ct) : WholeAsync(call, answer, ct);

    private async IAsyncEnumerable<ReplyChunk> WholeAsync(Call call, IAsyncEnumerable<ReplyChunk> answer, [EnumeratorCancellation] CancellationToken ct)
    {
        ReplyChunk? whole = null;
        await foreach (var piece in answer.WithCancellation(ct))
        {
            // One piece, and the meter waits behind it with the record.
            if (whole is null)
            {
                var json = (JsonObject)JsonNode.Parse(piece.Json.Span, documentOptions: AnswerRepair.Deep)!;
                await CoverAsync(call, json, ct);
                whole = Said(json);
            }
        }

        if (call.Guarded.Blocked is { } guardrail)
        {
            throw new AnswerBlockedException(guardrail);
        }

        if (whole is { } guarded)
        {
            yield return guarded;
        }
    }

    private async Task CoverAsync(Call call, JsonObject json, CancellationToken ct)
    {
        var set = call.Caller.Guardrails;
        var choices = Choices(json).ToList();
        choices.ForEach(choice => Say(choice, text => TextSearch.ApplyThrough(text, Stages.Output, set.Output, call.Guarded)));
        if (call.Guarded.Blocked is not null || set.AsksOnOutput.Count == 0)
        {
            return;
        }

        var texts = new List<string>();
        choices.ForEach(choice => Say(choice, text =>
        {
            texts.Add(text);
            return text;
        }));
        var judged = await judges.AskAsync(set.AsksOnOutput, Stages.Output, call.Id, call.Plan.Model.Id, call.Caller, texts, call.Guarded, ct);
        var next = 0;
        choices.ForEach(choice => Say(choice, _ => judged[next++]));
    }

    // All that a choice says, its reasoning and what it wants to tell tools included. How likely each word was says the same once more.
    private static void Say(JsonObject choice, Func<string, string> by)
    {
        var changed = false;
        SpokenNodes.Visit(choice["message"], "", (_, text) =>
        {
            var after = text.Length == 0 ? text : by(text);
            changed |= after != text;
            return after;
        });
        if (changed && choice["logprobs"] is not null)
        {
            choice["logprobs"] = null;
        }
    }

    private async IAsyncEnumerable<ReplyChunk> StreamAsync(Call call, IAsyncEnumerable<ReplyChunk> answer, [EnumeratorCancellation] CancellationToken ct)
    {
        var set = call.Caller.Guardrails;
        var stream = new GuardedStream(set.Output, call.Guarded);
        // What others judge they judge as a whole, so until then nobody sees any of it.
        var waiting = set.AsksOnOutput.Any(rule => rule.Action != GuardrailAction.Flag) ? new List<JsonObject>() : null;
        var said = new SortedDictionary<(int Choice, string Path), System.Text.StringBuilder>();
        var judged = set.AsksOnOutput.Count == 0;
        await foreach (var piece in answer.WithCancellation(ct))
        {
            if (call.Guarded.Blocked is not null)
            {
                // The vendor's count comes at the end, so the rest is read for it.
                continue;
            }

            var chunks = stream.Take((JsonObject)JsonNode.Parse(piece.Json.Span, documentOptions: AnswerRepair.Deep)!);
            if (call.Guarded.Blocked is not null)
            {
                continue;
            }

            if (!judged)
            {
                chunks.ForEach(chunk => Hear(chunk, said));
                judged = stream.Finished >= call.Request.Choices;
                waiting?.AddRange(chunks);
                if (judged && await JudgeAsync(call, said, ct) is { } masked && waiting is not null)
                {
                    Rewrite(waiting, masked);
                }

                chunks = call.Guarded.Blocked is not null ? [] : waiting is null ? chunks : judged ? waiting : [];
            }

            foreach (var chunk in chunks)
            {
                yield return Said(chunk);
            }
        }

        if (call.Guarded.Blocked is null)
        {
            var rest = stream.End();
            if (!judged)
            {
                // Not all choices came to an end of their own.
                rest.ForEach(chunk => Hear(chunk, said));
                waiting?.AddRange(rest);
                if (await JudgeAsync(call, said, ct) is { } masked && waiting is not null)
                {
                    Rewrite(waiting, masked);
                }

                rest = waiting ?? rest;
            }

            foreach (var chunk in call.Guarded.Blocked is null ? rest : [])
            {
                yield return Said(chunk);
            }
        }

        if (call.Guarded.Blocked is { } guardrail)
        {
            throw new AnswerBlockedException(guardrail);
        }
    }

    /// <returns>The texts by choice and place as they may be seen; null when nothing was changed.</returns>
    private async Task<Dictionary<(int Choice, string Path), string>?> JudgeAsync(
        Call call, SortedDictionary<(int Choice, string Path), System.Text.StringBuilder> said, CancellationToken ct)
    {
        var texts = said.Values.Select(text => text.ToString()).ToList();
        var judged = await judges.AskAsync(call.Caller.Guardrails.AsksOnOutput, Stages.Output, call.Id, call.Plan.Model.Id, call.Caller, texts, call.Guarded, ct);
        return ReferenceEquals(texts, judged) ? null : said.Keys.Zip(judged).ToDictionary(pair => pair.First, pair => pair.Second);
    }

    private static void Hear(JsonObject chunk, SortedDictionary<(int Choice, string Path), System.Text.StringBuilder> said) => Visit(chunk, (place, text) =>
    {
        if (!said.TryGetValue(place, out var heard))
        {
            said[place] = heard = new System.Text.StringBuilder();
        }

        heard.Append(text);
        return text;
    });

    // All of a text where its first word stood.
    private static void Rewrite(List<JsonObject> chunks, Dictionary<(int Choice, string Path), string> texts) =>
        chunks.ForEach(chunk => Visit(chunk, (place, _) => texts.Remove(place, out var text) ? text : ""));

    private static void Visit(JsonObject chunk, Func<(int Choice, string Path), string, string> by)
    {
        foreach (var (position, choice) in Choices(chunk).Index())
        {
            var index = GuardedStream.IndexOf(choice, position);
            SpokenNodes.Visit(choice["delta"], "", (path, text) => text.Length == 0 ? text : by((index, path), text));
        }
    }

    internal static IEnumerable<JsonObject> Choices(JsonObject json) => json["choices"] is JsonArray choices ? choices.OfType<JsonObject>() : [];

    private static ReplyChunk Said(JsonObject json)
    {
        var bytes = SpokenNodes.Bytes(json);
        return new ReplyChunk(bytes, AnswerScan.Of(bytes.Span));
    }
}

/// <summary>A stream's chunks with each of its texts (a choice's content, its reasoning, a tool call's arguments) looked at across chunks.</summary>
internal sealed class GuardedStream(IReadOnlyList<TextRule> rules, GuardrailLog log)
{
    // Where nothing may be refused or covered nothing is held back, only looked at.
    private readonly bool _holds = rules.Any(rule => rule.Action != GuardrailAction.Flag);
    private readonly Dictionary<(int Choice, string Path), (Passage Passage, Step[] Steps)> _passages = [];
    private readonly HashSet<int> _finished = [];
    private JsonObject _head = [];

    /// <summary>How many choices have said why they ended.</summary>
    public int Finished => _finished.Count;

    public static int IndexOf(JsonObject choice, int position) => SpokenNodes.IndexOf(choice, position);

    /// <returns>What may be seen now: the chunk with as much text as can be let go and, before it, what was held back of a choice that ends with it.</returns>
    public List<JsonObject> Take(JsonObject chunk)
    {
        var chunks = new List<JsonObject>();
        foreach (var (position, choice) in OutputGuard.Choices(chunk).Index())
        {
            var index = IndexOf(choice, position);
            var ends = SpokenNodes.Text(choice["finish_reason"]) is not null;
            var touched = new HashSet<string>();
            Walk(choice["delta"], index, [], ends, touched);
            if (_holds && choice["logprobs"] is not null)
            {
                // How likely each word was says the words before they may be seen.
                choice["logprobs"] = null;
            }

            if (ends && _finished.Add(index))
            {
                chunks.AddRange(Flush(index, touched, chunk));
            }
        }

        if (_head.Count == 0)
        {
            _head = Head(chunk);
        }

        chunks.Add(chunk);
        return chunks;
    }

    /// <returns>What was still held back when the stream ended.</returns>
    public List<JsonObject> End() => [.. _passages.Keys.Select(key => key.Choice).Distinct().ToList().SelectMany(choice => Flush(choice, [], _head))];

    private void Walk(JsonNode? node, int choice, Step[] steps, bool last, HashSet<string> touched)
    {
        if (node is JsonObject members)
        {
            foreach (var (name, value) in members.ToList())
            {
                if (SpokenNodes.Text(value) is { } text)
                {
                    if (!SpokenTexts.IsSilent(name, text))
                    {
                        members[name] = Look(text, choice, [.. steps, new Step(name, null)], last, touched);
                    }
                }
                else
                {
                    Walk(value, choice, [.. steps, new Step(name, null)], last, touched);
                }
            }
        }
        else if (node is JsonArray items)
        {
            foreach (var (position, item) in items.Index().ToList())
            {
                if (item is JsonObject one)
                {
                    Walk(one, choice, [.. steps, new Step($"{IndexOf(one, position)}", one)], last, touched);
                }
                else if (SpokenNodes.Text(item) is { } text)
                {
                    items[position] = TextSearch.Apply(text, Stages.Output, rules, log);
                }
            }
        }
    }

    private string Look(string text, int choice, Step[] steps, bool last, HashSet<string> touched)
    {
        var path = string.Join('/', steps.Select(step => step.Name));
        touched.Add(path);
        if (!_passages.TryGetValue((choice, path), out var known))
        {
            known = (new Passage(rules, log, isJson: steps[^1].Name == "arguments"), [.. steps.Select(step => step.Alone())]);
            _passages[(choice, path)] = known;
        }

        var free = known.Passage.Take(text, last);
        return _holds ? free : text;
    }

    private IEnumerable<JsonObject> Flush(int choice, HashSet<string> done, JsonObject like)
    {
        foreach (var ((of, path), (passage, steps)) in _passages)
        {
            if (of == choice && !done.Contains(path) && !passage.IsEmpty && passage.Take("", last: true) is { Length: > 0 } rest && _holds)
            {
                var chunk = Head(like);
                chunk["choices"] = new JsonArray(new JsonObject { ["index"] = choice, ["delta"] = Nested(steps, rest), ["finish_reason"] = null });
                yield return chunk;
            }
        }
    }

    private static JsonObject Head(JsonObject chunk)
    {
        var head = new JsonObject();
        foreach (var name in (ReadOnlySpan<string>)["id", "object", "created", "model"])
        {
            if (chunk[name] is { } value)
            {
                head[name] = value.DeepClone();
            }
        }

        return head;
    }

    // content → {"content":"…"}; tool_calls/0/function/arguments → {"tool_calls":[{"index":0,"function":{"arguments":"…"}}]}
    private static JsonObject Nested(ReadOnlySpan<Step> steps, string text)
    {
        JsonNode node = text;
        for (var i = steps.Length - 1; i >= 0; i--)
        {
            if (steps[i].Item is { } item)
            {
                var element = (JsonObject)item.DeepClone();
                foreach (var (name, value) in (JsonObject)node)
                {
                    element[name] = value?.DeepClone();
                }

                node = new JsonArray(element);
            }
            else
            {
                node = new JsonObject { [steps[i].Name] = node };
            }
        }

        return (JsonObject)node;
    }

    /// <param name="Name">A member's name, or an item's index.</param>
    /// <param name="Item">The item, where it is one of an array.</param>
    private sealed record Step(string Name, JsonObject? Item)
    {
        /// <summary>Without what the item says: only what tells it from others.</summary>
        public Step Alone()
        {
            if (Item is null)
            {
                return this;
            }

            var alone = new JsonObject();
            foreach (var name in (ReadOnlySpan<string>)["index", "type", "format"])
            {
                if (Item[name] is JsonValue value)
                {
                    alone[name] = value.DeepClone();
                }
            }

            return new Step(Name, alone);
        }
    }
}
