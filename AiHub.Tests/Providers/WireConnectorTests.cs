using System.Net;
using System.Text;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;
using AiHub.Outbound;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;

namespace AiHub.Tests.Providers;

public sealed class WireConnectorTests : IDisposable
{
    private const string First = """data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"},"finish_reason":null}]}""" + "\n\n";
    private const string Last = """data: {"id":"c1","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"lo"},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Done = "data: [DONE]\n\n";

    private readonly HandlerPool _handlers = new(TimeProvider.System);

    public void Dispose() => _handlers.Dispose();

    [Fact]
    public async Task Everything_the_client_wrote_reaches_the_vendor_but_for_the_model()
    {
        const string Body = """
            { "messages" : [{"role":"user","content":"héllo \u4f60"}], "x_unknown": {"deep": [1, 2.50, null]}, "model": "openai/gpt", "temperature": 0.70 }
            """;
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"id":"a","choices":[{"index":0,"message":{"role":"assistant","content":"hi"},"finish_reason":"stop"}]}""");

        await Connector(vendor).GetChatMessageContentsAsync([], Settings(Body));

        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal(Body.Replace("\"openai/gpt\"", "\"vendor-model\""), received.Body);
        Assert.Equal("Bearer sk-vendor", received.Headers["Authorization"]);
        Assert.Equal("application/json", received.Headers["Content-Type"]);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{}],"stream":true}""", """{"stream_options":{"include_usage":true},"model":"vendor-model","messages":[{}],"stream":true}""")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":null}""", """{"model":"vendor-model","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{}}""", """{"model":"vendor-model","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{"x":1}}""", """{"model":"vendor-model","messages":[{}],"stream":true,"stream_options":{"include_usage":true,"x":1}}""")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":false,"x":1}}""", """{"model":"vendor-model","messages":[{}],"stream":true,"stream_options":{"include_usage":true,"x":1}}""")]
    [InlineData("""{"model":"m","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""", """{"model":"vendor-model","messages":[{}],"stream":true,"stream_options":{"include_usage":true}}""")]
    public async Task Usage_is_always_asked_for_in_streams(string body, string sent)
    {
        await using var vendor = await ScriptedVendor.StreamingAsync(First, Last, Done);

        await ReadAsync(Connector(vendor), body);

        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal(sent, received.Body);
    }

    [Theory]
    [InlineData("""{"model":"m","messages":[{}]}""", """{"max_tokens":7,"model":"vendor-model","messages":[{}]}""")]
    [InlineData("""{"model":"m","messages":[{}],"max_tokens":900}""", """{"model":"vendor-model","messages":[{}],"max_tokens":7}""")]
    [InlineData("""{"model":"m","messages":[{}],"max_completion_tokens":900}""", """{"model":"vendor-model","messages":[{}],"max_completion_tokens":7}""")]
    [InlineData("""{"model":"m","messages":[{}],"max_tokens":5}""", """{"model":"vendor-model","messages":[{}],"max_tokens":5}""")]
    public async Task An_answer_is_limited_to_what_is_paid_for(string body, string sent)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"choices":[{}]}""");

        await Connector(vendor).GetChatMessageContentsAsync([], Settings(body, outputCap: 7));

        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal(sent, received.Body);
    }

    [Fact]
    public async Task Events_arrive_as_the_vendor_wrote_them_however_it_cuts_them()
    {
        var whole = ": comment\n\nevent: message\nid: 7\n" + First.Replace("Hel", "é你😀") + Last.Replace("\n", "\r\n") + "data:{\"choices\":[],\n" + "data: \"usage\":{\"prompt_tokens\":1}}\n\n" + Done;
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            foreach (var unit in Encoding.UTF8.GetBytes(whole))
            {
                await context.Response.Body.WriteAsync(new[] { unit });
                await context.Response.Body.FlushAsync();
            }
        });

        var events = await ReadAsync(Connector(vendor));

        Assert.Equal(
            [First.Replace("Hel", "é你😀")[6..^2], Last[6..^2], "{\"choices\":[],\n\"usage\":{\"prompt_tokens\":1}}"],
            events);
    }

    [Theory]
    [InlineData(429, ProviderFailure.Busy)]
    [InlineData(503, ProviderFailure.Busy)]
    [InlineData(529, ProviderFailure.Busy)]
    [InlineData(500, ProviderFailure.Unavailable)]
    [InlineData(404, ProviderFailure.Unavailable)]
    [InlineData(401, ProviderFailure.Unauthorized)]
    [InlineData(402, ProviderFailure.Unauthorized)]
    [InlineData(400, ProviderFailure.Rejected)]
    [InlineData(422, ProviderFailure.Rejected)]
    [InlineData(504, ProviderFailure.Timeout)]
    [InlineData(302, ProviderFailure.Malformed)]
    public async Task A_status_says_whose_fault_it_is(int status, ProviderFailure expected)
    {
        await using var vendor = await ScriptedVendor.StartAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.RetryAfter = "7";
            return context.Response.WriteAsync("""{"error":{"message":"no: sk-vendor","type":"t","code":"c"}}""");
        });

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(Connector(vendor)));

        Assert.Equal(expected, failure.Failure);
        Assert.Equal((HttpStatusCode)status, failure.StatusCode);
        Assert.Equal(TimeSpan.FromSeconds(7), failure.RetryAfter);
        Assert.Equal("""{"error":{"message":"no: ***","type":"t","code":"c"}}""", failure.ResponseContent);
        Assert.Single(vendor.Requests);
    }

    [Fact]
    public async Task An_empty_account_at_the_vendor_is_no_rate_limit()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"pay","type":"insufficient_quota","code":"insufficient_quota"}}""", 429);

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(Connector(vendor)));

        Assert.Equal(ProviderFailure.Unauthorized, failure.Failure);
    }

    public static TheoryData<string, string, string[], ProviderFailure, int> BrokenStreams => new()
    {
        { "nothing at all", "text/event-stream", [], ProviderFailure.Truncated, 0 },
        { "no end", "text/event-stream", [First], ProviderFailure.Truncated, 1 },
        { "finished but not done", "text/event-stream", [First, Last], ProviderFailure.Truncated, 2 },
        { "done but not finished", "text/event-stream", [First, Done], ProviderFailure.Truncated, 1 },
        { "cut inside an event", "text/event-stream", [First, Last[..40]], ProviderFailure.Truncated, 1 },
        { "garbage in an event", "text/event-stream", [First, "data: {\"choices\":[{\"ind\n\n", Last, Done], ProviderFailure.Malformed, 1 },
        { "a line that is no field", "text/event-stream", [First, "oops\n\n", Last, Done], ProviderFailure.Malformed, 1 },
        { "JSON without data:", "text/event-stream", [First, "{\"choices\":[]}\n\n", Last, Done], ProviderFailure.Malformed, 1 },
        { "one newline between events", "text/event-stream", [First[..^1], Last[..^1], Done[..^1]], ProviderFailure.Malformed, 0 },
        { "an error event", "text/event-stream", [First, "data: {\"error\":{\"message\":\"x\",\"code\":503}}\n\n"], ProviderFailure.Busy, 1 },
        { "an error event by name", "text/event-stream", [First, "event: error\ndata: {\"message\":\"x\"}\n\n"], ProviderFailure.Unavailable, 1 },
        { "an error first", "text/event-stream", ["data: {\"error\":{\"message\":\"x\",\"code\":\"invalid_api_key\"}}\n\n"], ProviderFailure.Unauthorized, 0 },
        { "a reason that means failure", "text/event-stream", [First, Last.Replace("\"stop\"", "\"insufficient_system_resource\""), Done], ProviderFailure.Unavailable, 1 },
        { "a page", "text/html", ["<html><body>Welcome</body></html>"], ProviderFailure.Malformed, 0 },
        { "a page that says it is a stream", "text/event-stream", ["<html>\n<body>\nWelcome"], ProviderFailure.Malformed, 0 },
        { "an error document", "application/json", ["{\"error\":{\"message\":\"x\",\"code\":\"500\"}}"], ProviderFailure.Unavailable, 0 },
        { "a whole answer instead of a stream", "application/json", ["{\"choices\":[{}]}"], ProviderFailure.Malformed, 0 },
    };

    [Theory, MemberData(nameof(BrokenStreams))]
    public async Task A_broken_stream_never_ends_cleanly(string what, string type, string[] pieces, ProviderFailure expected, int before)
    {
        await using var vendor = await ScriptedVendor.StartAsync(context => ScriptedVendor.WriteAsync(context, type, pieces));

        var seen = new List<string>();
        var failure = await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(Connector(vendor), into: seen));

        Assert.True(expected == failure.Failure, $"{what}: {failure.Failure} {failure.Message}");
        Assert.Equal(before, seen.Count);
    }

    public static TheoryData<string, string, ProviderFailure> BrokenAnswers => new()
    {
        { "application/json", """{"choices":[{"index":0,"message":{"role":"assist""", ProviderFailure.Malformed },
        { "application/json", """{"error":{"message":"x","type":"server_error"}}""", ProviderFailure.Unavailable },
        { "application/json", """{"error":"overloaded"}""", ProviderFailure.Unavailable },
        { "application/json", "{}", ProviderFailure.Malformed },
        { "application/json", """{"choices":[]}""", ProviderFailure.Malformed },
        { "application/json", "[]", ProviderFailure.Malformed },
        { "application/json", "", ProviderFailure.Malformed },
        { "application/json", """{"choices":[{}]} trailing""", ProviderFailure.Malformed },
        { "text/html", "<html></html>", ProviderFailure.Malformed },
    };

    [Theory, MemberData(nameof(BrokenAnswers))]
    public async Task A_broken_answer_is_a_failure_whatever_its_status_says(string type, string body, ProviderFailure expected)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(body, type: type);

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => Connector(vendor).GetChatMessageContentsAsync([], Settings("""{"model":"m","messages":[{}]}""")));

        Assert.Equal(expected, failure.Failure);
    }

    [Fact]
    public async Task A_connection_reset_before_the_headers_is_unavailable_and_one_in_the_middle_truncates()
    {
        await using var silent = await ScriptedVendor.StartAsync(context =>
        {
            context.Abort();
            return Task.CompletedTask;
        });
        var read = new TaskCompletionSource();
        await using var dying = await ScriptedVendor.StartAsync(async context =>
        {
            await ScriptedVendor.WriteAsync(context, "text/event-stream", First);
            await read.Task;
            context.Abort();
        });

        Assert.Equal(ProviderFailure.Unavailable, (await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(Connector(silent)))).Failure);
        Assert.Equal(ProviderFailure.Truncated, (await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(Connector(dying), seen: _ => read.SetResult()))).Failure);
    }

    [Fact]
    public async Task Nobody_listening_is_unavailable()
    {
        var vendor = await ScriptedVendor.StreamingAsync(First, Last, Done);
        var connector = Connector(vendor);
        await vendor.DisposeAsync();

        Assert.Equal(ProviderFailure.Unavailable, (await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(connector))).Failure);
    }

    [Fact]
    public async Task A_vendor_that_lets_nobody_in_is_given_up()
    {
        var time = new FakeTimeProvider();
        var asked = new TaskCompletionSource();
        using var handlers = new HandlerPool(time, new GuardedHttp(time, resolve: async (_, ct) =>
        {
            asked.TrySetResult();
            await Task.Delay(Timeout.Infinite, ct);
            return [];
        }));
        var target = new WireTarget("far", new Uri("http://far.example/v1/chat/completions"), "m", null, VendorQuirks.None, UpstreamTimeouts.Default);

        var reading = ReadAsync(new WireConnector(target, handlers, time));
        await asked.Task;
        time.Advance(UpstreamTimeouts.Default.Connect);

        Assert.Equal(ProviderFailure.Unavailable, (await Assert.ThrowsAsync<UpstreamException>(() => reading)).Failure);
    }

    [Fact]
    public async Task A_vendor_that_never_comes_to_an_end_is_given_up()
    {
        var time = new FakeTimeProvider();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            while (!context.RequestAborted.IsCancellationRequested)
            {
                await ScriptedVendor.WriteAsync(context, "text/event-stream", First);
                await Task.Delay(5);
            }
        });

        var seen = 0;
        var reading = ReadAsync(new WireConnector(Target(vendor), _handlers, time), seen: _ => Interlocked.Increment(ref seen));
        while (!reading.IsCompleted)
        {
            var before = Volatile.Read(ref seen);
            await Task.Delay(5);
            if (Volatile.Read(ref seen) > before)
            {
                // Never so long that it would count as silence.
                time.Advance(UpstreamTimeouts.Default.Idle / 2);
            }
        }

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => reading);
        Assert.Equal(ProviderFailure.Timeout, failure.Failure);
        Assert.Contains("total", failure.Message);
    }

    [Theory]
    [InlineData(0, "first token")]
    [InlineData(1, "idle")]
    public async Task A_vendor_that_falls_silent_is_given_up(int events, string limit)
    {
        var time = new FakeTimeProvider();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            await ScriptedVendor.WriteAsync(context, "text/event-stream", [.. Enumerable.Repeat(First, events), ": wait\n\n"]);
            await Task.Delay(Timeout.Infinite, context.RequestAborted).ContinueWith(_ => { }, TaskScheduler.Default);
        });
        var connector = new WireConnector(Target(vendor), _handlers, time);

        var seen = new List<string>();
        var reading = ReadAsync(connector, into: seen);
        while (!reading.IsCompleted)
        {
            await Task.Delay(10);
            if (seen.Count == events && !vendor.Requests.IsEmpty)
            {
                time.Advance(TimeSpan.FromSeconds(30));
            }
        }

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => reading);
        Assert.Equal(ProviderFailure.Timeout, failure.Failure);
        Assert.Contains(limit, failure.Message);
    }

    [Fact]
    public async Task A_caller_who_cancels_closes_the_line_and_blames_nobody()
    {
        var closed = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.RequestAborted.Register(closed.SetResult);
            await ScriptedVendor.WriteAsync(context, "text/event-stream", First);
            await closed.Task;
        });
        using var caller = new CancellationTokenSource();

        var reading = ReadAsync(Connector(vendor), seen: _ => caller.Cancel(), ct: caller.Token);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => reading);
        await closed.Task.WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task A_private_address_is_refused_unless_the_vendor_may_have_one()
    {
        await using var vendor = await ScriptedVendor.StreamingAsync(First, Last, Done);
        var connector = new WireConnector(Target(vendor) with { AllowPrivateNetwork = false }, _handlers, TimeProvider.System);

        var failure = await Assert.ThrowsAsync<UpstreamException>(() => ReadAsync(connector));

        Assert.Equal(ProviderFailure.Unavailable, failure.Failure);
        Assert.Empty(vendor.Requests);
    }

    [Fact]
    public async Task A_plain_prompt_reaches_it_through_a_kernel()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(
            """{"id":"a","model":"real-model","choices":[{"index":0,"message":{"role":"assistant","content":"42"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""");
        var registry = new ConnectorRegistry(_handlers, TimeProvider.System);
        registry.Apply([new ConnectorSpec("up-1", ConnectorKinds.Wire, Target(vendor))]);
        using var services = new ServiceCollection().BuildServiceProvider();
        var kernel = new Kernel(new KernelServices(services, registry));

        var answer = await kernel.InvokePromptAsync("What is the answer?", new KernelArguments(new PromptExecutionSettings
        {
            ServiceId = "up-1",
            ExtensionData = new Dictionary<string, object> { ["temperature"] = 0.5 },
        }));

        Assert.Equal("42", answer.GetValue<string>());
        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal("""{"model":"vendor-model","messages":[{"role":"user","content":"What is the answer?"}],"temperature":0.5}""", received.Body);
    }

    [Fact]
    public async Task A_plain_streaming_caller_gets_typed_pieces()
    {
        await using var vendor = await ScriptedVendor.StreamingAsync(First, Last, Done);

        var pieces = new List<string?>();
        await foreach (var piece in Connector(vendor).GetStreamingChatMessageContentsAsync(new ChatHistory("Be brief.")))
        {
            pieces.Add(piece.Content);
        }

        Assert.Equal(["Hel", "lo"], pieces);
    }

    [Fact]
    public void Applying_a_new_set_of_connectors_keeps_the_unchanged_ones()
    {
        var registry = new ConnectorRegistry(_handlers, TimeProvider.System);
        var target = new WireTarget("v", new Uri("https://v.example/v1/chat/completions"), "m", new VendorSecret("a"), VendorQuirks.None, UpstreamTimeouts.Default);
        registry.Apply([new("kept", ConnectorKinds.Wire, target), new("changed", ConnectorKinds.Wire, target), new("removed", ConnectorKinds.Wire, target)]);
        var (kept, changed) = (registry.Find<IChatCompletionService>("kept"), registry.Find<IChatCompletionService>("changed"));

        registry.Apply([new("kept", ConnectorKinds.Wire, target with { Secret = new VendorSecret("a") }), new("changed", ConnectorKinds.Wire, target with { Secret = new VendorSecret("b") })]);

        Assert.Same(kept, registry.Find<IChatCompletionService>("kept"));
        Assert.NotSame(changed, registry.Find<IChatCompletionService>("changed"));
        Assert.Null(registry.Find<IChatCompletionService>("removed"));
        Assert.DoesNotContain("Value = a", target.ToString());
    }

    private static WireTarget Target(ScriptedVendor vendor) =>
        new("scripted", vendor.Url, "vendor-model", new VendorSecret("sk-vendor"), VendorQuirks.None, UpstreamTimeouts.Default, AllowPrivateNetwork: true);

    private static HubExecutionSettings Settings(string body, long? outputCap = null) =>
        new() { Request = ChatRequest.Parse(Encoding.UTF8.GetBytes(body)).Request!, OutputCap = outputCap };

    private static async Task<List<string>> ReadAsync(
        WireConnector connector,
        string body = """{"model":"m","messages":[{}],"stream":true}""",
        List<string>? into = null,
        Action<string>? seen = null,
        CancellationToken ct = default)
    {
        var events = into ?? [];
        await foreach (var next in connector.GetStreamingChatMessageContentsAsync([], Settings(body), cancellationToken: ct))
        {
            events.Add(Encoding.UTF8.GetString(next.ToByteArray()));
            seen?.Invoke(events[^1]);
        }

        return events;
    }

    private WireConnector Connector(ScriptedVendor vendor) => new(Target(vendor), _handlers, TimeProvider.System);
}
