using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;
using AiHub.Tests.Dialects.Anthropic;
using AiHub.Tests.Simulators;

namespace AiHub.Tests.Providers;

/// <summary>Where client and vendor speak one dialect, every byte passes; and the way through Chat Completions and back says the same.</summary>
public sealed class VerbatimTests : IClassFixture<SimulatorHost>, IDisposable
{
    private readonly SimulatorHost _simulators;
    private readonly HandlerPool _handlers = new(TimeProvider.System);

    public VerbatimTests(SimulatorHost simulators) => _simulators = simulators;

    public void Dispose() => _handlers.Dispose();

    [Fact]
    public async Task A_Messages_request_reaches_a_Messages_vendor_byte_for_byte_but_for_the_model()
    {
        var mark = $"mark-{Guid.CreateVersion7():N}";
        var body = $$$"""
            { "max_tokens" : 100, "messages":[{"role":"user","content":[{"type":"text","text":"héllo \u4f60 {{{mark}}}","cache_control":{"type":"ephemeral"}}]}], "model": "anthropic/claude", "metadata":{"user_id":"u"}, "temperature": 0.70 }
            """;

        await ReadAsync(body, stream: false, verbatim: true, model: "echo");

        var received = (await new SimulatedUpstream(_simulators, _handlers, "anthropic").ReceivedAsync(mark)).Single();
        Assert.Equal(body.Replace("\"anthropic/claude\"", "\"echo\"", StringComparison.Ordinal), (string?)received["body"]);
        Assert.Equal("prompt-caching-2099-01-01", (string?)received["headers"]!["anthropic-beta"]);
    }

    [Fact]
    public async Task Every_event_of_a_Messages_vendor_comes_back_as_it_was_sent()
    {
        const string Body = """{"model":"m","max_tokens":300,"stream":true,"messages":[{"role":"user","content":"Hello 世界"}],"thinking":{"type":"adaptive"}}""";

        var (events, tokens) = await ReadAsync(Body, stream: true, verbatim: true, model: "reasoning");

        Assert.Equal("message_start", (string?)JsonNode.Parse(events[0])!["type"]);
        Assert.Contains(events, sent => (string?)JsonNode.Parse(sent)!["type"] == "ping");
        Assert.Equal("message_stop", (string?)JsonNode.Parse(events[^1])!["type"]);
        var message = MessageReader.Read(string.Concat(events.Select(sent => $"event: {JsonNode.Parse(sent)!["type"]}\ndata: {sent}\n\n")));
        Assert.Equal("Hello 世界", (string?)message.Message!["content"]![1]!["text"]);
        Assert.Equal(tokens!.Value.Output, (int)message.Message["usage"]!["output_tokens"]!);
        Assert.True(tokens.Value.OutputReasoning > 0);
    }

