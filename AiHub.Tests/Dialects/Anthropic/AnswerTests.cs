using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

public sealed class AnswerTests
{
    [Fact]
    public void A_chat_answer_becomes_a_message()
    {
        var message = Translate.ToMessage(
            """
            {"id":"c","object":"chat.completion","created":1,"model":"up","service_tier":"priority","choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant",
              "reasoning_content":"Hm.","content":"两个","annotations":[{"type":"url_citation","url_citation":{"url":"https://w.example","title":"W"}}],
              "tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}},{"id":"call_2","type":"function","function":{"name":"g","arguments":"[1]"}}]}}]}
            """,
            tokens: new TokenUsage(InputUncached: 3, CacheRead: 2, OutputText: 5, OutputReasoning: 1));

        Translate.Same(
            """
            {"id":"msg_1","type":"message","role":"assistant","model":"claude-test","content":[
               {"type":"thinking","thinking":"Hm.","signature":"aihub1.e30"},
               {"type":"text","text":"两个","citations":[{"type":"web_search_result_location","url":"https://w.example","title":"W","cited_text":"","encrypted_index":""}]},
               {"type":"tool_use","id":"call_1","name":"f","input":{"a":1},"caller":{"type":"direct"}},
               {"type":"tool_use","id":"call_2","name":"g","input":{"raw_arguments":"[1]"},"caller":{"type":"direct"}}],
             "stop_reason":"tool_use","stop_sequence":null,"stop_details":null,"container":null,"diagnostics":null,
             "usage":{"input_tokens":3,"cache_creation_input_tokens":0,"cache_read_input_tokens":2,"output_tokens":6,"output_tokens_details":{"thinking_tokens":1},"server_tool_use":null,
               "cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"service_tier":"priority","inference_geo":null,"speed":null}}
            """,
            message);
    }

    [Theory]
    [InlineData("""{"choices":[]}""")]
    [InlineData("""{"error":{"message":"x"}}""")]
    [InlineData("""{"choices":[{"message":{"content":"x"},"finish_reason":"error"}]}""")]
    public void What_is_no_answer_is_not_made_into_one(string answer)
    {
        using var document = JsonDocument.Parse(answer);
        var output = new System.Buffers.ArrayBufferWriter<byte>();

        Assert.False(MessageAnswer.TryWrite(document.RootElement, Translate.Head, null, output));
        Assert.Equal(0, output.WrittenCount);
    }

    [Fact]
    public void A_message_becomes_a_chat_answer()
    {
        var completion = Translate.ToCompletion("""
            {"id":"msg_up","type":"message","role":"assistant","model":"claude-up","content":[
               {"type":"thinking","thinking":"One.","signature":"c2ln"},{"type":"text","text":"It 😀 "},{"type":"thinking","thinking":"Two.","signature":"c2lnMg=="},
               {"type":"text","text":"rains.","citations":[{"type":"page_location","cited_text":"rain","document_index":0,"document_title":"D","start_page_number":1,"end_page_number":2}]},
               {"type":"tool_use","id":"toolu_1","name":"f","input":{"a": [1]}}],
             "stop_reason":"tool_use","stop_sequence":null,
             "usage":{"input_tokens":5,"cache_creation_input_tokens":30,"cache_read_input_tokens":100,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},
               "output_tokens":9,"output_tokens_details":{"thinking_tokens":4},"service_tier":"standard","server_tool_use":{"web_search_requests":1}}}
            """);

        Translate.Same(
            """
            {"id":"msg_up","object":"chat.completion","created":1700000000,"model":"claude-up","choices":[{"index":0,"message":{"role":"assistant","content":"It 😀 rains.","refusal":null,
               "reasoning_content":"One.\n\nTwo.",
               "reasoning_details":[{"type":"reasoning.text","text":"One.","signature":"c2ln","format":"anthropic-claude-v1","index":0},{"type":"reasoning.text","text":"Two.","signature":"c2lnMg==","format":"anthropic-claude-v1","index":2}],
               "tool_calls":[{"id":"toolu_1","type":"function","function":{"name":"f","arguments":"{\"a\": [1]}"}}],
               "annotations":[{"type":"file_citation","file_citation":{"start_index":5,"end_index":11,"filename":"D","content":"rain"},
                 "citation":{"type":"page_location","cited_text":"rain","document_index":0,"document_title":"D","start_page_number":1,"end_page_number":2}}]},
               "logprobs":null,"finish_reason":"tool_calls","native_finish_reason":"tool_use"}],
             "usage":{"prompt_tokens":135,"completion_tokens":9,"total_tokens":144,"prompt_tokens_details":{"cached_tokens":100,"cache_write_tokens":30,"cache_write_1h_tokens":10},
               "completion_tokens_details":{"reasoning_tokens":4},"server_tool_use":{"web_search_requests":1}},
             "service_tier":"default"}
            """,
            completion);
    }

