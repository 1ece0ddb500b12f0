using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Responses;
using static AiHub.Tests.Dialects.Responses.Talk;

namespace AiHub.Tests.Dialects.Responses;

public sealed class ChatTranslationTests
{
    [Fact]
    public void A_string_becomes_a_user_message_under_the_instructions() =>
        Assert.Equal(
            """[{"role":"system","content":"Be \"brief\"."},{"role":"user","content":"你好"}]""",
            Messages("""{"model":"m","instructions":"Be \"brief\".","input":"你好"}"""));

    [Fact]
    public void What_an_agent_sends_in_its_second_turn_becomes_a_chat_in_order()
    {
        var (chat, dropped) = Translate(
            """
            {
              "model": "gpt-5.5", "instructions": "You are Codex.", "stream": true, "store": false,
              "input": [
                {"type":"message","role":"developer","content":[{"type":"input_text","text":"Sandbox: read-only."}]},
                {"type":"message","role":"user","content":[{"type":"input_text","text":"AGENTS.md"},{"type":"input_text","text":"cwd: /src"}]},
                {"type":"message","role":"user","content":[{"type":"input_text","text":"fix it"}]},
                {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"look first"}],"encrypted_content":null},
                {"type":"message","role":"assistant","phase":"commentary","content":[{"type":"output_text","text":"Looking."}]},
                {"type":"function_call","name":"shell","arguments":"{\"cmd\":\"ls\"}","call_id":"call_1"},
                {"type":"custom_tool_call","status":"completed","call_id":"call_2","name":"apply_patch","input":"*** Begin\n\"x\""},
                {"type":"function_call_output","call_id":"call_1","output":"a.txt"},
                {"type":"custom_tool_call_output","call_id":"call_2","output":"Done"},
                {"type":"message","role":"user","content":[{"type":"input_text","text":"thanks"}]}
              ],
              "tools": [
                {"type":"function","name":"shell","description":"Runs","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}}}},
                {"type":"custom","name":"apply_patch","description":"Patch.","format":{"type":"grammar","syntax":"lark","definition":"start: \"x\"\n"}},
                {"type":"web_search"},
                {"type":"namespace","name":"mcp__fs","description":"","tools":[{"type":"function","name":"read","parameters":{"type":"object"}}]}
              ],
              "tool_choice": "auto", "parallel_tool_calls": false,
              "reasoning": {"effort":"medium","summary":"auto"},
              "include": ["reasoning.encrypted_content"], "prompt_cache_key": "k", "text": {"verbosity":"low"},
              "client_metadata": {"x": "1"}
            }
            """);

        Assert.Equal(
            JsonNode.Parse(
                """
                {
                  "model": "gpt-5.5",
                  "messages": [
                    {"role":"system","content":"You are Codex.\n\nSandbox: read-only."},
                    {"role":"user","content":[{"type":"text","text":"AGENTS.md"},{"type":"text","text":"cwd: /src"}]},
                    {"role":"user","content":"fix it"},
                    {"role":"assistant","content":"Looking.","reasoning_content":"look first","tool_calls":[
                      {"id":"call_1","type":"function","function":{"name":"shell","arguments":"{\"cmd\":\"ls\"}"}},
                      {"id":"call_2","type":"function","function":{"name":"apply_patch","arguments":"{\"input\":\"*** Begin\\n\\\"x\\\"\"}"}}]},
                    {"role":"tool","tool_call_id":"call_1","content":"a.txt"},
                    {"role":"tool","tool_call_id":"call_2","content":"Done"},
                    {"role":"user","content":"thanks"}
                  ],
                  "stream": true, "stream_options": {"include_usage":true},
                  "tools": [
                    {"type":"function","function":{"name":"shell","description":"Runs","strict":false,"parameters":{"type":"object","properties":{"cmd":{"type":"string"}}}}},
                    {"type":"function","function":{"name":"apply_patch","description":"Patch.\n\nThe input must follow this lark grammar:\nstart: \"x\"\n","parameters":{"type":"object","properties":{"input":{"type":"string","description":"The tool's whole input, as plain text."}},"required":["input"],"additionalProperties":false}}},
                    {"type":"function","function":{"name":"mcp__fs__read","parameters":{"type":"object"}}}
                  ],
                  "tool_choice": "auto", "parallel_tool_calls": false,
                  "reasoning_effort": "medium", "prompt_cache_key": "k", "verbosity": "low"
                }
                """)!.ToJsonString(),
            chat.ToJsonString());
        Assert.Equal(["input[].phase", "tools[2]", "client_metadata"], dropped);
    }

