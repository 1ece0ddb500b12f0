using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Gateway.Modalities;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Metering;

/// <summary>Counts along while an answer that is not chat passes: what the vendor says in it, and what the hub can see for itself.</summary>
internal sealed class SurfaceTally(SurfaceCall call, TokenCounter counter) : Tally
{
    private readonly Heard _heard = new();

    // Sound is paid by its text, and the text is known; everything else is made in one go, and the vendor charges for it whoever listens.
    public override bool CountIsNear => !call.Request.Surface.AnswersWithBytes(call.Request);

    public override bool IsWorthDraining => CountIsNear;

    protected override void Hear(in ReplyChunk chunk) => call.Request.Surface.Hear(chunk.Json, call.Request, _heard);

    public override Measured Measure()
    {
        var prices = (call.Attempts.Last ?? call.Plan.Upstreams[0]).Prices;
        var isTold = _heard.Tells(prices);
        if (!isTold && (Status == UsageStatus.Failed || call.Attempts.Exchange is not { Accepted: true }))
        {
            return Measured.Nothing;
        }

        var surface = call.Request.Surface;
        var units = surface.Units(call.Request, _heard);
        if (!prices.CountsTokens)
        {
            return new Measured(new Consumption(default, units), isTold ? UsageSource.Vendor : _heard.UnitsAreGuessed ? UsageSource.Estimated : UsageSource.Counted);
        }

        return _heard.Tokens is { } tokens
            ? new Measured(new Consumption(tokens, units), isTold ? UsageSource.Vendor : UsageSource.Counted, _heard.Inconsistent)
            // An estimate is never more than was held for the call.
            : new Measured(new Consumption(Clamped(surface.Tokens(call.Request, _heard, counter, call.Plan.Model), call.Expected.Tokens), units), UsageSource.Estimated);
    }

    private static TokenUsage Clamped(TokenUsage counted, TokenUsage most) => new(
        InputUncached: Math.Min(counted.InputUncached, most.InputUncached),
        OutputText: Math.Min(counted.OutputText, most.OutputText),
        AudioIn: Math.Min(counted.AudioIn, most.AudioIn),
        AudioOut: Math.Min(counted.AudioOut, most.AudioOut),
        ImageIn: Math.Min(counted.ImageIn, most.ImageIn),
        ImageOut: Math.Min(counted.ImageOut, most.ImageOut));
}
