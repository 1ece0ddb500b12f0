using System.Buffers;
using AiHub.Domain.Usage;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Dialects.Completions;

/// <summary>An answer for a client of the legacy text completions.</summary>
internal sealed class CompletionsForClient(Call call, CompletionsCall asked) : ClientAnswer
{
    private readonly CompletionAnswer _answer = new(
        $"cmpl-{call.Id:N}", call.ReceivedAt, asked.Request.Model, asked.Request.Echo ? asked.Prompt : null, withAlternatives: asked.Request.Logprobs > 0);

    public override void Write(IBufferWriter<byte> events, in ReplyChunk chunk) => _answer.TryWriteChunk(events, chunk.Json.Span);

    public override ValueTask EndAsync(IBufferWriter<byte> events, UsageRecord usage)
    {
        _answer.WriteEnd(events, asked.Request.IncludeUsage, usage.Tokens);
        return ValueTask.CompletedTask;
    }

    public override void Fail(IBufferWriter<byte> events, BrokenAnswer failure) => _answer.WriteFailure(events, failure.Message, failure.Code);

    public override ValueTask<ReadOnlyMemory<byte>> WholeAsync(ReplyChunk answer, UsageRecord usage)
    {
        var body = new ArrayBufferWriter<byte>(answer.Json.Length + 512);
        using (var writer = _answer.Begin(body))
        {
            writer.WriteStartArray("choices"u8);
            _answer.WriteChoices(writer, answer.Json.Span);
            writer.WriteEndArray();
            writer.WritePropertyName("usage"u8);
            CompletionAnswer.WriteUsage(writer, usage.Tokens);
            writer.WriteEndObject();
        }

        return ValueTask.FromResult<ReadOnlyMemory<byte>>(body.WrittenMemory);
    }
}
