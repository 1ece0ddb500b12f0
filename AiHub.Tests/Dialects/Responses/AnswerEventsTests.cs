using System.Text.Json.Nodes;
using static AiHub.Tests.Dialects.Responses.Talk;

namespace AiHub.Tests.Dialects.Responses;

public sealed class AnswerEventsTests
{
    private const string Plain = """{"model":"m","input":"hi","stream":true}""";

    [Fact]
    public void A_short_text_gives_exactly_these_events()
    {
        var stream = Stream(Plain, [Chunk(new JsonObject { ["role"] = "assistant", ["content"] = "" }), Text("你"), Text("好\n\"!\""), Finish("stop")]);

        const string Echo = """
            "background":false,"instructions":null,"max_output_tokens":null,"max_tool_calls":null,"metadata":{},"parallel_tool_calls":true,"previous_response_id":null,"prompt_cache_key":null,"prompt_cache_retention":null,"presence_penalty":0,"frequency_penalty":0,"reasoning":{"effort":null,"summary":null},"safety_identifier":null,"temperature":1,"text":{"format":{"type":"text"},"verbosity":"medium"},"tool_choice":"auto","tools":[],"top_logprobs":0,"top_p":1,"truncation":"disabled","user":null
            """;
        const string Started = $$"""
            {"id":"resp_01990000000070008000000000000001","object":"response","created_at":1790000000,"status":"in_progress","completed_at":null,"error":null,"incomplete_details":null,"model":"gpt-test","output":[],"usage":null,"store":false,"service_tier":"default",{{Echo}}}
            """;
        const string Message = """
            {"id":"msg_0199000000007000800000000000000100","type":"message","status":"completed","role":"assistant","content":[{"type":"output_text","annotations":[],"logprobs":[],"text":"\u4f60\u597d\u000a\u0022!\u0022"}]}
            """;
        Assert.Equal(
            $$$"""
            event: response.created
            data: {"type":"response.created","sequence_number":0,"response":{{{Started}}}}

            event: response.in_progress
            data: {"type":"response.in_progress","sequence_number":1,"response":{{{Started}}}}

            event: response.output_item.added
            data: {"type":"response.output_item.added","sequence_number":2,"output_index":0,"item":{"id":"msg_0199000000007000800000000000000100","type":"message","status":"in_progress","role":"assistant","content":[]}}

            event: response.content_part.added
            data: {"type":"response.content_part.added","sequence_number":3,"item_id":"msg_0199000000007000800000000000000100","output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":""}}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":4,"item_id":"msg_0199000000007000800000000000000100","output_index":0,"content_index":0,"delta":"\u4f60","logprobs":[]}

            event: response.output_text.delta
            data: {"type":"response.output_text.delta","sequence_number":5,"item_id":"msg_0199000000007000800000000000000100","output_index":0,"content_index":0,"delta":"\u597d\u000a\u0022!\u0022","logprobs":[]}

            event: response.output_text.done
            data: {"type":"response.output_text.done","sequence_number":6,"item_id":"msg_0199000000007000800000000000000100","output_index":0,"content_index":0,"text":"\u4f60\u597d\u000a\u0022!\u0022","logprobs":[]}

            event: response.content_part.done
            data: {"type":"response.content_part.done","sequence_number":7,"item_id":"msg_0199000000007000800000000000000100","output_index":0,"content_index":0,"part":{"type":"output_text","annotations":[],"logprobs":[],"text":"\u4f60\u597d\u000a\u0022!\u0022"}}

            event: response.output_item.done
            data: {"type":"response.output_item.done","sequence_number":8,"output_index":0,"item":{{{Message}}}}

            event: response.completed
            data: {"type":"response.completed","sequence_number":9,"response":{"id":"resp_01990000000070008000000000000001","object":"response","created_at":1790000000,"status":"completed","completed_at":1790000003,"error":null,"incomplete_details":null,"model":"gpt-test","output":[{{{Message}}}],"usage":{"input_tokens":10,"input_tokens_details":{"cached_tokens":4,"cache_write_tokens":0},"output_tokens":7,"output_tokens_details":{"reasoning_tokens":2},"total_tokens":17},"store":false,"service_tier":"default",{{{Echo}}}}}

            data: [DONE]


            """.ReplaceLineEndings("\n"),
            stream);
    }

