using System.Globalization;

namespace AiHub.Gateway.Limits;

internal static class OpenRouterLimitHeaders
{
    /// <summary>The figures of the limit that refused, where OpenRouter's clients look for them; a reset is a moment there, in milliseconds since 1970.</summary>
    public static void WriteOpenRouterTo(this Admission admission, HttpResponse response, DateTimeOffset now)
    {
        var refusing = admission.Refusal?.Scope.Kind switch
        {
            LimitKind.Requests => admission.Requests,
            LimitKind.Tokens => admission.Tokens,
            _ => null,
        };
        if (refusing is { } figures)
        {
            response.Headers["X-RateLimit-Limit"] = figures.Limit.ToString(CultureInfo.InvariantCulture);
            response.Headers["X-RateLimit-Remaining"] = figures.Remaining.ToString(CultureInfo.InvariantCulture);
            response.Headers["X-RateLimit-Reset"] = (now + figures.Reset).ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture);
        }
    }
}
