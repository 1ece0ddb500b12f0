using System.Text.Json.Nodes;
using AiHub.Gateway.Providers;
using AiHub.Tests.Simulators;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.SemanticKernel;

namespace AiHub.Tests.Providers;

/// <summary>Chat clients before vendors of every dialect: conversations hold over thinking and tools, and what is counted is what was served.</summary>
public sealed class UpstreamDialectTests : IClassFixture<SimulatorHost>, IDisposable
{
    private const string Tools = """
        [{"type":"function","function":{"name":"weather","parameters":{"type":"object","properties":{"city":{"type":"string"}}}}},
         {"type":"function","function":{"name":"time","parameters":{"type":"object","properties":{}}}}]
        """;

    private const string Picture = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

    private readonly SimulatorHost _simulators;
    private readonly HandlerPool _handlers = new(TimeProvider.System);

    public UpstreamDialectTests(SimulatorHost simulators) => _simulators = simulators;

    public void Dispose() => _handlers.Dispose();

    public static TheoryData<string, bool> Dialects => new()
    {
        { "openai", false }, { "openai", true },
        { "azure", false }, { "azure", true },
        { "anthropic", false }, { "anthropic", true },
        { "gemini", false }, { "gemini", true },
        { "responses", false }, { "responses", true },
    };

