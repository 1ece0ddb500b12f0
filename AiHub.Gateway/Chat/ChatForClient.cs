using System.Buffers;
using AiHub.Domain.Usage;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Chat;

/// <summary>An answer for a client of OpenAI's Chat Completions.</summary>
internal sealed class ChatForClient(Call call) : ClientAnswer
{
    private readonly string _id = $"chatcmpl-{call.Id:N}";
    private readonly ClientChunks _chunks = new($"chatcmpl-{call.Id:N}", call.ReceivedAt, call.Request.Model, call.Request.IncludeUsage);

    public override void Write(IBufferWriter<byte> events, in ReplyChunk chunk) => _chunks.TryWrite(events, chunk.Json.Span, chunk.Facts);

    public override ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage)
    {
        _chunks.WriteEnd(events, usage.Tokens);
        return ValueTask.CompletedTask;
    }

    public override void Fail(IBufferWriter<byte> events, BrokenAnswer failure) =>
        _chunks.WriteFailure(events, failure.Source, failure.Message, failure.Status, failure.ErrorType);

    public override ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage) =>
        ValueTask.FromResult(WholeAnswer.ForClient(answer.Json, answer.Facts, _id, call.ReceivedAt, call.Request.Model, usage.Tokens));
}
