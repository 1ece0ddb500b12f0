using System.Buffers;
using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Tests.Dialects.Anthropic;

/// <summary>The translators with JSON text on both sides.</summary>
internal static class Translate
{
    public static readonly MessageHead Head = new("msg_1", "claude-test", new ToolNames());

    public static readonly ChatHead ChatHead = new(DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000), FrozenSet<string>.Empty);

    public static readonly MessagesTarget Target = new() { MaxOutputTokens = 32_000 };

    public static readonly AnthropicError Broken = new(502, "api_error", "The upstream broke off its answer.", "req_1");

    public static (JsonObject Chat, ChatTranslation Translation) ToChat(string request, ChatExtras extras = ChatExtras.None)
    {
        var output = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(request);
        var translation = MessagesToChat.Translate(document.RootElement, extras, output);
        return (translation.Invalid is null ? Parse(output) : [], translation);
    }

    public static (JsonObject Messages, MessagesTranslation Translation) ToMessages(string request, MessagesTarget? target = null)
    {
        var output = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(request);
        var translation = ChatToMessages.Translate(document.RootElement, target ?? Target, output);
        return (Parse(output), translation);
    }

    public static JsonObject ToMessage(string answer, MessageHead? head = null, TokenUsage? tokens = null)
    {
        var output = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(answer);
        Assert.True(MessageAnswer.TryWrite(document.RootElement, head ?? Head, tokens, output));
        return Parse(output);
    }

    public static JsonObject ToCompletion(string message, ChatHead? head = null)
    {
        var output = new ArrayBufferWriter<byte>();
        using var document = JsonDocument.Parse(message);
        Assert.True(ChatAnswer.TryWrite(document.RootElement, head ?? ChatHead, output));
        return Parse(output);
    }

    /// <summary>The whole client stream for these chunks; an End that finds them incomplete reports <see cref="Broken"/>.</summary>
    public static string ToEvents(IEnumerable<string> chunks, MessageHead? head = null, TokenUsage tokens = default)
    {
        var output = new ArrayBufferWriter<byte>();
        using var stream = new MessageStream(head ?? Head);
        foreach (var chunk in chunks)
        {
            stream.Push(Encoding.UTF8.GetBytes(chunk), output);
        }

        stream.End(tokens, Broken, output);
        return Encoding.UTF8.GetString(output.WrittenSpan);
    }

    public static List<string> ToChunks(IEnumerable<string> events, ChatHead? head = null)
    {
        var chunks = new List<string>();
        using var stream = new ChunkStream(head ?? ChatHead);
        foreach (var sent in events)
        {
            var output = new ArrayBufferWriter<byte>();
            if (stream.Push(Encoding.UTF8.GetBytes(sent), output))
            {
                chunks.Add(Encoding.UTF8.GetString(output.WrittenSpan));
            }
            else
            {
                Assert.Equal(0, output.WrittenCount);
            }
        }

        return chunks;
    }

    public static void Same(JsonNode? expected, JsonNode? actual)
    {
        if (!JsonNode.DeepEquals(expected, actual))
        {
            // Fails with both texts to compare.
            Assert.Equal(expected?.ToJsonString(Indented), actual?.ToJsonString(Indented));
            Assert.Fail("The texts are alike but the values are not.");
        }
    }

    public static void Same(string expected, JsonNode? actual) => Same(JsonNode.Parse(expected), actual);

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    private static JsonObject Parse(ArrayBufferWriter<byte> output) => JsonNode.Parse(output.WrittenSpan)!.AsObject();
}
