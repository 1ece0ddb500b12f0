using System.Buffers;
using System.Collections.Frozen;
using System.Text.Json;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Responses;

/// <summary>A vendor that is asked through OpenAI's Responses. Nothing is kept there: each request brings its whole conversation.</summary>
internal sealed class ResponsesUpstream : UpstreamDialect
{
    public override OutgoingCall Write(HubExecutionSettings settings, WireTarget target, TimeProvider time)
    {
        var request = settings.Request;
        if (request.Original is { Dialect: WireDialect.Responses, StandsAlone: true } original)
        {
            return new OutgoingCall(
                request,
                OriginalBody.For(original.Json, target, "max_output_tokens"u8, settings.OutputCap),
                [],
                original.Headers,
                new Reader(target, new ResponsesAnswer(time.GetUtcNow())) { IsVerbatim = true });
        }

        var said = request.Taking(ChatExtras.Lossless);
        var body = new ArrayBufferWriter<byte>(said.Json.Length + 256);
        using var document = JsonDocument.Parse(said.Json, Wire.Reader);
        var dropped = ChatToResponses.Translate(document.RootElement, target, settings.OutputCap, body);
        return new OutgoingCall(said, new JsonEdits(body.WrittenMemory), [.. said.Dropped.Union(dropped)], [], new Reader(target, new ResponsesAnswer(time.GetUtcNow())));
    }

    private sealed class Reader(WireTarget target, ResponsesAnswer answer) : AnswerReader
    {
        private static readonly FrozenSet<string> Failures = FrozenSet.Create("error", "response.failed");

        private readonly ArrayBufferWriter<byte> _chunk = new(1024);

        public override bool EndsByClosing => false;

        public override ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> body)
        {
            using var document = JsonDocument.Parse(body, Wire.Reader);
            var response = document.RootElement;
            if (response.Given("error"u8, out _) || response.Says("status"u8, "failed"u8))
            {
                throw UpstreamFailures.OfErrorObject(body, target);
            }

            return answer.TryWriteWhole(response, _chunk)
                ? _chunk.WrittenMemory
                : throw new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent an answer that is no response.");
        }

        public override ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> data)
        {
            using var document = JsonDocument.Parse(data, Wire.Reader);
            var sent = document.RootElement;
            if (sent.Given("error"u8, out _) || Failures.Contains(sent.Text("type"u8) ?? ""))
            {
                throw UpstreamFailures.OfErrorObject(data, target);
            }

            _chunk.ResetWrittenCount();
            var written = answer.Push(sent, _chunk);
            Ended = answer.Finished;
            return written ? _chunk.WrittenMemory : default;
        }
    }
}
