using System.Buffers;
using System.Text.Json;
using AiHub.Gateway.Dialects.OpenAI;

namespace AiHub.Gateway.Dialects.OpenRouter;

/// <summary>An error as OpenRouter's clients expect it: <c>{"error":{"code":429,"message","metadata":{"error_type","provider_code"}}}</c>; a code that is no number they refuse.</summary>
internal static class OpenRouterError
{
    /// <returns>The status in this dialect.</returns>
    public static int Write(IBufferWriter<byte> body, int status, string? code, string message)
    {
        var told = code == "insufficient_quota" ? StatusCodes.Status402PaymentRequired : status;
        using var json = new Utf8JsonWriter(body, AnswerRepair.Readable);
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteNumber("code", told);
        json.WriteString("message", message);
        json.WriteStartObject("metadata");
        json.WriteString("error_type", TypeOf(told, code));
        if (code is not null)
        {
            json.WriteString("provider_code", code);
        }

        json.WriteEndObject();
        json.WriteEndObject();
        json.WriteEndObject();
        return told;
    }

    private static string TypeOf(int status, string? code) => (status, code) switch
    {
        (_, "context_length_exceeded") => "context_length_exceeded",
        (StatusCodes.Status400BadRequest, _) => "invalid_request",
        (StatusCodes.Status401Unauthorized, _) => "authentication",
        (StatusCodes.Status402PaymentRequired, _) => "payment_required",
        (StatusCodes.Status403Forbidden, _) => "permission_denied",
        (StatusCodes.Status404NotFound, _) => "not_found",
        (StatusCodes.Status413PayloadTooLarge, _) => "payload_too_large",
        (StatusCodes.Status422UnprocessableEntity, _) => "unprocessable",
        (StatusCodes.Status429TooManyRequests, _) => "rate_limit_exceeded",
        (StatusCodes.Status502BadGateway, _) => "provider_unavailable",
        (StatusCodes.Status503ServiceUnavailable, _) => "provider_overloaded",
        (StatusCodes.Status504GatewayTimeout, _) => "timeout",
        ( < StatusCodes.Status500InternalServerError, _) => "invalid_request",
        _ => "server",
    };
}
