using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Access;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Guardrails;

/// <summary>
/// Looks at what models say besides chat before the caller sees it: what was written down of speech, how a picture's prompt was put, documents that
/// come back. It stands behind the meter, as <see cref="OutputGuard"/> does.
/// </summary>
public sealed class SurfaceGuard(Judges judges)
{
    /// <exception cref="AnswerBlockedException">A guardrail blocks the answer. What it had let go before stays seen.</exception>
    public IAsyncEnumerable<ReplyChunk> Guarding(SurfaceCall call, IAsyncEnumerable<ReplyChunk> answer, CancellationToken ct) =>
        !call.Caller.Guardrails.LooksAtOutput || !call.Request.Surface.AnswersInWords ? answer
        : call.Request.Stream ? StreamAsync(call, answer, ct)
        : WholeAsync(call, answer, ct);

    private async IAsyncEnumerable<ReplyChunk> WholeAsync(SurfaceCall call, IAsyncEnumerable<ReplyChunk> answer, [EnumeratorCancellation] CancellationToken ct)
    {
        ReplyChunk? whole = null;
        await foreach (var piece in answer.WithCancellation(ct))
        {
            // One piece, and the meter waits behind it with the record.
            whole ??= piece.Json.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..]
                ? Said(await CoverAsync(call, (JsonObject)JsonNode.Parse(piece.Json.Span, documentOptions: AnswerRepair.Deep)!, ct))
                : new ReplyChunk(Encoding.UTF8.GetBytes(await CoverAsync(call, Encoding.UTF8.GetString(piece.Json.Span), ct)), AnswerFacts.Opaque);
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

    private async Task<JsonObject> CoverAsync(SurfaceCall call, JsonObject json, CancellationToken ct)
    {
        var set = call.Caller.Guardrails;
        var masked = false;
        foreach (var (name, value) in json.ToList())
        {
            if (name is Names.Segments or Names.Words or Names.Logprobs or Names.Usage)
            {
                continue;
            }

            json[name] = null;
            json[name] = SpokenNodes.Visit(value, name, (_, text) => Changed(text, TextSearch.Apply(text, Stages.Output, set.Output, call.Guarded), ref masked));
        }

        masked |= CoverSegments(json, set, call.Guarded);
        if (call.Guarded.Blocked is null && set.AsksOnOutput.Count > 0)
        {
            var texts = new List<string>();
            Speak(text =>
            {
                texts.Add(text);
                return text;
            });
            var judged = await judges.AskAsync(set.AsksOnOutput, Stages.Output, call.Id, call.Plan.Model.Id, call.Caller, texts, call.Guarded, ct);
            if (!ReferenceEquals(judged, texts))
            {
                // Whoever masks says what the text is now, not where in it.
                json.Remove(Names.Segments);
                var next = 0;
                Speak(text => Changed(text, judged[next++], ref masked));
            }
        }

        if (masked)
        {
            // They say the same once more, word by word.
            json.Remove(Names.Words);
            json.Remove(Names.Logprobs);
        }

        return json;

        void Speak(Func<string, string> by)
        {
            foreach (var (name, value) in json.ToList())
            {
                if (name is not (Names.Segments or Names.Words or Names.Logprobs or Names.Usage))
                {
                    json[name] = null;
                    json[name] = SpokenNodes.Visit(value, name, (_, text) => text.Length == 0 ? text : by(text));
                }
            }
        }
    }

    // A name may begin in one segment and end in the next.
    private static bool CoverSegments(JsonObject json, GuardrailSet set, GuardrailLog log)
    {
        var segments = json[Names.Segments] is JsonArray all ? all.OfType<JsonObject>().Where(segment => SpokenNodes.Text(segment[Names.Text]) is not null).ToList() : [];
        var masked = Cover(segments, set, log);
        if (json[Names.Words] is JsonArray words)
        {
            var texts = words.OfType<JsonObject>().Select(word => SpokenNodes.Text(word["word"]) ?? "").ToList();
            masked |= !TextSearch.ApplyAcross(texts, Stages.Output, set.Output, log).SequenceEqual(texts);
        }

        return masked;
    }

    private static bool Cover(List<JsonObject> segments, GuardrailSet set, GuardrailLog log)
    {
        var before = segments.ConvertAll(segment => SpokenNodes.Text(segment[Names.Text])!);
        var after = TextSearch.ApplyAcross(before, Stages.Output, set.Output, log);
        foreach (var (position, segment) in segments.Index())
        {
            if (before[position] != after[position])
            {
                segment[Names.Text] = after[position];
            }
        }

        if (before.SequenceEqual(after))
        {
            return false;
        }

        // The same once more, as numbers.
        segments.ForEach(segment => segment.Remove("tokens"));
        return true;
    }

    private async Task<string> CoverAsync(SurfaceCall call, string answer, CancellationToken ct)
    {
        var set = call.Caller.Guardrails;
        var subtitles = call.Request.Text("response_format") is "srt" or "vtt";
        List<string> lines = subtitles ? [.. answer.Split('\n')] : [answer];
        List<int> spoken = subtitles ? [.. Enumerable.Range(0, lines.Count).Where(line => IsSpoken(lines, line))] : [0];
        IReadOnlyList<string> texts = TextSearch.ApplyAcross(spoken.ConvertAll(line => lines[line]), Stages.Output, set.Output, call.Guarded);
        if (call.Guarded.Blocked is null)
        {
            texts = await judges.AskAsync(set.AsksOnOutput, Stages.Output, call.Id, call.Plan.Model.Id, call.Caller, texts, call.Guarded, ct);
        }

        foreach (var (line, text) in spoken.Zip(texts))
        {
            lines[line] = text;
        }

        return string.Join('\n', lines);
    }

    // 1
    // 00:00:00,000 --> 00:00:04,000
    // What somebody says.
    private static bool IsSpoken(List<string> lines, int line)
    {
        var text = lines[line].AsSpan().Trim();
        var isNumber = text.IndexOfAnyExceptInRange('0', '9') < 0 && line + 1 < lines.Count && lines[line + 1].Contains("-->", StringComparison.Ordinal);
        return !text.IsEmpty && !isNumber && !text.Contains("-->", StringComparison.Ordinal) && !(line == 0 && text.StartsWith("WEBVTT", StringComparison.Ordinal));
    }

    private async IAsyncEnumerable<ReplyChunk> StreamAsync(SurfaceCall call, IAsyncEnumerable<ReplyChunk> answer, [EnumeratorCancellation] CancellationToken ct)
    {
        var set = call.Caller.Guardrails;
        var stream = new Transcript(set, call.Guarded);
        var judged = set.AsksOnOutput.Count == 0;
        await foreach (var piece in answer.WithCancellation(ct))
        {
            if (call.Guarded.Blocked is not null)
            {
                // The vendor's count comes at the end, so the rest is read for it.
                continue;
            }

            var json = (JsonObject)JsonNode.Parse(piece.Json.Span, documentOptions: AnswerRepair.Deep)!;
            var events = stream.Take(json);
            if (!judged && stream.Whole is { } text && call.Guarded.Blocked is null)
            {
                judged = true;
                var said = await judges.AskAsync(set.AsksOnOutput, Stages.Output, call.Id, call.Plan.Model.Id, call.Caller, [text], call.Guarded, ct);
                events = said[0] == text ? events : stream.Reworded(said[0], json);
            }

            foreach (var each in call.Guarded.Blocked is null ? events : [])
            {
                yield return Said(each);
            }
        }

        if (call.Guarded.Blocked is { } guardrail)
        {
            throw new AnswerBlockedException(guardrail);
        }
    }

    private static string Changed(string before, string after, ref bool changed)
    {
        changed |= before != after;
        return after;
    }

    private static ReplyChunk Said(JsonObject json) => new(SpokenNodes.Bytes(json), AnswerFacts.Opaque);

    private static class Names
    {
        public const string Text = "text";
        public const string Delta = "delta";
        public const string Segments = "segments";
        public const string Words = "words";
        public const string Logprobs = "logprobs";
        public const string Usage = "usage";
    }

    /// <summary>A transcript on its way: events that add words, events that say a stretch of it, and one that says all of it.</summary>
    private sealed class Transcript(GuardrailSet set, GuardrailLog log)
    {
        // Where nothing may be refused or covered nothing is held back, only looked at.
        private readonly bool _holds = set.Output.Any(rule => rule.Action != GuardrailAction.Flag);

        // What others judge they judge as a whole, so until then nobody sees any of it.
        private readonly bool _waits = set.AsksOnOutput.Any(rule => rule.Action != GuardrailAction.Flag);
        private readonly Passage _passage = new(set.Output, log);
        private readonly StringBuilder _waiting = new();
        private readonly List<JsonObject> _segments = [];

        /// <summary>All of it, as the hub's own rules let it go; null before its end.</summary>
        public string? Whole { get; private set; }

        public IReadOnlyList<JsonObject> Take(JsonObject json)
        {
            if (SpokenNodes.Text(json[Names.Delta]) is { } delta)
            {
                return Add(json, _passage.Take(delta, last: false));
            }

            if (SpokenNodes.Text(json["type"])?.EndsWith(".segment", StringComparison.Ordinal) == true && SpokenNodes.Text(json[Names.Text]) is not null)
            {
                _segments.Add(json);
                return _holds || _waits ? [] : [json];
            }

            if (SpokenNodes.Text(json[Names.Text]) is { } text)
            {
                return End(json, text);
            }

            SpokenNodes.Visit(json, "", (_, said) => TextSearch.Apply(said, Stages.Output, set.Output, log));
            return [json];
        }

        /// <summary>The end, with what a judge makes of the whole.</summary>
        public IReadOnlyList<JsonObject> Reworded(string text, JsonObject end)
        {
            var whole = (JsonObject)end.DeepClone();
            whole[Names.Text] = text;
            whole.Remove(Names.Logprobs);
            return [Words(text), whole];
        }

        private IReadOnlyList<JsonObject> Add(JsonObject json, string free)
        {
            if (_waits)
            {
                _waiting.Append(free);
                return [];
            }

            if (!_holds)
            {
                return [json];
            }

            json[Names.Delta] = free;
            json.Remove(Names.Logprobs);
            return free.Length == 0 ? [] : [json];
        }

        private IReadOnlyList<JsonObject> End(JsonObject json, string text)
        {
            var rest = _waiting.Append(_passage.Take("", last: true)).ToString();
            Whole = TextSearch.Apply(text, Stages.Output, set.Output, log);
            var segments = Cover(_segments, set, log);
            if (!_holds && !_waits)
            {
                return [json];
            }

            if (segments || Whole != text)
            {
                json.Remove(Names.Logprobs);
            }

            json[Names.Text] = Whole;
            return [.. rest.Length == 0 ? (IEnumerable<JsonObject>)[] : [Words(rest)], .. _segments, json];
        }

        private static JsonObject Words(string text) => new() { ["type"] = "transcript.text.delta", [Names.Delta] = text };
    }
}
