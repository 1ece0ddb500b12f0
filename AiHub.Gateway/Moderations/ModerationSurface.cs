using AiHub.Domain.Catalog;
using AiHub.Gateway.Embeddings;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Moderations;

/// <summary>Is this harmful? Vendors seldom report usage here, so the hub counts the texts itself.</summary>
internal sealed class ModerationSurface : Surface
{
    public override string Name => "openai.moderations";

    public override string Path => "moderations";

    public override ModelKind Kind => ModelKind.Moderation;

    public override string Operation => "moderations";

    public override string UsualModel => "omni-moderation-latest";

    public override OpenAIError? Check(SurfaceRequest request) => request.Has("input") ? null : OpenAIError.Missing("input");

    public override Consumption Expect(SurfaceRequest request, Model model) => new(new TokenUsage(JsonTexts.Estimate(request.Json("input").Span)));

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model) =>
        new(JsonTexts.Count(counter, model.Id, request.Json("input").Span));

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard) => Inputs.Hear(usage, heard);
}
