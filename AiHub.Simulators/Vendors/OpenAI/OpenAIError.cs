using System.Globalization;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>A refusal in OpenAI's shape: all four keys, always.</summary>
public sealed record OpenAIError(int Status, string Message, string Type = OpenAIError.InvalidRequest, string? Param = null, string? Code = null)
{
    private const string InvalidRequest = "invalid_request_error";

    public TimeSpan? RetryAfter { get; init; }

    public static OpenAIError Invalid(string message, string? param = null, string? code = null) => new(400, message, Param: param, Code: code);

    public static OpenAIError NoKey() => new(401, "You didn't provide an API key. Send it in the Authorization header: 'Authorization: Bearer YOUR_KEY'.");

    public static OpenAIError WrongKey(string key) => new(401, $"Incorrect API key provided: {Masked(key)}.", Code: "invalid_api_key");

    public static OpenAIError NoSuchModel(string model) =>
        new(404, $"The model `{model}` does not exist or you do not have access to it.", Code: "model_not_found");

    public static OpenAIError NoSuchDeployment() => new(
        404,
        "The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.",
        Code: "DeploymentNotFound");

    public static OpenAIError NoSuchUrl(string method, string path) => new(404, $"Invalid URL ({method} {path})");

    public static OpenAIError WrongMethod(string method, string path) => new(405, $"Not allowed to {method} on {path}.", Code: "method_not_supported");

    public static OpenAIError TooManyRequests(int limit, TimeSpan? retryAfter) =>
        new(429, $"Rate limit reached for requests. Limit: {limit.ToString(CultureInfo.InvariantCulture)} per minute.", "requests", Code: "rate_limit_exceeded")
        {
            RetryAfter = retryAfter,
        };

    public static OpenAIError ContextLengthExceeded(int limit, int tokens) => Invalid(
        $"This model's maximum context length is {limit} tokens. However, your messages resulted in {tokens} tokens. Please reduce the length of the messages.",
        "messages",
        "context_length_exceeded");

    public JsonObject ToJson() => new()
    {
        ["error"] = new JsonObject { ["message"] = Message, ["type"] = Type, ["param"] = Param, ["code"] = Code },
    };

    public async Task WriteAsync(HttpResponse response, CancellationToken ct)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            response.Headers["retry-after-ms"] = Math.Ceiling(wait.TotalMilliseconds).ToString(CultureInfo.InvariantCulture);
        }

        await response.Body.WriteAsync(Wire.Document(ToJson()), ct);
    }

    private static string Masked(string key) => key.Length < 12 ? new string('*', key.Length) : $"{key[..4]}{new string('*', key.Length - 8)}{key[^4..]}";
}
