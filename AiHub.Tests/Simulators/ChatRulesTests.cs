using System.Net;
using System.Text;
using System.Text.Json;
using AiHub.Simulators.Vendors.OpenAI;
using static AiHub.Tests.Simulators.SimulatorHost;

namespace AiHub.Tests.Simulators;

public sealed class ChatRulesTests(SimulatorHost simulators) : IClassFixture<SimulatorHost>
{
    private const string Hi = """{"role":"user","content":"hi"}""";
    private const string Call = """{"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}""";
    private const string Tool = """{"type":"function","function":{"name":"f","parameters":{"type":"object","properties":{}}}}""";

    [Theory]
    [InlineData("""{"messages":[HI]}""", null, null, "model")]
    [InlineData("""{"model":5,"messages":[HI]}""", "model", "invalid_type", "a string")]
    [InlineData("""{"model":"echo"}""", "messages", "missing_required_parameter", "'messages'")]
    [InlineData("""{"model":"echo","messages":null}""", "messages", "missing_required_parameter", "'messages'")]
    [InlineData("""{"model":"echo","messages":"hi"}""", "messages", "invalid_type", "a string instead")]
    [InlineData("""{"model":"echo","messages":[]}""", "messages", "empty_array", "minimum length 1")]
    [InlineData("""{"model":"echo","messages":["hi"]}""", "messages[0]", "invalid_type", "an object")]
    [InlineData("""{"model":"echo","messages":[{"content":"hi"}]}""", "messages[0].role", "missing_required_parameter", "role")]
    [InlineData("""{"model":"echo","messages":[HI,{"role":"robot","content":"hi"}]}""", "messages[1].role", "invalid_value", "'robot'. Supported values are: 'system', 'assistant', 'user', 'function', 'tool', and 'developer'")]
    [InlineData("""{"model":"echo","messages":[{"role":"user"}]}""", "messages[0].content", null, "got null")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":7}]}""", "messages[0].content", "invalid_type", "string or array of objects")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[]}]}""", "messages[0].content", "empty_array", "empty array")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"text":"hi"}]}]}""", "messages[0].content[0].type", "missing_required_parameter", "type")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"type":"video_url","video_url":{"url":"http://x"}}]}]}""", "messages[0].content[0].type", "invalid_value", "'video_url'")]
    [InlineData("""{"model":"echo","messages":[{"role":"system","content":[{"type":"image_url","image_url":{"url":"http://x"}}]}]}""", "messages[0].content[0].type", "invalid_value", "'text'")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"type":"text"}]}]}""", "messages[0].content[0].text", "missing_required_parameter", "text")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"file:///etc/passwd"}}]}]}""", "messages[0].content[0].image_url.url", "invalid_image_url", "image")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"http://x","detail":"vast"}}]}]}""", "messages[0].content[0].image_url.detail", "invalid_value", "'vast'")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA==","format":"ogg"}}]}]}""", "messages[0].content[0].input_audio.format", "invalid_value", "'ogg'")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":"hi","name":"a b"}]}""", "messages[0].name", "invalid_value", "pattern")]
    [InlineData("""{"model":"echo","messages":[{"role":"user","content":"hi","tool_calls":[CALL]}]}""", "messages[0].tool_calls", null, "assistant")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","tool_calls":[{"type":"function","function":{"name":"f","arguments":"{}"}}]}]}""", "messages[0].tool_calls[0].id", "missing_required_parameter", "id")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","tool_calls":[{"id":"c","type":"function","function":{"name":"f","arguments":{}}}]}]}""", "messages[0].tool_calls[0].function.arguments", "invalid_type", "an object instead")]
    [InlineData("""{"model":"echo","messages":[HI,{"role":"tool","tool_call_id":"call_1","content":"x"}]}""", "messages[1].role", null, "tool_calls")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","tool_calls":[CALL]},{"role":"tool","tool_call_id":"other","content":"x"}]}""", "messages[1].role", null, "tool_calls")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","tool_calls":[CALL]},HI]}""", "messages", null, "call_1")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","tool_calls":[CALL]}]}""", "messages", null, "call_1")]
    [InlineData("""{"model":"echo","messages":[HI],"temperature":3}""", "temperature", "decimal_above_max_value", "<= 2")]
    [InlineData("""{"model":"echo","messages":[HI],"temperature":"hot"}""", "temperature", "invalid_type", "a decimal")]
    [InlineData("""{"model":"echo","messages":[HI],"top_p":-0.1}""", "top_p", "decimal_below_min_value", ">= 0")]
    [InlineData("""{"model":"echo","messages":[HI],"presence_penalty":2.5}""", "presence_penalty", "decimal_above_max_value", "<= 2")]
    [InlineData("""{"model":"echo","messages":[HI],"n":0}""", "n", "integer_below_min_value", ">= 1")]
    [InlineData("""{"model":"echo","messages":[HI],"n":129}""", "n", "integer_above_max_value", "<= 128")]
    [InlineData("""{"model":"echo","messages":[HI],"max_tokens":0}""", "max_tokens", "integer_below_min_value", ">= 1")]
    [InlineData("""{"model":"echo","messages":[HI],"max_tokens":1.5}""", "max_tokens", "invalid_type", "a decimal number")]
    [InlineData("""{"model":"echo","messages":[HI],"max_tokens":99999999999}""", "max_tokens", "integer_above_max_value", "integer above")]
    [InlineData("""{"model":"echo","messages":[HI],"max_tokens":5,"max_completion_tokens":5}""", "max_tokens", "invalid_parameter_combination", "same time")]
    [InlineData("""{"model":"echo","messages":[HI],"stream":"yes"}""", "stream", "invalid_type", "a boolean")]
    [InlineData("""{"model":"echo","messages":[HI],"stream_options":{"include_usage":true}}""", "stream_options", null, "'stream' is enabled")]
    [InlineData("""{"model":"echo","messages":[HI],"stream":true,"stream_options":{"include_usage":"yes"}}""", "stream_options.include_usage", "invalid_type", "a boolean")]
    [InlineData("""{"model":"echo","messages":[HI],"stop":["a","b","c","d","e"]}""", "stop", "array_above_max_length", "length 5")]
    [InlineData("""{"model":"echo","messages":[HI],"stop":7}""", "stop", "invalid_type", "an integer instead")]
    [InlineData("""{"model":"echo","messages":[HI],"user":7}""", "user", "invalid_type", "a string")]
    [InlineData("""{"model":"echo","messages":[HI],"seed":"x"}""", "seed", "invalid_type", "an integer")]
    [InlineData("""{"model":"echo","messages":[HI],"top_logprobs":3}""", "top_logprobs", null, "'logprobs' is enabled")]
    [InlineData("""{"model":"echo","messages":[HI],"reasoning_effort":"max"}""", "reasoning_effort", "invalid_value", "'max'")]
    [InlineData("""{"model":"echo","messages":[HI],"service_tier":"gold"}""", "service_tier", "invalid_value", "'gold'")]
    [InlineData("""{"model":"echo","messages":[HI],"metadata":{"a":1}}""", "metadata.a", "invalid_type", "a string")]
    [InlineData("""{"model":"echo","messages":[HI],"response_format":{}}""", "response_format.type", "missing_required_parameter", "type")]
    [InlineData("""{"model":"echo","messages":[HI],"response_format":{"type":"xml"}}""", "response_format.type", "invalid_value", "'xml'")]
    [InlineData("""{"model":"echo","messages":[HI],"response_format":{"type":"json_object"}}""", "messages", null, "'json'")]
    [InlineData("""{"model":"echo","messages":[HI],"response_format":{"type":"json_schema"}}""", "response_format.json_schema.name", "missing_required_parameter", "name")]
    [InlineData("""{"model":"echo","messages":[HI],"tool_choice":"auto"}""", "tool_choice", null, "'tools' are specified")]
    [InlineData("""{"model":"echo","messages":[HI],"parallel_tool_calls":false}""", "parallel_tool_calls", null, "'tools' are specified")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[]}""", "tools", "empty_array", "empty array")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[{"function":{"name":"f"}}]}""", "tools[0].type", "missing_required_parameter", "type")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[{"type":"retrieval"}]}""", "tools[0].type", "invalid_value", "'retrieval'")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[TOOL,{"type":"function","function":{}}]}""", "tools[1].function.name", "missing_required_parameter", "name")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[{"type":"function","function":{"name":"a b"}}]}""", "tools[0].function.name", "invalid_value", "pattern")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[{"type":"function","function":{"name":"f","parameters":{"type":"string"}}}]}""", "tools[0].function.parameters", "invalid_function_parameters", "got 'type: \"string\"'")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[TOOL],"tool_choice":"always"}""", "tool_choice", "invalid_value", "'always'")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[TOOL],"tool_choice":{"type":"function","function":{"name":"g"}}}""", "tool_choice", null, "'g' not found")]
    public void A_wrong_request_is_refused_with_the_place_and_the_reason(string body, string? param, string? code, string says)
    {
        var error = Check(body);

        Assert.NotNull(error);
        Assert.Equal((400, "invalid_request_error", param, code), (error.Status, error.Type, error.Param, error.Code));
        Assert.Contains(says, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"model":"echo","messages":[HI]}""")]
    [InlineData("""{"model":"echo","messages":[HI],"temperature":null,"stop":null,"tools":null,"stream_options":null,"n":null,"max_tokens":null}""")]
    [InlineData("""{"model":"echo","messages":[HI],"temperature":0,"top_p":1,"n":128,"seed":-5,"stop":["a"],"user":"u","metadata":{"a":"b"},"logit_bias":{"50256":-100},"stream":true,"stream_options":{"include_usage":false}}""")]
    [InlineData("""{"model":"echo","messages":[{"role":"developer","content":[{"type":"text","text":"a"}]},{"role":"user","name":"bob","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":"low"}},{"type":"file","file":{"file_id":"file-1"}}]}]}""")]
    [InlineData("""{"model":"echo","messages":[HI,{"role":"assistant","content":null,"tool_calls":[CALL,{"id":"call_2","type":"custom","custom":{"name":"g","input":"x"}}]},{"role":"tool","tool_call_id":"call_2","content":"b"},{"role":"tool","tool_call_id":"call_1","content":[{"type":"text","text":"a"}]},HI]}""")]
    [InlineData("""{"model":"echo","messages":[{"role":"assistant","content":"a","reasoning_content":"kept"},HI]}""")]
    [InlineData("""{"model":"echo","messages":[HI],"tools":[TOOL,{"type":"custom","custom":{"name":"g"}}],"tool_choice":"required","parallel_tool_calls":true}""")]
    [InlineData("""{"model":"echo","messages":[HI],"enable_thinking":true,"top_k":20}""")]
    public void A_right_request_is_taken(string body) => Assert.Null(Check(body));

    [Fact]
    public void A_parameter_that_OpenAI_does_not_know_is_refused_only_when_strict()
    {
        const string Body = """{"model":"echo","messages":[HI],"enable_thinking":true}""";

        Assert.Null(Check(Body));
        Assert.Equal(OpenAIError.Invalid("Unknown parameter: 'enable_thinking'.", "enable_thinking", "unknown_parameter"), Check(Body, refuseUnknown: true));
    }

    [Fact]
    public async Task Strictness_about_unknown_parameters_is_chosen_by_header_or_by_model()
    {
        var body = Ask("echo", "hi", ("top_k", 5));
        using var byHeader = Post(body);
        byHeader.Headers.Add("x-sim-unknown-parameters", "refuse");

        Assert.Equal(HttpStatusCode.BadRequest, (await simulators.Vendor.SendAsync(byHeader)).StatusCode);
        Assert.Equal((400, "unknown_parameter"), await CodeAsync("fault-unknown-parameters"));
        Assert.Equal(HttpStatusCode.OK, (await simulators.SendAsync(body)).StatusCode);

        async Task<(int, string?)> CodeAsync(string model)
        {
            var (status, error) = await simulators.RefusedAsync(Ask(model, "hi", ("top_k", 5)));

            return (status, (string?)error["code"]);
        }
    }

    [Theory]
    [InlineData(null, null)]
    [InlineData("", null)]
    [InlineData("Basic sk-sim-local-development-only", null)]
    [InlineData("Bearer ", null)]
    [InlineData("Bearer sk-sim-some-other-key-0000", "invalid_api_key")]
    [InlineData("Bearer sk-sim-local-development-onlY", "invalid_api_key")]
    public async Task Nobody_gets_in_without_the_right_key(string? authorization, string? code)
    {
        using var client = new HttpClient { BaseAddress = simulators.Vendor.BaseAddress };
        foreach (var (method, path) in ((HttpMethod, string)[])[(HttpMethod.Post, "chat/completions"), (HttpMethod.Get, "models")])
        {
            using var request = new HttpRequestMessage(method, path);
            request.Headers.TryAddWithoutValidation("Authorization", authorization);

            using var response = await client.SendAsync(request);

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            var error = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error");
            Assert.Equal(["message", "type", "param", "code"], error.EnumerateObject().Select(member => member.Name));
            Assert.Equal(("invalid_request_error", code), (error.GetProperty("type").GetString(), error.GetProperty("code").GetString()));
            if (authorization is { Length: > 20 } && code is not null)
            {
                Assert.DoesNotContain(authorization["Bearer ".Length..], error.GetProperty("message").GetString()!, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("text/plain", "{}", "unsupported_content_type")]
    [InlineData("application/json", "{not json", null)]
    [InlineData("application/json", "", null)]
    [InlineData("application/json", "[1]", "invalid_type")]
    [InlineData("application/json", "{} {}", null)]
    public async Task A_body_that_is_no_JSON_object_is_refused(string type, string body, string? code)
    {
        using var response = await simulators.Vendor.PostAsync("chat/completions", new StringContent(body, Encoding.UTF8, type));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal(code, JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement.GetProperty("error").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Unknown_models_paths_and_methods_are_named()
    {
        var (status, error) = await simulators.RefusedAsync(Ask("sim/echo", "hi"));
        Assert.Equal((404, "model_not_found"), (status, (string?)error["code"]));

        Assert.Equal(HttpStatusCode.NotFound, (await simulators.Vendor.GetAsync("models/gpt-9")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await simulators.Vendor.PostAsync("batches", new StringContent("{}"))).StatusCode);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, (await simulators.Vendor.GetAsync("chat/completions")).StatusCode);
    }

    [Fact]
    public async Task A_prompt_beyond_the_context_is_refused_with_both_numbers()
    {
        using var host = SimulatorHost.With(("Simulators:ContextTokens", "20"));

        var (status, error) = await host.RefusedAsync(Ask("echo", string.Join(' ', Enumerable.Repeat("word", 30))));

        Assert.Equal((400, "messages", "context_length_exceeded"), (status, (string?)error["param"], (string?)error["code"]));
        Assert.Contains("20 tokens", (string?)error["message"], StringComparison.Ordinal);
        Assert.Contains("37 tokens", (string?)error["message"], StringComparison.Ordinal);
    }

    [Fact]
    public void A_key_that_no_vendor_would_issue_stops_the_simulators_from_starting() =>
        Assert.ThrowsAny<Exception>(() => SimulatorHost.With(("Simulators:ApiKey", "letmein")));

    private static OpenAIError? Check(string body, bool refuseUnknown = false) => ChatRules.Check(
        JsonElement.Parse(body.Replace("HI", Hi, StringComparison.Ordinal).Replace("CALL", Call, StringComparison.Ordinal).Replace("TOOL", Tool, StringComparison.Ordinal)),
        refuseUnknown);
}
