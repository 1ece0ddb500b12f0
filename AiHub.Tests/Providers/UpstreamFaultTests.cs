using System.Text.Json.Nodes;
using AiHub.Gateway.Providers;
using AiHub.Tests.Simulators;

namespace AiHub.Tests.Providers;

/// <summary>What goes wrong at vendors of every dialect is named for what it is: never a clean end, never somebody else's fault.</summary>
public sealed class UpstreamFaultTests : IClassFixture<SimulatorHost>, IDisposable
{
    private readonly SimulatorHost _simulators;
    private readonly HandlerPool _handlers = new(TimeProvider.System);

    public UpstreamFaultTests(SimulatorHost simulators) => _simulators = simulators;

    public void Dispose() => _handlers.Dispose();

    public static TheoryData<string, ProviderFailure, FailureOrigin, FailureScope> Refusals => new()
    {
        { "busy", ProviderFailure.Busy, FailureOrigin.Vendor, FailureScope.BusyKey },
        { "429-storm", ProviderFailure.Busy, FailureOrigin.Vendor, FailureScope.BusyKey },
        { "quota", ProviderFailure.Unauthorized, FailureOrigin.Gateway, FailureScope.DeadKey },
        { "bad-key", ProviderFailure.Unauthorized, FailureOrigin.Gateway, FailureScope.DeadKey },
        { "403", ProviderFailure.Unauthorized, FailureOrigin.Gateway, FailureScope.ForbiddenKey },
        { "404", ProviderFailure.Unavailable, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "408", ProviderFailure.Timeout, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "500", ProviderFailure.Unavailable, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "502", ProviderFailure.Unavailable, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "503", ProviderFailure.Busy, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "529", ProviderFailure.Busy, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "context-length", ProviderFailure.Rejected, FailureOrigin.Caller, FailureScope.Request },
        { "policy", ProviderFailure.Filtered, FailureOrigin.Policy, FailureScope.Request },
        { "reset-before-headers", ProviderFailure.Unavailable, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "html", ProviderFailure.Malformed, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "huge-body", ProviderFailure.Truncated, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "error-in-band-first", ProviderFailure.Busy, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "stall-before-headers", ProviderFailure.Timeout, FailureOrigin.Vendor, FailureScope.Endpoint },
        { "stall-before-first-token", ProviderFailure.Timeout, FailureOrigin.Vendor, FailureScope.Endpoint },
    };

    [Theory, MemberData(nameof(Refusals))]
    public async Task A_vendor_that_fails_before_its_first_word_is_known_by_its_failure(string fault, ProviderFailure failure, FailureOrigin origin, FailureScope scope)
    {
        foreach (var dialect in (string[])["openai", "azure", "anthropic", "gemini", "responses"])
        {
            // Anthropic has no word of its own for these.
            if (dialect == "anthropic" && fault is "quota" or "policy")
            {
                continue;
            }

            var thrown = await FailAsync(dialect, fault, stream: true);

            var was = $"{dialect}: {thrown.Failure}, {thrown.Message}, {thrown.ResponseContent}";
            if (fault == "error-in-band-first" || (dialect == "anthropic" && fault == "503"))
            {
                // Which of its words for trouble a vendor uses is up to it.
                Assert.True(thrown.Failure is ProviderFailure.Busy or ProviderFailure.Unavailable, was);
                continue;
            }

            // Google's own filter does not name itself, and a body that nobody can read has no shape of its own.
            if (dialect == "gemini" && fault == "policy")
            {
                Assert.Equal(ProviderFailure.Rejected, thrown.Failure);
                continue;
            }

            Assert.True(failure == thrown.Failure, was);
            Assert.True((origin, scope) == (thrown.Origin, thrown.Scope), was);
        }
    }

    [Theory]
    [InlineData("openai")]
    [InlineData("anthropic")]
    [InlineData("gemini")]
    [InlineData("responses")]
    public async Task A_busy_vendor_is_left_alone_as_long_as_it_asks(string dialect)
    {
        Assert.Equal(TimeSpan.FromSeconds(2), (await FailAsync(dialect, "busy", stream: false)).RetryAfter);

        // Google says it in the body when it does not say it in a header.
        Assert.Equal(dialect == "gemini" ? TimeSpan.FromSeconds(3) : null, (await FailAsync(dialect, "429-storm", stream: false)).RetryAfter);
    }