    [Fact]
    public void Images_files_and_sound_keep_their_place()
    {
        var (chat, dropped) = Translate(
            """
            {"model":"m","input":[{"role":"user","content":[
              {"type":"input_text","text":"see","prompt_cache_breakpoint":{"mode":"explicit"}},
              {"type":"input_image","image_url":"data:image/png;base64,AAAA","detail":"high"},
              {"type":"input_image","image_url":"https://e.org/a.png","detail":"original"},
              {"type":"input_image","file_id":"file_1"},
              {"type":"input_file","filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"},
              {"type":"input_file","file_url":"https://e.org/a.pdf"},
              {"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}},
              {"type":"input_screenshot"}]}]}
            """);

        Assert.Equal(
            """[{"type":"text","text":"see"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AAAA","detail":"high"}},{"type":"image_url","image_url":{"url":"https://e.org/a.png"}},{"type":"file","file":{"filename":"a.pdf","file_data":"data:application/pdf;base64,AAAA"}},{"type":"input_audio","input_audio":{"data":"AAAA","format":"wav"}}]""",
            chat["messages"]![0]!["content"]!.ToJsonString());
        Assert.Equal(
            [
                "input[].content[].prompt_cache_breakpoint", "input[].content[].detail", "input[].content[].file_id",
                "input[].content[].file_url", "input[].content[type=input_screenshot]",
            ],
            dropped);
    }

    [Fact]
    public void A_result_stands_behind_its_call_even_when_somebody_spoke_in_between() =>
        Assert.Equal(
            """[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"1"},{"role":"user","content":"hurry"},{"role":"tool","tool_call_id":"stray","content":"2"}]""",
            Messages(
                """
                {"model":"m","input":[
                  {"type":"function_call","call_id":"a","name":"f","arguments":"{}"},
                  {"role":"user","content":"hurry"},
                  {"type":"function_call_output","call_id":"a","output":"1"},
                  {"type":"function_call_output","call_id":"stray","output":"2"}]}
                """));

    [Fact]
    public void An_image_a_tool_returned_follows_its_result() =>
        Assert.Equal(
            """[{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"view","arguments":"{}"}},{"id":"b","type":"function","function":{"name":"view","arguments":"{}"}}]},{"role":"tool","tool_call_id":"a","content":"The output is attached to the next message."},{"role":"tool","tool_call_id":"b","content":"ok\nfine"},{"role":"user","content":[{"type":"text","text":"Output of tool call a:"},{"type":"image_url","image_url":{"url":"data:x"}}]}]""",
            Messages(
                """
                {"model":"m","input":[
                  {"type":"function_call","call_id":"a","name":"view","arguments":"{}"},
                  {"type":"function_call","call_id":"b","name":"view","arguments":"{}"},
                  {"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"data:x"}]},
                  {"type":"function_call_output","call_id":"b","output":[{"type":"input_text","text":"ok"},{"type":"input_text","text":"fine"}]}]}
                """));

    [Theory]
    [InlineData("""{"format":{"type":"text"}}""", null)]
    [InlineData("""{"format":{"type":"json_object"}}""", """{"type":"json_object"}""")]
    [InlineData(
        """{"format":{"type":"json_schema","name":"n","strict":true,"schema":{"type":"object"}}}""",
        """{"type":"json_schema","json_schema":{"name":"n","strict":true,"schema":{"type":"object"}}}""")]
    public void The_format_of_the_text_is_asked_for_in_chat_words(string text, string? format) =>
        Assert.Equal(format, Translate($$"""{"model":"m","input":"x","text":{{text}}}""").Chat["response_format"]?.ToJsonString());

    [Theory]
    [InlineData("\"required\"", "\"required\"", 2)]
    [InlineData("""{"type":"function","name":"f"}""", """{"type":"function","function":{"name":"f"}}""", 2)]
    [InlineData("""{"type":"custom","name":"c"}""", """{"type":"function","function":{"name":"c"}}""", 2)]
    [InlineData("""{"type":"allowed_tools","mode":"required","tools":[{"type":"function","name":"f"}]}""", "\"required\"", 1)]
    public void A_tool_choice_means_the_same_tool(string choice, string expected, int tools)
    {
        var (chat, dropped) = Translate($$"""{"model":"m","input":"x","tools":[{"type":"function","name":"f"},{"type":"custom","name":"c"}],"tool_choice":{{choice}}}""");

        Assert.Equal(expected, chat["tool_choice"]!.ToJsonString());
        Assert.Equal(tools, chat["tools"]!.AsArray().Count);
        Assert.Empty(dropped);
    }

