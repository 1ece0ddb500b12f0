using System.Buffers;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.Responses;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using static AiHub.Tests.Dialects.Responses.Talk;

namespace AiHub.Tests.Dialects.Responses;

/// <summary>Serves this dialect over HTTP with nothing behind it but a chat model that follows a script, so that SDKs can judge what is written.</summary>
public sealed class ScriptedModel : IAsyncLifetime
{
    private readonly WebApplication _app;

    public ScriptedModel()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPost("/v1/responses", AnswerAsync);
    }

    public Uri Url => new(_app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single() + "/v1");

    public async Task InitializeAsync() => await _app.StartAsync();

    public async Task DisposeAsync() => await _app.DisposeAsync();

    private static async Task AnswerAsync(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        if (!ResponsesRequest.TryRead(body.ToArray(), out var request, out var refusal))
        {
            http.Response.StatusCode = 400;
            await http.Response.WriteAsJsonAsync(new { error = new { message = refusal.Message, type = "invalid_request_error", param = refusal.Param, code = refusal.Code } });
            return;
        }

        using var chat = new Held(request);
        var answer = Play(chat.Body);
        if (request.Stream)
        {
            http.Response.ContentType = "text/event-stream";
            var events = new ArrayBufferWriter<byte>();
            chat.Answer.Begin(events);
            foreach (var chunk in Fragments(answer))
            {
                chat.Answer.Take(System.Text.Encoding.UTF8.GetBytes(chunk), events);
            }

            chat.Answer.Complete(Used, At.AddSeconds(2), events);
            await http.Response.Body.WriteAsync(events.WrittenMemory);
        }
        else
        {
            http.Response.ContentType = "application/json";
            chat.Answer.Take(System.Text.Encoding.UTF8.GetBytes(Answer(answer, answer["tool_calls"] is null ? "stop" : "tool_calls")), null);
            chat.Answer.Complete(Used, At.AddSeconds(2), null);
            var whole = new ArrayBufferWriter<byte>();
            chat.Answer.Write(whole);
            await http.Response.Body.WriteAsync(whole.WrittenMemory);
        }
    }

    private static JsonObject Play(JsonNode chat)
    {
        var last = chat["messages"]!.AsArray()[^1]!;
        if (last["role"]!.GetValue<string>() == "tool")
        {
            // The model wants its own thoughts back before it goes on.
            var before = chat["messages"]!.AsArray()[^2]!;
            Assert.Equal("I should look that up.", before["reasoning_content"]!.GetValue<string>());
            Assert.Equal("{\"city\":\"Paris\"}", before["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>());
            return new JsonObject { ["content"] = $"It is {JsonNode.Parse(last["content"]!.GetValue<string>())!["degrees"]} degrees in Paris." };
        }

        if (chat["response_format"] is { } format)
        {
            Assert.Equal("object", format["json_schema"]!["schema"]!["type"]!.GetValue<string>());
            return new JsonObject { ["content"] = "{\"city\":\"Paris\",\"degrees\":21}" };
        }

        return (last["content"]!.GetValue<string>(), chat["tools"]) switch
        {
            ("break", _) => new JsonObject { ["content"] = "half a", ["broken"] = true },
            ("patch", _) => Calling("apply_patch", "{\"input\":\"*** Begin Patch\\n+\\\"x\\\"\\n*** End Patch\"}"),
            (_, not null) => Calling("get_weather", "{\"city\":\"Paris\"}", "I should look that up."),
            _ => new JsonObject { ["content"] = "Hello there, 你好!" },
        };
    }

    private static JsonObject Calling(string name, string arguments, string? thought = null)
    {
        var message = new JsonObject
        {
            ["content"] = null,
            ["tool_calls"] = new JsonArray(new JsonObject
            {
                ["id"] = "call_1",
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
            }),
        };
        if (thought is not null)
        {
            message["reasoning_content"] = thought;
        }

        return message;
    }

    private static IEnumerable<string> Fragments(JsonObject message)
    {
        static IEnumerable<string> Cut(JsonNode? text) => (text?.GetValue<string>() ?? "").Chunk(5).Select(piece => new string(piece));
        foreach (var piece in Cut(message["reasoning_content"]))
        {
            yield return Thought(piece);
        }

        foreach (var piece in Cut(message["content"]))
        {
            yield return Text(piece);
        }

        if (message["tool_calls"] is { } calls)
        {
            yield return Call(0, "call_1", calls[0]!["function"]!["name"]!.GetValue<string>(), "");
            foreach (var piece in Cut(calls[0]!["function"]!["arguments"]))
            {
                yield return Call(0, null, null, piece);
            }
        }

        if (message["broken"] is null)
        {
            yield return Finish(message["tool_calls"] is null ? "stop" : "tool_calls");
        }
    }

    private sealed class Held : IDisposable
    {
        private readonly ResponsesRequest _request;

        public Held(ResponsesRequest request)
        {
            _request = request;
            var chat = new ArrayBufferWriter<byte>();
            Assert.Null(ChatTranslation.Write(request, EarlierItems.None, chat, []));
            Body = JsonNode.Parse(chat.WrittenSpan)!;
            Answer = new ResponseAnswer(request, Id, At, request.Model, stored: false);
        }

        public JsonNode Body { get; }

        public ResponseAnswer Answer { get; }

        public void Dispose()
        {
            Answer.Dispose();
            _request.Dispose();
        }
    }
}
