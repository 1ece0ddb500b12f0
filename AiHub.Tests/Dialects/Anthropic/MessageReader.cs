using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>
/// Reads an Anthropic stream as a strict client does: every rule of the order of events is checked, and the message is put together
/// from its pieces.
/// </summary>
internal sealed class MessageReader
{
    private readonly List<JsonObject> _content = [];
    private string _json = "";
    private bool _open;
    private bool _delivered;

    public JsonObject? Message { get; private set; }

    public JsonObject? Error { get; private set; }

    public bool Stopped { get; private set; }

    public static MessageReader Read(string stream)
    {
        var reader = new MessageReader();
        Assert.EndsWith("\n\n", stream, StringComparison.Ordinal);
        foreach (var frame in stream[..^2].Split("\n\n"))
        {
            var lines = frame.Split('\n');
            Assert.Equal(2, lines.Length);
            Assert.StartsWith("event: ", lines[0], StringComparison.Ordinal);
            Assert.StartsWith("data: ", lines[1], StringComparison.Ordinal);
            reader.Take(lines[0]["event: ".Length..], JsonNode.Parse(lines[1]["data: ".Length..])!.AsObject());
        }

        return reader;
    }

    private void Take(string name, JsonObject sent)
    {
        Assert.Equal(name, (string?)sent["type"]);
        Assert.False(Stopped, "An event after message_stop.");
        Assert.Null(Error);
        switch (name)
        {
            case "ping":
                break;
            case "error":
                Assert.NotNull((string?)sent["error"]!["type"]);
                Assert.NotNull((string?)sent["error"]!["message"]);
                Error = sent;
                break;
            case "message_start":
                Assert.Null(Message);
                Message = sent["message"]!.DeepClone().AsObject();
                Assert.Empty(Message["content"]!.AsArray());
                Assert.NotNull((int?)Message["usage"]!["input_tokens"]);
                Assert.NotNull((int?)Message["usage"]!["output_tokens"]);
                break;
            case "content_block_start":
                Assert.NotNull(Message);
                Assert.False(_open, "A block inside of a block.");
                Assert.False(_delivered, "A block after message_delta.");
                Assert.Equal(_content.Count, (int?)sent["index"]);
                _content.Add(sent["content_block"]!.DeepClone().AsObject());
                _open = true;
                _json = "";
                break;
            case "content_block_delta":
                Assert.True(_open, "A delta outside of a block.");
                Assert.Equal(_content.Count - 1, (int?)sent["index"]);
                Add(_content[^1], sent["delta"]!.AsObject());
                break;
            case "content_block_stop":
                Assert.True(_open, "A stop without a start.");
                Assert.Equal(_content.Count - 1, (int?)sent["index"]);
                _open = false;
                if (_json.Length > 0)
                {
                    _content[^1]["input"] = Parsed(_json);
                }

                break;
            case "message_delta":
                Assert.False(_open, "message_delta inside of a block.");
                Assert.False(_delivered);
                _delivered = true;
                foreach (var (key, value) in sent["delta"]!.AsObject())
                {
                    Message![key] = value?.DeepClone();
                }

                foreach (var (key, value) in sent["usage"]!.AsObject())
                {
                    Message!["usage"]![key] = value?.DeepClone();
                }

                Assert.NotNull((string?)Message!["stop_reason"]);
                break;
            case "message_stop":
                Assert.True(_delivered, "message_stop without message_delta.");
                Message!["content"] = new JsonArray([.. _content]);
                Stopped = true;
                break;
            default:
                Assert.Fail($"Nobody knows the event '{name}'.");
                break;
        }
    }

    // An answer that reached its limit may end in the middle of a tool's input.
    private static JsonNode? Parsed(string json)
    {
        try
        {
            return JsonNode.Parse(json);
        }
        catch (JsonException)
        {
            return json;
        }
    }

