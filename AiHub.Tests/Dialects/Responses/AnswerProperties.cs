using System.Text.Json.Nodes;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using static AiHub.Tests.Dialects.Responses.Talk;

namespace AiHub.Tests.Dialects.Responses;

public sealed class AnswerProperties
{
    private const string Requests = """{"model":"m","input":"hi","tools":[{"type":"custom","name":"patch"},{"type":"namespace","name":"ns","tools":[{"type":"function","name":"f"}]}]}""";

    [Property(Arbitrary = [typeof(Chats)], MaxTest = 500)]
    public void Any_sequence_of_chunks_gives_events_a_strict_client_accepts(Chunks chunks)
    {
        var log = EventLog.Read(Stream(Requests, chunks.Json));

        Assert.NotNull(log.Final);
        Assert.Equal(log.EndedCleanly, log.Types.Last() is "response.completed" or "response.incomplete");
        Assert.Equal(log.EndedCleanly, log.Final["status"]!.GetValue<string>() != "failed");
    }

    [Property(Arbitrary = [typeof(Chats)], MaxTest = 300)]
    public void A_stream_cut_anywhere_before_its_end_never_completes(Chunks chunks, byte where)
    {
        var whole = chunks.Json.TakeWhile(chunk => !chunk.Contains("\"finish_reason\":\"", StringComparison.Ordinal)).ToList();

        var log = EventLog.Read(Stream(Requests, whole.Take(where % (whole.Count + 1))));

        Assert.Equal(["response.failed", "error"], log.Types.TakeLast(2));
        Assert.False(log.EndedCleanly);
    }

    [Property(Arbitrary = [typeof(Chats)], MaxTest = 300)]
    public void A_streamed_answer_ends_in_the_same_response_as_a_whole_one(Message message)
    {
        var streamed = EventLog.Read(Stream(Requests, message.InFragments())).Final!;

        var whole = Whole(Requests, message.InOne());

        Assert.Equal(whole.ToJsonString(), streamed.ToJsonString());
    }

    public sealed record Chunks(IReadOnlyList<string> Json)
    {
        public override string ToString() => string.Join('\n', Json);
    }

    /// <summary>What a well-behaved model says: thoughts, then words, then calls.</summary>
    public sealed record Message(string Thoughts, string Text, IReadOnlyList<(string Name, string Arguments)> Calls, int Size)
    {
        public string InOne()
        {
            var message = new JsonObject { ["role"] = "assistant", ["content"] = Text, ["reasoning_content"] = Thoughts };
            if (Calls.Count > 0)
            {
                message["tool_calls"] = new JsonArray([.. Calls.Select((call, index) => (JsonNode)new JsonObject
                {
                    ["id"] = $"call_{index}",
                    ["type"] = "function",
                    ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.Arguments },
                })]);
            }

            return Answer(message, Calls.Count > 0 ? "tool_calls" : "stop");
        }

        public IEnumerable<string> InFragments() =>
        [
            .. Cut(Thoughts).Select(Thought),
            .. Cut(Text).Select(Talk.Text),
            .. Calls.SelectMany((call, index) => Cut(call.Arguments).Select(piece => Call(index, null, null, piece)).Prepend(Call(index, $"call_{index}", call.Name, ""))),
            Finish(Calls.Count > 0 ? "tool_calls" : "stop"),
        ];

        // Anywhere, also between the halves of a character.
        private IEnumerable<string> Cut(string text) => text.Chunk(Size).Select(piece => new string(piece));
    }

    public static class Chats
    {
        private static readonly Gen<string> Words = Gen.Elements(
            "", "a", "你好", "\"", "\\", "\n", "{\"input\":\"", "\"}", "{\"a\":", "1}", "\\u", "😀", "\ud83d", "\ude00", "\u0000\u001f", "]]", " ");

        private static readonly Gen<string> Texts = Words.ListOf(3).Select(string.Concat);

        private static readonly Gen<string> Chunk = Gen.Frequency(
            (5, Texts.Select(Talk.Text)),
            (3, Texts.Select(Thought)),
            (1, Texts.Select(text => Talk.Chunk(new JsonObject { ["refusal"] = text }))),
            (5, from index in Gen.Choose(0, 2)
                from id in Gen.Elements(null, "call_a", "call_b", "")
                from name in Gen.Elements(null, "f", "patch", "ns__f", "")
                from arguments in Gen.OneOf(Texts, Gen.Constant<string>(null!))
                select Call(index, id, name, arguments)),
            (1, from type in Gen.Elements("reasoning.text", "reasoning.summary", "reasoning.encrypted")
                from index in Gen.Choose(0, 1)
                from text in Texts
                select Talk.Chunk(new JsonObject { ["reasoning_details"] = new JsonArray(new JsonObject { ["type"] = type, ["index"] = index, ["text"] = text }) })),
            (1, Gen.Elements(
                """{"choices":[]}""",
                """{"choices":[],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}""",
                """{"choices":null}""",
                """{}""",
                """{"choices":[{"index":1,"delta":{"content":"other"},"finish_reason":"stop"}]}""",
                """{"choices":[{"delta":null,"finish_reason":""}]}""",
                """{"choices":[{"index":0,"delta":{"content":[{"type":"thinking","thinking":[{"type":"text","text":"t"}]},{"type":"text","text":"c"}]}}]}""",
                """{"choices":[{"index":0,"delta":{"tool_calls":[{}]}}]}""",
                """{"choices":[{"index":0,"delta":{"tool_calls":[null,{"id":"z","function":null}]}}]}""",
                """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"q","function":{"name":"f","arguments":{"x":[1, 2]}}}]}}]}""",
                """{"choices":[{"index":0,"delta":{"function_call":{"name":"f","arguments":"{}"}}}]}""",
                """{"choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"url":"u"}},null,1]}}]}""",
                """{"choices":[{"index":0,"delta":{"content":5,"reasoning":{},"refusal":7}}]}""")),
            (1, Gen.Elements("stop", "tool_calls", "length", "content_filter", "error", "eos").Select(Finish)));

        public static Arbitrary<Chunks> AnyChunks() => Chunk.ListOf().Select(json => new Chunks([.. json])).ToArbitrary();

        public static Arbitrary<Message> AnyMessage() =>
            (from thoughts in Texts
             from text in Texts
             from names in Gen.Elements("f", "patch", "ns__f").ListOf()
             from arguments in Texts.ListOf(names.Count)
             from size in Gen.Choose(1, 7)
             select new Message(thoughts, text, [.. names.Zip(arguments)], size)).ToArbitrary();
    }
}
