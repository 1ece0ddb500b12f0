using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Audio;

/// <summary>Text read out. Paid by the character, or by tokens of text and of sound; as bytes of sound it says nothing about either.</summary>
internal sealed class SpeechSurface : Surface
{
    public override string Name => "openai.audio.speech";

    public override string Path => "audio/speech";

    public override ModelKind Kind => ModelKind.Speech;

    public override string Operation => "speech";

    public override bool Streams(SurfaceRequest request) => request.Text("stream_format") == "sse";

    public override bool AnswersWithBytes(SurfaceRequest request) => !request.Stream;

    public override OpenAIError? Check(SurfaceRequest request) =>
        !request.Has("input") ? OpenAIError.Missing("input")
        : request.Json("input").Span[0] != (byte)'"' ? OpenAIError.WrongType("input", "a string")
        : null;

    public override Consumption Expect(SurfaceRequest request, Model model)
    {
        var text = Encoding.UTF8.GetBytes(request.Text("input")!);
        // A sound token is about a twentieth of a second: two for a letter, six for an ideograph, are seldom too few.
        var sound = text.Sum(unit => unit < 0x80 ? 2L : 2L * (unit >= 0xC0 ? 3 : 0));
        return new Consumption(new TokenUsage(InputUncached: TokenCounter.Estimate(text), AudioOut: sound), Characters(request));
    }

    public override UnitUsage Units(SurfaceRequest request, Heard heard) => Characters(request);

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model) => new(
        InputUncached: counter.Count(model.Id, request.Text("input")!),
        AudioOut: Expect(request, model).Tokens.AudioOut * 2 / 3);

    public override void Hear(ReadOnlyMemory<byte> piece, SurfaceRequest request, Heard heard)
    {
        if (request.Stream)
        {
            base.Hear(piece, request, heard);
        }
    }

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard)
    {
        if (SurfaceNumbers.Whole(usage, "input_tokens") is >= 0 and var read && SurfaceNumbers.Whole(usage, "output_tokens") is >= 0 and var spoken)
        {
            heard.Tokens = new TokenUsage(InputUncached: read, AudioOut: spoken);
        }
    }

    private static UnitUsage Characters(SurfaceRequest request) => new(Characters: request.Text("input")!.EnumerateRunes().Count());
}
