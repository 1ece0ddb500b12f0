using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>Conversations of several turns between clients of one dialect and vendors of the other: every value has to survive.</summary>
public sealed class RoundTripTests
{
    private const string AgentRequest = """
        {
          "model": "claude-test", "max_tokens": 4096, "temperature": 1, "top_p": 0.9, "top_k": 40, "stream": true,
          "stop_sequences": ["END", "\n\nHuman:"],
          "metadata": {"user_id": "user_0123456789012345678901234567890123456789012345678901234567890123456789_account_x_session_y"},
          "service_tier": "standard_only",
          "cache_control": {"type": "ephemeral"},
          "thinking": {"type": "enabled", "budget_tokens": 2048},
          "output_config": {"effort": "high", "format": {"type": "json_schema", "schema": {"type": "object", "properties": {"a": {"type": "number"}}, "required": ["a"], "additionalProperties": false}}},
          "context_management": {"edits": [{"type": "clear_tool_uses_20250919"}]},
          "system": [
            {"type": "text", "text": "You are a careful agent."},
            {"type": "text", "text": "Rules:\n1. 说中文", "cache_control": {"type": "ephemeral", "ttl": "1h"}}
          ],
          "tools": [
            {"name": "read_file", "description": "Reads \"a\" file", "input_schema": {"type": "object", "properties": {"path": {"$ref": "#/$defs/p"}}, "$defs": {"p": {"type": "string"}}, "required": ["path"]}, "strict": true},
            {"name": "list", "input_schema": {"type": "object", "properties": {}}, "cache_control": {"type": "ephemeral"}, "input_examples": [{}]},
            {"type": "web_search_20250305", "name": "web_search", "max_uses": 3}
          ],
          "tool_choice": {"type": "auto", "disable_parallel_tool_use": false},
          "messages": [
            {"role": "user", "content": [
              {"type": "text", "text": "What is in these?", "cache_control": {"type": "ephemeral"}},
              {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw0KGgo="}, "cache_control": {"type": "ephemeral"}},
              {"type": "image", "source": {"type": "url", "url": "https://example.com/a.jpg"}},
              {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERi0="}, "title": "paper.pdf", "citations": {"enabled": true}},
              {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "plain"}, "context": "notes"}
            ]},
            {"role": "assistant", "content": [
              {"type": "thinking", "thinking": "First I read.", "signature": "c2lnbmF0dXJlLTE="},
              {"type": "redacted_thinking", "data": "cmVkYWN0ZWQ="},
              {"type": "text", "text": "Reading both."},
              {"type": "tool_use", "id": "toolu_1", "name": "read_file", "input": {"path": "a \"b\".txt", "lines": [1, 2.50, 1e3]}},
              {"type": "tool_use", "id": "toolu_2", "name": "list", "input": {}}
            ]},
            {"role": "user", "content": [
              {"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "content"}, {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/4AAQ"}}]},
              {"type": "tool_result", "tool_use_id": "toolu_2", "is_error": true, "content": "no such directory", "cache_control": {"type": "ephemeral"}},
              {"type": "text", "text": "Go on."}
            ]},
            {"role": "assistant", "content": [
              {"type": "thinking", "thinking": "Search.", "signature": "c2lnbmF0dXJlLTI="},
              {"type": "text", "text": "Searching."},
              {"type": "server_tool_use", "id": "srvtoolu_1", "name": "web_search", "input": {"query": "x"}},
              {"type": "web_search_tool_result", "tool_use_id": "srvtoolu_1", "content": [{"type": "web_search_result", "url": "https://w.example", "title": "W", "encrypted_content": "ZW5j", "page_age": null}]},
              {"type": "text", "text": "It says so.", "citations": [{"type": "web_search_result_location", "url": "https://w.example", "title": "W", "cited_text": "so", "encrypted_index": "aWR4"}]}
            ]},
            {"role": "user", "content": "And now?"}
          ]
        }
        """;

    [Fact]
    public void An_agents_request_comes_back_from_chat_completions_as_it_was()
    {
        var (chat, there) = Translate.ToChat(AgentRequest, ChatExtras.Lossless);
        var (messages, back) = Translate.ToMessages(chat.ToJsonString());

        Assert.Null(there.Invalid);
        Assert.Empty(there.Dropped);
        Assert.Empty(back.Dropped);
        Translate.Same(JsonNode.Parse(AgentRequest), messages);
    }

