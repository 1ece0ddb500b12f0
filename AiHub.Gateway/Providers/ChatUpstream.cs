
namespace AiHub.Gateway.Providers;

/// <summary>A vendor that speaks Chat Completions: the client's bytes go out and the vendor's come back.</summary>
internal sealed class ChatUpstream : UpstreamDialect
{
    public override OutgoingCall Write(HubExecutionSettings settings, WireTarget target, TimeProvider time)
    {
        var said = settings.Request.Taking(target.Quirks.Extras);
        var dropped = said.Dropped;
        if (target.Quirks.ShapesRequests)
        {
            (said, var more) = ShapedRequest.Of(said, target.Quirks);
            dropped = [.. dropped, .. more];
        }

        return new OutgoingCall(said, said.For(target, settings.OutputCap), dropped, [], new Reader(target));
    }

    private sealed class Reader(WireTarget target) : AnswerReader
    {
        public override bool EndsByClosing => !target.Quirks.SendsDone;

        public override ReadOnlyMemory<byte> Whole(ReadOnlyMemory<byte> body) => body;

        public override ReadOnlyMemory<byte> Chunk(ReadOnlyMemory<byte> data) => data;
    }
}
