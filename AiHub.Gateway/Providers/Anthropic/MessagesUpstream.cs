using System.Buffers;
using System.Collections.Frozen;
using System.Net.Http.Headers;
using System.Text.Json;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Anthropic;

/// <summary>A vendor that speaks Anthropic's Messages.</summary>
internal sealed class MessagesUpstream : UpstreamDialect
{
    private const string VersionHeader = "anthropic-version";
    private const string UsualVersion = "2023-06-01";

    // Anthropic insists on a limit; every model can write this much.
    private const long UsualLimit = 8_192;

    protected override string UsualAuth => "x-api-key";

    public override OutgoingCall Write(HubExecutionSettings settings, WireTarget target, TimeProvider time)
    {
        var request = settings.Request;
        if (request.Original is { Dialect: WireDialect.Messages, StandsAlone: true } original)
        {
            return new OutgoingCall(
                request,
                OriginalBody.For(original.Json, target, "max_tokens"u8, settings.OutputCap),
                [],
                original.Headers,
                new Reader(target, new ChatHead(time.GetUtcNow(), FrozenSet<string>.Empty)) { IsVerbatim = true });
        }

        var said = request.Taking(ChatExtras.Lossless);
        var body = new ArrayBufferWriter<byte>(said.Json.Length + 256);
        using var document = JsonDocument.Parse(said.Json, Wire.Reader);
        var translation = ChatToMessages.Translate(document.RootElement, Understanding(target, settings.OutputCap), body);
        return new OutgoingCall(
            said,
            new JsonEdits(body.WrittenMemory),
            [.. said.Dropped.Union(translation.Dropped)],
            [],
            new Reader(target, new ChatHead(time.GetUtcNow(), translation.CustomTools)));
    }

    public override void AddHeaders(HttpRequestHeaders headers, WireTarget target)
    {
        base.AddHeaders(headers, target);
        if (!headers.Contains(VersionHeader))
        {
            headers.TryAddWithoutValidation(VersionHeader, target.Quirks.ApiVersion.Length > 0 ? target.Quirks.ApiVersion : UsualVersion);
        }
    }

    private static MessagesTarget Understanding(WireTarget target, long? outputCap) => new()
    {
        Model = target.Model,
        MaxOutputTokens = target.MaxOutputTokens ?? UsualLimit,
        OutputCap = outputCap,
        Thinking = target.Quirks.Thinking switch
        {
            "none" => ThinkingStyle.None,
            "budget" => ThinkingStyle.Budget,
            _ => ThinkingStyle.Adaptive,
        },
        TakesSampling = target.Quirks.TakesSampling,
        TakesSystemTurns = target.Quirks.TakesSystemTurns,
    };

    private sealed class Reader(WireTarget target, ChatHead head) : AnswerReader
    {
        private readonly ChunkStream _stream = new(head);
        private readonly ArrayBufferWriter<byte> _chunk = new(1024);

        public override bool EndsByClosing => false;

        public override ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> body)
        {
            using var document = JsonDocument.Parse(body, Wire.Reader);
            if (!ChatAnswer.TryWrite(document.RootElement, head, _chunk))
            {
                throw UpstreamFailures.FindError(body, target)
                    ?? new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent an answer that is no message.");
            }

            return _chunk.WrittenMemory;
        }

        public override ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> data)
        {
            if (IsError(data.Span))
            {
                throw UpstreamFailures.OfErrorObject(data, target);
            }

            _chunk.ResetWrittenCount();
            var written = _stream.Push(data, _chunk);
            Ended = _stream.Finished;
            return written ? _chunk.WrittenMemory : default;
        }

        public override void Dispose() => _stream.Dispose();

        private static bool IsError(ReadOnlySpan<byte> data)
        {
            var members = new JsonMembers(data);
            while (members.Next())
            {
                if (members.Name.SequenceEqual("type"u8))
                {
                    return members.Value.SequenceEqual("\"error\""u8);
                }
            }

            return false;
        }
    }
}
