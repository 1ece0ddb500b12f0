using System.Globalization;
using AiHub.Simulators.Control;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Vendors.OpenAI;

/// <summary>One request to the vendor: kept as received, let in by its key, answered, and what was served written down.</summary>
/// <remarks>Answers are sent in chunks, so a caller sees their end only after all of this has happened.</remarks>
public sealed class Exchange(HttpContext context, byte[] body, string requestId, ReceivedRequest received, SimulatorClock clock)
{
    public const string Vendor = "openai";

    public HttpContext Context => context;

    public ReadOnlyMemory<byte> Body => body;

    public ReceivedRequest Received => received;

    public string RequestId => requestId;

    public SimulatorClock Clock => clock;

    public T Get<T>() where T : notnull => context.RequestServices.GetRequiredService<T>();

    public SimulatorOptions Options => Get<IOptions<SimulatorOptions>>().Value;

    public Task RefuseAsync(OpenAIError error, CancellationToken ct) => error.WriteAsync(context.Response, ct);

    public static async Task RunAsync(HttpContext context, Func<Exchange, CancellationToken, Task> answerAsync)
    {
        var clock = context.RequestServices.GetRequiredService<SimulatorClock>();
        var ct = context.RequestAborted;
        var requestId = $"req_{Guid.CreateVersion7(clock.GetUtcNow()):N}";
        SetHeaders(context.Response, requestId, clock);

        using var memory = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(memory, ct);
        }
        catch (BadHttpRequestException failure) when (failure.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await new OpenAIError(413, "The request body is too large.").WriteAsync(context.Response, ct);

            return;
        }

        var body = memory.ToArray();
        var received = context.RequestServices.GetRequiredService<RequestLog>().Keep(Vendor, requestId, context.Request, body, clock.GetUtcNow());
        var exchange = new Exchange(context, body, requestId, received, clock);

        try
        {
            await (exchange.Refused() is { } error ? exchange.RefuseAsync(error, ct) : answerAsync(exchange, ct));
        }
        catch (Exception gone) when (gone is OperationCanceledException or ConnectionAbortedException or ConnectionResetException)
        {
            // The caller hung up: it is on record.
        }
        finally
        {
            received.Status = context.Response.HasStarted ? context.Response.StatusCode : received.Status;
            received.Finished = true;
        }
    }

    private static void SetHeaders(HttpResponse response, string requestId, SimulatorClock clock)
    {
        var start = clock.GetTimestamp();
        response.Headers["x-request-id"] = requestId;
        response.Headers["openai-version"] = "2020-10-01";
        response.Headers["openai-organization"] = "org-simulated";
        response.OnStarting(() =>
        {
            var elapsed = (long)clock.GetElapsedTime(start).TotalMilliseconds;
            response.Headers["openai-processing-ms"] = elapsed.ToString(CultureInfo.InvariantCulture);

            return Task.CompletedTask;
        });
    }

    private OpenAIError? Refused()
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || authorization["Bearer ".Length..].Trim() is not { Length: > 0 } key)
        {
            return OpenAIError.NoKey();
        }

        if (key != Options.ApiKey)
        {
            return OpenAIError.WrongKey(key);
        }

        var rate = Get<RequestRate>();
        var (remaining, reset) = rate.Take();
        var headers = context.Response.Headers;
        headers["x-ratelimit-limit-requests"] = rate.Limit.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining-requests"] = (remaining ?? 0).ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset-requests"] = Duration(reset);

        return remaining is null ? OpenAIError.TooManyRequests(rate.Limit, reset) : null;
    }

    // "12ms", "1.5s", "6m0s"
    private static string Duration(TimeSpan time) => time.TotalSeconds < 1 ? $"{Math.Ceiling(time.TotalMilliseconds)}ms"
        : time.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMilliseconds) / 1000}s")
        : $"{(int)time.TotalMinutes}m{time.Seconds}s";
}
