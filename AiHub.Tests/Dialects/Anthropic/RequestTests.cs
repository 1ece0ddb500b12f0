using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

public sealed class RequestTests
{
    // ---- Messages → Chat Completions

    [Fact]
    public void A_plain_vendor_gets_nothing_but_chat_completions_and_is_told_of_nothing_silently()
    {
        var (chat, translation) = Translate.ToChat("""
            {
              "model": "m", "max_tokens": 100, "top_k": 5, "speed": "fast", "service_tier": "auto", "metadata": {"user_id": "u1", "team": "t"},
              "thinking": {"type": "adaptive"}, "output_config": {"effort": "max"},
              "system": [{"type": "text", "text": "Be brief.", "cache_control": {"type": "ephemeral"}}],
              "tools": [{"name": "f", "input_schema": {"type": "object"}, "defer_loading": true}, {"type": "bash_20250124", "name": "bash"}],
              "tool_choice": {"type": "tool", "name": "bash", "disable_parallel_tool_use": true},
              "messages": [
                {"role": "user", "content": [{"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}]},
                {"role": "assistant", "content": [
                  {"type": "thinking", "thinking": "t", "signature": "s"},
                  {"type": "text", "text": "a"}, {"type": "text", "text": "b"},
                  {"type": "tool_use", "id": "call_1", "name": "f", "input": {"x": 1}}]},
                {"role": "user", "content": [
                  {"type": "tool_result", "tool_use_id": "call_1", "is_error": true, "content": [{"type": "text", "text": "no"}, {"type": "image", "source": {"type": "url", "url": "https://e.example/i.png"}}]},
                  {"type": "text", "text": "Look."}]}
              ]
            }
            """);

        Translate.Same(
            """
            {
              "model": "m",
              "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "content": "ab", "tool_calls": [{"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{\"x\": 1}"}}]},
                {"role": "tool", "tool_call_id": "call_1", "content": "Error: no\n(attached to the next message)"},
                {"role": "user", "content": [
                  {"type": "text", "text": "Attachment to the result of tool call call_1:"},
                  {"type": "image_url", "image_url": {"url": "https://e.example/i.png"}},
                  {"type": "text", "text": "Look."}]}
              ],
              "tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}}],
              "parallel_tool_calls": false,
              "max_tokens": 100,
              "service_tier": "auto",
              "user": "u1"
            }
            """,
            chat);
        Assert.Equal(
            ["messages[].content[].cache_control", "messages[].content[].thinking", "metadata.team", "output_config.effort", "speed", "system[].cache_control",
                "thinking", "tool_choice", "tools[].bash_20250124", "tools[].defer_loading", "top_k"],
            translation.Dropped.Order());
    }

    [Theory]
    [InlineData("""{"type":"enabled","budget_tokens":2000}""", null, ChatExtras.ReasoningEffort, """{"reasoning_effort":"low"}""")]
    [InlineData("""{"type":"enabled","budget_tokens":8000}""", null, ChatExtras.ReasoningEffort, """{"reasoning_effort":"medium"}""")]
    [InlineData("""{"type":"enabled","budget_tokens":31999}""", null, ChatExtras.ReasoningEffort, """{"reasoning_effort":"high"}""")]
    [InlineData("""{"type":"enabled","budget_tokens":8000}""", null, ChatExtras.ReasoningObject, """{"reasoning":{"max_tokens":8000}}""")]
    [InlineData("""{"type":"adaptive"}""", "medium", ChatExtras.ReasoningEffort, """{"reasoning_effort":"medium"}""")]
    [InlineData("""{"type":"adaptive"}""", "max", ChatExtras.ReasoningEffort, """{"reasoning_effort":"xhigh"}""")]
    [InlineData("""{"type":"adaptive"}""", null, ChatExtras.ReasoningEffort, "{}")]
    [InlineData("""{"type":"disabled"}""", null, ChatExtras.ReasoningObject, """{"reasoning":{"enabled":false}}""")]
    [InlineData("""{"type":"disabled"}""", null, ChatExtras.None, "{}")]
    public void Thinking_is_asked_for_as_the_vendor_knows_it(string thinking, string? effort, ChatExtras extras, string expected)
    {
        var (chat, translation) = Translate.ToChat(new JsonObject
        {
            ["model"] = "m",
            ["messages"] = new JsonArray(),
            ["thinking"] = JsonNode.Parse(thinking),
            ["output_config"] = new JsonObject { ["effort"] = effort },
        }.ToJsonString(), extras);

        chat.Remove("model");
        chat.Remove("messages");
        Translate.Same(expected, chat);
        Assert.Empty(translation.Dropped);
    }

