using System.Globalization;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Chat;

/// <summary>What the hub adds about a call in headers: who answered, how long the hub itself took, and the cost once it is known.</summary>
internal static class AnswerHeaders
{
    public static void WriteAihubHeaders(this HttpResponse response, Call call, TimeProvider time)
    {
        var headers = response.Headers;
        var elapsed = time.GetElapsedTime(call.ReceivedTimestamp);
        headers["openai-processing-ms"] = Milliseconds(elapsed);
        headers["x-aihub-model"] = call.Plan.Model.Id;
        if (call.Attempts.Last is { } upstream)
        {
            headers["x-aihub-provider"] = upstream.VendorId;
            headers["x-aihub-attempts"] = call.Attempts.Count.ToString(CultureInfo.InvariantCulture);
        }

        if (call.Attempts.Exchange is { } exchange && (call.Request.Stream ? exchange.TimeToFirstToken : exchange.Duration) is { } vendor)
        {
            headers["x-aihub-overhead-ms"] = Math.Max(0, (elapsed - vendor).TotalMilliseconds).ToString("0.#", CultureInfo.InvariantCulture);
        }

        if (call.Usage is { } usage)
        {
            headers["x-aihub-cost"] = usage.Cost.ToDecimalString();
            headers["x-aihub-cost-currency"] = usage.Cost.Currency.ToString();
        }
    }

    private static string Milliseconds(TimeSpan time) => ((long)Math.Max(1, time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