    [Fact]
    public void Thoughts_words_and_parallel_calls_come_in_order()
    {
        var log = EventLog.Read(Stream(Plain,
        [
            Thought("let me "), Thought("think"), Text("I will look."), Call(0, "call_a", "search", ""), Call(0, null, null, "{\"q\":"),
            Call(0, null, null, "1}"), Call(1, "call_b", "open", "{\"u\":2}"), Finish("tool_calls"),
        ]));

        Assert.Equal(
            [
                "response.created", "response.in_progress",
                "response.output_item.added", "response.content_part.added", "response.reasoning_text.delta", "response.reasoning_text.delta",
                "response.reasoning_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.content_part.added", "response.output_text.delta",
                "response.output_text.done", "response.content_part.done", "response.output_item.done",
                "response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.delta",
                "response.output_item.added", "response.function_call_arguments.delta",
                "response.function_call_arguments.done", "response.output_item.done",
                "response.function_call_arguments.done", "response.output_item.done",
                "response.completed",
            ],
            log.Types);
        Assert.Equal(["reasoning", "message", "function_call", "function_call"], log.Final!["output"]!.AsArray().Select(item => item!["type"]!.GetValue<string>()));
        Assert.Equal("call_a", log.Final["output"]![2]!["call_id"]!.GetValue<string>());
        Assert.Equal("{\"q\":1}", log.Final["output"]![2]!["arguments"]!.GetValue<string>());
        Assert.Equal("open", log.Final["output"]![3]!["name"]!.GetValue<string>());
    }

    [Fact]
    public void A_client_that_asks_for_a_summary_sees_the_thoughts_there()
    {
        var log = EventLog.Read(Stream("""{"model":"m","input":"hi","reasoning":{"effort":"low","summary":"auto"}}""", [Thought("hm"), Text("ok"), Finish("stop")]));

        Assert.Equal(
            [
                "response.output_item.added", "response.reasoning_summary_part.added", "response.reasoning_summary_text.delta",
                "response.reasoning_summary_text.done", "response.reasoning_summary_part.done", "response.output_item.done",
            ],
            log.Types.Skip(2).Take(6));
        Assert.Equal("""{"effort":"low","summary":"auto"}""", log.Final!["reasoning"]!.ToJsonString());
    }

