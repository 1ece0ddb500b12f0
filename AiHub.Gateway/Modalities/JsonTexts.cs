using System.Text.Json;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Modalities;

/// <summary>Counts what a JSON value of texts comes to: its strings by their length, its numbers as tokens that were counted already.</summary>
internal static class JsonTexts
{
    // A picture or file among texts, by its address or whole.
    private static bool IsAttachment(ReadOnlySpan<byte> text) => text.StartsWith("data:"u8) || text.StartsWith("https://"u8) || text.StartsWith("http://"u8);

    public static long Estimate(ReadOnlySpan<byte> json)
    {
        var tokens = 0L;
        var reader = new Utf8JsonReader(json);
        while (!json.IsEmpty && reader.Read())
        {
            tokens += reader.TokenType switch
            {
                JsonTokenType.String => IsAttachment(reader.ValueSpan) ? TokenCounter.AttachmentTokens : TokenCounter.Estimate(reader.ValueSpan),
                JsonTokenType.Number => 1,
                _ => 0,
            };
        }

        return tokens;
    }

    public static long Count(TokenCounter counter, string model, ReadOnlySpan<byte> json)
    {
        var tokens = 0L;
        var reader = new Utf8JsonReader(json);
        while (!json.IsEmpty && reader.Read())
        {
            tokens += reader.TokenType switch
            {
                JsonTokenType.String => IsAttachment(reader.ValueSpan) ? TokenCounter.AttachmentTokens : counter.Count(model, reader.GetString()!),
                JsonTokenType.Number => 1,
                _ => 0,
            };
        }

        return tokens;
    }
}
