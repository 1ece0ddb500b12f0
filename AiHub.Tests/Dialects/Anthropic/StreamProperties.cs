using System.Text;
using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;

namespace AiHub.Tests.Dialects.Anthropic;

public sealed class StreamProperties
{
    // Quotes, backslashes, braces, other scripts and characters beyond the basic plane: what breaks naive JSON and SSE.
    private static readonly Gen<string> Texts = Gen.Elements("a", " ", "\"", "\\", "{", "}", "\n", "\r\n", "é", "中", "😀", "data: x", "[DONE]")
        .NonEmptyListOf().Select(pieces => string.Concat(pieces));

    private static readonly Gen<JsonObject> Inputs = Texts.ListOf(3).Select(texts => new JsonObject { ["q"] = texts[0], [$"k{texts[1]}"] = new JsonArray(texts[2], new JsonObject(), 1.5) });

    // One thought, text or group of parallel calls whose deltas arrive in any order.
    private static readonly Gen<Segment> Segments = Gen.OneOf(
        from text in Texts from cuts in Cuts() select new Segment("text", text, [], cuts),
        from text in Texts from cuts in Cuts() select new Segment("thinking", text, [], cuts),
        from inputs in Gen.NonEmptyListOf(Inputs) from cuts in Cuts() select new Segment("tools", "", [.. inputs.Take(4)], cuts));

