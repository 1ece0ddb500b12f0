using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>
/// The writers of the dialect behind a real socket and nothing else: what Anthropic's own SDKs accept here they accept from the hub.
/// The model's name says what a chat vendor would have answered.
/// </summary>
internal sealed class WritersServer : IAsyncDisposable
{
    private static readonly TokenUsage Tokens = new(InputUncached: 11, CacheRead: 7, CacheWrite5m: 3, OutputText: 5, OutputReasoning: 2);

    private static readonly ListedModel[] Models =
        [.. Enumerable.Range(1, 5).Select(number => new ListedModel($"vendor/model-{number}", $"Model {number}", DateTimeOffset.UnixEpoch.AddDays(20_000 + number), number == 5 ? null : 200_000, 8_192))];

    private readonly WebApplication _app;

    private WritersServer(WebApplication app) => _app = app;

    public string Url => _app.Urls.Single();

    public static async Task<WritersServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        app.MapPost("/v1/messages", AnswerAsync);
        app.MapPost("/v1/messages/count_tokens", CountAsync);
        app.MapGet("/v1/models", ListAsync);
        app.MapGet("/v1/models/{**id}", FindAsync);
        await app.StartAsync();
        return new WritersServer(app);
    }

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext http)
    {
        using var request = await JsonDocument.ParseAsync(http.Request.Body);
        var body = new ArrayBufferWriter<byte>();
        var translation = MessagesToChat.Translate(request.RootElement, ChatExtras.None, new ArrayBufferWriter<byte>());
        var model = request.RootElement.GetProperty("model").GetString()!;
        http.Response.Headers["request-id"] = "req_1";
        if (translation.Invalid is { } reason || model.StartsWith("status-", StringComparison.Ordinal))
        {
            await RefuseAsync(http, translation.Invalid is { } invalid
                ? AnthropicError.BadRequest(invalid, "req_1")
                : AnthropicError.Of(int.Parse(model["status-".Length..]), null, "As asked.", "req_1"));
            return;
        }

        var head = new MessageHead("msg_1", model, translation.Names);
        if (!request.RootElement.TryGetProperty("stream", out var stream) || !stream.GetBoolean())
        {
            Assert.True(MessageAnswer.TryWrite(JsonElement.Parse(Answer(model)), head, Tokens, body));
            http.Response.ContentType = "application/json";
            await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
            return;
        }

        http.Response.ContentType = "text/event-stream";
        using var messages = new MessageStream(head);
        var waits = model == "hangs";
        foreach (var chunk in Chunks(model))
        {
            messages.Ping(body);
            messages.Push(Encoding.UTF8.GetBytes(chunk), body);
            await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
            await http.Response.BodyWriter.FlushAsync();
            body.ResetWrittenCount();
            await (waits ? Task.Delay(Timeout.Infinite, http.RequestAborted) : Task.CompletedTask);
        }

        messages.End(Tokens, Translate.Broken, body);
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }

    private static async Task CountAsync(HttpContext http)
    {
        using var request = await JsonDocument.ParseAsync(http.Request.Body);
        await http.Response.WriteAsJsonAsync(new { input_tokens = PromptSize.Count(request.RootElement, text => text.Length) });
    }

    private static async Task ListAsync(HttpContext http, int? limit, string? after_id, string? before_id)
    {
        var body = new ArrayBufferWriter<byte>();
        ModelList.Write(Models, limit, after_id, before_id, body);
        http.Response.ContentType = "application/json";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }

    private static async Task FindAsync(HttpContext http, string id)
    {
        // The SDK sends the slash of an id as %2F, which routing leaves as it is.
        if (Models.FirstOrDefault(model => model.Id == Uri.UnescapeDataString(id)) is not { } found)
        {
            await RefuseAsync(http, AnthropicError.Of(404, "model_not_found", $"model: {id}", "req_1"));
            return;
        }

        var body = new ArrayBufferWriter<byte>();
        ModelList.Write(found, body);
        http.Response.ContentType = "application/json";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }

    private static async Task RefuseAsync(HttpContext http, AnthropicError error)
    {
        var body = new ArrayBufferWriter<byte>();
        error.Write(body);
        http.Response.StatusCode = error.Status;
        http.Response.Headers["request-id"] = error.RequestId;
        http.Response.ContentType = "application/json";
        await http.Response.BodyWriter.WriteAsync(body.WrittenMemory);
    }

    private static string Answer(string model) => model switch
    {
        "agent" => """
            {"choices":[{"index":0,"finish_reason":"tool_calls","message":{"role":"assistant","reasoning_content":"Hm.","content":"Both.",
              "annotations":[{"type":"url_citation","url_citation":{"url":"https://w.example","title":"W","content":"c"}}],
              "reasoning_details":[{"type":"reasoning.text","text":"Hm.","signature":"c2ln","format":"anthropic-claude-v1"},{"type":"reasoning.encrypted","data":"ZW5j","format":"openai-responses-v1","id":"rs_1"}],
              "tool_calls":[{"id":"call_a","type":"function","function":{"name":"weather","arguments":"{\"city\":\"Paris\"}"}},{"id":"call_b","type":"function","function":{"name":"time","arguments":"{}"}}]}}]}
            """,
        "refuses" => """{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","refusal":"No."}}]}""",
        _ => """{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"你好 \"there\" 😀"}}]}""",
    };

    private static string[] Chunks(string model) => model switch
    {
        "agent" =>
        [
            MessageStreamTests.Chunk("""{"role":"assistant","reasoning_content":"H","reasoning_details":[{"type":"reasoning.text","text":"H","index":0,"format":"anthropic-claude-v1"}]}"""),
            MessageStreamTests.Chunk("""{"reasoning_content":"m.","reasoning_details":[{"type":"reasoning.text","text":"m.","index":0,"format":"anthropic-claude-v1"}]}"""),
            MessageStreamTests.Chunk("""{"reasoning_details":[{"type":"reasoning.text","signature":"c2ln","index":0,"format":"anthropic-claude-v1"}]}"""),
            MessageStreamTests.Chunk("""{"reasoning_details":[{"type":"reasoning.encrypted","data":"ZW5j","format":"openai-responses-v1","id":"rs_1"}]}"""),
            MessageStreamTests.Chunk("""{"content":"Bo"}"""),
            MessageStreamTests.Chunk("""{"content":"th."}"""),
            MessageStreamTests.Chunk("""{"annotations":[{"type":"url_citation","url_citation":{"url":"https://w.example","title":"W","content":"c"}}]}"""),
            MessageStreamTests.Chunk("""{"tool_calls":[{"index":0,"id":"call_a","type":"function","function":{"name":"weather","arguments":""}},{"index":1,"id":"call_b","type":"function","function":{"name":"time","arguments":"{"}}]}"""),
            MessageStreamTests.Chunk("""{"tool_calls":[{"index":1,"function":{"arguments":"}"}},{"index":0,"function":{"arguments":"{\"city\":"}}]}"""),
            MessageStreamTests.Chunk("""{"tool_calls":[{"index":0,"function":{"arguments":"\"Paris\"}"}}]}"""),
            MessageStreamTests.Chunk("{}", "tool_calls"),
        ],
        "refuses" => [MessageStreamTests.Chunk("""{"refusal":"No."}""", "stop")],
        "dies" or "hangs" => [MessageStreamTests.Chunk("""{"content":"你好"}""")],
        _ => [MessageStreamTests.Chunk("""{"content":"你好 \"there\" "}"""), MessageStreamTests.Chunk("""{"content":"😀"}"""), MessageStreamTests.Chunk("{}", "stop")],
    };
}