    [Fact]
    public void Tool_arguments_keep_every_character_on_both_ways()
    {
        const string Arguments = """{ "path" : "a\u0062\n", "n": 1.500e0, "deep": {"x":[null,true]} }""";
        var call = new JsonObject
        {
            ["model"] = "m",
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "x" },
                new JsonObject
                {
                    ["role"] = "assistant",
                    ["content"] = null,
                    ["tool_calls"] = new JsonArray(new JsonObject { ["id"] = "call_1", ["type"] = "function", ["function"] = new JsonObject { ["name"] = "f", ["arguments"] = Arguments } }),
                },
                new JsonObject { ["role"] = "tool", ["tool_call_id"] = "call_1", ["content"] = "ok" }),
        };

        var (messages, _) = Translate.ToMessages(call.ToJsonString());
        var (chat, _) = Translate.ToChat(WithRawInput(messages, Arguments));

        Assert.Equal(Arguments, (string?)chat["messages"]![1]!["tool_calls"]![0]!["function"]!["arguments"]);
    }

    // A JsonObject would write the arguments in its own way; the translator writes them as they were.
    private static string WithRawInput(JsonObject messages, string arguments)
    {
        messages["messages"]![1]!["content"]![0]!["input"] = "#";
        return messages.ToJsonString().Replace("\"#\"", arguments, StringComparison.Ordinal);
    }

    // What vendors that speak Chat Completions want back with the next turn.
    public static TheoryData<string> VendorTurns => new(
        // DeepSeek: plain reasoning text
        """{"role":"assistant","content":"Reading.","reasoning_content":"I should\nread.","tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{\"a\": 1}"}}]}""",
        // a signed thought and an encrypted one, in Anthropic's format
        """{"role":"assistant","content":"","reasoning_content":"Think.","reasoning_details":[{"type":"reasoning.text","text":"Think.","signature":"c2ln","format":"anthropic-claude-v1","index":0},{"type":"reasoning.encrypted","data":"ZW5j","format":"anthropic-claude-v1","index":1}],"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}""",
        // OpenAI's reasoning items
        """{"role":"assistant","content":"Done.","reasoning_content":"**Plan**","reasoning_details":[{"type":"reasoning.summary","summary":"**Plan**","id":"rs_1","format":"openai-responses-v1","index":0},{"type":"reasoning.encrypted","data":"gAAAA","id":"rs_1","format":"openai-responses-v1","index":0}]}""",
        // Gemini's thought signatures on each call
        """{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"},"extra_content":{"google":{"thought_signature":"c2lnMQ=="}}},{"id":"call_2","type":"function","function":{"name":"g","arguments":"{\"x\":\"y\"}"},"extra_content":{"google":{"thought_signature":"c2lnMg=="}}}]}""");

    [Theory]
    [MemberData(nameof(VendorTurns))]
    public void What_a_chat_vendor_said_comes_back_to_it_through_an_anthropic_client(string said)
    {
        var answer = new JsonObject { ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = JsonNode.Parse(said), ["finish_reason"] = "stop" }) };

        var turn = MessageReader.Turn(Translate.ToMessage(answer.ToJsonString()));

        Assert.Equal(WhatMatters(said), SaidAgain(turn));
    }

    [Theory]
    [MemberData(nameof(VendorTurns))]
    public void What_a_chat_vendor_streamed_comes_back_to_it_through_an_anthropic_client(string said)
    {
        var read = MessageReader.Read(Translate.ToEvents(Streamed(JsonNode.Parse(said)!.AsObject())));

        Assert.True(read.Stopped);
        Assert.Equal(WhatMatters(said), SaidAgain(MessageReader.Turn(read.Message!)));
    }

    private static string SaidAgain(JsonObject turn)
    {
        var next = new JsonObject
        {
            ["model"] = "m",
            ["max_tokens"] = 100,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hi" }, turn),
        };
        var (chat, translation) = Translate.ToChat(
            next.ToJsonString(), ChatExtras.ReasoningContent | ChatExtras.ReasoningDetails | ChatExtras.ToolCallExtras);

        Assert.Empty(translation.Dropped);
        return WhatMatters(chat["messages"]![1]!.ToJsonString());
    }

    // An empty content and no content are the same.
    private static string WhatMatters(string message)
    {
        var said = JsonNode.Parse(message)!.AsObject();
        if (string.IsNullOrEmpty((string?)said["content"]))
        {
            said.Remove("content");
        }

        // A client keeps a tool's input as an object and writes it in its own way.
        foreach (var function in said["tool_calls"]?.AsArray().Select(call => call!["function"]!) ?? [])
        {
            function["arguments"] = JsonNode.Parse((string)function["arguments"]!)!.ToJsonString();
        }

        return new JsonObject(said.OrderBy(member => member.Key).Select(member => KeyValuePair.Create(member.Key, Ordered(member.Value)))).ToJsonString();
    }

    private static JsonNode? Ordered(JsonNode? node) => node switch
    {
        JsonObject json => new JsonObject(json.OrderBy(member => member.Key).Select(member => KeyValuePair.Create(member.Key, Ordered(member.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Ordered)]),
        _ => node?.DeepClone(),
    };

    // As OpenRouter streams: texts in pieces, signatures and encrypted data at the end of each thought, calls piece by piece.
    private static IEnumerable<string> Streamed(JsonObject said)
    {
        foreach (var detail in said["reasoning_details"]?.AsArray() ?? [])
        {
            var whole = detail!.DeepClone().AsObject();
            var member = whole.ContainsKey("text") ? "text" : "summary";
            if ((string?)whole[member] is { } text)
            {
                foreach (var piece in text.Chunk(3))
                {
                    var part = whole.DeepClone().AsObject();
                    part.Remove("signature");
                    part[member] = new string(piece);
                    yield return MessageStreamTests.Chunk(new JsonObject { ["reasoning_content"] = new string(piece), ["reasoning_details"] = new JsonArray(part) }.ToJsonString());
                }

                whole.Remove(member);
                if (!whole.ContainsKey("signature"))
                {
                    continue;
                }
            }

            yield return MessageStreamTests.Chunk(new JsonObject { ["reasoning_details"] = new JsonArray(whole) }.ToJsonString());
        }

        if (said["reasoning_details"] is null)
        {
            foreach (var piece in ((string?)said["reasoning_content"] ?? "").Chunk(4))
            {
                yield return MessageStreamTests.Chunk(new JsonObject { ["reasoning_content"] = new string(piece) }.ToJsonString());
            }
        }

        foreach (var piece in ((string?)said["content"] ?? "").Chunk(4))
        {
            yield return MessageStreamTests.Chunk(new JsonObject { ["content"] = new string(piece) }.ToJsonString());
        }

        var index = 0;
        foreach (var call in said["tool_calls"]?.AsArray() ?? [])
        {
            var first = call!.DeepClone().AsObject();
            var arguments = (string)first["function"]!["arguments"]!;
            first["index"] = index;
            first["function"]!["arguments"] = "";
            yield return MessageStreamTests.Chunk(new JsonObject { ["tool_calls"] = new JsonArray(first) }.ToJsonString());
            foreach (var piece in arguments.Chunk(2))
            {
                yield return MessageStreamTests.Chunk(new JsonObject
                {
                    ["tool_calls"] = new JsonArray(new JsonObject { ["index"] = index, ["function"] = new JsonObject { ["arguments"] = new string(piece) } }),
                }.ToJsonString());
            }

            index++;
        }

        yield return MessageStreamTests.Chunk("{}", "stop");
    }

    private const string ClaudesTurn = """
        [{"type":"thinking","thinking":"Hm.\nTwo steps.","signature":"c2ln"},
         {"type":"redacted_thinking","data":"cmVk"},
         {"type":"text","text":"Reading 两个."},
         {"type":"tool_use","id":"toolu_1","name":"f","input":{"a":{"b":[1,2]}}},
         {"type":"tool_use","id":"toolu_2","name":"g","input":{}}]
        """;

    private const string ClaudesSearch = """
        [{"type":"thinking","thinking":"Look it up.","signature":"c2ln"},
         {"type":"server_tool_use","id":"srvtoolu_1","name":"web_search","input":{"query":"x"}},
         {"type":"web_search_tool_result","tool_use_id":"srvtoolu_1","content":[{"type":"web_search_result","url":"https://w.example","title":"W","encrypted_content":"ZW5j","page_age":null}]},
         {"type":"text","text":"So it is."}]
        """;

    [Theory]
    [InlineData(ClaudesTurn)]
    [InlineData(ClaudesSearch)]
    public void What_claude_said_comes_back_to_it_through_a_chat_client(string content)
    {
        var completion = Translate.ToCompletion(Message(content).ToJsonString());

        Translate.Same(content, ClaudesContentAgain(completion["choices"]![0]!["message"]!.DeepClone()));
    }

    [Theory]
    [InlineData(ClaudesTurn)]
    [InlineData(ClaudesSearch)]
    public void What_claude_streamed_comes_back_to_it_through_a_chat_client(string content)
    {
        var message = ChunkReader.Read(Translate.ToChunks(Events(JsonNode.Parse(content)!.AsArray())));
        foreach (var field in (ReadOnlySpan<string>)["finish_reason", "native_finish_reason", "stop_reason", "usage"])
        {
            message.Remove(field);
        }

        Translate.Same(content, ClaudesContentAgain(message));
    }

    private static JsonNode? ClaudesContentAgain(JsonNode said)
    {
        var next = new JsonObject { ["model"] = "m", ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "hi" }, said, new JsonObject { ["role"] = "user", ["content"] = "go on" }) };
        var (messages, translation) = Translate.ToMessages(next.ToJsonString());

        Assert.Empty(translation.Dropped);
        return messages["messages"]![1]!["content"];
    }

    internal static JsonObject Message(string content, string stopReason = "end_turn") => new()
    {
        ["id"] = "msg_up",
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = "claude-up",
        ["content"] = JsonNode.Parse(content),
        ["stop_reason"] = stopReason,
        ["stop_sequence"] = null,
        ["usage"] = new JsonObject { ["input_tokens"] = 3, ["output_tokens"] = 4 },
    };

    /// <summary>The events in which Anthropic streams these blocks.</summary>
    internal static IEnumerable<string> Events(JsonArray content, string stopReason = "end_turn", string? usage = null)
    {
        yield return """{"type":"message_start","message":{"id":"msg_up","type":"message","role":"assistant","model":"claude-up","content":[],"stop_reason":null,"usage":{"input_tokens":3,"output_tokens":1}}}""";
        yield return """{"type":"ping"}""";
        for (var index = 0; index < content.Count; index++)
        {
            var block = content[index]!.AsObject();
            var start = block.DeepClone().AsObject();
            var deltas = new List<JsonObject>();
            switch ((string?)block["type"])
            {
                case "text":
                    start["text"] = "";
                    deltas.AddRange(((string)block["text"]!).EnumerateRunes().Chunk(3).Select(runes => string.Concat(runes)).Select(piece => new JsonObject { ["type"] = "text_delta", ["text"] = piece }));
                    start.Remove("citations");
                    deltas.AddRange(block["citations"]?.AsArray().Select(citation => new JsonObject { ["type"] = "citations_delta", ["citation"] = citation!.DeepClone() }) ?? []);
                    break;
                case "thinking":
                    start["thinking"] = "";
                    start["signature"] = "";
                    deltas.AddRange(((string)block["thinking"]!).EnumerateRunes().Chunk(3).Select(runes => string.Concat(runes)).Select(piece => new JsonObject { ["type"] = "thinking_delta", ["thinking"] = piece }));
                    deltas.Add(new JsonObject { ["type"] = "signature_delta", ["signature"] = (string?)block["signature"] });
                    break;
                case "tool_use" or "server_tool_use":
                    start["input"] = new JsonObject();
                    deltas.Add(new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = "" });
                    if (block["input"]!.AsObject().Count > 0)
                    {
                        deltas.AddRange(block["input"]!.ToJsonString().EnumerateRunes().Chunk(3).Select(runes => string.Concat(runes)).Select(piece => new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = piece }));
                    }

                    break;
            }

            yield return new JsonObject { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = start }.ToJsonString();
            foreach (var delta in deltas)
            {
                yield return new JsonObject { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta }.ToJsonString();
            }

            yield return new JsonObject { ["type"] = "content_block_stop", ["index"] = index }.ToJsonString();
        }

        yield return new JsonObject
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = stopReason, ["stop_sequence"] = null },
            ["usage"] = JsonNode.Parse(usage ?? """{"output_tokens":4}"""),
        }.ToJsonString();
        yield return """{"type":"message_stop"}""";
    }
}
