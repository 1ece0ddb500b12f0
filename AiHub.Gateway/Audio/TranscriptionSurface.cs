using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Modalities;

namespace AiHub.Gateway.Audio;

/// <summary>Speech written down. Paid by the second, or by tokens of sound and of text.</summary>
internal sealed class TranscriptionSurface : Surface
{
    // The most a second of speech comes to, and what it usually does.
    private const int MostSoundTokens = 20;
    private const int UsualSoundTokens = 10;
    private const int MostTextTokens = 10;

    // Speech is hardly ever kept in fewer bytes than this.
    private const int FewestBytesPerSecond = 2_000;

    public override string Name => "openai.audio.transcriptions";

    public override string Path => "audio/transcriptions";

    public override ModelKind Kind => ModelKind.Transcription;

    public override string Operation => "transcription";

    public override bool TakesJson => false;

    public override bool AnswersInWords => true;

    // OpenAI takes files of 25 MB; a little more for the rest of the form.
    public override long? LargestForm => 26 * 1024 * 1024;

    public override bool AnswersWithText(SurfaceRequest request) => request.Text("response_format") is "text" or "srt" or "vtt";

    public override OpenAIError? Check(SurfaceRequest request) =>
        request.Files.Any(file => file.Name == "file") ? null : OpenAIError.Missing("file");

    // Plain text says nothing about its cost; as JSON the same answer does.
    public override IEnumerable<(string Field, string Value)> Changes(SurfaceRequest request) =>
        request.Text("response_format") == "text" && !request.Stream ? [("response_format", "json")] : [];

    public override (byte[] Body, string ContentType)? Render(SurfaceRequest request, ReadOnlyMemory<byte> answer, string? contentType) =>
        Changes(request).Any() && SurfaceNumbers.At(answer.Span, "text") is { Length: > 0 } text
            ? (Encoding.UTF8.GetBytes(JsonText(text) + "\n"), "text/plain; charset=utf-8")
            : null;

    public override Consumption Expect(SurfaceRequest request, Model model)
    {
        var seconds = SecondsOf(request) ?? Guess(request);
        return new Consumption(
            new TokenUsage(InputUncached: PromptTokens(request), AudioIn: seconds * MostSoundTokens, OutputText: seconds * MostTextTokens),
            new UnitUsage(Seconds: seconds));
    }

    public override UnitUsage Units(SurfaceRequest request, Heard heard)
    {
        if (heard.Units.Seconds > 0)
        {
            return heard.Units;
        }

        var seconds = SecondsOf(request);
        heard.UnitsAreGuessed = seconds is null;
        return new UnitUsage(Seconds: seconds ?? Guess(request));
    }

    public override TokenUsage Tokens(SurfaceRequest request, Heard heard, TokenCounter counter, Model model) => new(
        InputUncached: PromptTokens(request),
        AudioIn: Units(request, heard).Seconds * UsualSoundTokens,
        OutputText: counter.Count(model.Id, heard.Text.ToString()));

    public override void Hear(ReadOnlyMemory<byte> piece, SurfaceRequest request, Heard heard)
    {
        if (piece.Span.TrimStart(" \t\r\n"u8) is [(byte)'{', ..])
        {
            base.Hear(piece, request, heard);
        }
        else
        {
            heard.Text.Append(Encoding.UTF8.GetString(piece.Span));
        }
    }

    protected override void HearMember(ReadOnlySpan<byte> name, ReadOnlySpan<byte> value, Heard heard)
    {
        if (name.SequenceEqual("delta"u8) && value[0] == (byte)'"')
        {
            heard.Text.Append(JsonText(value));
        }
        else if (name.SequenceEqual("text"u8) && value[0] == (byte)'"')
        {
            // The whole of it, also after it came in pieces.
            heard.Text.Clear().Append(JsonText(value));
        }
        else if (name.SequenceEqual("duration"u8) && heard.Units.Seconds == 0)
        {
            heard.Units = new UnitUsage(Seconds: WholeSeconds(value));
        }
    }

    protected override void HearUsage(ReadOnlySpan<byte> usage, Heard heard)
    {
        if (SurfaceNumbers.WholeUp(usage, "seconds") is { } seconds)
        {
            heard.Units = new UnitUsage(Seconds: seconds);
        }

        if (SurfaceNumbers.Whole(usage, "input_tokens") is >= 0 and var input && SurfaceNumbers.Whole(usage, "output_tokens") is >= 0 and var output)
        {
            var words = Math.Clamp(SurfaceNumbers.Whole(usage, "input_token_details", "text_tokens") ?? 0, 0, input);
            heard.Tokens = new TokenUsage(InputUncached: words, AudioIn: input - words, OutputText: output);
        }
    }

    private static long WholeSeconds(ReadOnlySpan<byte> number) => SurfaceNumbers.WholeUp(Encoding.UTF8.GetBytes($$"""{"value":{{Encoding.UTF8.GetString(number).Trim('"')}}}"""), "value") ?? 0;

    private static string JsonText(ReadOnlySpan<byte> json)
    {
        var reader = new System.Text.Json.Utf8JsonReader(json);
        reader.Read();
        return reader.GetString()!;
    }

    private static long PromptTokens(SurfaceRequest request) => request.Text("prompt") is { } prompt ? TokenCounter.Estimate(Encoding.UTF8.GetBytes(prompt)) : 0;

    private static long Guess(SurfaceRequest request) => 1 + FileOf(request).Length / FewestBytesPerSecond;

    private static SentFile FileOf(SurfaceRequest request) => request.Files.First(file => file.Name == "file");

    private static long? SecondsOf(SurfaceRequest request)
    {
        var file = FileOf(request);
        using var stream = request.Open(file);
        return AudioLength.Of(stream, file.Length) is { } length ? (long)Math.Ceiling(length.TotalSeconds) : null;
    }
}
