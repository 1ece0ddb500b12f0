using System.Buffers;
using System.Text.Json;

namespace AiHub.Gateway.Dialects.Anthropic;

/// <summary>
/// An error as every Anthropic client expects it: <c>{"type":"error","error":{"type","message"},"request_id"}</c>, as a body and as the
/// data of <c>event: error</c> in a stream.
/// </summary>
public sealed record AnthropicError(int Status, string Type, string Message, string? RequestId)
{
    public const int Overloaded = 529;

    /// <param name="status">The status the hub would give in the OpenAI dialect.</param>
    /// <param name="code">The hub's word for what happened, as in the OpenAI dialect.</param>
    public static AnthropicError Of(int status, string? code, string message, string? requestId)
    {
        // A spent quota is a 429 to OpenAI's clients because they look for that; Anthropic's have a word for it.
        var told = code is "insufficient_quota" ? StatusCodes.Status402PaymentRequired : status;
        return new AnthropicError(told == StatusCodes.Status503ServiceUnavailable ? Overloaded : told, TypeOf(told), message, requestId);
    }

    public static string TypeOf(int status) => status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status402PaymentRequired => "billing_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status409Conflict => "conflict_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable or Overloaded => "overloaded_error",
        StatusCodes.Status408RequestTimeout or StatusCodes.Status504GatewayTimeout => "timeout_error",
        < StatusCodes.Status500InternalServerError => "invalid_request_error",
        _ => "api_error",
    };

    public static AnthropicError BadRequest(string message, string? requestId = null) =>
        new(StatusCodes.Status400BadRequest, "invalid_request_error", message, requestId);

    public void Write(IBufferWriter<byte> body)
    {
        using var writer = new Utf8JsonWriter(body, Wire.Writer);
        writer.WriteStartObject();
        writer.WriteString("type"u8, "error"u8);
        writer.WriteStartObject("error"u8);
        writer.WriteString("type"u8, Type);
        writer.WriteString("message"u8, Message);
        writer.WriteEndObject();
        if (RequestId is not null)
        {
            writer.WriteString("request_id"u8, RequestId);
        }

        writer.WriteEndObject();
    }
}
