using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Embeddings;

/// <summary>Texts to vectors. What goes in is paid, by its tokens.</summary>
internal sealed class EmbeddingSurface(string dialect) : Surface
{
    public override string Name => $"{dialect}.embeddings";

    public override string Path => "embeddings";

    public override ModelKind Kind => ModelKind.Embedding;

    public override string Operation => "embeddings";

    public override OpenAIError? Check(SurfaceRequest request) =>
        !request.Has("input") ? OpenAIError.Missing("input")
        : request.Stream ? OpenAIError.BadRequest("Embeddings are not streamed.", "stream", "unsupported_value")
        : null;

    public override Consumption Expect(SurfaceRequest request, Model model) => new(new TokenUsage(JsonTexts.Estimate(request.Json("input").Span)));

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model) =>
        new(JsonTexts.Count(counter, model.Id, request.Json("input").Span));

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard) => Inputs.Hear(usage, heard);
}

/// <summary>Usage of a surface that has no output: whatever a vendor calls it, all of it went in.</summary>
internal static class Inputs
{
    public static void Hear(ReadOnlySpan<byte> usage, Heard heard)
    {
        var json = usage.ToArray();
        if (OpenAIUsage.Read(json) is { } reading)
        {
            (heard.Tokens, heard.Inconsistent) = (reading.Tokens with { OutputText = 0, OutputReasoning = 0, AudioOut = 0, ImageOut = 0 }, reading.Inconsistent);
        }
        else if (SurfaceNumbers.Whole(json, "total_tokens") is >= 0 and var total)
        {
            heard.Tokens = new TokenUsage(total);
        }
    }
}
