using System.Buffers;
using System.Text;
using System.Text.Json;
using AiHub.Domain.Usage;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>An answer for a client of Anthropic's Messages. What a vendor of the same dialect says passes as it is.</summary>
internal sealed class MessagesForClient : ClientAnswer
{
    private static readonly ReadOnlyMemory<byte> Ping = Encoding.ASCII.GetBytes("event: ping\ndata: {\"type\":\"ping\"}\n\n");

    private readonly string _requestId;
    private readonly MessageHead _head;
    private readonly MessageStream _stream;
    private ReadOnlyMemory<byte> _lastOwn;

    public MessagesForClient(Call call, MessagesRequest request)
    {
        _requestId = call.Id.ToString("D");
        _head = new MessageHead($"msg_{call.Id:N}", request.Model, request.Names);
        _stream = new MessageStream(_head);
    }

    public override ReadOnlyMemory<byte> Heartbeat => Ping;

    public override void Write(IBufferWriter<byte> events, in ReplyChunk chunk)
    {
        if (chunk.Original.IsEmpty)
        {
            _stream.Push(chunk.Json, events);
            return;
        }

        var type = TypeOf(chunk.Original.Span);
        if (type.SequenceEqual("message_stop"u8))
        {
            // Not before the answer is settled.
            _lastOwn = chunk.Original.ToArray();
            return;
        }

        WriteEvent(events, type, chunk.Original.Span);
    }

    public override ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage)
    {
        if (_lastOwn.IsEmpty)
        {
            _stream.End(usage.Tokens, new AnthropicError(StatusCodes.Status502BadGateway, AnthropicError.TypeOf(StatusCodes.Status502BadGateway), "The model's provider broke off its answer.", _requestId), events);
        }
        else
        {
            WriteEvent(events, "message_stop"u8, _lastOwn.Span);
        }

        return ValueTask.CompletedTask;
    }

    public override void Fail(IBufferWriter<byte> events, BrokenAnswer failure) =>
        _stream.Fail(AnthropicError.Of(failure.Status, failure.Code, failure.Message, _requestId), events);

    public override ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage)
    {
        if (!answer.Original.IsEmpty)
        {
            return ValueTask.FromResult(answer.Original);
        }

        var message = new ArrayBufferWriter<byte>(answer.Json.Length + 512);
        return MessageAnswer.TryWrite(JsonElement.Parse(answer.Json.Span, Wire.Reader), _head, usage.Tokens, message)
            ? ValueTask.FromResult(message.WrittenMemory)
            : throw new UpstreamException(ProviderFailure.Malformed, "An answer without a message came from a connector.");
    }

    public override void Dispose() => _stream.Dispose();

    private static void WriteEvent(IBufferWriter<byte> events, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        events.Write("event: "u8);
        events.Write(type);
        events.Write("\ndata: "u8);
        events.Write(data);
        events.Write("\n\n"u8);
    }

    private static ReadOnlySpan<byte> TypeOf(ReadOnlySpan<byte> data)
    {
        var members = new JsonMembers(data);
        while (members.Next())
        {
            if (members.Name.SequenceEqual("type"u8) && members.Value is [(byte)'"', _, .., (byte)'"'])
            {
                return members.Value[1..^1];
            }
        }

        return "unknown"u8;
    }
}