    [Theory]
    [InlineData("end_turn", "stop")]
    [InlineData("stop_sequence", "stop")]
    [InlineData("pause_turn", "stop")]
    [InlineData("max_tokens", "length")]
    [InlineData("model_context_window_exceeded", "length")]
    [InlineData("tool_use", "tool_calls")]
    [InlineData("refusal", "content_filter")]
    public void Stop_reasons_become_finish_reasons_and_come_back(string stop, string finish)
    {
        var message = RoundTripTests.Message("""[{"type":"text","text":"x"}]""", stop);
        message["stop_sequence"] = stop == "stop_sequence" ? "END" : null;

        var completion = Translate.ToCompletion(message.ToJsonString());

        Assert.Equal(finish, (string?)completion["choices"]![0]!["finish_reason"]);
        var back = Translate.ToMessage(completion.ToJsonString());
        Assert.Equal(stop, (string?)back["stop_reason"]);
        Assert.Equal((string?)message["stop_sequence"], (string?)back["stop_sequence"]);
    }

    [Fact]
    public void A_chat_stream_has_a_chunk_for_each_event_that_says_something()
    {
        var chunks = Translate.ToChunks(RoundTripTests.Events(
            JsonNode.Parse("""[{"type":"thinking","thinking":"Hm.","signature":"c2ln"},{"type":"text","text":"Ja"},{"type":"tool_use","id":"t","name":"f","input":{}}]""")!.AsArray(),
            "tool_use",
            """{"input_tokens":3,"cache_read_input_tokens":2,"output_tokens":8}"""));

        const string Head = "{\"id\":\"msg_up\",\"object\":\"chat.completion.chunk\",\"created\":1700000000,\"model\":\"claude-up\",\"choices\":[";
        string[] expected =
        [
            """{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}]}""",
            """{"index":0,"delta":{"reasoning_content":"Hm.","reasoning_details":[{"type":"reasoning.text","text":"Hm.","format":"anthropic-claude-v1","index":0}]},"finish_reason":null}]}""",
            """{"index":0,"delta":{"reasoning_details":[{"type":"reasoning.text","signature":"c2ln","format":"anthropic-claude-v1","index":0}]},"finish_reason":null}]}""",
            """{"index":0,"delta":{"content":"Ja"},"finish_reason":null}]}""",
            """{"index":0,"delta":{"tool_calls":[{"index":0,"id":"t","type":"function","function":{"name":"f","arguments":""}}]},"finish_reason":null}]}""",
            """{"index":0,"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]},"finish_reason":null}]}""",
            """{"index":0,"delta":{},"finish_reason":"tool_calls","native_finish_reason":"tool_use"}]}""",
            """],"usage":{"prompt_tokens":5,"completion_tokens":8,"total_tokens":13,"prompt_tokens_details":{"cached_tokens":2,"cache_write_tokens":0},"completion_tokens_details":{"reasoning_tokens":0}}}""",
        ];
        Assert.Equal(expected.Select(chunk => Head + chunk), chunks);
    }

    [Fact]
    public void A_tools_input_sent_with_its_start_is_not_lost()
    {
        var chunks = Translate.ToChunks(
        [
            """{"type":"message_start","message":{"id":"m","model":"x","usage":{"input_tokens":1,"output_tokens":1}}}""",
            """{"type":"content_block_start","index":0,"content_block":{"type":"tool_use","id":"t","name":"f","input":{"a":1}}}""",
            """{"type":"content_block_stop","index":0}""",
        ]);

        Assert.Equal("""{"a":1}""", (string?)ChunkReader.Read(chunks)["tool_calls"]![0]!["function"]!["arguments"]);
    }

    [Fact]
    public void A_stream_is_finished_by_message_stop_alone()
    {
        var events = RoundTripTests.Events(JsonNode.Parse("""[{"type":"text","text":"Ja"}]""")!.AsArray()).ToList();
        using var stream = new ChunkStream(Translate.ChatHead);
        foreach (var sent in events)
        {
            Assert.False(stream.Finished);
            stream.Push(System.Text.Encoding.UTF8.GetBytes(sent), new System.Buffers.ArrayBufferWriter<byte>());
        }

        Assert.True(stream.Finished);
        Assert.Equal(new TokenUsage(InputUncached: 3, OutputText: 4), stream.Usage);
    }

    [Fact]
    public void Citations_of_a_stream_become_annotations()
    {
        var chunks = Translate.ToChunks(RoundTripTests.Events(JsonNode.Parse(
            """[{"type":"text","text":"So "},{"type":"text","text":"it is.","citations":[{"type":"web_search_result_location","url":"https://w.example","title":"W","cited_text":"is","encrypted_index":"aQ=="}]}]""")!.AsArray()));

        Translate.Same(
            """
            [{"type":"url_citation","url_citation":{"start_index":3,"end_index":9,"url":"https://w.example","title":"W","content":"is"},
              "citation":{"type":"web_search_result_location","url":"https://w.example","title":"W","cited_text":"is","encrypted_index":"aQ=="}}]
            """,
            ChunkReader.Read(chunks)["annotations"]);
    }

