using System.Globalization;
using System.Text;
using System.Text.Json;
using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Providers;

/// <summary>A client's own JSON for a vendor of the same dialect: byte for byte, but for the vendor's name of the model and a limit that is paid for.</summary>
internal static class OriginalBody
{
    /// <param name="limitField">What the dialect calls the most tokens an answer may have.</param>
    public static JsonEdits For(ReadOnlyMemory<byte> json, WireTarget target, ReadOnlySpan<byte> limitField, long? outputCap)
    {
        var edits = new JsonEdits(json);
        var reader = new Utf8JsonReader(json.Span, new JsonReaderOptions { MaxDepth = 256 });
        reader.Read();
        var first = (int)reader.BytesConsumed;
        var limited = false;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isModel = reader.ValueTextEquals("model"u8);
            var isLimit = reader.ValueTextEquals(limitField);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            long? limit = reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) ? number : null;
            reader.Skip();
            var value = new JsonRange(start, (int)reader.BytesConsumed - start);
            if (isModel)
            {
                edits.Replace(value, target.EncodedModel);
            }
            else if (isLimit)
            {
                limited = true;
                if (outputCap is { } cap && !(limit <= cap))
                {
                    edits.Replace(value, Encoding.UTF8.GetBytes(cap.ToString(CultureInfo.InvariantCulture)));
                }
            }
        }

        if (outputCap is { } most && !limited)
        {
            edits.Insert(first, Encoding.UTF8.GetBytes($"\"{Encoding.UTF8.GetString(limitField)}\":{most.ToString(CultureInfo.InvariantCulture)},"));
        }

        return edits;
    }
}