    [Fact]
    public void A_custom_tool_gets_its_text_out_of_the_wrapping_as_it_streams()
    {
        var log = EventLog.Read(Stream(
            """{"model":"m","input":"hi","tools":[{"type":"custom","name":"apply_patch"}]}""",
            [Call(0, "call_p", "apply_patch", " { \"inp"), Call(0, null, null, "ut\": \"*** Begin\\"), Call(0, null, null, "n+\\u4f60\\\"x\\d"), Call(0, null, null, "\"}"), Finish("tool_calls")]));

        Assert.Equal(
            [
                "response.output_item.added", "response.custom_tool_call_input.delta", "response.custom_tool_call_input.delta",
                "response.custom_tool_call_input.done", "response.output_item.done", "response.completed",
            ],
            log.Types.Skip(2));
        var call = log.Final!["output"]![0]!;
        Assert.Equal("custom_tool_call", call["type"]!.GetValue<string>());
        Assert.Equal("*** Begin\n+你\"x\\d", call["input"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("{\"text\":\"no such key\"}")]
    [InlineData("*** Begin Patch\nnot JSON at all")]
    [InlineData("[1]")]
    public void A_model_that_ignores_the_wrapping_gives_all_it_wrote(string arguments)
    {
        var log = EventLog.Read(Stream("""{"model":"m","input":"hi","tools":[{"type":"custom","name":"t"}]}""", [Call(0, "c", "t", arguments), Finish("tool_calls")]));

        Assert.Equal(arguments, log.Final!["output"]![0]!["input"]!.GetValue<string>());
    }

    [Fact]
    public void A_namespaced_tool_is_called_by_both_its_names()
    {
        const string Request = """{"model":"m","input":"hi","tools":[{"type":"namespace","name":"mcp__files","description":"","tools":[{"type":"function","name":"read"}]}]}""";

        var log = EventLog.Read(Stream(Request, [Call(0, "c", "mcp__files__read", "{}"), Finish("tool_calls")]));

        Assert.Equal("read", log.Final!["output"]![0]!["name"]!.GetValue<string>());
        Assert.Equal("mcp__files", log.Final["output"]![0]!["namespace"]!.GetValue<string>());
    }

    [Fact]
    public void A_call_whose_name_comes_late_is_shown_when_it_has_one()
    {
        var log = EventLog.Read(Stream(Plain, [Call(0, "c", null, "{\"a\""), Call(0, null, "f", ":1}"), Finish("tool_calls")]));

        Assert.Equal("{\"a\":1}", log.Final!["output"]![0]!["arguments"]!.GetValue<string>());
        Assert.Equal("f", log.Final["output"]![0]!["name"]!.GetValue<string>());
    }

    [Fact]
    public void A_call_without_arguments_still_parses()
    {
        var log = EventLog.Read(Stream(Plain, [Call(0, "c", "f", ""), Finish("tool_calls")]));

        Assert.Equal("{}", log.Final!["output"]![0]!["arguments"]!.GetValue<string>());
    }

    [Fact]
    public void Calls_whose_vendor_forgets_index_and_string_are_understood()
    {
        var log = EventLog.Read(Stream(Plain,
        [
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"a","function":{"name":"f","arguments":{"x":"ü"}}}]},"finish_reason":null}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"id":"b","function":{"name":"g"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"{\"y\":"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{"tool_calls":[{"function":{"arguments":"2}"}}]}}]}""",
            """{"choices":[{"index":0,"delta":{},"finish_reason":"tool_calls"}]}""",
        ]));

        var calls = log.Final!["output"]!.AsArray();
        Assert.Equal(["f", "g"], calls.Select(call => call!["name"]!.GetValue<string>()));
        Assert.Equal(["{\"x\":\"ü\"}", "{\"y\":2}"], calls.Select(call => call!["arguments"]!.GetValue<string>()));
    }

    [Fact]
    public void A_character_cut_in_two_by_the_vendor_arrives_whole()
    {
        var log = EventLog.Read(Stream(Plain,
        [
            """{"choices":[{"index":0,"delta":{"content":"a\ud83d"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"\ude00b"}}]}""",
            """{"choices":[{"index":0,"delta":{"content":"\ude00 and \\ud83d, \ud83d"},"finish_reason":"stop"}]}""",
        ]));

        Assert.Equal("a😀b\ufffd and \\ud83d, \ufffd", log.Final!["output"]![0]!["content"]![0]!["text"]!.GetValue<string>());
    }

    [Fact]
    public void A_refusal_is_a_part_of_its_own()
    {
        var log = EventLog.Read(Stream(Plain, [Text("Well."), Chunk(new JsonObject { ["refusal"] = "I can't" }), Finish("stop")]));

        Assert.Equal("I can't", log.Final!["output"]![0]!["content"]![1]!["refusal"]!.GetValue<string>());
        Assert.Contains("response.refusal.done", log.Types);
    }

    [Fact]
    public void Citations_are_announced_and_kept()
    {
        var citation = new JsonObject
        {
            ["type"] = "url_citation",
            ["url_citation"] = new JsonObject { ["url"] = "https://example.org", ["title"] = "Example", ["start_index"] = 0, ["end_index"] = 2 },
        };

        var log = EventLog.Read(Stream(Plain, [Text("ok"), Chunk(new JsonObject { ["annotations"] = new JsonArray(citation) }), Finish("stop")]));

        const string Expected = """{"type":"url_citation","url":"https://example.org","title":"Example","start_index":0,"end_index":2}""";
        Assert.Equal(Expected, log.Events.Single(one => one["type"]!.GetValue<string>() == "response.output_text.annotation.added")["annotation"]!.ToJsonString());
        Assert.Equal(Expected, log.Final!["output"]![0]!["content"]![0]!["annotations"]![0]!.ToJsonString());
    }

    [Fact]
    public void Log_probabilities_come_with_their_tokens()
    {
        const string Token = """{"token":"ok","logprob":-0.1,"bytes":[111,107],"top_logprobs":[]}""";

        var log = EventLog.Read(Stream(
            """{"model":"m","input":"hi","top_logprobs":0,"include":["message.output_text.logprobs"]}""",
            [$$$"""{"choices":[{"index":0,"delta":{"content":"ok"},"logprobs":{"content":[{{{Token}}}],"refusal":null},"finish_reason":"stop"}]}"""]));

        Assert.Equal($"[{Token}]", log.Events.Single(one => one["type"]!.GetValue<string>() == "response.output_text.delta")["logprobs"]!.ToJsonString());
        Assert.Equal($"[{Token}]", log.Final!["output"]![0]!["content"]![0]!["logprobs"]!.ToJsonString());
    }

    [Theory]
    [InlineData("length", "max_output_tokens")]
    [InlineData("content_filter", "content_filter")]
    public void An_answer_cut_by_a_limit_says_so(string finishReason, string reason)
    {
        var log = EventLog.Read(Stream(Plain, [Text("half a"), Finish(finishReason)]));

        Assert.Equal("response.incomplete", log.Types.Last());
        Assert.Equal(reason, log.Final!["incomplete_details"]!["reason"]!.GetValue<string>());
        Assert.Equal("incomplete", log.Final["output"]![0]!["status"]!.GetValue<string>());
        Assert.Null(log.Final["completed_at"]);
    }

    [Fact]
    public void An_answer_that_breaks_off_fails_however_politely_the_line_was_closed()
    {
        var log = EventLog.Read(Stream(Plain, [Text("half a")]));

        Assert.Equal(["response.failed", "error"], log.Types.TakeLast(2));
        Assert.False(log.EndedCleanly);
        Assert.Equal("server_error", log.Final!["error"]!["code"]!.GetValue<string>());
        Assert.Equal("half a", log.Final["output"]![0]!["content"]![0]!["text"]!.GetValue<string>());
        Assert.Equal("incomplete", log.Final["output"]![0]!["status"]!.GetValue<string>());
    }

    [Theory]
    [InlineData("""{"error":{"message":"overloaded"}}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{"tool_calls":[{"index":0,"id":"c","function":{"arguments":"{}"}}]},"finish_reason":"tool_calls"}]}""")]
    [InlineData("""{"choices":[{"index":0,"delta":{},"finish_reason":"insufficient_system_resource"}]}""")]
    public void What_is_no_answer_does_not_end_as_one(string chunk)
    {
        var log = EventLog.Read(Stream(Plain, [Text("half a"), chunk, Finish("stop")]));

        Assert.Equal("failed", log.Final!["status"]!.GetValue<string>());
    }

    [Fact]
    public void Bytes_that_are_no_text_break_the_answer()
    {
        using var request = Request(Plain);
        using var answer = new Gateway.Dialects.Responses.ResponseAnswer(request, Id, At, "m", stored: false);

        answer.Take([.. "{\"choices\":[{\"index\":0,\"delta\":{\"content\":\""u8, 0xC3, .. "\"},\"finish_reason\":\"stop\"}]}"u8], null);

        Assert.Equal(Gateway.Dialects.Responses.ResponseStatus.Failed, answer.Complete(Used, At, null));
    }
}