    [Fact]
    public void A_model_that_must_think_says_that_it_was_not_told_to_stop()
    {
        var (_, translation) = Translate.ToChat("""{"model":"m","messages":[],"thinking":{"type":"disabled"}}""", ChatExtras.ReasoningEffort);

        Assert.Equal(["thinking"], translation.Dropped);
    }

    [Fact]
    public void A_long_user_id_becomes_a_short_one_that_is_still_the_same_user()
    {
        var id = new string('u', 140);
        var (first, _) = Translate.ToChat($$$"""{"model":"m","messages":[],"metadata":{"user_id":"{{{{id}}}}"}}""");
        var (second, _) = Translate.ToChat($$$"""{"model":"m","messages":[],"metadata":{"user_id":"{{{{id}}}}"}}""");

        Assert.Equal(64, ((string)first["user"]!).Length);
        Assert.Equal((string?)first["user"], (string?)second["user"]);
    }

    [Fact]
    public void Tool_names_too_long_for_a_vendor_are_shortened_alike_everywhere_and_restored_in_the_answer()
    {
        var name = "mcp__some_server_with_a_long_name__some_tool_with_a_very_long_name_indeed";
        var (chat, translation) = Translate.ToChat($$$"""
            {"model":"m","tools":[{"name":"{{{name}}}","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"{{{name}}}"},
             "messages":[{"role":"assistant","content":[{"type":"tool_use","id":"1","name":"{{{name}}}","input":{}}]}]}
            """);
        var shortened = (string)chat["tools"]![0]!["function"]!["name"]!;

        Assert.Equal(64, shortened.Length);
        Assert.Equal(shortened, (string?)chat["tool_choice"]!["function"]!["name"]);
        Assert.Equal(shortened, (string?)chat["messages"]![0]!["tool_calls"]![0]!["function"]!["name"]);

        var head = Translate.Head with { Names = translation.Names };
        var answer = """{"choices":[{"message":{"tool_calls":[{"id":"c","function":{"name":"@","arguments":"{}"}}]},"finish_reason":"tool_calls"}]}""".Replace("@", shortened, StringComparison.Ordinal);
        Assert.Equal(name, (string?)Translate.ToMessage(answer, head)["content"]![0]!["name"]);
        Assert.Equal(name, (string?)MessageReader.Read(Translate.ToEvents([answer.Replace("\"message\"", "\"delta\"", StringComparison.Ordinal)], head)).Message!["content"]![0]!["name"]);
    }