    [Theory, MemberData(nameof(Dialects))]
    public async Task A_conversation_holds_over_thinking_and_tools(string dialect, bool stream)
    {
        var upstream = Upstream(dialect);
        var messages = new JsonArray(
            new JsonObject { ["role"] = "system", ["content"] = "Be kind." },
            new JsonObject
            {
                ["role"] = "user",
                ["content"] = new JsonArray(
                    new JsonObject { ["type"] = "text", ["text"] = "Use all tools, please." },
                    new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = Picture } }),
            });

        // Turn one: two calls, after a thought where the vendor thinks. Turn two: their results. Then plain questions.
        var first = await upstream.AskAsync(Ask("tools", messages), stream);
        Assert.Equal("tool_calls", (string?)first["finish_reason"]);
        Assert.Equal(["weather", "time"], first["tool_calls"]!.AsArray().Select(call => (string?)call!["function"]!["name"]));
        Assert.NotNull(JsonNode.Parse((string)first["tool_calls"]![0]!["function"]!["arguments"]!)!["city"]);

        messages.Add(SimulatedUpstream.Said(first));
        foreach (var call in first["tool_calls"]!.AsArray())
        {
            messages.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = (string?)call!["id"], ["content"] = $"result of {call["function"]!["name"]}" });
        }

        var second = await upstream.AskAsync(Ask("tools", messages), stream);
        Assert.Contains("result of weather | result of time", (string?)second["content"], StringComparison.Ordinal);
        Assert.Equal("stop", (string?)second["finish_reason"]);

        messages.Add(SimulatedUpstream.Said(second));
        foreach (var text in (string[])["And now 世界 😀?", "Thanks"])
        {
            messages.Add(new JsonObject { ["role"] = "user", ["content"] = text });
            var answer = await upstream.AskAsync(Ask("reasoning", messages), stream);
            Assert.Equal(text, (string?)answer["content"]);
            Assert.StartsWith("The user wrote", (string?)answer["reasoning_content"], StringComparison.Ordinal);
            Assert.True((int)answer["usage"]!["completion_tokens_details"]!["reasoning_tokens"]! > 0);
            messages.Add(SimulatedUpstream.Said(answer));
        }
    }

    [Theory, MemberData(nameof(Dialects))]
    public async Task What_is_counted_is_what_the_vendor_served(string dialect, bool stream)
    {
        var user = $"user-{Guid.CreateVersion7():N}";
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = $"lorem 40 {user}" });

        var answer = await Upstream(dialect).AskAsync(new JsonObject { ["model"] = "lorem", ["messages"] = messages, ["max_tokens"] = 2_000 }, stream);

        var number = (await Upstream(dialect).ReceivedAsync(user)).Single();
        var served = (await _simulators.ServedAsync()).Single(entry => (string?)entry["request_id"] == (string?)number["request_id"]);
        Assert.Equal((int)served["prompt_tokens"]!, (int)answer["usage"]!["prompt_tokens"]!);
        Assert.Equal((int)served["completion_tokens"]!, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Theory, MemberData(nameof(Dialects))]
    public async Task An_answer_that_reaches_its_limit_says_so(string dialect, bool stream)
    {
        var messages = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "lorem 400" });

        var answer = await Upstream(dialect).AskAsync(new JsonObject { ["model"] = "lorem", ["messages"] = messages, ["max_tokens"] = 20 }, stream);

        Assert.Equal("length", (string?)answer["finish_reason"]);
        Assert.Equal(20, (int)answer["usage"]!["completion_tokens"]!);
    }

    [Theory, MemberData(nameof(Dialects))]
    public async Task A_schema_shapes_the_answer(string dialect, bool stream)
    {
        var request = new JsonObject
        {
            ["model"] = "echo",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Who?" }),
            ["response_format"] = JsonNode.Parse(
                """{"type":"json_schema","json_schema":{"name":"person","strict":true,"schema":{"type":"object","properties":{"name":{"type":"string"}},"required":["name"],"additionalProperties":false}}}"""),
        };

        var answer = await Upstream(dialect).AskAsync(request, stream);

        Assert.NotNull(JsonNode.Parse((string)answer["content"]!)!["name"]);
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("azure")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    [InlineData("responses")]
    public async Task A_plain_prompt_reaches_every_vendor_through_a_kernel(string dialect)
    {
        var registry = new ConnectorRegistry(_handlers, TimeProvider.System);
        registry.Apply([new ConnectorSpec("up-1", ConnectorKinds.Wire, Upstream(dialect).Target("echo"))]);
        await using var services = new ServiceCollection().BuildServiceProvider();
        var kernel = new Kernel(new KernelServices(services, registry));

        var answer = await kernel.InvokePromptAsync("What is the answer?", new KernelArguments(new PromptExecutionSettings { ServiceId = "up-1" }));

        Assert.Equal("What is the answer?", answer.GetValue<string>());
    }

    [Theory]
    [InlineData("anthropic", "x-api-key")]
    [InlineData("gemini", "x-goog-api-key")]
    [InlineData("azure", "api-key")]
    [InlineData("responses", "authorization")]
    public async Task The_key_travels_in_the_header_of_its_dialect_and_nowhere_else(string dialect, string header)
    {
        var mark = $"mark-{Guid.CreateVersion7():N}";
        var upstream = Upstream(dialect);

        await upstream.AskAsync(new JsonObject { ["model"] = "echo", ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = mark }) }, stream: true);

        var received = (await upstream.ReceivedAsync(mark)).Single();
        Assert.Equal([header], received["headers"]!.AsObject().Where(member => ((string)member.Value!).Contains("redacted", StringComparison.Ordinal)).Select(member => member.Key));
        Assert.DoesNotContain(upstream.Key, received.ToJsonString(), StringComparison.Ordinal);
        Assert.DoesNotContain("key", (string)received["path"]!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_vendor_cannot_be_told_is_named_or_refused()
    {
        var request = new JsonObject
        {
            ["model"] = "echo",
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hi", ["name"] = "bob" }),
            ["logit_bias"] = new JsonObject { ["5"] = 1 },
            ["seed"] = 7,
        };

        foreach (var (dialect, dropped) in new Dictionary<string, string[]>
        {
            ["openai"] = [],
            ["anthropic"] = ["messages[].name", "logit_bias", "seed"],
            ["gemini"] = ["messages[].name", "logit_bias"],
            ["responses"] = ["messages[].name", "logit_bias", "seed"],
        })
        {
            var settings = SimulatedUpstream.Settings(request.ToJsonString());
            await Upstream(dialect).AskAsync(request, stream: false, settings);
            Assert.Equal(dropped, settings.Exchange.Dropped);

            var strict = SimulatedUpstream.Settings(request.ToJsonString(), requireParameters: true);
            if (dropped.Length == 0)
            {
                await Upstream(dialect).AskAsync(request, stream: false, strict);
                continue;
            }

            var refused = await Assert.ThrowsAsync<UpstreamException>(() => Upstream(dialect).AskAsync(request, stream: false, strict));
            Assert.Equal((ProviderFailure.Unsupported, FailureScope.Request, true), (refused.Failure, refused.Scope, refused.MayFallBack));
            Assert.Contains("logit_bias", refused.Message, StringComparison.Ordinal);
            Assert.Null(strict.Exchange.Status);
        }
    }

    private static JsonObject Ask(string model, JsonArray messages) => new()
    {
        ["model"] = model,
        ["messages"] = messages.DeepClone(),
        ["reasoning_effort"] = "medium",
        ["tools"] = JsonNode.Parse(Tools),
    };

    private SimulatedUpstream Upstream(string dialect) => new(_simulators, _handlers, dialect);
}