    [Theory]
    [InlineData("dies", ProviderFailure.Truncated)]
    [InlineData("ends-early", ProviderFailure.Truncated)]
    [InlineData("garbage-frame", ProviderFailure.Malformed)]
    [InlineData("stall", ProviderFailure.Timeout)]
    public async Task A_stream_that_breaks_never_ends_cleanly(string fault, ProviderFailure failure)
    {
        foreach (var dialect in (string[])["openai", "anthropic", "gemini", "responses"])
        {
            var seen = 0;
            var thrown = await FailAsync(dialect, fault, stream: true, () => seen++);

            Assert.True(failure == thrown.Failure, $"{dialect}: {thrown.Failure}, {thrown.Message}");
            Assert.True(seen > 1, dialect);
        }
    }

    [Theory]
    [InlineData("error-in-band")]
    [InlineData("ends-early")]
    [InlineData("garbage-frame")]
    [InlineData("dies")]
    [InlineData("html")]
    public async Task An_answer_in_one_piece_that_is_none_is_a_failure(string fault)
    {
        foreach (var dialect in (string[])["openai", "anthropic", "gemini", "responses"])
        {
            await FailAsync(dialect, fault, stream: false);
        }
    }

    [Theory]
    [InlineData("duplicate-usage")]
    [InlineData("comments")]
    [InlineData("split-utf8")]
    public async Task What_is_only_unusual_still_arrives(string fault)
    {
        foreach (var dialect in (string[])["openai", "gemini", "responses"])
        {
            var answer = await Upstream(dialect).AskAsync(Ask($"fault-{fault}"), stream: true);

            Assert.Contains("模拟供应商 é 😀", (string?)answer["content"], StringComparison.Ordinal);
            Assert.True((int)answer["usage"]!["completion_tokens"]! > 0);
        }
    }

    [Fact]
    public async Task Usage_that_is_never_sent_is_missing_and_not_zero()
    {
        foreach (var dialect in (string[])["openai", "anthropic", "gemini", "responses"])
        {
            foreach (var stream in (bool[])[false, true])
            {
                Assert.Null((await Upstream(dialect).AskAsync(Ask("fault-no-usage"), stream))["usage"]);
            }
        }
    }

    [Fact]
    public async Task Pieces_of_several_tool_calls_may_come_mixed()
    {
        var request = Ask("fault-tool-indexes");
        request["messages"]![0]!["content"] = "all tools";
        request["tools"] = JsonNode.Parse("""[{"type":"function","function":{"name":"a","parameters":{"type":"object","properties":{"x":{"type":"string"}}}}},{"type":"function","function":{"name":"b"}}]""");
        request["stream"] = true;
        var calls = new SortedDictionary<int, string>();

        await foreach (var chunk in Upstream("openai").Connector("fault-tool-indexes").GetStreamingChatMessageContentsAsync([], SimulatedUpstream.Settings(request.ToJsonString())))
        {
            foreach (var call in JsonNode.Parse(chunk.ToByteArray())!["choices"]!.AsArray().SelectMany(choice => choice!["delta"]!["tool_calls"]?.AsArray() ?? []))
            {
                var index = (int)call!["index"]!;
                calls[index] = calls.GetValueOrDefault(index) + call["function"]!["name"] + call["function"]!["arguments"];
            }
        }

        Assert.Equal(["a", "b"], calls.Values.Select(call => call[..1]));
        Assert.NotNull(JsonNode.Parse(calls[0][1..])!["x"]);
        Assert.Equal("b{}", calls[1]);
    }

    private async Task<UpstreamException> FailAsync(string dialect, string fault, bool stream, Action? seen = null)
    {
        var request = Ask($"fault-{fault}");
        request["stream"] = stream;
        var connector = Upstream(dialect, fault).Connector($"fault-{fault}");
        var settings = SimulatedUpstream.Settings(request.ToJsonString());
        return await Assert.ThrowsAsync<UpstreamException>(async () =>
        {
            if (!stream)
            {
                await connector.GetChatMessageContentsAsync([], settings);
                return;
            }

            await foreach (var _ in connector.GetStreamingChatMessageContentsAsync([], settings))
            {
                seen?.Invoke();
            }
        });
    }

    private static JsonObject Ask(string model) => new()
    {
        ["model"] = model,
        ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = "Hello" }),
    };

    // Only who waits for nothing is impatient: a busy machine is slow as well.
    private SimulatedUpstream Upstream(string dialect, string fault = "") => new(_simulators, _handlers, dialect)
    {
        Timeouts = fault switch
        {
            "stall" or "stall-before-headers" or "stall-before-first-token" => new UpstreamTimeouts { FirstToken = TimeSpan.FromSeconds(3), Idle = TimeSpan.FromSeconds(3) },
            _ => UpstreamTimeouts.Default,
        },
    };
}