    private void Add(JsonObject block, JsonObject delta)
    {
        switch ((string?)delta["type"])
        {
            case "text_delta":
                Assert.Equal("text", (string?)block["type"]);
                Append(block, "text", delta);
                break;
            case "thinking_delta":
                Assert.Equal("thinking", (string?)block["type"]);
                Append(block, "thinking", delta);
                break;
            case "signature_delta":
                Assert.Equal("thinking", (string?)block["type"]);
                block["signature"] = (string?)delta["signature"];
                break;
            case "input_json_delta":
                Assert.True((string?)block["type"] is "tool_use" or "server_tool_use");
                _json += (string?)delta["partial_json"];
                break;
            case "citations_delta":
                Assert.Equal("text", (string?)block["type"]);
                block["citations"] = new JsonArray([.. block["citations"]?.AsArray().Select(citation => citation!.DeepClone()) ?? [], delta["citation"]!.DeepClone()]);
                break;
            default:
                Assert.Fail($"Nobody knows the delta '{delta["type"]}'.");
                break;
        }
    }

    private static void Append(JsonObject block, string member, JsonObject delta) => block[member] = (string?)block[member] + (string?)delta[member];

    /// <summary>The message as the client sends it back with its next request.</summary>
    public static JsonObject Turn(JsonObject message) => new() { ["role"] = "assistant", ["content"] = message["content"]!.DeepClone() };
}

/// <summary>Reads a Chat Completions stream as a client does that keeps everything.</summary>
internal static class ChunkReader
{
    /// <summary>The assistant's message, put together from its pieces. Lists without an index are gathered as they come.</summary>
    public static JsonObject Read(IEnumerable<string> chunks)
    {
        var message = new JsonObject();
        foreach (var chunk in chunks.Select(text => JsonNode.Parse(text)!))
        {
            Assert.Equal("chat.completion.chunk", (string?)chunk["object"]);
            Assert.NotNull((string?)chunk["id"]);
            Assert.NotNull((long?)chunk["created"]);
            foreach (var choice in chunk["choices"]!.AsArray())
            {
                Assert.Equal(0, (int?)choice!["index"]);
                Assert.True(choice.AsObject().ContainsKey("finish_reason"));
                Add(message, choice["delta"]!.AsObject());
                if (choice["finish_reason"] is { } reason)
                {
                    message["finish_reason"] = reason.DeepClone();
                    message["native_finish_reason"] = choice["native_finish_reason"]?.DeepClone();
                    message["stop_reason"] = choice["stop_reason"]?.DeepClone();
                }
            }

            if (chunk["usage"] is { } usage)
            {
                message["usage"] = usage.DeepClone();
            }
        }

        return message;
    }

    private static void Add(JsonObject message, JsonObject delta)
    {
        foreach (var (name, value) in delta)
        {
            switch (name)
            {
                case "role":
                    message[name] = value!.DeepClone();
                    break;
                case "tool_calls":
                    AddCalls(message, value!.AsArray());
                    break;
                case "reasoning_details" or "annotations":
                    message[name] = new JsonArray([.. message[name]?.AsArray().Select(item => item!.DeepClone()) ?? [], .. value!.AsArray().Select(item => item!.DeepClone())]);
                    break;
                case var _ when value is null:
                    break;
                default:
                    Assert.Equal(JsonValueKind.String, value.GetValueKind());
                    message[name] = (string?)message[name] + (string?)value;
                    break;
            }
        }
    }

    private static void AddCalls(JsonObject message, JsonArray deltas)
    {
        var calls = message["tool_calls"]?.AsArray();
        if (calls is null)
        {
            message["tool_calls"] = calls = [];
        }

        foreach (var delta in deltas)
        {
            var index = (int)delta!["index"]!;
            Assert.InRange(index, 0, calls.Count);
            if (index == calls.Count)
            {
                var call = delta.DeepClone().AsObject();
                call.Remove("index");
                calls.Add(call);
                continue;
            }

            var kind = delta["function"] is null ? "custom" : "function";
            foreach (var (name, value) in delta[kind]!.AsObject())
            {
                calls[index]![kind]![name] = (string?)calls[index]![kind]![name] + (string?)value;
            }
        }
    }
}
