using System.Globalization;

namespace AiHub.Gateway.Limits;

public static class LimitHeaders
{
    /// <summary>
    /// Writes OpenAI's <c>x-ratelimit-*-requests</c> and <c>x-ratelimit-*-tokens</c> and, with a refusal, <c>retry-after</c> and <c>retry-after-ms</c>.
    /// </summary>
    public static void WriteTo(this Admission admission, HttpResponse response)
    {
        if (admission.Requests is { } requests)
        {
            response.Headers["x-ratelimit-limit-requests"] = Number(requests.Limit);
            response.Headers["x-ratelimit-remaining-requests"] = Number(requests.Remaining);
            response.Headers["x-ratelimit-reset-requests"] = Duration(requests.Reset);
        }

        if (admission.Tokens is { } tokens)
        {
            response.Headers["x-ratelimit-limit-tokens"] = Number(tokens.Limit);
            response.Headers["x-ratelimit-remaining-tokens"] = Number(tokens.Remaining);
            response.Headers["x-ratelimit-reset-tokens"] = Duration(tokens.Reset);
        }

        if (admission.Refusal is { } refusal)
        {
            response.Headers.RetryAfter = Number(Math.Ceiling(refusal.RetryAfter.TotalSeconds));
            response.Headers["retry-after-ms"] = Number(Math.Ceiling(refusal.RetryAfter.TotalMilliseconds));
        }
    }

    /// <summary>As OpenAI writes durations: <c>12ms</c>, <c>8.64s</c>, <c>6m0s</c>; rounded up.</summary>
    public static string Duration(TimeSpan time)
    {
        var milliseconds = Math.Ceiling(time.TotalMilliseconds);
        if (milliseconds < 1000)
        {
            return $"{Number(milliseconds)}ms";
        }

        if (milliseconds < 60_000)
        {
            return $"{Number(milliseconds / 1000)}s";
        }

        var seconds = (long)Math.Ceiling(milliseconds / 1000);

        return seconds < 3600 ? $"{seconds / 60}m{seconds % 60}s" : $"{seconds / 3600}h{seconds / 60 % 60}m{seconds % 60}s";
    }

    private static string Number(double value) => value.ToString(CultureInfo.InvariantCulture);
}
