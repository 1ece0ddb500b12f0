using System.Buffers;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;

namespace AiHub.Gateway.Providers;

/// <summary>Translates every way a vendor can fail into an <see cref="UpstreamException"/>: the one place where it is decided what a failure means.</summary>
internal static class UpstreamFailures
{
    public const int LongestBody = 64 * 1024;

    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(1);

    public static async Task<UpstreamException> OfStatusAsync(HttpResponseMessage response, WireTarget target, Deadlines deadlines)
    {
        var retryAfter = RetryAfter(response);
        var body = await UpstreamBody.ReadSomeAsync(response.Content, LongestBody, deadlines);

        return Of(response.StatusCode, Encoding.UTF8.GetString(body.Span), retryAfter, target);
    }

    /// <summary>An error that came with status 200, alone or in the middle of a stream.</summary>
    public static UpstreamException OfErrorObject(ReadOnlyMemory<byte> error, WireTarget target)
    {
        var text = Encoding.UTF8.GetString(error.Span);
        var status = VendorError.Read(text) is { Code: { } code } && int.TryParse(code, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number is >= 400 and <= 599
            ? (HttpStatusCode?)number
            : null;

        return Of(status, text, retryAfter: null, target);
    }

    /// <summary>An event that was announced as an error, or JSON that stands outside of any event: in both of them vendors tell of errors.</summary>
    public static UpstreamException OfStrayJson(in SseEvent sent, WireTarget target) =>
        sent.Kind == SseEventKind.Error ? OfErrorObject(sent.Data, target)
        : FindError(sent.Data, target) ?? new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent JSON outside of an event.");

    /// <summary>For what has no answer in it although it says 200.</summary>
    /// <returns>Null when it names no error either.</returns>
    public static UpstreamException? FindError(ReadOnlyMemory<byte> json, WireTarget target) =>
        VendorError.Read(Encoding.UTF8.GetString(json.Span)) is { Code: not null } or { Message: not null } ? OfErrorObject(json, target) : null;

    /// <returns>Null when the failure already says what it is: translated before, a caller that went away, a bug of ours.</returns>
    public static Exception? Translate(Exception failure, Deadlines deadlines, WireTarget target, CancellationToken caller) => failure switch
    {
        UpstreamException => null,
        // Cancelling breaks the line, and a line we broke ourselves is nobody's failure.
        OperationCanceledException when caller.IsCancellationRequested => null,
        _ when caller.IsCancellationRequested => new OperationCanceledException("The caller has gone.", failure, caller),
        _ when deadlines.Expired is { } limit => new UpstreamException(ProviderFailure.Timeout, $"{target.VendorId} took too long ({limit}).", cause: failure),
        JsonException or FormatException => new UpstreamException(ProviderFailure.Malformed, $"{target.VendorId} sent something that is not its dialect.", cause: failure),
        HttpIOException { HttpRequestError: HttpRequestError.ResponseEnded } => new UpstreamException(ProviderFailure.Truncated, $"{target.VendorId} broke the connection off.", cause: failure),
        HttpRequestException => new UpstreamException(ProviderFailure.Unavailable, $"{target.VendorId} cannot be reached.", cause: failure),
        IOException => new UpstreamException(ProviderFailure.Truncated, $"{target.VendorId} broke the connection off.", cause: failure),
        _ => null,
    };

    private static UpstreamException Of(HttpStatusCode? status, string body, TimeSpan? retryAfter, WireTarget target)
    {
        var error = VendorError.Read(body);
        var failure = VendorErrorCodes.Of(error, status, target.Quirks);
        var wait = retryAfter ?? error?.RetryAfter;

        return new UpstreamException(
            failure,
            status is { } code ? $"{target.VendorId} answered {(int)code} ({failure})." : $"{target.VendorId} answered with an error ({failure}).",
            status,
            Redact(body, target),
            wait > LongestRetryAfter ? LongestRetryAfter : wait);
    }

    // A vendor that repeats the key it was sent must not teach it to a client or a log.
    private static string Redact(string text, WireTarget target) => target.Secret is { Value.Length: > 0 } secret ? text.Replace(secret.Value, "***") : text;

    private static TimeSpan? RetryAfter(HttpResponseMessage response)
    {
        var wait = response.Headers.TryGetValues("retry-after-ms", out var values)
            && double.TryParse(values.First(), NumberStyles.Float, CultureInfo.InvariantCulture, out var milliseconds)
            && milliseconds is >= 0 and < int.MaxValue
                ? TimeSpan.FromMilliseconds(milliseconds)
                : response.Headers.RetryAfter switch
                {
                    { Delta: { } delta } => delta,
                    // Relative to the vendor's own clock, which is the one that wrote it.
                    { Date: { } date } when response.Headers.Date is { } sent && date > sent => date - sent,
                    _ => (TimeSpan?)null,
                };

        return wait;
    }
}

/// <summary>Reads what a vendor sent as one piece, never more than fits.</summary>
internal static class UpstreamBody
{
    /// <exception cref="FormatException">The body is longer than <paramref name="limit"/>.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadAsync(HttpContent content, int limit, Deadlines deadlines)
    {
        var body = await ReadUpToAsync(content, limit + 1, deadlines);
        return body.Length <= limit ? body : throw new FormatException($"The answer is longer than {limit} bytes.");
    }

    /// <summary>The beginning of a body whose end does not matter; a line that breaks meanwhile does not matter either.</summary>
    public static async Task<ReadOnlyMemory<byte>> ReadSomeAsync(HttpContent content, int limit, Deadlines deadlines)
    {
        try
        {
            return await ReadUpToAsync(content, limit, deadlines);
        }
        catch (IOException)
        {
            return default;
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadUpToAsync(HttpContent content, int limit, Deadlines deadlines)
    {
        await using var stream = await content.ReadAsStreamAsync(deadlines.Token);
        var body = new ArrayBufferWriter<byte>((int)Math.Clamp(content.Headers.ContentLength + 1 ?? 4096, 256, limit));
        while (body.WrittenCount < limit)
        {
            var space = body.GetMemory();
            deadlines.StartWaiting();
            var read = await stream.ReadAsync(space.Length > limit - body.WrittenCount ? space[..(limit - body.WrittenCount)] : space, deadlines.Token);
            deadlines.StopWaiting();
            if (read == 0)
            {
                break;
            }

            body.Advance(read);
        }

        return body.WrittenMemory;
    }
}