    [Fact]
    public void Half_an_emoji_is_passed_on_as_it_is()
    {
        string[] halves = ["""{"content":"a\ud83d"}""", """{"content":"\ude00b"}""", """{"tool_calls":[{"index":0,"id":"\ud83d","function":{"name":"\ud83d","arguments":"{}"}}]}"""];
        var events = Translate.ToEvents(halves.Select(delta => $$"""{"choices":[{"index":0,"delta":{{delta}},"finish_reason":null}]}""").Append(MessageStreamTests.Chunk("{}", "stop")));
        Assert.Contains("""
            "text":"a\ud83d"
            """.Trim(), events, StringComparison.Ordinal);
        Assert.Contains("message_stop", events, StringComparison.Ordinal);

        var chunks = Translate.ToChunks(["""{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""", """{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"a\ud83d"}}"""]);
        Assert.Contains("""
            "content":"a\ud83d"
            """.Trim(), Assert.Single(chunks), StringComparison.Ordinal);
    }

    // ---- usage

    [Theory]
    [InlineData("""{"input_tokens":10,"output_tokens":5}""", 10, 0, 0, 0, 5, 0)]
    [InlineData("""{"input_tokens":0,"output_tokens":0}""", 0, 0, 0, 0, 0, 0)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":null,"cache_creation_input_tokens":7}""", 10, 0, 7, 0, 5, 0)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cache_creation_input_tokens":7,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3}}""", 10, 0, 4, 3, 5, 0)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cache_creation":{"ephemeral_5m_input_tokens":4,"ephemeral_1h_input_tokens":3}}""", 10, 0, 4, 3, 5, 0)]
    [InlineData("""{"input_tokens":10,"output_tokens":5,"cache_read_input_tokens":90,"output_tokens_details":{"thinking_tokens":2}}""", 10, 90, 0, 0, 3, 2)]
    public void Usage_is_read_into_disjoint_buckets(string usage, long input, long read, long write5m, long write1h, long text, long reasoning)
    {
        var tokens = AnthropicUsage.Of(JsonElement.Parse(usage));

        Assert.Equal(new TokenUsage(input, read, write5m, write1h, text, reasoning), tokens.Tokens);
        Assert.False(tokens.Inconsistent);
    }

    [Theory]
    [InlineData("""{"input_tokens":10}""")]
    [InlineData("""{"output_tokens":10}""")]
    [InlineData("""{"input_tokens":null,"output_tokens":10}""")]
    [InlineData("null")]
    public void Usage_without_totals_is_no_usage(string usage) => Assert.Null(AnthropicUsage.Of(JsonElement.Parse(usage)).Tokens);

    [Fact]
    public void Later_reports_of_a_stream_replace_what_they_name()
    {
        var usage = AnthropicUsage.Of(JsonElement.Parse("""{"input_tokens":10,"cache_creation_input_tokens":30,"cache_creation":{"ephemeral_5m_input_tokens":20,"ephemeral_1h_input_tokens":10},"output_tokens":1}"""));
        usage.Take(JsonElement.Parse("""{"output_tokens":50,"input_tokens":12,"cache_read_input_tokens":null}"""));

        Assert.Equal(new TokenUsage(InputUncached: 12, CacheWrite5m: 20, CacheWrite1h: 10, OutputText: 50), usage.Tokens);
    }

    [Fact]
    public void Parts_that_exceed_their_total_are_cut_to_it_and_noticed()
    {
        var usage = AnthropicUsage.Of(JsonElement.Parse("""{"input_tokens":1,"output_tokens":5,"output_tokens_details":{"thinking_tokens":9}}"""));

        Assert.Equal(new TokenUsage(InputUncached: 1, OutputText: 0, OutputReasoning: 5), usage.Tokens);
        Assert.True(usage.Inconsistent);
    }

    // ---- errors

    [Theory]
    [InlineData(400, null, 400, "invalid_request_error")]
    [InlineData(401, "invalid_api_key", 401, "authentication_error")]
    [InlineData(402, "insufficient_quota", 402, "billing_error")]
    [InlineData(429, "insufficient_quota", 402, "billing_error")]
    [InlineData(403, "permission_denied", 403, "permission_error")]
    [InlineData(404, "model_not_found", 404, "not_found_error")]
    [InlineData(413, null, 413, "request_too_large")]
    [InlineData(415, null, 415, "invalid_request_error")]
    [InlineData(429, "rate_limit_exceeded", 429, "rate_limit_error")]
    [InlineData(500, null, 500, "api_error")]
    [InlineData(502, null, 502, "api_error")]
    [InlineData(503, null, 529, "overloaded_error")]
    [InlineData(504, null, 504, "timeout_error")]
    public void The_hubs_refusals_have_anthropics_words(int status, string? code, int told, string type)
    {
        var error = AnthropicError.Of(status, code, "Because.", "req_7");
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        error.Write(body);

        Assert.Equal(told, error.Status);
        Translate.Same($$$"""{"type":"error","error":{"type":"{{{type}}}","message":"Because."},"request_id":"req_7"}""", JsonNode.Parse(body.WrittenSpan));
    }
}