    [Fact]
    public void Any_answer_in_any_pieces_is_a_well_formed_event_stream_that_says_the_same() =>
        Prop.ForAll(Gen.ListOf(Segments).ToArbitrary(), segments =>
        {
            var read = MessageReader.Read(Translate.ToEvents(Chunks(segments)));

            Assert.True(read.Stopped);
            Translate.Same(Expected(segments), Said(read.Message!["content"]!.AsArray()));
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_answer_cut_anywhere_ends_in_an_error() =>
        Prop.ForAll(Gen.NonEmptyListOf(Segments).ToArbitrary(), Gen.Choose(0, 1000).ToArbitrary(), (segments, cut) =>
        {
            var chunks = Chunks(segments).SkipLast(1).ToList();

            var read = MessageReader.Read(Translate.ToEvents(chunks.Take(cut % (chunks.Count + 1))));

            Assert.False(read.Stopped);
            Assert.NotNull(read.Error);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Any_deltas_at_all_give_a_well_formed_event_stream()
    {
        var values = Gen.Elements(
            "null", "\"\"", "\"x\"", "5", "true", "[]", "{}", "[null]", "[5]", "[{}]", """[{"text":"x"}]""", """{"name":"f"}""",
            """[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]""", """[{"index":1,"function":{"name":"g","arguments":null}}]""",
            """[{"index":0,"function":{"arguments":"1}"}}]""", """[{"function":{"arguments":[1]},"extra_content":{"a":1}}]""", """[{"id":"z","function":{"name":"h"},"extra":"e"}]""",
            """[{"type":"reasoning.text","text":"t","index":0}]""", """[{"type":"reasoning.text","signature":"s","index":0,"format":"anthropic-claude-v1"}]""",
            """[{"type":"reasoning.encrypted","data":"ZQ==","format":"anthropic-claude-v1.block"}]""", """[{"type":"reasoning.encrypted","data":5}]""",
            """[{"type":"url_citation","url_citation":{"url":"u"}}]""");
        var names = Gen.Elements("role", "content", "reasoning_content", "reasoning", "reasoning_details", "tool_calls", "function_call", "refusal", "annotations", "audio");
        var deltas = (from name in names from value in values select $"\"{name}\":{value}").ListOf().Select(members => $"{{{string.Join(',', members.DistinctBy(member => member[..5]))}}}");
        var finishes = Gen.Elements("null", "null", "null", "\"\"", "\"stop\"", "\"tool_calls\"", "\"error\"", "5");
        var choices = from delta in deltas from finish in finishes select $$"""{"index":0,"delta":{{delta}},"finish_reason":{{finish}}}""";
        var chunks = Gen.OneOf(choices.Select(choice => $$"""{"choices":[{{choice}}]}"""), Gen.Elements("{}", "[]", "null", """{"choices":null}""", """{"choices":[]}""", """{"choices":[5]}""", """{"choices":[{"index":0,"delta":null}]}"""));

        Prop.ForAll(chunks.ListOf().ToArbitrary(), sent =>
        {
            var read = MessageReader.Read(Translate.ToEvents(sent));

            Assert.True(read.Stopped ^ read.Error is not null);
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Any_message_of_claude_becomes_chunks_that_say_the_same() =>
        Prop.ForAll(Gen.ListOf(Segments).ToArbitrary(), segments =>
        {
            var content = new JsonArray([.. Blocks(segments)]);

            var streamed = ChunkReader.Read(Translate.ToChunks(RoundTripTests.Events(content)));
            var whole = Translate.ToCompletion(RoundTripTests.Message(content.ToJsonString()).ToJsonString())["choices"]![0]!["message"]!;

            Assert.Equal(string.Concat(segments.Where(segment => segment.Kind == "text").Select(segment => segment.Text)), (string?)streamed["content"]);
            Assert.Equal((string?)streamed["content"], (string?)whole["content"] ?? "");
            Translate.Same(whole["tool_calls"], streamed["tool_calls"]);
        }).QuickCheckThrowOnFailure();

    private static Gen<int[]> Cuts() => Gen.Choose(1, 5).ListOf(20).Select(cuts => cuts.ToArray());

    private static List<string> Chunks(IEnumerable<Segment> segments)
    {
        var chunks = new List<string> { MessageStreamTests.Chunk("""{"role":"assistant","content":""}""") };
        var calls = 0;
        foreach (var segment in segments)
        {
            if (segment.Kind == "tools")
            {
                chunks.AddRange(Calls(segment, ref calls));
            }
            else
            {
                chunks.AddRange(Pieces(segment.Text, segment.Cuts).Select(piece => MessageStreamTests.Chunk(
                    new JsonObject { [segment.Kind == "text" ? "content" : "reasoning_content"] = piece }.ToJsonString())));
            }
        }

        chunks.Add(MessageStreamTests.Chunk("{}", "stop"));
        return chunks;
    }

    private static List<string> Calls(Segment segment, ref int calls)
    {
        var chunks = new List<string>();
        var open = new List<(int Index, Queue<string> Pieces)>();
        foreach (var input in segment.Inputs)
        {
            chunks.Add(Call(calls, $$$"""{"index":{{{calls}}},"id":"call_{{{calls}}}","type":"function","function":{"name":"f","arguments":""}}"""));
            open.Add((calls++, new Queue<string>(Pieces(input.ToJsonString(), segment.Cuts))));
        }

        for (var turn = 0; open.Count > 0; turn++)
        {
            var (index, pieces) = open[segment.Cuts[turn % segment.Cuts.Length] % open.Count];
            chunks.Add(Call(index, new JsonObject { ["index"] = index, ["function"] = new JsonObject { ["arguments"] = pieces.Dequeue() } }.ToJsonString()));
            open.RemoveAll(call => call.Pieces.Count == 0);
        }

        return chunks;
    }

    private static string Call(int index, string call) => MessageStreamTests.Chunk($$"""{"tool_calls":[{{call}}]}""");

    // Never in the middle of a character: vendors send valid JSON.
    private static IEnumerable<string> Pieces(string text, int[] cuts)
    {
        var runes = text.EnumerateRunes().ToArray();
        var turn = 0;
        for (var start = 0; start < runes.Length;)
        {
            var length = Math.Min(cuts[turn++ % cuts.Length], runes.Length - start);
            yield return runes.AsSpan(start, length).ToArray().Aggregate(new StringBuilder(), (piece, rune) => piece.Append(rune.ToString())).ToString();
            start += length;
        }
    }

    private static JsonArray Expected(IEnumerable<Segment> segments) => Said(new JsonArray([.. Blocks(segments)]));

    private static IEnumerable<JsonObject> Blocks(IEnumerable<Segment> segments)
    {
        var calls = 0;
        foreach (var segment in segments)
        {
            if (segment.Kind == "text")
            {
                yield return new JsonObject { ["type"] = "text", ["text"] = segment.Text };
            }
            else if (segment.Kind == "thinking")
            {
                yield return new JsonObject { ["type"] = "thinking", ["thinking"] = segment.Text, ["signature"] = "c2ln" };
            }

            foreach (var input in segment.Inputs)
            {
                yield return new JsonObject { ["type"] = "tool_use", ["id"] = $"call_{calls++}", ["name"] = "f", ["input"] = input.DeepClone() };
            }
        }
    }

    // What was said, in order; neighbours of one kind are one.
    private static JsonArray Said(JsonArray content)
    {
        var said = new List<(string Kind, string Text)>();
        foreach (var block in content)
        {
            var kind = (string)block!["type"]!;
            var text = kind == "tool_use" ? $"{block["id"]} {block["input"]!.ToJsonString()}" : (string)block[kind]!;
            if (said.Count > 0 && said[^1].Kind == kind && kind != "tool_use")
            {
                said[^1] = (kind, said[^1].Text + text);
            }
            else
            {
                said.Add((kind, text));
            }
        }

        return new JsonArray([.. said.Select(one => new JsonArray(one.Kind, one.Text))]);
    }

    private sealed record Segment(string Kind, string Text, IReadOnlyList<JsonObject> Inputs, int[] Cuts);
}
