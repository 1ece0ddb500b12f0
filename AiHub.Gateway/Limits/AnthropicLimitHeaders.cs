using System.Globalization;

namespace AiHub.Gateway.Limits;

internal static class AnthropicLimitHeaders
{
    /// <summary>The same figures where Anthropic's clients look for them; a reset is a moment there, not a duration.</summary>
    public static void WriteAnthropicTo(this Admission admission, HttpResponse response, DateTimeOffset now)
    {
        Write("requests", admission.Requests);
        Write("tokens", admission.Tokens);

        void Write(string what, LimitFigures? figures)
        {
            if (figures is not { } left)
            {
                return;
            }

            response.Headers[$"anthropic-ratelimit-{what}-limit"] = left.Limit.ToString(CultureInfo.InvariantCulture);
            response.Headers[$"anthropic-ratelimit-{what}-remaining"] = left.Remaining.ToString(CultureInfo.InvariantCulture);
            response.Headers[$"anthropic-ratelimit-{what}-reset"] = (now + left.Reset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        }
    }
}
