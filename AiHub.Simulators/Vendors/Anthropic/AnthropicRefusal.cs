using System.Globalization;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>A refusal in Anthropic's shape: <c>{"type":"error","error":{"type","message"},"request_id"}</c>.</summary>
public sealed record AnthropicRefusal(int Status, string Type, string Message)
{
    public TimeSpan? RetryAfter { get; init; }

    public static readonly AnthropicRefusal Overloaded = new(529, "overloaded_error", "Overloaded");

    public static readonly AnthropicRefusal Failed = new(500, "api_error", "Internal server error");

    public static AnthropicRefusal Invalid(string message) => new(400, "invalid_request_error", message);

    public static AnthropicRefusal NoKey() => new(401, "authentication_error", "x-api-key header is required");

    public static AnthropicRefusal WrongKey() => new(401, "authentication_error", "invalid x-api-key");

    public static AnthropicRefusal NotFound(string message) => new(404, "not_found_error", message);

    public static AnthropicRefusal TooManyRequests(int limit, TimeSpan? retryAfter) => new(
        429,
        "rate_limit_error",
        $"This request would exceed your organization's rate limit of {limit.ToString(CultureInfo.InvariantCulture)} requests per minute.")
    {
        RetryAfter = retryAfter,
    };

    public JsonObject ToJson(string requestId) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = Type, ["message"] = Message },
        ["request_id"] = requestId,
    };

    public async Task WriteAsync(HttpResponse response, string requestId, CancellationToken ct)
    {
        response.StatusCode = Status;
        response.ContentType = "application/json";
        response.Headers["x-should-retry"] = Status is 408 or 409 or 429 or >= 500 ? "true" : "false";
        if (RetryAfter is { } wait)
        {
            response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        }

        await response.WriteAsync(Wire.Line(ToJson(requestId)), ct);
    }
}
