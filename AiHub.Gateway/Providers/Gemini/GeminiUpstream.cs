using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.Anthropic;

namespace AiHub.Gateway.Providers.Gemini;

/// <summary>A vendor that speaks Google's <c>generateContent</c>. The key goes in a header: a URL ends up in logs and in exceptions.</summary>
internal sealed class GeminiUpstream : UpstreamDialect
{
    private const string Whole = ":generateContent";
    private const string Streamed = ":streamGenerateContent";

    protected override string UsualAuth => "x-goog-api-key";

    public override OutgoingCall Write(HubExecutionSettings settings, WireTarget target, TimeProvider time)
    {
        var said = settings.Request.Taking(ChatExtras.Lossless);
        var body = new ArrayBufferWriter<byte>(said.Json.Length + 256);
        using var document = JsonDocument.Parse(said.Json, Wire.Reader);
        var translation = ChatToGemini.Translate(document.RootElement, target, settings.OutputCap, body);
        return new OutgoingCall(
            said, new JsonEdits(body.WrittenMemory), [.. said.Dropped.Union(translation.Dropped)], [], new Reader(target, new ChatHead(time.GetUtcNow(), translation.CustomTools)));
    }

    public override Uri UrlOf(WireTarget target, bool stream) =>
        stream ? new Uri(target.ChatUrl.ToString().Replace(Whole, $"{Streamed}?alt=sse", StringComparison.Ordinal)) : target.ChatUrl;

    private sealed class Reader(WireTarget target, ChatHead head) : AnswerReader
    {
        private readonly ArrayBufferWriter<byte> _chunk = new(1024);
        private readonly GeminiAnswer _answer = new(head, target.Model);

        // There is no mark of the end: the line closes after the chunk that gives a reason for it.
        public override bool EndsByClosing => true;

        public override ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> body) => Said(body, whole: true);

        public override ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> data) => Said(data, whole: false);

        private ReadOnlyMemory<byte> Said(ReadOnlyMemory<byte> json, bool whole)
        {
            using var document = JsonDocument.Parse(json, Wire.Reader);
            if (document.RootElement.Given("error"u8, out _) || document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw UpstreamFailures.FindError(json, target)
                    ?? new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent something that is not its dialect.");
            }

            _chunk.ResetWrittenCount();
            return _answer.Write(document.RootElement, whole, _chunk) ? _chunk.WrittenMemory
                : whole ? throw new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent an answer without candidates.")
                : default;
        }
    }
}
