using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

public sealed class MessageStreamTests
{
    private static readonly string[] TextAndUsage =
    [
        """{"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
        """{"choices":[{"index":0,"delta":{"content":"你好, \"wörld\""},"finish_reason":null}]}""",
        """{"choices":[{"index":0,"delta":{"content":"\nbye \ud83d\ude00"},"finish_reason":null}]}""",
        """{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""",
        """{"choices":[],"usage":{"prompt_tokens":12,"completion_tokens":5,"total_tokens":17}}""",
    ];

    [Fact]
    public void A_text_stream_is_these_bytes()
    {
        const string Expected = """
            event: message_start
            data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-test","content":[],"stop_reason":null,"stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,"usage":{"input_tokens":0,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":0,"output_tokens_details":{"thinking_tokens":0},"server_tool_use":null,"cache_creation":null,"service_tier":"standard","inference_geo":null,"speed":null}}}

            event: content_block_start
            data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":"","citations":null}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"你好, \"wörld\""}}

            event: content_block_delta
            data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"\nbye \ud83d\ude00"}}

            event: content_block_stop
            data: {"type":"content_block_stop","index":0}

            event: message_delta
            data: {"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null,"stop_details":null,"container":null},"usage":{"input_tokens":10,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":5,"output_tokens_details":{"thinking_tokens":0},"server_tool_use":null}}

            event: message_stop
            data: {"type":"message_stop"}


            """;

        Assert.Equal(Expected.ReplaceLineEndings("\n"), Translate.ToEvents(TextAndUsage, tokens: new TokenUsage(InputUncached: 10, CacheRead: 2, OutputText: 5)));
    }

    [Fact]
    public void Thinking_text_and_parallel_tools_follow_each_other_though_their_deltas_interleave()
    {
        string[] chunks =
        [
            """{"choices":[{"index":0,"delta":{"role":"assistant","reasoning_content":"Let me "}}]}""",
            """{"choices":[{"index":0,"delta":{"reasoning_content":"look."}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"Both."}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"city\":"}},{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":"{\"zo"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"ne\":\"}{\"}"}},{"index":0,"function":{"arguments":"\"Par"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"is\"}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        ];

        var read = MessageReader.Read(Translate.ToEvents(chunks));

        Assert.True(read.Stopped);
        Assert.Equal("tool_use", (string?)read.Message!["stop_reason"]);
        Translate.Same(
            """
            [{"type":"thinking","thinking":"Let me look.","signature":"aihub1.e30"},
             {"type":"text","text":"Both.","citations":null},
             {"type":"tool_use","id":"call_a","name":"weather","input":{"city":"Paris"},"caller":{"type":"direct"}},
             {"type":"tool_use","id":"call_b","name":"time","input":{"zone":"}{"},"caller":{"type":"direct"}}]
            """,
            read.Message["content"]);
    }

    [Fact]
    public void A_tool_whose_arguments_are_whole_does_not_hold_up_the_next()
    {
        var frames = new System.Buffers.ArrayBufferWriter<byte>();
        using var stream = new MessageStream(Translate.Head);
        stream.Push("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}}]}"""u8.ToArray(), frames);
        stream.Push("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"g","arguments":"{\"x\":1"}}]}}]}"""u8.ToArray(), frames);

        Assert.Contains("""{"type":"content_block_delta","index":1,"delta":{"type":"input_json_delta","partial_json":"{\"x\":1"}}""", Encoding.UTF8.GetString(frames.WrittenSpan), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("stop", "end_turn")]
    [InlineData("length", "max_tokens")]
    [InlineData("tool_calls", "tool_use")]
    [InlineData("function_call", "tool_use")]
    [InlineData("content_filter", "refusal")]
    [InlineData("model_length", "model_context_window_exceeded")]
    [InlineData("something_new", "end_turn")]
    public void Finish_reasons_become_stop_reasons(string finish, string stop)
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"content":"x"}""", finish)]));

        Assert.Equal(stop, (string?)read.Message!["stop_reason"]);
    }

    [Fact]
    public void A_vendor_that_says_stop_after_a_tool_call_means_tool_use()
    {
        var read = MessageReader.Read(Translate.ToEvents(
            [Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}]}"""), Chunk("{}", "stop")]));

        Assert.Equal("tool_use", (string?)read.Message!["stop_reason"]);
    }

    [Fact]
    public void The_stop_sequence_that_ended_an_answer_is_told()
    {
        var read = MessageReader.Read(Translate.ToEvents(["""{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop","stop_reason":"END"}]}"""]));

        Assert.Equal("stop_sequence", (string?)read.Message!["stop_reason"]);
        Assert.Equal("END", (string?)read.Message["stop_sequence"]);
    }

    [Theory]
    [InlineData("pause_turn")]
    [InlineData("refusal")]
    [InlineData("model_context_window_exceeded")]
    public void Anthropics_own_stop_reasons_come_through_a_chat_vendor(string stop)
    {
        var read = MessageReader.Read(Translate.ToEvents([$$$"""{"choices":[{"index":0,"delta":{"content":"x"},"finish_reason":"stop","native_finish_reason":"{{{stop}}}"}]}"""]));

        Assert.Equal(stop, (string?)read.Message!["stop_reason"]);
    }

    [Fact]
    public void A_refusal_is_text_and_a_stop_reason_with_its_words()
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"refusal":"I will "}"""), Chunk("""{"refusal":"not."}""", "stop")]));

        Assert.Equal("I will not.", (string?)read.Message!["content"]![0]!["text"]);
        Assert.Equal("refusal", (string?)read.Message["stop_reason"]);
        Assert.Equal("I will not.", (string?)read.Message["stop_details"]!["explanation"]);
    }

    [Fact]
    public void A_stream_cut_anywhere_before_its_end_reports_an_error_and_never_stops_cleanly()
    {
        for (var chunks = 0; chunks < 3; chunks++)
        {
            var read = MessageReader.Read(Translate.ToEvents(TextAndUsage.Take(chunks)));

            Assert.False(read.Stopped);
            Translate.Same("""{"type":"error","error":{"type":"api_error","message":"The upstream broke off its answer."},"request_id":"req_1"}""", read.Error);
        }
    }

    [Theory]
    [InlineData("error")]
    [InlineData("insufficient_system_resource")]
    public void An_answer_its_vendor_gave_up_on_is_an_error(string finish)
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"content":"x"}"""), Chunk("{}", finish)]));

        Assert.False(read.Stopped);
        Assert.NotNull(read.Error);
    }

    [Fact]
    public void A_tool_call_that_never_got_a_name_is_an_error()
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}"""), Chunk("{}", "tool_calls")]));

        Assert.False(read.Stopped);
        Assert.NotNull(read.Error);
    }

    [Fact]
    public void After_an_error_nothing_more_is_written()
    {
        var frames = new System.Buffers.ArrayBufferWriter<byte>();
        using var stream = new MessageStream(Translate.Head);
        stream.Push(Encoding.UTF8.GetBytes(TextAndUsage[1]), frames);
        stream.Fail(Translate.Broken, frames);
        var written = frames.WrittenCount;

        stream.Push(Encoding.UTF8.GetBytes(TextAndUsage[3]), frames);
        stream.Ping(frames);
        stream.End(default, Translate.Broken, frames);

        Assert.True(stream.Ended);
        Assert.Equal(written, frames.WrittenCount);
    }

    [Fact]
    public void A_ping_may_come_at_any_time()
    {
        var frames = new System.Buffers.ArrayBufferWriter<byte>();
        using var stream = new MessageStream(Translate.Head);
        stream.Ping(frames);
        foreach (var chunk in TextAndUsage)
        {
            stream.Push(Encoding.UTF8.GetBytes(chunk), frames);
            stream.Ping(frames);
        }

        stream.End(default, Translate.Broken, frames);

        Assert.True(MessageReader.Read(Encoding.UTF8.GetString(frames.WrittenSpan)).Stopped);
    }

    [Theory]
    [InlineData("""{"tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}},{"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}]}""")]
    [InlineData("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}},{"index":0,"id":"b","function":{"name":"g","arguments":"{\"x\":1}"}}]}""")]
    [InlineData("""{"tool_calls":[{"index":7,"id":"a","function":{"name":"f","arguments":{}}},{"index":3,"id":"b","function":{"name":"g","arguments":{"x":1}}}]}""")]
    public void Vendors_that_number_their_calls_wrongly_are_understood(string delta)
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk(delta, "tool_calls")]));

        Translate.Same(
            """
            [{"type":"tool_use","id":"a","name":"f","input":{},"caller":{"type":"direct"}},
             {"type":"tool_use","id":"b","name":"g","input":{"x":1},"caller":{"type":"direct"}}]
            """,
            read.Message!["content"]);
    }

    [Fact]
    public void Arguments_sent_once_more_as_a_whole_are_not_doubled()
    {
        var read = MessageReader.Read(Translate.ToEvents(
        [
            Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":"}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"1}"}}]}"""),
            Chunk("""{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x\":1}"}}]}""", "tool_calls"),
        ]));

        Translate.Same("""{"x":1}""", Assert.Single(read.Message!["content"]!.AsArray())!["input"]);
    }

    [Fact]
    public void A_call_without_id_or_arguments_gets_an_id_and_an_empty_input()
    {
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"tool_calls":[{"index":0,"function":{"name":"now"}}]}""", "tool_calls")]));

        var call = Assert.Single(read.Message!["content"]!.AsArray())!;
        Assert.NotEmpty((string)call["id"]!);
        Translate.Same("{}", call["input"]);
    }

    [Fact]
    public void Parts_of_a_vendor_that_answers_in_parts_are_thinking_and_text()
    {
        var read = MessageReader.Read(Translate.ToEvents(
        [
            Chunk("""{"content":[{"type":"thinking","thinking":[{"type":"text","text":"Hm."}]}]}"""),
            Chunk("""{"content":[{"type":"text","text":"Yes."}]}""", "stop"),
        ]));

        Assert.Equal("Hm.", (string?)read.Message!["content"]![0]!["thinking"]);
        Assert.Equal("Yes.", (string?)read.Message["content"]![1]!["text"]);
    }

    [Fact]
    public void Annotations_become_citations_of_the_text()
    {
        var read = MessageReader.Read(Translate.ToEvents(
        [
            Chunk("""{"content":"It rains."}"""),
            Chunk("""{"annotations":[{"type":"url_citation","url_citation":{"url":"https://w.example","title":"W","content":"rain","start_index":0,"end_index":9}}]}""", "stop"),
        ]));

        Translate.Same(
            """[{"type":"web_search_result_location","url":"https://w.example","title":"W","cited_text":"rain","encrypted_index":""}]""",
            read.Message!["content"]![0]!["citations"]);
    }

    [Fact]
    public void Usage_is_told_in_full_at_the_end()
    {
        var tokens = new TokenUsage(InputUncached: 5, CacheRead: 100, CacheWrite5m: 20, CacheWrite1h: 3, OutputText: 7, OutputReasoning: 4);
        var read = MessageReader.Read(Translate.ToEvents([Chunk("""{"content":"x"}""", "stop")], tokens: tokens));

        var usage = read.Message!["usage"]!;
        Assert.Equal(
            (5, 100, 23, 11, 4),
            ((int)usage["input_tokens"]!, (int)usage["cache_read_input_tokens"]!, (int)usage["cache_creation_input_tokens"]!, (int)usage["output_tokens"]!, (int)usage["output_tokens_details"]!["thinking_tokens"]!));
    }

    [Fact]
    public void Only_the_first_of_several_choices_is_an_answer()
    {
        var read = MessageReader.Read(Translate.ToEvents(["""{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"stop"},{"index":1,"delta":{"content":"b"},"finish_reason":"length"}]}"""]));

        Assert.Equal("a", (string?)Assert.Single(read.Message!["content"]!.AsArray())!["text"]);
        Assert.Equal("end_turn", (string?)read.Message["stop_reason"]);
    }

    internal static string Chunk(string delta, string? finish = null) => new JsonObject
    {
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = JsonNode.Parse(delta), ["finish_reason"] = finish }),
    }.ToJsonString();
}