    [Fact]
    public void Documents_reach_a_plain_vendor_as_files_and_text()
    {
        var (chat, translation) = Translate.ToChat("""
            {"model":"m","messages":[{"role":"user","content":[
              {"type":"document","title":"a.pdf","source":{"type":"base64","media_type":"application/pdf","data":"JVBE"}},
              {"type":"document","source":{"type":"url","url":"https://e.example/b.pdf"},"context":"c"},
              {"type":"document","title":"T","source":{"type":"text","media_type":"text/plain","data":"hello"}},
              {"type":"document","source":{"type":"content","content":[{"type":"text","text":"x"},{"type":"text","text":"y"}]}},
              {"type":"search_result","title":"S","source":"https://s.example","content":[{"type":"text","text":"found"}],"citations":{"enabled":true}},
              {"type":"image","source":{"type":"file","file_id":"file_1"}}
            ]}]}
            """);

        Translate.Same(
            """
            [{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,JVBE"}},
             {"type":"file","file":{"filename":"document.pdf","file_data":"https://e.example/b.pdf"}},
             {"type":"text","text":"T\n\nhello"},
             {"type":"text","text":"x\ny"},
             {"type":"text","text":"S\nhttps://s.example\nfound"}]
            """,
            chat["messages"]![0]!["content"]);
        Assert.Equal(["messages[].content[].context", "messages[].content[].citations", "messages[].content[].image"], translation.Dropped);
    }

    [Fact]
    public void Web_search_is_asked_for_where_a_vendor_has_it()
    {
        var (chat, translation) = Translate.ToChat(
            """{"model":"m","messages":[],"tools":[{"type":"web_search_20250305","name":"web_search","max_uses":2,"user_location":{"type":"approximate","country":"CN"}}]}""",
            ChatExtras.WebSearch);

        Translate.Same("""{"user_location":{"type":"approximate","approximate":{"country":"CN"}}}""", chat["web_search_options"]);
        Assert.Equal(["tools[].web_search.max_uses"], translation.Dropped);
    }

