using System.Globalization;
using System.Text.Json;

namespace AiHub.Gateway.Providers;

/// <summary>The error object vendors answer with, in whichever of their shapes.</summary>
public readonly record struct VendorError(string? Message, string? Type, string? Param, string? Code)
{
    /// <summary>How long the body asks to leave the vendor alone; headers may say it too.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>
    /// Reads <c>{"error":{…}}</c>, the same in a list, a bare error object, <c>{"error":"text"}</c>, <c>{"base_resp":{"status_code":1008}}</c>
    /// and <c>{"response":{"error":{…}}}</c>; null for anything else.
    /// </summary>
    public static VendorError? Read(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return null;
        }

        try
        {
            using var document = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 256 });
            return Read(document.RootElement);
        }
        catch (JsonException)
        {
            // An error page of a proxy in between; its status says enough.
            return null;
        }
    }

    private static VendorError? Read(JsonElement body)
    {
        // Gemini answers a stream that never was with a list of one error.
        var error = body.ValueKind == JsonValueKind.Array && body.GetArrayLength() > 0 ? body[0] : body;
        if (error.ValueKind == JsonValueKind.Object)
        {
            if (Member(error, "error") is { } inner)
            {
                error = inner;
            }
            else if (Member(error, "base_resp") is { ValueKind: JsonValueKind.Object } reply)
            {
                var code = Text(reply, "status_code");
                return code is null or "0" ? null : new VendorError(Text(reply, "status_msg"), null, null, code);
            }
            else if (Member(error, "response") is { ValueKind: JsonValueKind.Object } response && Member(response, "error") is { } told)
            {
                error = told;
            }
        }

        return error.ValueKind switch
        {
            JsonValueKind.String => new VendorError(error.GetString(), null, null, null),
            JsonValueKind.Object => OfObject(error),
            _ => null,
        };
    }

    private static VendorError OfObject(JsonElement error)
    {
        // Google puts what really happened into a list of details, and the name of the status where others have a type.
        string? reason = null;
        TimeSpan? wait = null;
        if (Member(error, "details") is { ValueKind: JsonValueKind.Array } details)
        {
            foreach (var detail in details.EnumerateArray().Where(detail => detail.ValueKind == JsonValueKind.Object))
            {
                reason ??= Text(detail, "reason");
                wait ??= Seconds(Text(detail, "retryDelay"));
            }
        }

        // Azure says in an inner error which of its filters it was.
        var innerCode = Member(error, "innererror") is { ValueKind: JsonValueKind.Object } inner ? Text(inner, "code") : null;

        return new VendorError(
            Text(error, "message") ?? Text(error, "error_msg") ?? Text(error, "msg"),
            Text(error, "type") ?? Text(error, "status"),
            Text(error, "param"),
            reason ?? innerCode ?? Text(error, "code") ?? Text(error, "error_code"))
        {
            RetryAfter = wait,
        };
    }

    private static JsonElement? Member(JsonElement holder, string name) =>
        holder.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.False) ? value : null;

    private static string? Text(JsonElement error, string name) => error.TryGetProperty(name, out var value) && value.ValueKind is JsonValueKind.String or JsonValueKind.Number
        ? value.ToString()
        : null;

    // 34s, 0.5s
    private static TimeSpan? Seconds(string? text) =>
        text is [.. var number, 's'] && double.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds) && seconds < 86_400
            ? TimeSpan.FromSeconds(seconds)
            : null;
}
