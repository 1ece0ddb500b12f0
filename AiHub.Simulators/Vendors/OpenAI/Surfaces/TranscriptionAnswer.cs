using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI.Surfaces;

/// <summary>Says how long the sound is; it hears nothing else in it.</summary>
public static class TranscriptionAnswer
{
    public const string Path = "audio/transcriptions";
    private const int BytesPerSecondUnknown = 16_000;
    private const int TokensPerSecond = 10;

    public static OpenAIError? Check(SurfaceModel? model, SurfaceBody body, bool refuseUnknown)
    {
        var fields = body.Fields;
        return Rules.Unknown(fields, refuseUnknown, "model", "language", "prompt", "response_format", "temperature", "timestamp_granularities", "stream", "include", "chunking_strategy")
            ?? (body.Files.Any(file => file.Field == "file") ? null : OpenAIError.Invalid("Missing required parameter: 'file'.", "file", "missing_required_parameter"))
            ?? (model is { CountsTokens: true }
                ? Rules.IsOneOf(fields, "response_format", "json", "text")
                : Rules.IsOneOf(fields, "response_format", "json", "text", "srt", "verbose_json", "vtt"))
            ?? Rules.IsNumber(fields, "temperature", 0, 1)
            ?? Rules.IsFlag(fields, "stream");
    }

    public static Answer Of(SurfaceModel model, SurfaceBody body)
    {
        var seconds = SecondsOf(body.Files.First(file => file.Field == "file").Data);
        var whole = (int)Math.Ceiling(seconds);
        var text = $"A sound of {whole} seconds.";
        var words = body.Fields.Given("prompt") is { } prompt ? Tokens.Count(prompt.GetString()!) : 0;
        var (heard, written) = (whole * TokensPerSecond, Tokens.Count(text));
        var usage = model.CountsTokens
            ? new JsonObject
            {
                ["type"] = "tokens",
                ["input_tokens"] = words + heard,
                ["input_token_details"] = new JsonObject { ["text_tokens"] = words, ["audio_tokens"] = heard },
                ["output_tokens"] = written,
                ["total_tokens"] = words + heard + written,
            }
            : new JsonObject { ["type"] = "duration", ["seconds"] = whole };
        var answer = new Answer(words + heard, written);

        // As at OpenAI, only models that count tokens stream; the others ignore the wish.
        if (model.CountsTokens && body.Fields.Given("stream") is { ValueKind: System.Text.Json.JsonValueKind.True })
        {
            return answer with
            {
                ContentType = ChatEndpoint.EventStream,
                Pieces =
                [
                    .. SimulatedModel.Words(text).Select(word => new Step.Event(new JsonObject { ["type"] = "transcript.text.delta", ["delta"] = word })),
                    new Step.Event(new JsonObject { ["type"] = "transcript.text.done", ["text"] = text, ["usage"] = usage }),
                ],
            };
        }

        var end = TimeSpan.FromSeconds(seconds);
        return body.Fields.Given("response_format")?.GetString() switch
        {
            "text" => Text($"{text}\n"),
            "srt" => Text(string.Create(CultureInfo.InvariantCulture, $"1\n00:00:00,000 --> {end:hh\\:mm\\:ss\\,fff}\n{text}\n\n")),
            "vtt" => Text(string.Create(CultureInfo.InvariantCulture, $"WEBVTT\n\n00:00:00.000 --> {end:hh\\:mm\\:ss\\.fff}\n{text}\n\n")),
            "verbose_json" => answer with
            {
                Document = new JsonObject
                {
                    ["task"] = "transcribe",
                    ["language"] = "english",
                    ["duration"] = Math.Round(seconds, 3),
                    ["text"] = text,
                    ["segments"] = new JsonArray(new JsonObject
                    {
                        ["id"] = 0,
                        ["seek"] = 0,
                        ["start"] = 0.0,
                        ["end"] = Math.Round(seconds, 3),
                        ["text"] = text,
                        ["tokens"] = new JsonArray([.. Tokens.Encode(text).Select(token => (JsonNode)token)]),
                        ["temperature"] = 0.0,
                        ["avg_logprob"] = -0.1,
                        ["compression_ratio"] = 1.0,
                        ["no_speech_prob"] = 0.9,
                    }),
                    ["usage"] = usage,
                },
            },
            _ => answer with { Document = new JsonObject { ["text"] = text, ["usage"] = usage } },
        };

        Answer Text(string plain) => answer with { ContentType = "text/plain; charset=utf-8", Pieces = [new Step.Bytes(Encoding.UTF8.GetBytes(plain))] };
    }

    private static double SecondsOf(byte[] sound) =>
        sound.Length > 44 && sound.AsSpan().StartsWith("RIFF"u8) && BinaryPrimitives.ReadInt32LittleEndian(sound.AsSpan(28)) is > 0 and var perSecond
            ? (sound.Length - 44) / (double)perSecond
            : sound.Length / (double)BytesPerSecondUnknown;
}