    [Theory]
    [InlineData("""[]""", "The request body is not a JSON object.")]
    [InlineData("""{"model":"m"}""", "messages: Field required")]
    [InlineData("""{"model":"m","messages":"x"}""", "messages: Input should be a valid array")]
    [InlineData("""{"model":"m","messages":[{"role":"user"}]}""", "messages.0.content: Field required")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":5}]}""", "messages.0.content: Input should be a valid array")]
    [InlineData("""{"model":"m","messages":[{"role":"robot","content":"x"}]}""", "messages.0.role: Input should be 'user' or 'assistant'")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"text":"x"}]}]}""", "messages.0.content.0.type: Field required")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages.0.content.0.text: Field required")]
    [InlineData("""{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","content":"x"}]}]}""", "messages.0.content.0.tool_use_id: Field required")]
    [InlineData("""{"model":"m","messages":[{"role":"assistant","content":[{"type":"tool_use","id":"x","input":{}}]}]}""", "messages.0.content.0.name: Field required")]
    [InlineData("""{"model":"m","messages":[],"system":5}""", "system: Input should be a valid string or array")]
    [InlineData("""{"model":"m","messages":[],"tools":5}""", "tools: Input should be a valid array")]
    [InlineData("""{"model":"m","messages":[],"stop_sequences":"x"}""", "stop_sequences: Input should be a valid array")]
    public void What_is_no_messages_request_is_refused_in_anthropics_words(string request, string reason)
    {
        var (_, translation) = Translate.ToChat(request);

        Assert.Equal(reason, translation.Invalid);
    }

    // ---- Chat Completions → Messages

    [Fact]
    public void A_chat_request_becomes_a_messages_request()
    {
        var (messages, translation) = Translate.ToMessages("""
            {
              "model": "m", "max_completion_tokens": 50, "temperature": 0.5, "top_p": 1, "stop": "END", "user": "u", "stream": true, "stream_options": {"include_usage": true},
              "n": 1, "presence_penalty": 0, "logprobs": false, "service_tier": "default", "parallel_tool_calls": false, "tool_choice": "required",
              "response_format": {"type": "json_schema", "json_schema": {"name": "o", "strict": true, "schema": {"type": "object"}}},
              "tools": [{"type": "function", "function": {"name": "f", "description": "d", "parameters": {"properties": {}}, "strict": true}}, {"type": "function", "function": {"name": "g"}}],
              "messages": [
                {"role": "system", "content": "One."}, {"role": "developer", "content": [{"type": "text", "text": "Two."}]},
                {"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "image_url", "image_url": {"url": "data:image/jpg;base64,/9j/", "detail": "auto"}}, {"type": "file", "file": {"filename": "n.txt", "file_data": "data:text/plain;base64,aGk="}}]},
                {"role": "assistant", "content": "", "tool_calls": [{"id": "functions.f:0", "type": "function", "function": {"name": "f", "arguments": ""}}, {"id": "b", "type": "function", "function": {"name": "g", "arguments": "{oops"}}]},
                {"role": "tool", "tool_call_id": "functions.f:0", "content": "1"},
                {"role": "tool", "tool_call_id": "b", "content": [{"type": "text", "text": "2"}]},
                {"role": "user", "content": "Go on"},
                {"role": "assistant", "content": "Sure: "}
              ]
            }
            """);

        var id = (string?)messages["messages"]![1]!["content"]![0]!["id"];
        Assert.Matches("^[a-zA-Z0-9_-]+$", id);
        Translate.Same(
            """
            {
              "model": "m", "max_tokens": 50,
              "system": [{"type": "text", "text": "One."}, {"type": "text", "text": "Two."}],
              "messages": [
                {"role": "user", "content": [
                  {"type": "text", "text": "Hi"},
                  {"type": "image", "source": {"type": "base64", "media_type": "image/jpeg", "data": "/9j/"}},
                  {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "hi"}, "title": "n.txt"}]},
                {"role": "assistant", "content": [
                  {"type": "tool_use", "id": "#id", "name": "f", "input": {}},
                  {"type": "tool_use", "id": "b", "name": "g", "input": {"raw_arguments": "{oops"}}]},
                {"role": "user", "content": [
                  {"type": "tool_result", "tool_use_id": "#id", "content": "1"},
                  {"type": "tool_result", "tool_use_id": "b", "content": [{"type": "text", "text": "2"}]},
                  {"type": "text", "text": "Go on"}]},
                {"role": "assistant", "content": "Sure:"}
              ],
              "tools": [
                {"name": "f", "description": "d", "input_schema": {"type": "object", "properties": {}}, "strict": true},
                {"name": "g", "input_schema": {"type": "object", "properties": {}}}],
              "tool_choice": {"type": "any", "disable_parallel_tool_use": true},
              "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
              "temperature": 0.5,
              "stop_sequences": ["END"],
              "metadata": {"user_id": "u"},
              "service_tier": "standard_only",
              "stream": true
            }
            """.Replace("#id", id, StringComparison.Ordinal),
            messages);
        Assert.Empty(translation.Dropped);
    }

    [Fact]
    public void What_anthropic_has_no_word_for_is_named()
    {
        var (messages, translation) = Translate.ToMessages("""
            {
              "model": "m", "n": 2, "seed": 7, "logit_bias": {"1": 2}, "frequency_penalty": 0.5, "temperature": 1.5, "service_tier": "flex", "response_format": {"type": "json_object"},
              "stop": ["\n"], "vendor_extra": {"x": 1}, "modalities": ["text", "audio"], "top_p": 0.9, "reasoning_content": null,
              "messages": [
                {"role": "user", "name": "bob", "content": [{"type": "input_audio", "input_audio": {}}, {"type": "image_url", "image_url": {"url": "https://e.example/x", "detail": "low"}}, {"type": "file", "file": {"file_id": "f"}}]},
                {"role": "assistant", "content": "hm", "reasoning_content": "unsigned", "audio": {"id": "a"}},
                {"role": "function", "name": "f", "content": "x"}
              ]
            }
            """);

        Assert.Equal(
            ["frequency_penalty", "logit_bias", "messages[].audio", "messages[].content[].file", "messages[].content[].image_url.detail", "messages[].content[].input_audio",
                "messages[].name", "messages[].reasoning_content", "messages[].role.function", "modalities", "n", "response_format", "seed", "service_tier", "stop", "temperature", "top_p", "vendor_extra"],
            translation.Dropped.Order(StringComparer.Ordinal));
        Translate.Same(
            """
            {"model":"m","max_tokens":32000,"messages":[
              {"role":"user","content":[{"type":"image","source":{"type":"url","url":"https://e.example/x"}}]},
              {"role":"assistant","content":"hm"}],"temperature":1}
            """,
            messages);
    }

    [Theory]
    [InlineData("""{"reasoning_effort":"high"}""", ThinkingStyle.Adaptive, """{"thinking":{"type":"adaptive"},"output_config":{"effort":"high"}}""")]
    [InlineData("""{"reasoning_effort":"minimal"}""", ThinkingStyle.Adaptive, """{"thinking":{"type":"adaptive"},"output_config":{"effort":"low"}}""")]
    [InlineData("""{"reasoning_effort":"none"}""", ThinkingStyle.Adaptive, """{"thinking":{"type":"disabled"}}""")]
    [InlineData("""{"reasoning":{"effort":"low"}}""", ThinkingStyle.Budget, """{"thinking":{"type":"enabled","budget_tokens":4096}}""")]
    [InlineData("""{"reasoning":{"max_tokens":5000}}""", ThinkingStyle.Adaptive, """{"thinking":{"type":"enabled","budget_tokens":5000}}""")]
    [InlineData("""{"reasoning":{"enabled":false}}""", ThinkingStyle.Budget, """{"thinking":{"type":"disabled"}}""")]
    [InlineData("""{"thinking":{"type":"enabled","budget_tokens":1024}}""", ThinkingStyle.Budget, """{"thinking":{"type":"enabled","budget_tokens":1024}}""")]
    [InlineData("""{"reasoning_effort":"high","max_tokens":2000}""", ThinkingStyle.Budget, """{"thinking":{"type":"enabled","budget_tokens":1600}}""")]
    public void Reasoning_is_asked_for_as_the_model_knows_it(string parameters, ThinkingStyle style, string expected)
    {
        var (messages, translation) = Ask(parameters, style);

        messages.Remove("max_tokens");
        messages.Remove("messages");
        Translate.Same(expected, messages);
        Assert.Empty(translation.Dropped);
    }

    [Theory]
    [InlineData("""{"reasoning_effort":"high"}""", ThinkingStyle.None, "reasoning_effort")]
    [InlineData("""{"reasoning_effort":"high","max_tokens":500}""", ThinkingStyle.Budget, "reasoning_effort")]
    [InlineData("""{"reasoning_effort":"high","tool_choice":"required","tools":[{"type":"function","function":{"name":"f"}}]}""", ThinkingStyle.Budget, "reasoning_effort")]
    [InlineData("""{"reasoning_effort":"high","temperature":0.3}""", ThinkingStyle.Budget, "temperature")]
    [InlineData("""{"reasoning_effort":"high","messages":[{"role":"user","content":"x"},{"role":"assistant","tool_calls":[{"id":"a","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"}]}""", ThinkingStyle.Budget, "reasoning_effort")]
    public void Reasoning_that_anthropic_would_refuse_is_left_out_and_named(string parameters, ThinkingStyle style, string dropped)
    {
        var (_, translation) = Ask(parameters, style);

        Assert.Equal([dropped], translation.Dropped);
    }

    private static (JsonObject Messages, MessagesTranslation Translation) Ask(string parameters, ThinkingStyle style)
    {
        var request = JsonNode.Parse(parameters)!.AsObject();
        request.TryAdd("messages", new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "x" }));
        return Translate.ToMessages(request.ToJsonString(), Translate.Target with { Thinking = style });
    }

    [Fact]
    public void A_free_text_tool_becomes_one_with_a_member_and_its_calls_become_text_again()
    {
        var (messages, translation) = Translate.ToMessages("""
            {"model":"m","tools":[{"type":"custom","custom":{"name":"sh","description":"d"}}],"tool_choice":{"type":"custom","custom":{"name":"sh"}},
             "messages":[{"role":"assistant","tool_calls":[{"id":"c1","type":"custom","custom":{"name":"sh","input":"ls -l"}}]},{"role":"tool","tool_call_id":"c1","content":"x"}]}
            """);
        var head = Translate.ChatHead with { CustomTools = translation.CustomTools };
        const string Content = """[{"type":"tool_use","id":"toolu_1","name":"sh","input":{"input":"echo \"ä\""}}]""";

        Translate.Same("""{"input":"ls -l"}""", messages["messages"]![0]!["content"]![0]!["input"]);
        Translate.Same("""{"type":"tool","name":"sh"}""", messages["tool_choice"]);
        const string Call = """[{"id":"toolu_1","type":"custom","custom":{"name":"sh","input":"echo \"ä\""}}]""";
        Translate.Same(Call, Translate.ToCompletion(RoundTripTests.Message(Content).ToJsonString(), head)["choices"]![0]!["message"]!["tool_calls"]);
        Translate.Same(Call, ChunkReader.Read(Translate.ToChunks(RoundTripTests.Events(JsonNode.Parse(Content)!.AsArray()), head))["tool_calls"]);
    }

    [Fact]
    public void Only_allowed_tools_are_shown()
    {
        var (messages, _) = Translate.ToMessages("""
            {"model":"m","messages":[{"role":"user","content":"x"}],
             "tools":[{"type":"function","function":{"name":"f"}},{"type":"function","function":{"name":"g"}}],
             "tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"g"}}]}}}
            """);

        Assert.Equal("g", (string?)Assert.Single(messages["tools"]!.AsArray())!["name"]);
        Translate.Same("""{"type":"any"}""", messages["tool_choice"]);
    }

    [Fact]
    public void System_messages_in_the_midst_move_to_the_beginning_unless_the_model_takes_them_where_they_are()
    {
        const string Request = """{"model":"m","messages":[{"role":"system","content":"a"},{"role":"user","content":"x"},{"role":"system","content":"b"},{"role":"user","content":"y"}]}""";

        var (hoisted, _) = Translate.ToMessages(Request);
        var (kept, _) = Translate.ToMessages(Request, Translate.Target with { TakesSystemTurns = true });

        Translate.Same("""[{"type":"text","text":"a"},{"type":"text","text":"b"}]""", hoisted["system"]);
        Assert.Equal(2, hoisted["messages"]!.AsArray().Count);
        Assert.Equal("a", (string?)kept["system"]);
        Translate.Same("""{"role":"system","content":[{"type":"text","text":"b"}]}""", kept["messages"]![1]);
    }

    [Fact]
    public void Empty_texts_which_anthropic_refuses_are_left_out()
    {
        var (messages, translation) = Translate.ToMessages("""
            {"model":"m","messages":[{"role":"system","content":""},{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"x"}]},{"role":"assistant","content":""},{"role":"user","content":""}]}
            """);

        Translate.Same("""{"model":"m","max_tokens":32000,"messages":[{"role":"user","content":[{"type":"text","text":"x"}]}]}""", messages);
        Assert.Empty(translation.Dropped);
    }

    [Fact]
    public void Reasoning_details_of_another_vendor_or_without_a_signature_are_not_shown_to_anthropic()
    {
        var (messages, translation) = Translate.ToMessages("""
            {"model":"m","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"a","reasoning_details":[
              {"type":"reasoning.text","text":"unsigned","format":"anthropic-claude-v1","index":0},
              {"type":"reasoning.encrypted","data":"g","format":"openai-responses-v1","index":1},
              {"type":"reasoning.encrypted","data":"bm8ganNvbg==","format":"anthropic-claude-v1.block","index":2}]}]}
            """);

        Translate.Same("""{"role":"assistant","content":"a"}""", messages["messages"]![1]);
        Assert.Contains("messages[].reasoning_details", translation.Dropped);
    }
}
