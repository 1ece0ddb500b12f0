using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Images;

/// <summary>Pictures from words, or from words and pictures. Paid by the picture, or by the tokens it is made of.</summary>
internal sealed class ImageSurface(string operation) : Surface
{
    private const int MostImages = 10;
    private const int PreviewTokens = 100;

    // Of the largest format; a caller who does not choose a quality may get the best.
    private const int LowTokens = 408;
    private const int MediumTokens = 1_584;
    private const int HighTokens = 6_240;

    public override string Name => $"openai.images.{operation}";

    public override string Path => $"images/{operation}";

    public override ModelKind Kind => ModelKind.Image;

    public override string Operation => "image_generation";

    public override long? LargestForm => operation == "edits" ? 100 * 1024 * 1024 : null;

    public override bool NamesEvents => true;

    public override bool AnswersInWords => true;

    public override OpenAIError? Check(SurfaceRequest request)
    {
        if (!request.Has("prompt"))
        {
            return OpenAIError.Missing("prompt");
        }

        if (request.Text("n") is { } count && SurfaceRequest.Whole(count) is not (>= 1 and <= MostImages))
        {
            return OpenAIError.WrongType("n", $"an integer between 1 and {MostImages}");
        }

        return operation != "edits" || request.Files.Any(file => file.Name is "image" or "image[]") || request.Has("images") || request.Has("image")
            ? null
            : OpenAIError.Missing("image");
    }

    public override Consumption Expect(SurfaceRequest request, Model model)
    {
        var images = ImagesOf(request);
        var shown = request.Files.Count + Elements(request.Json("images").Span);
        var shownTokens = request.Text("input_fidelity") == "high" ? HighTokens : TokenCounter.AttachmentTokens;
        return new Consumption(
            new TokenUsage(InputUncached: PromptTokens(request), ImageIn: (long)shown * shownTokens, ImageOut: images * (TokensOf(request) + PreviewTokens * PreviewsOf(request))),
            new UnitUsage(Images: images));
    }

    public override void Hear(ReadOnlyMemory<byte> piece, SurfaceRequest request, Heard heard)
    {
        switch (request.Stream ? Events.TypeOf(piece.Span) : null)
        {
            case { } type when type.EndsWith(".partial_image", StringComparison.Ordinal):
                // What it has come to so far is said again, in full, when it is finished.
                heard.Previews++;
                break;
            case { } type when type.EndsWith(".completed", StringComparison.Ordinal):
                // Each picture is counted by itself.
                var earlier = heard.Tokens;
                heard.Tokens = null;
                base.Hear(piece, request, heard);
                heard.Tokens = earlier is { } before && heard.Tokens is { } own ? Sum(before, own) : heard.Tokens ?? earlier;
                heard.Units = heard.Units with { Images = heard.Units.Images + 1 };
                break;
            default:
                base.Hear(piece, request, heard);
                break;
        }
    }

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model)
    {
        var expected = Expect(request, model).Tokens;
        return new TokenUsage(
            InputUncached: counter.Count(model.Id, request.Text("prompt")!),
            ImageIn: expected.ImageIn,
            ImageOut: heard.Units.Images * TokensOf(request) + heard.Previews * PreviewTokens);
    }

    protected override void HearMember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Heard heard)
    {
        if (name.SequenceEqual("data"u8))
        {
            heard.Units = heard.Units with { Images = Elements(value) };
        }
    }

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard)
    {
        if (OpenAIUsage.Read(usage.ToArray()) is not { } reading)
        {
            return;
        }

        var tokens = reading.Tokens;
        // Where nothing is said about what came out, a picture did.
        tokens = tokens.ImageOut == 0 ? tokens with { ImageOut = tokens.OutputText, OutputText = 0 } : tokens;
        heard.Tokens = tokens;
        heard.Inconsistent |= reading.Inconsistent;
    }

    private static TokenUsage Sum(TokenUsage left, TokenUsage right) => new(
        InputUncached: left.InputUncached + right.InputUncached,
        CacheRead: left.CacheRead + right.CacheRead,
        OutputText: left.OutputText + right.OutputText,
        OutputReasoning: left.OutputReasoning + right.OutputReasoning,
        ImageIn: left.ImageIn + right.ImageIn,
        ImageOut: left.ImageOut + right.ImageOut);

    private static long ImagesOf(SurfaceRequest request) => SurfaceRequest.Whole(request.Text("n")) ?? 1;

    private static long PreviewsOf(SurfaceRequest request) => Math.Clamp(SurfaceRequest.Whole(request.Text("partial_images")) ?? 0, 0, 3);

    private static long PromptTokens(SurfaceRequest request) => TokenCounter.Estimate(System.Text.Encoding.UTF8.GetBytes(request.Text("prompt")!));

    private static long TokensOf(SurfaceRequest request) => request.Text("quality") switch
    {
        "low" => LowTokens,
        "medium" => MediumTokens,
        _ => HighTokens,
    };

    private static int Elements(ReadOnlySpan<byte> json)
    {
        var count = 0;
        var elements = new JsonElements(json);
        while (elements.Next())
        {
            count++;
        }

        return count;
    }
}
