using System.Buffers;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Dialects.OpenRouter;

namespace AiHub.Gateway.Errors;

/// <summary>
/// An answer that is an error, as every OpenAI client expects it: <c>{"error":{"message","type","param","code"}}</c> with all four keys.
/// At the paths of another dialect it is told in that dialect's shape. Refusals are made here by name, so that one place decides status, code and whether an SDK should try again by itself.
/// </summary>
public sealed record OpenAIError(int Status, string Message, string Type, string? Param, string? Code) : IResult, IStatusCodeHttpResult
{
    public const string ServerError = "server_error";
    private const string InvalidRequest = "invalid_request_error";

    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>SDKs repeat 408, 409, 429 and 5xx twice unless told otherwise; null leaves it to them.</summary>
    public bool? ShouldRetry { get; init; }

    public TimeSpan? RetryAfter { get; init; }

    int? IStatusCodeHttpResult.StatusCode => Status;

    public static OpenAIError BadRequest(string message, string? param = null, string? code = null) =>
        new(StatusCodes.Status400BadRequest, message, InvalidRequest, param, code);

    public static OpenAIError Missing(string param) =>
        BadRequest($"Missing required parameter: '{param}'.", param, "missing_required_parameter");

    public static OpenAIError WrongType(string param, string expected) =>
        BadRequest($"Invalid type for '{param}': expected {expected}.", param, "invalid_type");

    public static OpenAIError Unauthorized(string message, string code = "invalid_api_key") =>
        new(StatusCodes.Status401Unauthorized, message, InvalidRequest, null, code);

    public static OpenAIError Forbidden(string message, string code = "permission_denied", string? param = null) =>
        new(StatusCodes.Status403Forbidden, message, InvalidRequest, param, code);

    public static OpenAIError ModelNotFound(string model) =>
        new(StatusCodes.Status404NotFound, $"The model '{model}' does not exist or you do not have access to it.", InvalidRequest, "model", "model_not_found");

    public static OpenAIError Of(int status, string message) => status switch
    {
        < StatusCodes.Status500InternalServerError => new(status, message, InvalidRequest, null, null),
        _ => new(status, message, ServerError, null, null),
    };

    /// <summary>Trying again would only be refused again.</summary>
    public OpenAIError Final() => this with { ShouldRetry = false };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var body = new ArrayBufferWriter<byte>(256);
        response.StatusCode = Write(httpContext, body);
        response.ContentType = "application/json";
        if (ShouldRetry is { } retry)
        {
            response.Headers["x-should-retry"] = retry ? "true" : "false";
        }

        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = ((long)Math.Ceiling(Math.Max(0, wait.TotalSeconds))).ToString(CultureInfo.InvariantCulture);
        }

        if (HttpMethods.IsHead(httpContext.Request.Method))
        {
            return;
        }

        response.ContentLength = body.WrittenCount;
        await response.BodyWriter.WriteAsync(body.WrittenMemory, httpContext.RequestAborted);
    }

    /// <returns>The status, which is not the same in every dialect.</returns>
    private int Write(HttpContext context, IBufferWriter<byte> body)
    {
        if (context.ErrorShape() == ErrorShape.Anthropic)
        {
            var told = AnthropicError.Of(Status, Code, Message, context.TraceIdentifier);
            told.Write(body);
            return told.Status;
        }

        if (context.ErrorShape() == ErrorShape.OpenRouter)
        {
            return OpenRouterError.Write(body, Status, Code, Message);
        }

        Write(body);
        return Status;
    }

    public void Write(IBufferWriter<byte> output)
    {
        using var json = new Utf8JsonWriter(output, Readable);
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", Message);
        json.WriteString("type", Type);
        json.WriteString("param", Param);
        json.WriteString("code", Code);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
