using System.Globalization;

namespace AiHub.Gateway.Limits;

internal static class AnthropicLimitHeaders
{
    /// <summary>The same figures where Anthropic's clients look for them; a reset is a moment there, not a duration.</summary>
    public static void WriteAnthropicTo(this Admission admission, HttpResponse response, DateTimeOffset now)
    {
        if (admission.Requests is { } requests)
        {
            response.Headers["anthropic-ratelimit-requests-limit"] = requests.Limit.ToString(CultureInfo.InvariantCulture);
            response.Headers["anthropic-ratelimit-requests-remaining"] = requests.Remaining.ToString(CultureInfo.InvariantCulture);
            response.Headers["anthropic-ratelimit-requests-reset"] = (now + requests.Reset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }
    }
}
