using System.Buffers;
using AiHub.Domain.Usage;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Dialects.Responses;

/// <summary>An answer for a client of OpenAI's Responses; kept, before its last event, for a client that wants to go on from it.</summary>
internal sealed class ResponsesForClient : ClientAnswer
{
    private readonly Call _call;
    private readonly ResponsesCall _asked;
    private readonly StoredResponses _store;
    private readonly TimeProvider _time;
    private readonly ResponseAnswer _answer;

    public ResponsesForClient(Call call, ResponsesCall asked, StoredResponses store, bool keep, TimeProvider time)
    {
        (_call, _asked, _store, _time) = (call, asked, store, time);
        _answer = new ResponseAnswer(asked.Request, ResponseId.New(), call.ReceivedAt, asked.Request.Model, keep);
    }

    public override void Begin(IBufferWriter<byte> events) => _answer.Begin(events);

    public override void Write(IBufferWriter<byte> events, in ReplyChunk chunk) => _answer.Take(chunk.Json.Span, events);

    public override async ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage)
    {
        if (_answer.Conclude(usage.Tokens, _time.GetUtcNow(), events))
        {
            await KeepAsync();
        }

        _answer.Finish(events);
    }

    public override void Fail(IBufferWriter<byte> events, BrokenAnswer failure) =>
        _answer.Fail(new ResponseFailure("server_error", failure.Message), usage: null, _time.GetUtcNow(), events);

    public override async ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage)
    {
        _answer.Take(answer.Json.Span, null);
        if (_answer.Conclude(usage.Tokens, _time.GetUtcNow(), null))
        {
            await KeepAsync();
        }

        var body = new ArrayBufferWriter<byte>(answer.Json.Length + 1024);
        _answer.Write(body);
        return body.WrittenMemory;
    }

    public override void Dispose() => _answer.Dispose();

    private async Task KeepAsync()
    {
        if (_answer.Stored)
        {
            _answer.Stored = await _store.KeepAsync(_call.Caller.OrganizationId, _answer.Id, _asked.Turn(_answer));
        }
    }
}