    [Fact]
    public void What_chat_has_no_words_for_is_named()
    {
        var (chat, dropped) = Translate(
            """
            {"model":"m","input":[{"type":"web_search_call","id":"ws_1","status":"completed"},{"role":"user","content":"x"}],
             "tools":[{"type":"mcp","server_label":"s"},{"type":"file_search","vector_store_ids":[]}],"tool_choice":{"type":"file_search"},
             "truncation":"auto","background":true,"max_tool_calls":3,"include":["file_search_call.results"],"n":2,
             "reasoning":{"effort":null,"budget":5},"stream_options":{"include_obfuscation":false},"context_management":[{"type":"compaction"}],
             "max_output_tokens":50,"temperature":0.5,"top_logprobs":3,"user":"u","safety_identifier":"s","service_tier":"flex","metadata":{"a":"b"},
             "top_k":40,"provider":{"order":["x"]}}
            """);

        Assert.Equal(
            [
                "input[0]", "tools[0]", "tools[1]", "tool_choice", "truncation", "background", "max_tool_calls", "include[0]", "n", "reasoning.budget",
                "stream_options.include_obfuscation", "context_management",
            ],
            dropped);
        Assert.Equal(
            """{"model":"m","messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":3,"max_completion_tokens":50,"temperature":0.5,"user":"u","safety_identifier":"s","service_tier":"flex","top_k":40,"provider":{"order":["x"]}}""",
            chat.ToJsonString());
    }

    [Theory]
    [InlineData("[]", null, "invalid_type")]
    [InlineData("{", null, "invalid_json")]
    [InlineData("""{"input":"x"}""", "model", "missing_required_parameter")]
    [InlineData("""{"model":"m"}""", "input", "missing_required_parameter")]
    [InlineData("""{"model":7,"input":"x"}""", "model", "invalid_type")]
    [InlineData("""{"model":"m","input":[1]}""", "input[0]", "invalid_type")]
    [InlineData("""{"model":"m","input":"x","stream":"yes"}""", "stream", "invalid_type")]
    [InlineData("""{"model":"m","input":"x","tools":[{"type":"function"}]}""", "tools[0].name", "missing_required_parameter")]
    [InlineData("""{"model":"m","input":"x","conversation":"conv_1"}""", "conversation", "unsupported_parameter")]
    [InlineData("""{"model":"m","prompt":{"id":"pmpt_1"}}""", "prompt", "unsupported_parameter")]
    public void What_is_wrong_is_said_by_name(string body, string? param, string code)
    {
        var refusal = Refused(body);

        Assert.Equal((param, code), (refusal.Param, refusal.Code));
    }

    [Fact]
    public void An_earlier_response_comes_before_the_new_input()
    {
        using var earlier = JsonDocument.Parse(
            """[{"role":"user","content":"I am Li."},{"type":"message","id":"msg_1","role":"assistant","content":[{"type":"output_text","text":"Hello Li."}]}]""");
        var turns = earlier.RootElement.EnumerateArray().ToList();

        Assert.Equal(
            """[{"role":"system","content":"New rules."},{"role":"user","content":"I am Li."},{"role":"assistant","content":"Hello Li."},{"role":"user","content":"Who am I?"}]""",
            Messages(
                """{"model":"m","instructions":"New rules.","previous_response_id":"resp_1","input":"Who am I?"}""",
                new EarlierItems(turns, new Dictionary<string, JsonElement>())));
    }

    [Fact]
    public void A_reference_stands_for_its_item_and_an_unknown_one_is_refused()
    {
        const string Body = """{"model":"m","input":[{"type":"item_reference","id":"msg_1"},{"role":"user","content":"x"}]}""";
        using var item = JsonDocument.Parse("""{"type":"message","id":"msg_1","role":"assistant","content":"Hello."}""");
        using var request = Request(Body);

        Assert.Equal(["msg_1"], request.References());
        Assert.Equal(
            """[{"role":"assistant","content":"Hello."},{"role":"user","content":"x"}]""",
            Messages(Body, new EarlierItems([], new Dictionary<string, JsonElement> { ["msg_1"] = item.RootElement })));
        Assert.Equal("item_not_found", ChatTranslation.Write(request, EarlierItems.None, new System.Buffers.ArrayBufferWriter<byte>(), [])!.Code);
    }

    [Fact]
    public void A_long_name_in_a_namespace_stays_within_what_vendors_allow()
    {
        var space = new string('s', 60);

        var name = Translate($$"""{"model":"m","input":"x","tools":[{"type":"namespace","name":"{{space}}","tools":[{"type":"function","name":"one"},{"type":"function","name":"two"}]}]}""")
            .Chat["tools"]!.AsArray().Select(tool => tool!["function"]!["name"]!.GetValue<string>()).ToList();

        Assert.All(name, one => Assert.Equal(64, one.Length));
        Assert.NotEqual(name[0], name[1]);
    }
}
