using System.Globalization;
using AiHub.Domain;
using AiHub.Gateway.Metering;

namespace AiHub.Gateway.Chat;

/// <summary>What the hub adds about a call in headers: who answered, how long the hub itself took, and the cost once it is known.</summary>
internal static class AnswerHeaders
{
    private const int MostDropped = 1_000;

    /// <summary>Headers are written when the answer starts, so that they say what is known then, and are there when it is an error too.</summary>
    public static void TellOf(this HttpResponse response, AdmittedCall call, TimeProvider time) => response.OnStarting(() =>
    {
        Write(response.Headers, call, time);
        return Task.CompletedTask;
    });

    private static void Write(IHeaderDictionary headers, AdmittedCall call, TimeProvider time)
    {
        var elapsed = time.GetElapsedTime(call.ReceivedTimestamp);
        headers["openai-processing-ms"] = Milliseconds(elapsed);
        headers["x-aihub-model"] = (call.Attempts.Last?.Model ?? call.Plan.Model).Id;
        if (call.Attempts.Last is { } upstream)
        {
            headers["x-aihub-provider"] = upstream.VendorId;
            if (upstream.Own is { } own)
            {
                headers["x-aihub-own-key"] = own.Id.ToString();
            }

            headers["x-aihub-attempts"] = call.Attempts.Count.ToString(CultureInfo.InvariantCulture);
        }

        if (call.Attempts.Exchange is { } exchange && (call.Streamed ? exchange.TimeToFirstToken : exchange.Duration) is { } vendor)
        {
            headers["x-aihub-overhead-ms"] = Math.Max(0, (elapsed - vendor).TotalMilliseconds).ToString("0.#", CultureInfo.InvariantCulture);
        }

        if (call.Attempts.Exchange is { Dropped.Count: > 0 } untold)
        {
            headers["x-aihub-dropped-params"] = Dropped(untold.Dropped);
        }

        if (call.Plan.Cache is { } cache)
        {
            headers["x-aihub-cache"] = cache.Status.ToString().ToLowerInvariant();
            if (cache.Answer is not null)
            {
                headers["x-aihub-cache-age"] = ((long)cache.Age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }
            else if (cache.Key is not null)
            {
                headers["x-aihub-cache-ttl"] = ((long)cache.Ttl.TotalSeconds).ToString(CultureInfo.InvariantCulture);
            }
        }

        if (call.Guarded.Entries.Count > 0)
        {
            // Whether, not what: a caller learns that the answer was changed, and its record tells by which guardrail.
            headers["x-aihub-guardrails"] = string.Join(',', call.Guarded.Entries.Select(entry => string.Join(':', entry.Split(':').Take(2))).Distinct());
        }

        if (call.Usage is { } usage)
        {
            if (usage.OwnKeyId is not null)
            {
                headers["x-aihub-vendor-cost"] = new Money(usage.VendorCostNanos, usage.Cost.Currency).ToDecimalString();
            }

            headers["x-aihub-cost"] = usage.Cost.ToDecimalString();
            headers["x-aihub-cost-currency"] = usage.Cost.Currency.ToString();
        }
    }

    // Names come from the client's JSON, and a header takes only plain characters.
    private static string Dropped(IReadOnlyList<string> paths)
    {
        var list = string.Join(',', paths);
        return string.Concat(list.Take(MostDropped).Select(one => one is > ' ' and <= '~' ? one : '?'));
    }

    private static string Milliseconds(TimeSpan time) => ((long)Math.Max(1, time.TotalMilliseconds)).ToString(CultureInfo.InvariantCulture);
}
