using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Simulators;
using AiHub.Simulators.Vendors.Anthropic;
using AiHub.Tests.Simulators;
using global::Anthropic;
using global::Anthropic.Models.Messages;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>The simulated Anthropic is as strict and as exact as the real one, and the dialect's translations satisfy it over several turns.</summary>
public sealed class SimulatedVendorTests : IClassFixture<SimulatorHost>, IDisposable
{
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(4);

    private const string Few = "lorem ipsum dolor 模";

    private readonly SimulatorHost _simulators;
    private readonly HttpClient _vendor;

    public SimulatedVendorTests(SimulatorHost simulators)
    {
        _simulators = simulators;
        _vendor = new HttpClient { BaseAddress = new Uri(simulators.Url, "/vendors/anthropic/v1/") };
        _vendor.DefaultRequestHeaders.Add("x-api-key", SimulatorOptions.DevelopmentKey);
        _vendor.DefaultRequestHeaders.Add("anthropic-version", "2023-06-01");
    }

    public void Dispose() => _vendor.Dispose();

    // ---- conversations

    [Theory]
    [InlineData(true, ThinkingStyle.Budget)]
    [InlineData(false, ThinkingStyle.Budget)]
    [InlineData(true, ThinkingStyle.Adaptive)]
    public async Task A_chat_client_converses_with_claude_over_thinking_and_tools_and_every_signature_holds(bool stream, ThinkingStyle style)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "system", ["content"] = "Be kind." }, new JsonObject { ["role"] = "user", ["content"] = "Use all tools, please; redact." });

        // Turn one: thinking, text and two calls. Turn two: their results. Turn three: a plain question.
        var first = await ChatTurnAsync("tools", messages, stream, style);
        Assert.Equal("tool_calls", (string?)first["finish_reason"]);
        Assert.Equal(["weather", "time"], first["tool_calls"]!.AsArray().Select(call => (string?)call!["function"]!["name"]));
        Assert.StartsWith("The user wrote", (string?)first["reasoning_content"], StringComparison.Ordinal);

        messages.Add(Said(first));
        foreach (var call in first["tool_calls"]!.AsArray())
        {
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = (string?)call!["id"], ["content"] = $"result of {call["function"]!["name"]}" });
        }

        var second = await ChatTurnAsync("tools", messages, stream, style);
        Assert.Equal("The tools answered: result of weather | result of time", (string?)second["content"]);

        messages.Add(Said(second));
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "And redact this." });
        var third = await ChatTurnAsync("reasoning", messages, stream, style);
        Assert.Equal("And redact this.", (string?)third["content"]);

        messages.Add(Said(third));
        messages.Add(new JsonObject { ["role"] = "user", ["content"] = "Thanks" });
        var last = await ChatTurnAsync("reasoning", messages, stream, style);
        Assert.Equal("Thanks", (string?)last["content"]);
        Assert.True((int)last["usage"]!["completion_tokens_details"]!["reasoning_tokens"]! > 0);
    }

    private static JsonObject Said(JsonObject answer)
    {
        var said = answer.DeepClone().AsObject();
        foreach (var field in (ReadOnlySpan<string>)["finish_reason", "native_finish_reason", "stop_reason", "usage"])
        {
            said.Remove(field);
        }

        return said;
    }

    private async Task<JsonObject> ChatTurnAsync(string model, JsonArray messages, bool stream, ThinkingStyle style)
    {
        var (request, translation) = Translate.ToMessages(
            new JsonObject
            {
                ["model"] = model,
                ["messages"] = messages.DeepClone(),
                ["reasoning_effort"] = "medium",
                ["stream"] = stream,
                ["tools"] = JsonNode.Parse(
                    """
                    [{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
                     {"type":"function","function":{"name":"time","parameters":{"type":"object","properties":{}}}}]
                    """),
            }.ToJsonString(),
            Translate.Target with { Thinking = style });
        Assert.Empty(translation.Dropped);

        using var response = await PostAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        Assert.True(response.IsSuccessStatusCode, body);
        if (stream)
        {
            return ChunkReader.Read(Translate.ToChunks(body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(frame => frame[(frame.IndexOf("data: ", StringComparison.Ordinal) + 6)..])));
        }

        var completion = Translate.ToCompletion(body);
        var message = completion["choices"]![0]!["message"]!.DeepClone().AsObject();
        message["finish_reason"] = (string?)completion["choices"]![0]!["finish_reason"];
        message["usage"] = completion["usage"]!.DeepClone();
        return message;
    }

    [Fact]
    public async Task Anthropics_own_SDK_converses_with_it()
    {
        var client = new AnthropicClient { BaseUrl = new Uri(_simulators.Url, "/vendors/anthropic").ToString(), ApiKey = SimulatorOptions.DevelopmentKey, MaxRetries = 0 };
        var ask = new MessageCreateParams { Model = "reasoning", MaxTokens = 4000, Thinking = new ThinkingConfigAdaptive(), Messages = [new UserMessageParam("Hello 世界")] };

        var whole = await client.Messages.Create(ask);
        var streamed = await client.Messages.CreateStreaming(ask).Aggregate();

        Assert.Equal(2, whole.Content.Count);
        Assert.Equal("Hello 世界", ((TextBlock)whole.Content[1].Value!).Text);
        Translate.Same(System.Text.Json.JsonSerializer.SerializeToNode(whole)!["content"], System.Text.Json.JsonSerializer.SerializeToNode(streamed)!["content"]);
        Assert.Equal(whole.Usage.OutputTokens, streamed.Usage.OutputTokens);
    }

    [Fact]
    public async Task A_thought_that_was_changed_on_the_way_is_refused()
    {
        using var first = await PostAsync(Ask("reasoning", "Hi", ("thinking", new JsonObject { ["type"] = "adaptive" })));
        var content = JsonNode.Parse(await first.Content.ReadAsStringAsync())!["content"]!.AsArray();
        content[0]!["thinking"] = "Something else.";

        var (status, message) = await RefusedAsync(Ask("echo", "x", ("messages", new JsonArray(
            new JsonObject { ["role"] = "user", ["content"] = "Hi" },
            new JsonObject { ["role"] = "assistant", ["content"] = content.DeepClone() },
            new JsonObject { ["role"] = "user", ["content"] = "Again" }))));

        Assert.Equal((400, "messages.1.content.0: Invalid `signature` in `thinking` block"), (status, message));
    }

    // ---- the door

    [Theory]
    [InlineData(null, "2023-06-01", 401, "x-api-key header is required")]
    [InlineData("sk-wrong", "2023-06-01", 401, "invalid x-api-key")]
    [InlineData(SimulatorOptions.DevelopmentKey, null, 400, "anthropic-version: header is required")]
    [InlineData(SimulatorOptions.DevelopmentKey, "2020-01-01", 400, "anthropic-version: \"2020-01-01\" is not a valid version")]
    public async Task Key_and_version_are_checked(string? key, string? version, int status, string message)
    {
        using var client = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_vendor.BaseAddress!, "messages")) { Content = new StringContent("{}") };
        request.Headers.TryAddWithoutValidation("x-api-key", key);
        request.Headers.TryAddWithoutValidation("anthropic-version", version);

        using var response = await client.SendAsync(request);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("error", (string?)body["type"]);
        Assert.Equal(message, (string?)body["error"]!["message"]);
        Assert.Equal((string?)body["request_id"], response.Headers.GetValues("request-id").Single());
    }

    [Theory]
    [InlineData("""{"max_tokens":null}""", "max_tokens: Input should be a valid integer")]
    [InlineData("""{"max_tokens":0}""", "max_tokens: Input should be greater than or equal to 1")]
    [InlineData("""{"n":1}""", "n: Extra inputs are not permitted")]
    [InlineData("""{"temperature":1.5}""", "temperature: Input should be less than or equal to 1")]
    [InlineData("""{"temperature":0.5,"top_p":0.5}""", "`temperature` and `top_p` cannot both be specified for this model. Please use only one.")]
    [InlineData("""{"stop_sequences":[" "]}""", "stop_sequences: each stop sequence must contain non-whitespace")]
    [InlineData("""{"metadata":{"x":1}}""", "metadata.x: Extra inputs are not permitted")]
    [InlineData("""{"service_tier":"default"}""", "service_tier: Input should be 'auto' or 'standard_only'")]
    [InlineData("""{"thinking":{"type":"enabled","budget_tokens":100}}""", "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")]
    [InlineData("""{"thinking":{"type":"enabled","budget_tokens":2048}}""", "`max_tokens` must be greater than `thinking.budget_tokens`.")]
    [InlineData("""{"max_tokens":4000,"temperature":0.2,"thinking":{"type":"enabled","budget_tokens":2048}}""", "`temperature` may only be set to 1 when thinking is enabled.")]
    [InlineData("""{"tool_choice":{"type":"auto"}}""", "tool_choice may only be specified while providing tools")]
    [InlineData("""{"tools":[{"name":"f"}]}""", "tools.0.custom.input_schema: Field required")]
    [InlineData("""{"tools":[{"name":"f x","input_schema":{"type":"object"}}]}""", "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,128}$'")]
    [InlineData("""{"tools":[{"name":"f","input_schema":{"type":"object"}},{"name":"f","input_schema":{"type":"object"}}]}""", "tools: Tool names must be unique.")]
    [InlineData("""{"tools":[{"name":"f","input_schema":{"type":"object"}}],"tool_choice":{"type":"tool","name":"g"}}""", "Tool 'g' not found in provided tools")]
    [InlineData("""{"messages":[]}""", "messages: at least one message is required")]
    [InlineData("""{"messages":[{"role":"system","content":"x"}]}""", "messages: Unexpected role \"system\". The Messages API accepts a top-level `system` parameter, not \"system\" as an input message role.")]
    [InlineData("""{"messages":[{"role":"user","content":""}]}""", "messages.0: all messages must have non-empty content except for the optional final assistant message")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":""}]}]}""", "messages: text content blocks must be non-empty")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"text","text":"x","foo":1}]}]}""", "messages.0.content.0.text.foo: Extra inputs are not permitted")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{"type":"base64","media_type":"image/jpg","data":""}}]}]}""", "messages.0.content.0.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y "}]}""", "messages: final assistant content cannot end with trailing whitespace")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a.b","name":"f","input":{}}]}]}""", "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":"y"}]}""", "messages.1: `tool_use` ids were found without `tool_result` blocks immediately after: a. Each `tool_use` block must have a corresponding `tool_result` block in the next message.")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"a"}]}]}""", "messages.0: unexpected `tool_use_id` found in `tool_result` blocks: a. Each `tool_result` block must have a corresponding `tool_use` block in the previous message.")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"redacted_thinking","data":"QUJD"}]},{"role":"user","content":"y"}]}""", "messages.1.content.0: Invalid `data` in `redacted_thinking` block")]
    public async Task What_anthropic_refuses_is_refused_in_its_words(string members, string reason)
    {
        var body = Ask("echo", "x");
        foreach (var (name, value) in JsonNode.Parse(members)!.AsObject())
        {
            body[name] = value?.DeepClone();
        }

        Assert.Equal((400, reason), await RefusedAsync(body));
    }

    [Fact]
    public async Task The_current_version_knows_no_sampling_parameters()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "messages") { Content = Json(Ask("echo", "x", ("temperature", 0.5))) };
        request.Headers.Add("anthropic-version", "2026-10-21");
        _vendor.DefaultRequestHeaders.Remove("anthropic-version");

        using var response = await _vendor.SendAsync(request);

        Assert.Equal("temperature: Extra inputs are not permitted", (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]);
    }

    [Fact]
    public async Task Budgeted_thinking_insists_on_its_thoughts_in_a_chain_of_calls()
    {
        var body = Ask("tools", "x", ("max_tokens", 4000), ("thinking", new JsonObject { ["type"] = "enabled", ["budget_tokens"] = 2048 }));
        body["messages"] = JsonNode.Parse("""[{"role":"user","content":"x"},{"role":"assistant","content":[{"type":"tool_use","id":"a","name":"f","input":{}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"a","content":"1"}]}]""");

        var (status, message) = await RefusedAsync(body);

        Assert.Equal(400, status);
        Assert.StartsWith("messages.1.content.0.type: Expected `thinking` or `redacted_thinking`, but found `tool_use`.", message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_model_is_not_found() => Assert.Equal((404, "model: claude-99"), await RefusedAsync(Ask("claude-99", "x")));

    // ---- counting

    [Fact]
    public async Task What_is_marked_is_written_to_the_cache_once_and_read_from_it_afterwards()
    {
        var story = string.Concat(Enumerable.Repeat($"A long story {Guid.CreateVersion7()}. ", 100));
        var body = Ask("echo", "x", ("system", new JsonArray(new JsonObject { ["type"] = "text", ["text"] = story, ["cache_control"] = new JsonObject { ["type"] = "ephemeral", ["ttl"] = "1h" } })));

        var first = await UsageAsync(body);
        var second = await UsageAsync(body);

        var marked = (int)first["cache_creation_input_tokens"]!;
        Assert.InRange(marked, 1_024, 100_000);
        Assert.Equal(0, (int?)first["cache_read_input_tokens"]);
        Assert.Equal(marked, (int?)first["cache_creation"]!["ephemeral_1h_input_tokens"]);
        Assert.Equal((int?)first["input_tokens"], (int?)second["input_tokens"]);
        Assert.InRange((int)second["cache_read_input_tokens"]!, marked - 128, marked);
        Assert.Equal(marked, (int)second["cache_read_input_tokens"]! + (int)second["cache_creation_input_tokens"]!);
    }

    [Fact]
    public async Task Count_tokens_and_usage_agree()
    {
        var body = Ask("echo", "How many are these 多少?", ("system", "Count."));
        var usage = await UsageAsync(body);

        body.Remove("max_tokens");
        using var response = await _vendor.PostAsync("messages/count_tokens", Json(body));

        Assert.Equal((int?)usage["input_tokens"], (int?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["input_tokens"]);
    }

    [Theory]
    [InlineData("lorem", "lorem 50", 10, null, "max_tokens")]
    [InlineData("echo", "one two STOP three", 100, "STOP", "stop_sequence")]
    [InlineData("echo", "one", 100, null, "end_turn")]
    public async Task An_answer_ends_for_its_reason(string model, string text, int limit, string? stop, string reason)
    {
        var body = Ask(model, text, ("max_tokens", limit));
        if (stop is not null)
        {
            body["stop_sequences"] = new JsonArray(stop);
        }

        using var response = await PostAsync(body);
        var message = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        body["stream"] = true;
        using var streamed = await PostAsync(body);
        var read = MessageReader.Read(await streamed.Content.ReadAsStringAsync()).Message!;

        Assert.Equal(reason, (string?)message["stop_reason"]);
        Assert.Equal(stop, (string?)message["stop_sequence"]);
        Assert.InRange((int)message["usage"]!["output_tokens"]!, 1, limit);
        Translate.Same(message["content"], read["content"]);
        Translate.Same(message["usage"]!["output_tokens"], read["usage"]!["output_tokens"]);
        Assert.Equal(reason, (string?)read["stop_reason"]);
    }

    [Fact]
    public async Task What_was_served_is_written_down()
    {
        var user = $"user-{Guid.CreateVersion7()}";
        var usage = await UsageAsync(Ask("reasoning", "Hi there", ("thinking", new JsonObject { ["type"] = "adaptive" }), ("metadata", new JsonObject { ["user_id"] = user })));

        var served = Assert.Single(await _simulators.ServedAsync(), answer => (string?)answer["user"] == user);
        Assert.Equal(
            ("anthropic", "completed", (int?)usage["input_tokens"], (int?)usage["output_tokens"], (int?)usage["output_tokens_details"]!["thinking_tokens"]),
            ((string?)served["vendor"], (string?)served["outcome"], (int?)served["prompt_tokens"], (int?)served["completion_tokens"], (int?)served["reasoning_tokens"]));
    }

    [Fact]
    public async Task Its_models_are_listed_and_its_key_is_not_kept()
    {
        var names = JsonNode.Parse(await _vendor.GetStringAsync("models?limit=1000"))!["data"]!.AsArray().Select(model => (string?)model!["id"]);
        Assert.Equal(AnthropicModel.All.Keys, names);

        var marker = $"find {Guid.CreateVersion7()}";
        await UsageAsync(Ask("echo", marker));
        var kept = Assert.Single((await _simulators.ControlAsync($"vendors/requests?contains={Uri.EscapeDataString(marker)}")).AsArray());
        Assert.DoesNotContain(SimulatorOptions.DevelopmentKey, kept!.ToJsonString(), StringComparison.Ordinal);
    }

    // ---- faults

    [Theory]
    [InlineData("busy", 429, "rate_limit_error")]
    [InlineData("429-storm", 429, "rate_limit_error")]
    [InlineData("bad-key", 401, "authentication_error")]
    [InlineData("arrears", 400, "invalid_request_error")]
    [InlineData("billing", 402, "billing_error")]
    [InlineData("403", 403, "permission_error")]
    [InlineData("404", 404, "not_found_error")]
    [InlineData("413", 413, "request_too_large")]
    [InlineData("context-length", 400, "invalid_request_error")]
    [InlineData("500", 500, "api_error")]
    [InlineData("504", 504, "timeout_error")]
    [InlineData("529", 529, "overloaded_error")]
    public async Task A_fault_refuses(string fault, int status, string type)
    {
        using var response = await PostAsync(Ask($"fault-{fault}", "x"));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal(type, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["type"]);
        Assert.Equal(fault == "busy", response.Headers.Contains("retry-after"));
    }

    [Theory]
    [InlineData("reset-before-headers", WireEnd.Reset, "")]
    [InlineData("dies", WireEnd.Reset, Few)]
    [InlineData("stall-before-headers", WireEnd.Open, "")]
    [InlineData("stall", WireEnd.Open, Few)]
    [InlineData("ends-early", WireEnd.Complete, Few)]
    public async Task A_stream_breaks_off(string fault, WireEnd end, string delivered)
    {
        var answer = await TapAsync(fault, stream: true, end == WireEnd.Open ? AWhile : null);

        Assert.Equal(end, answer.End);
        Assert.Equal(delivered, TextOf(answer.Body));
        Assert.DoesNotContain("message_delta", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("message_stop", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("error-in-band")]
    [InlineData("error-in-band-first")]
    public async Task An_error_comes_in_band(string fault)
    {
        var streamed = MessageReader.Read((await TapAsync(fault, stream: true)).Body);
        var whole = JsonNode.Parse((await TapAsync(fault, stream: false)).Body)!;

        Assert.Equal("overloaded_error", (string?)streamed.Error!["error"]!["type"]);
        Assert.False(streamed.Stopped);
        Assert.Equal("overloaded_error", (string?)whole["error"]!["type"]);
    }

    [Theory]
    [InlineData("missing-stop", "message_delta", "message_stop")]
    [InlineData("missing-delta", "message_stop", "message_delta")]
    [InlineData("no-usage", "message_stop", "\"usage\"")]
    public async Task Something_is_left_out(string fault, string has, string lacks)
    {
        var body = (await TapAsync(fault, stream: true)).Body;

        Assert.Contains(has, body, StringComparison.Ordinal);
        Assert.DoesNotContain(lacks, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("pings")]
    [InlineData("unknown-event")]
    [InlineData("split-utf8")]
    public async Task Harmless_oddities_change_nothing_that_is_said(string fault)
    {
        var body = (await TapAsync(fault, stream: true)).Body;
        var chunks = Translate.ToChunks(body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(frame => frame[(frame.IndexOf("data: ", StringComparison.Ordinal) + 6)..]));

        Assert.StartsWith(Few, (string?)ChunkReader.Read(chunks)["content"], StringComparison.Ordinal);
        Assert.Equal("stop", (string?)ChunkReader.Read(chunks)["finish_reason"]);
    }

    [Fact]
    public async Task A_fault_can_be_ordered_for_the_next_request()
    {
        using var order = await _simulators.Control.PostAsync("faults", Json(new JsonObject { ["vendor"] = "anthropic", ["fault"] = "529", ["model"] = "slow" }));
        Assert.Equal(HttpStatusCode.OK, order.StatusCode);

        using var first = await PostAsync(Ask("slow", "slow 1 1"));
        using var second = await PostAsync(Ask("slow", "slow 1 1"));

        Assert.Equal((529, 200), ((int)first.StatusCode, (int)second.StatusCode));
    }

    // ---- asking

    private static JsonObject Ask(string model, string text, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject { ["model"] = model, ["max_tokens"] = 1000, ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }) };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    private static StringContent Json(JsonObject body) => new(body.ToJsonString(), Encoding.UTF8, "application/json");

    private Task<HttpResponseMessage> PostAsync(JsonObject body) => _vendor.PostAsync("messages", Json(body));

    private async Task<JsonNode> UsageAsync(JsonObject body)
    {
        using var response = await PostAsync(body);
        return JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!["usage"]!;
    }

    private async Task<(int Status, string? Message)> RefusedAsync(JsonObject body)
    {
        using var response = await PostAsync(body);
        return ((int)response.StatusCode, (string?)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["message"]);
    }

    private Task<WireAnswer> TapAsync(string fault, bool stream, TimeSpan? patience = null) =>
        WireTap.AskAsync(_simulators.Url, Ask($"fault-{fault}", "x", ("stream", stream)), patience, "/vendors/anthropic/v1/messages");

    private static string TextOf(string stream) => string.Concat(stream.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
        .Select(frame => JsonNode.Parse(frame[(frame.IndexOf("data: ", StringComparison.Ordinal) + 6)..])!)
        .Select(sent => (string?)sent["delta"]?["text"]));
}
