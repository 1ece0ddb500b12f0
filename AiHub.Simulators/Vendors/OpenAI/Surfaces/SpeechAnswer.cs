using System.Buffers.Binary;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Silence, as long as the text would take to read.</summary>
public static class SpeechAnswer
{
    public const string Path = "audio/speech";
    private const int SampleRate = 24_000;
    private const int SamplesPerCharacter = 1_200;
    private const int BytesPerPiece = 8 * 1024;

    public static OpenAIError? Check(SurfaceBody body, bool refuseUnknown)
    {
        var fields = body.Fields;
        return Rules.Unknown(fields, refuseUnknown, "model", "input", "voice", "instructions", "response_format", "speed", "stream_format")
            ?? Rules.Needs(fields, "input")
            ?? Rules.IsText(fields, "input", 4_096)
            ?? Rules.Needs(fields, "voice")
            ?? Rules.IsOneOf(fields, "response_format", "mp3", "wav", "pcm")
            ?? Rules.IsOneOf(fields, "stream_format", "audio", "sse")
            ?? Rules.IsNumber(fields, "speed", 0.25, 4);
    }

    public static Answer Of(SurfaceBody body)
    {
        var text = body.Fields.Given("input")!.Value.GetString()!;
        var format = body.Fields.Given("response_format")?.GetString() ?? "mp3";
        var sound = Sound(format, text.Length);
        var (read, spoken) = (Tokens.Count(text), text.Length);
        var pieces = sound.Chunk(BytesPerPiece);
        if (body.Fields.Given("stream_format")?.GetString() != "sse")
        {
            return new Answer(read, spoken)
            {
                ContentType = format switch { "wav" => "audio/wav", "pcm" => "audio/pcm", _ => "audio/mpeg" },
                Pieces = [.. pieces.Select(piece => new Step.Bytes(piece))],
            };
        }

        var usage = new JsonObject { ["input_tokens"] = read, ["output_tokens"] = spoken, ["total_tokens"] = read + spoken };
        return new Answer(read, spoken)
        {
            ContentType = ChatEndpoint.EventStream,
            Pieces =
            [
                .. pieces.Select(piece => new Step.Event(new JsonObject { ["type"] = "speech.audio.delta", ["audio"] = Convert.ToBase64String(piece) })),
                new Step.Event(new JsonObject { ["type"] = "speech.audio.done", ["usage"] = usage }),
            ],
        };
    }

    /// <summary>A WAV of silence.</summary>
    public static byte[] Wav(int samples)
    {
        var wav = new byte[44 + (samples * 2)];
        "RIFF"u8.CopyTo(wav);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(4), wav.Length - 8);
        "WAVEfmt "u8.CopyTo(wav.AsSpan(8));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(16), 16);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(20), 1);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(22), 1);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(24), SampleRate);
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(28), SampleRate * 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(32), 2);
        BinaryPrimitives.WriteInt16LittleEndian(wav.AsSpan(34), 16);
        "data"u8.CopyTo(wav.AsSpan(36));
        BinaryPrimitives.WriteInt32LittleEndian(wav.AsSpan(40), samples * 2);
        return wav;
    }

    // An MPEG 1 layer 3 frame of 32 kbit/s at 44.1 kHz whose content is nothing plays as 26 ms of silence.
    private static byte[] Sound(string format, int characters) => format switch
    {
        "wav" => Wav(characters * SamplesPerCharacter),
        "pcm" => new byte[characters * SamplesPerCharacter * 2],
        _ => [.. Enumerable.Repeat((byte[])[0xFF, 0xFB, 0x10, 0xC4, .. new byte[100]], characters * 2).SelectMany(frame => frame)],
    };
}
