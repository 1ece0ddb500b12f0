using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Responses;
using AiHub.Gateway.Errors;

namespace AiHub.Tests.Dialects.Responses;

/// <summary>What the tests of this dialect say and hear, as JSON.</summary>
internal static class Talk
{
    public static readonly ResponseId Id = ResponseId.TryParse("resp_01990000000070008000000000000001", out var id) ? id : default;
    public static readonly DateTimeOffset At = DateTimeOffset.FromUnixTimeSeconds(1_790_000_000);
    public static readonly TokenUsage Used = new(InputUncached: 6, CacheRead: 4, OutputText: 5, OutputReasoning: 2);

    public static ResponsesRequest Request(string json)
    {
        Assert.True(ResponsesRequest.TryRead(Encoding.UTF8.GetBytes(json), out var request, out var refusal), refusal?.Message);
        return request;
    }

    public static OpenAIError Refused(string json)
    {
        Assert.False(ResponsesRequest.TryRead(Encoding.UTF8.GetBytes(json), out _, out var refusal));
        return refusal;
    }

    public static (JsonNode Chat, List<string> Dropped) Translate(string json, EarlierItems? earlier = null)
    {
        using var request = Request(json);
        var chat = new ArrayBufferWriter<byte>();
        var dropped = new List<string>();
        var refusal = ChatTranslation.Write(request, earlier ?? EarlierItems.None, chat, dropped);
        Assert.Null(refusal);
        return (JsonNode.Parse(chat.WrittenSpan)!, dropped);
    }

    public static string Messages(string json, EarlierItems? earlier = null) => Translate(json, earlier).Chat["messages"]!.ToJsonString(Relaxed);

    /// <summary>The response to a chat answer that came in one piece.</summary>
    public static JsonNode Whole(string request, string chat, TokenUsage? usage = null)
    {
        using var read = Request(request);
        using var answer = new ResponseAnswer(read, Id, At, "gpt-test", stored: false);
        answer.Take(Encoding.UTF8.GetBytes(chat), null);
        answer.Complete(usage ?? Used, At.AddSeconds(3), null);
        var body = new ArrayBufferWriter<byte>();
        answer.Write(body);
        return JsonNode.Parse(body.WrittenSpan)!;
    }

    /// <summary>The events of a chat answer that came in chunks.</summary>
    public static string Stream(string request, IEnumerable<string> chunks, TokenUsage? usage = null)
    {
        using var read = Request(request);
        using var answer = new ResponseAnswer(read, Id, At, "gpt-test", stored: false);
        var events = new ArrayBufferWriter<byte>();
        answer.Begin(events);
        foreach (var chunk in chunks)
        {
            answer.Take(Encoding.UTF8.GetBytes(chunk), events);
        }

        answer.Complete(usage ?? Used, At.AddSeconds(3), events);
        return Encoding.UTF8.GetString(events.WrittenSpan);
    }

    public static string Chunk(JsonObject delta, string? finishReason = null) => new JsonObject
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion.chunk",
        ["created"] = 1_790_000_000,
        ["model"] = "vendor-model",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["finish_reason"] = finishReason }),
    }.ToJsonString();

    public static string Text(string text) => Chunk("content", text);

    public static string Thought(string text) => Chunk("reasoning_content", text);

    public static string Call(int index, string? id, string? name, string? arguments)
    {
        var function = new JsonObject();
        if (name is not null)
        {
            function["name"] = name;
        }

        if (arguments is not null)
        {
            function["arguments"] = "#";
        }

        var call = new JsonObject { ["index"] = index, ["function"] = function };
        if (id is not null)
        {
            (call["id"], call["type"]) = (id, "function");
        }

        return Chunk(new JsonObject { ["tool_calls"] = new JsonArray(call) }).Replace("\"#\"", Quote(arguments ?? ""), StringComparison.Ordinal);
    }

    private static string Chunk(string member, string text) =>
        Chunk(new JsonObject { [member] = "#" }).Replace("\"#\"", Quote(text), StringComparison.Ordinal);

    // Unlike .NET's own writers, vendors do cut a character outside the basic plane in two.
    private static string Quote(string text) =>
        $"\"{string.Concat(text.Select(one => one is >= ' ' and <= '~' and not '"' and not '\\' ? one.ToString() : $"\\u{(int)one:x4}"))}\"";

    public static string Finish(string reason) => Chunk([], reason);

    public static string Answer(JsonObject message, string finishReason = "stop") => new JsonObject
    {
        ["id"] = "chatcmpl-1",
        ["object"] = "chat.completion",
        ["created"] = 1_790_000_000,
        ["model"] = "vendor-model",
        ["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["finish_reason"] = finishReason }),
    }.ToJsonString();

    public static readonly JsonSerializerOptions Relaxed = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
