using System.Diagnostics;
using System.Text.Json.Nodes;
using AiHub.Simulators;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Simulators.Vendors.OpenAI.Surfaces;
using Microsoft.Extensions.Time.Testing;
using static AiHub.Tests.Simulators.SimulatorHost;

namespace AiHub.Tests.Simulators;

public sealed class SimulatedModelTests(SimulatorHost simulators) : IClassFixture<SimulatorHost>
{
    [Fact]
    public async Task Echo_answers_with_the_last_user_message_in_the_shape_of_OpenAI()
    {
        var answer = await simulators.CompleteAsync(Ask("echo", "ignored", ("messages", Messages(("system", "be brief"), ("user", "first"), ("assistant", "one"), ("user", "hello 你好 😀")))));

        Assert.StartsWith("chatcmpl-", (string)answer["id"]!, StringComparison.Ordinal);
        Assert.InRange((long)answer["created"]!, 1_700_000_000, 4_000_000_000);
        answer.Remove("id");
        answer.Remove("created");
        Assert.Equal(
            Canonical(JsonNode.Parse("""
                {
                  "object": "chat.completion", "model": "echo",
                  "choices": [{
                    "index": 0,
                    "message": { "role": "assistant", "content": "hello 你好 😀", "refusal": null, "annotations": [] },
                    "logprobs": null, "finish_reason": "stop"
                  }],
                  "usage": {
                    "prompt_tokens": 27, "completion_tokens": 4, "total_tokens": 31,
                    "prompt_tokens_details": { "cached_tokens": 0, "audio_tokens": 0 },
                    "completion_tokens_details": { "reasoning_tokens": 0, "audio_tokens": 0, "accepted_prediction_tokens": 0, "rejected_prediction_tokens": 0 }
                  },
                  "service_tier": "default", "system_fingerprint": "fp_simulated"
                }
                """)!),
            Canonical(answer));
    }

    [Fact]
    public async Task A_stream_is_what_OpenAI_sends()
    {
        var events = await simulators.StreamAsync(Ask("echo", "hi there", ("stream_options", new JsonObject { ["include_usage"] = true })));

        var first = JsonNode.Parse(events[0])!;
        var (id, created) = ((string)first["id"]!, (long)first["created"]!);
        string Chunk(string rest) => $$"""{"id":"{{id}}","object":"chat.completion.chunk","created":{{created}},"model":"echo","service_tier":"default","system_fingerprint":"fp_simulated",{{rest}}}""";
        string Delta(string delta, string finish = "null") => Chunk($$"""
            "choices":[{"index":0,"delta":{{delta}},"logprobs":null,"finish_reason":{{finish}}}],"usage":null
            """);

        Assert.Equal(
            [
                Delta("""{"role":"assistant","content":"","refusal":null}"""),
                Delta("""{"content":"hi"}"""),
                Delta("""{"content":" there"}"""),
                Delta("{}", "\"stop\""),
                Chunk("\"choices\":[],\"usage\":{\"prompt_tokens\":9,\"completion_tokens\":2,\"total_tokens\":11,"
                    + "\"prompt_tokens_details\":{\"cached_tokens\":0,\"audio_tokens\":0},"
                    + "\"completion_tokens_details\":{\"reasoning_tokens\":0,\"audio_tokens\":0,\"accepted_prediction_tokens\":0,\"rejected_prediction_tokens\":0}}"),
                "[DONE]",
            ],
            events);
    }

    [Theory]
    [InlineData("hello world")]
    [InlineData("  two  spaces\n\nand lines \t")]
    [InlineData("你好，世界！ mixed 文字 and 👩‍👩‍👧 emoji 日本語テスト 한국어")]
    [InlineData("\"quotes\" \\ud83d\\n <html> & 'more'")]
    public async Task A_stream_says_exactly_what_the_document_says(string text)
    {
        var whole = await simulators.CompleteAsync(Ask("echo", text));
        var streamed = TextOf(await simulators.StreamAsync(Ask("echo", text)));

        Assert.Equal(text, (string?)whole["choices"]![0]!["message"]!["content"]);
        Assert.Equal(text, streamed);
    }