    [Theory]
    [InlineData("echo", "Hello 世界 😀", false)]
    [InlineData("echo", "Hello 世界 😀", true)]
    [InlineData("reasoning", "Think hard; redact.", false)]
    [InlineData("reasoning", "Think hard; redact.", true)]
    [InlineData("tools", "all tools", false)]
    [InlineData("tools", "all tools", true)]
    [InlineData("lorem", "lorem 4000", false)]
    [InlineData("lorem", "lorem 4000", true)]
    public async Task The_translated_way_gives_the_client_what_the_verbatim_way_gives_it(string model, string text, bool stream)
    {
        var body = new JsonObject
        {
            ["model"] = "m",
            ["max_tokens"] = 2_000,
            ["stream"] = stream,
            ["system"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "Be kind.", ["cache_control"] = new JsonObject { ["type"] = "ephemeral" } }),
            ["messages"] = new JsonArray(
                new JsonObject { ["role"] = "user", ["content"] = "Earlier" },
                new JsonObject { ["role"] = "assistant", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = "Yes?" }) },
                new JsonObject { ["role"] = "user", ["content"] = new JsonArray(new JsonObject { ["type"] = "text", ["text"] = text }) }),
            ["tools"] = JsonNode.Parse(
                """
                [{"name":"weather","description":"d","input_schema":{"type":"object","properties":{"city":{"type":"string"}}},"cache_control":{"type":"ephemeral"}},
                 {"name":"time","input_schema":{"type":"object","properties":{}}}]
                """),
        };
        if (model == "reasoning")
        {
            body["thinking"] = new JsonObject { ["type"] = "adaptive" };
        }

        var verbatim = await MessageAsync(body.ToJsonString(), stream, verbatim: true, model);
        var translated = await MessageAsync(body.ToJsonString(), stream, verbatim: false, model);

        Translate.Same(Comparable(verbatim), Comparable(translated));
    }

    [Fact]
    public async Task A_Responses_request_and_every_event_pass_verbatim()
    {
        var mark = $"mark-{Guid.CreateVersion7():N}";
        var body = $$"""{ "input" : [{"role":"user","content":"{{mark}} \u4f60"}], "stream":true, "model":"openai/gpt", "store": false, "reasoning":{"effort":"low","summary":"auto"} }""";

        var (events, tokens) = await ReadAsync(body, stream: true, verbatim: true, model: "reasoning", WireDialect.Responses);

        var received = (await new SimulatedUpstream(_simulators, _handlers, "responses").ReceivedAsync(mark)).Single();
        Assert.Equal(body.Replace("\"openai/gpt\"", "\"reasoning\"", StringComparison.Ordinal), (string?)received["body"]);
        Assert.Equal(Enumerable.Range(0, events.Count), events.Select(sent => (int)JsonNode.Parse(sent)!["sequence_number"]!));
        var response = JsonNode.Parse(events[^1])!["response"]!;
        Assert.Equal($"{mark} 你", (string?)response["output"]![1]!["content"]![0]!["text"]);
        Assert.Equal(tokens!.Value.Output, (int)response["usage"]!["output_tokens"]!);
    }

    [Fact]
    public async Task No_more_output_is_asked_for_than_is_paid_for()
    {
        const string Body = """{"model":"m","max_tokens":300,"messages":[{"role":"user","content":"lorem 400"}]}""";

        foreach (var verbatim in (bool[])[true, false])
        {
            var (_, tokens) = await ReadAsync(Body, stream: false, verbatim, model: "lorem", outputCap: 30);
            Assert.Equal(30, tokens!.Value.Output);
        }
    }

    private async Task<JsonObject> MessageAsync(string body, bool stream, bool verbatim, string model)
    {
        var (pieces, tokens) = await ReadAsync(body, stream, verbatim, model);
        if (verbatim)
        {
            return stream
                ? MessageReader.Read(string.Concat(pieces.Select(sent => $"event: {JsonNode.Parse(sent)!["type"]}\ndata: {sent}\n\n"))).Message!
                : JsonNode.Parse(pieces.Single())!.AsObject();
        }

        return stream
            ? MessageReader.Read(Translate.ToEvents(pieces, tokens: tokens!.Value)).Message!
            : Translate.ToMessage(pieces.Single(), tokens: tokens);
    }

    // What differs with every answer, and what a translation need not repeat.
    private static JsonObject Comparable(JsonObject message)
    {
        var content = message["content"]!.DeepClone().AsArray();
        foreach (var block in content)
        {
            block!.AsObject().Remove("id");
            block.AsObject().Remove("citations");
            // Who called a tool is said by the vendor itself, and not by every version of it.
            block.AsObject().Remove("caller");
        }

        var usage = message["usage"]!;
        return new JsonObject
        {
            ["content"] = content,
            ["stop_reason"] = message["stop_reason"]!.DeepClone(),
            ["output_tokens"] = usage["output_tokens"]!.DeepClone(),

            // Whoever comes second finds the prompt in the cache.
            ["input_tokens"] = (int)usage["input_tokens"]! + (int)usage["cache_read_input_tokens"]! + (int)usage["cache_creation_input_tokens"]!,
        };
    }

    private async Task<(List<string> Pieces, TokenUsage? Tokens)> ReadAsync(
        string body, bool stream, bool verbatim, string model, WireDialect dialect = WireDialect.Messages, long? outputCap = null)
    {
        var vendor = new SimulatedUpstream(_simulators, _handlers, dialect == WireDialect.Messages ? "anthropic" : "responses");
        var client = new Client(dialect, Encoding.UTF8.GetBytes(body))
        {
            Headers = dialect == WireDialect.Messages ? [new("anthropic-version", "2023-06-01"), new("anthropic-beta", "prompt-caching-2099-01-01")] : [],
        };
        var request = verbatim ? ChatRequest.Of(client).Request! : ChatRequest.Parse(client.ToChat(ChatExtras.Lossless).Json).Request!;
        var settings = new HubExecutionSettings { Request = request, OutputCap = outputCap };
        var pieces = new List<string>();
        TokenUsage? tokens = null;
        if (stream)
        {
            await foreach (var content in vendor.Connector(model).GetStreamingChatMessageContentsAsync([], settings))
            {
                var sent = (WireEvent)content;
                pieces.Add(Encoding.UTF8.GetString((verbatim ? sent.Original : sent.Json).Span));
                tokens = sent.Facts.Usage.Exists ? OpenAIUsage.Read(sent.Facts.Usage.Of(sent.Json))!.Value.Tokens : tokens;
            }
        }
        else
        {
            var whole = (WireMessage)(await vendor.Connector(model).GetChatMessageContentsAsync([], settings))[0];
            pieces.Add(Encoding.UTF8.GetString((verbatim ? whole.Original : whole.Json).Span));
            tokens = OpenAIUsage.Read(whole.Facts.Usage.Of(whole.Json))!.Value.Tokens;
        }

        Assert.Empty(settings.Exchange.Dropped);
        return (pieces, tokens);
    }

    private sealed class Client(WireDialect dialect, ReadOnlyMemory<byte> json) : ClientRequest(dialect, json)
    {
        public override ChatWords ToChat(ChatExtras extras)
        {
            if (Dialect == WireDialect.Responses)
            {
                // Not asked for where the dialect is the vendor's own, but for the few fields the hub decides by.
                var asked = JsonNode.Parse(Json.Span)!;
                return new ChatWords(
                    Encoding.UTF8.GetBytes(new JsonObject { ["model"] = asked["model"]!.DeepClone(), ["messages"] = new JsonArray(new JsonObject()), ["stream"] = asked["stream"]?.DeepClone() }.ToJsonString()), []);
            }

            var chat = new ArrayBufferWriter<byte>();
            using var document = JsonDocument.Parse(Json);
            var translation = MessagesToChat.Translate(document.RootElement, extras, chat);
            return new ChatWords(chat.WrittenMemory, extras == ChatExtras.Lossless ? translation.Dropped : []);
        }
    }
}