    [Fact]
    public async Task Usage_is_sent_only_to_those_who_ask()
    {
        var events = await simulators.StreamAsync(Ask("echo", "hi"));

        Assert.DoesNotContain(events, data => data.Contains("\"usage\"", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Lorem_says_as_many_words_as_it_is_told()
    {
        var first = (string)(await simulators.CompleteAsync(Ask("lorem", "lorem 50 please")))["choices"]![0]!["message"]!["content"]!;
        var second = TextOf(await simulators.StreamAsync(Ask("lorem", "lorem 50 please")));

        Assert.Equal(50, first.Split(' ').Length);
        Assert.Equal(first, second);
    }

    [Theory]
    [InlineData("max_tokens", 7)]
    [InlineData("max_completion_tokens", 7)]
    [InlineData("max_tokens", 1)]
    public async Task Without_a_number_lorem_goes_on_to_the_token_limit(string member, int limit)
    {
        var answer = await simulators.CompleteAsync(Ask("lorem", "go on", (member, limit)));

        Assert.Equal("length", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.Equal(limit, (int)answer["usage"]!["completion_tokens"]!);
        Assert.Equal(limit, Tokens.Count((string)answer["choices"]![0]!["message"]!["content"]!));
    }

    [Fact]
    public async Task An_answer_as_long_as_its_limit_is_not_cut()
    {
        var answer = await simulators.CompleteAsync(Ask("echo", "hello world", ("max_tokens", 2)));

        Assert.Equal("stop", (string?)answer["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task A_token_limit_never_cuts_a_character_in_two()
    {
        for (var limit = 1; limit <= 6; limit++)
        {
            var answer = await simulators.CompleteAsync(Ask("echo", "𠜎𠜱𠝹𠱓", ("max_tokens", limit)));

            Assert.StartsWith((string)answer["choices"]![0]!["message"]!["content"]!, "𠜎𠜱𠝹𠱓", StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_stop_sequence_ends_the_answer_before_itself()
    {
        var one = await simulators.CompleteAsync(Ask("echo", "one two three", ("stop", " three")));
        var earliest = await simulators.CompleteAsync(Ask("echo", "one two three", ("stop", new JsonArray("three", "two"))));

        Assert.Equal(("one two", "stop", 2), Outcome(one));
        Assert.Equal(("one ", "stop", 2), Outcome(earliest));
    }

    [Fact]
    public async Task Several_choices_are_all_answered_and_all_counted()
    {
        var body = Ask("lorem", "lorem 3", ("n", 3));
        var whole = await simulators.CompleteAsync(body.DeepClone().AsObject());
        var events = await simulators.StreamAsync(body);

        var texts = whole["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!).ToArray();
        Assert.Equal(["lorem ipsum dolor", "ipsum dolor sit", "dolor sit amet"], texts);
        Assert.Equal(texts, Enumerable.Range(0, 3).Select(choice => TextOf(events, choice: choice)));
        Assert.Equal(texts.Sum(Tokens.Count), (int)whole["usage"]!["completion_tokens"]!);
    }

    [Fact]
    public async Task Prompt_tokens_follow_the_published_count()
    {
        // Three for the message, one for "user", two for the text, three to open the answer.
        Assert.Equal(9, (int)(await simulators.CompleteAsync(Ask("echo", "hello world")))["usage"]!["prompt_tokens"]!);
        // A name is one more than its text.
        var named = new JsonArray(new JsonObject { ["role"] = "user", ["name"] = "bob", ["content"] = "hello world" });
        Assert.Equal(11, (int)(await simulators.CompleteAsync(Ask("echo", "", ("messages", named))))["usage"]!["prompt_tokens"]!);
    }

    [Fact]
    public async Task A_long_prompt_seen_before_is_cached_in_steps_of_128_tokens()
    {
        var prompt = $"{Guid.CreateVersion7()} {string.Join(' ', Enumerable.Repeat("word", 1500))}";
        var first = await simulators.CompleteAsync(Ask("echo", prompt, ("max_tokens", 1)));
        var second = await simulators.CompleteAsync(Ask("echo", prompt + " and more", ("max_tokens", 1)));

        Assert.Equal(0, (int)first["usage"]!["prompt_tokens_details"]!["cached_tokens"]!);
        var cached = (int)second["usage"]!["prompt_tokens_details"]!["cached_tokens"]!;
        Assert.Equal(0, cached % 128);
        Assert.InRange((int)first["usage"]!["prompt_tokens"]! - cached, 0, 130);
    }

    [Fact]
    public async Task Slow_keeps_the_pace_it_is_told()
    {
        var clock = new FakeTimeProvider();
        using var host = SimulatorHost.With(clock);
        var body = Ask("slow", "slow 5000 1000 one", ("stream", true));

        using var response = await host.SendAsync(body);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        async Task<string> NextAsync()
        {
            var line = await reader.ReadLineAsync();
            await reader.ReadLineAsync();

            return TextOf([line!["data: ".Length..]]);
        }

        // "slow", " 5000", " 1000", " one"
        Assert.Equal(string.Empty, await NextAsync());
        var next = NextAsync();
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(4999), next, done: false);
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(1), next, done: true);
        Assert.Equal("slow", await next);
        next = NextAsync();
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(999), next, done: false);
        await AdvanceUntilAsync(clock, TimeSpan.FromMilliseconds(1), next, done: true);
        Assert.Equal(" 5000", await next);
    }

    [Fact]
    public async Task Busy_says_when_to_come_back()
    {
        using var response = await simulators.SendAsync(Ask("busy", "hi"));

        Assert.Equal(429, (int)response.StatusCode);
        Assert.Equal("2", response.Headers.GetValues("retry-after").Single());
        Assert.Equal("2000", response.Headers.GetValues("retry-after-ms").Single());
        var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        Assert.Equal(("requests", "rate_limit_exceeded"), ((string?)error["type"], (string?)error["code"]));
    }

    [Fact]
    public async Task Dies_drops_the_line_after_a_few_words()
    {
        var answer = await WireTap.AskAsync(simulators.Url, Ask("dies", "hi", ("stream", true)));

        Assert.Equal(WireEnd.Reset, answer.End);
        Assert.Equal("lorem ipsum dolor 模", TextOf(answer.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(sent => sent["data: ".Length..])));
    }

    [Fact]
    public async Task Tools_calls_the_first_tool_with_arguments_that_fit_its_schema()
    {
        var answer = await simulators.CompleteAsync(Ask("tools", "weather?", ("tools", Tools())));
        var events = await simulators.StreamAsync(Ask("tools", "weather?", ("tools", Tools())));

        var call = answer["choices"]![0]!["message"]!["tool_calls"]![0]!;
        Assert.Equal("""{"city":"Paris","days":3}""", (string?)call["function"]!["arguments"]);
        Assert.Equal(("function", "weather"), ((string?)call["type"], (string?)call["function"]!["name"]));
        Assert.Equal("tool_calls", (string?)answer["choices"]![0]!["finish_reason"]);
        Assert.Null(answer["choices"]![0]!["message"]!["content"]);

        var deltas = events.Where(data => data.Contains("tool_calls\":[", StringComparison.Ordinal)).Select(data => JsonNode.Parse(data)!["choices"]![0]!["delta"]!["tool_calls"]![0]!).ToArray();
        Assert.True(deltas.Length > 2);
        Assert.All(deltas, delta => Assert.Equal(0, (int)delta["index"]!));
        Assert.Equal(("weather", ""), ((string?)deltas[0]["function"]!["name"], (string?)deltas[0]["function"]!["arguments"]));
        Assert.StartsWith("call_", (string)deltas[0]["id"]!, StringComparison.Ordinal);
        Assert.All(deltas[1..], delta => Assert.Equal(["index", "function"], delta.AsObject().Select(member => member.Key)));
        Assert.Equal("""{"city":"Paris","days":3}""", string.Concat(deltas.Select(delta => (string?)delta["function"]!["arguments"])));
    }

    [Fact]
    public async Task Tools_obeys_tool_choice_and_answers_from_the_result()
    {
        var named = await simulators.CompleteAsync(Ask("tools", "x", ("tools", Tools()), ("tool_choice", JsonNode.Parse("""{"type":"function","function":{"name":"time"}}"""))));
        var none = await simulators.CompleteAsync(Ask("tools", "just talk", ("tools", Tools()), ("tool_choice", "none")));
        var result = await simulators.CompleteAsync(Ask("tools", "", ("tools", Tools()), ("messages", JsonNode.Parse("""
            [{"role":"user","content":"weather?"},
             {"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"weather","arguments":"{}"}}]},
             {"role":"tool","tool_call_id":"call_1","content":"sunny"}]
            """))));

        Assert.Equal("time", (string?)named["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["name"]);
        Assert.Equal(("just talk", "stop"), (Outcome(none).Text, Outcome(none).Finish));
        Assert.Equal("The tool answered: sunny", Outcome(result).Text);
    }

    [Fact]
    public async Task Reasoning_thinks_first_and_counts_its_thoughts()
    {
        var whole = await simulators.CompleteAsync(Ask("reasoning", "hello world"));
        var events = await simulators.StreamAsync(Ask("reasoning", "hello world"));

        var thoughts = (string)whole["choices"]![0]!["message"]!["reasoning_content"]!;
        var usage = whole["usage"]!;
        Assert.Equal(Tokens.Count(thoughts), (int)usage["completion_tokens_details"]!["reasoning_tokens"]!);
        Assert.Equal(Tokens.Count(thoughts) + 2, (int)usage["completion_tokens"]!);
        Assert.Equal(thoughts, TextOf(events, "reasoning_content"));
        Assert.Equal("hello world", TextOf(events));
        var order = events.Select(data => data.Contains("reasoning_content", StringComparison.Ordinal) ? 'r' : data.Contains("\"delta\":{\"content\"", StringComparison.Ordinal) ? 'c' : '.');
        Assert.Matches("^\\.r+c+\\.+$", string.Concat(order));
    }

    [Fact]
    public async Task A_model_asked_for_JSON_answers_JSON_of_that_schema()
    {
        var format = JsonNode.Parse("""
            {"type":"json_schema","json_schema":{"name":"person","strict":true,"schema":{"type":"object","additionalProperties":false,
             "properties":{"name":{"type":"string","minLength":6},"kind":{"enum":["a","b"]},"tags":{"type":"array","items":{"$ref":"#/$defs/tag"}}},
             "required":["name","kind","tags"],"$defs":{"tag":{"type":"object","properties":{"id":{"type":"integer","minimum":5}}}}}}}
            """);

        Assert.Equal("""{"name":"textxx","kind":"a","tags":[{"id":5}]}""", Outcome(await simulators.CompleteAsync(Ask("echo", "x", ("response_format", format)))).Text);
        Assert.Equal("""{"text":"as json"}""", Outcome(await simulators.CompleteAsync(Ask("echo", "as json", ("response_format", new JsonObject { ["type"] = "json_object" })))).Text);
    }

    [Fact]
    public async Task Every_answer_carries_the_headers_of_OpenAI()
    {
        using var response = await simulators.SendAsync(Ask("echo", "hi"));

        string Header(string name) => response.Headers.GetValues(name).Single();
        Assert.Matches("^req_[0-9a-f]{32}$", Header("x-request-id"));
        Assert.Matches("^\\d+$", Header("openai-processing-ms"));
        Assert.Equal("10000000", Header("x-ratelimit-limit-requests"));
        Assert.Matches("^\\d+$", Header("x-ratelimit-remaining-requests"));
        Assert.Matches("^\\d+ms$", Header("x-ratelimit-reset-requests"));
    }

    [Fact]
    public async Task A_vendor_asked_too_often_refuses()
    {
        var clock = new FakeTimeProvider();
        using var host = SimulatorHost.With(clock, ("Simulators:RequestsPerMinute", "2"));
        await host.CompleteAsync(Ask("echo", "1"));
        await host.CompleteAsync(Ask("echo", "2"));

        using var refused = await host.SendAsync(Ask("echo", "3"));

        Assert.Equal(429, (int)refused.StatusCode);
        Assert.Equal("60", refused.Headers.GetValues("retry-after").Single());
        clock.Advance(TimeSpan.FromSeconds(30));
        await host.CompleteAsync(Ask("echo", "3"));
    }

    [Fact]
    public async Task The_list_of_models_has_every_model_and_every_fault()
    {
        var list = JsonNode.Parse(await simulators.Vendor.GetStringAsync("models"))!;

        Assert.Equal(SimulatedModel.All.Keys.Concat(SurfaceModel.Names), list["data"]!.AsArray().Select(model => (string)model!["id"]!));
        Assert.Superset(new HashSet<string> { "echo", "lorem", "slow", "busy", "dies", "tools", "reasoning", "fault-stall" }, SimulatedModel.All.Keys.ToHashSet());
        Assert.Equal("""{"id":"echo","object":"model","created":1767225600,"owned_by":"simulator"}""", Canonical(JsonNode.Parse(await simulators.Vendor.GetStringAsync("models/echo"))!));
    }

    private static (string Text, string Finish, int Tokens) Outcome(JsonObject answer) =>
        ((string)answer["choices"]![0]!["message"]!["content"]!, (string)answer["choices"]![0]!["finish_reason"]!, (int)answer["usage"]!["completion_tokens"]!);

    private static JsonArray Messages(params (string Role, string Content)[] messages) =>
        new([.. messages.Select(message => (JsonNode)new JsonObject { ["role"] = message.Role, ["content"] = message.Content })]);

    private static JsonNode Tools() => JsonNode.Parse("""
        [{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string","enum":["Paris","Rome"]},"days":{"type":"integer","minimum":3}}}}},
         {"type":"function","function":{"name":"time"}}]
        """)!;

    // A fake clock moves at once; the answer still needs a moment to cross the socket, or, when it must not come, to not come.
    private static async Task AdvanceUntilAsync(FakeTimeProvider clock, TimeSpan by, Task answer, bool done)
    {
        if (done)
        {
            var waited = Stopwatch.StartNew();
            clock.Advance(by);
            while (!answer.IsCompleted && waited.Elapsed < TimeSpan.FromMinutes(2))
            {
                await Task.Delay(TimeSpan.FromMilliseconds(5));
            }
        }
        else
        {
            // The simulator may not have begun to wait yet: give it time to, or the advance would be lost.
            await Task.Delay(TimeSpan.FromMilliseconds(200));
            clock.Advance(by);
            await Task.Delay(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal(done, answer.IsCompleted);
    }
}
