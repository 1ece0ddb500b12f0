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
    public const string AzureVendor = "azure";

    /// <summary>What this vendor is called in <c>/_sim</c>.</summary>
    public string VendorName { get; private init; } = Vendor;

    /// <summary>At Azure the URL names a deployment, which decides the model whatever the body says; null elsewhere.</summary>
    public string? Deployment { get; private init; }

    public HttpContext Context => context;

    public ReadOnlyMemory<byte> Body => body;

    public ReceivedRequest Received => received;

    public string RequestId => requestId;

    public SimulatorClock Clock => clock;

    public T Get<T>() where T : notnull => context.RequestServices.GetRequiredService<T>();

    public SimulatorOptions Options => Get<IOptions<SimulatorOptions>>().Value;

    public Task RefuseAsync(OpenAIError error, CancellationToken ct) => error.WriteAsync(context.Response, ct);

    public static Task RunAsync(HttpContext context, Func<Exchange, CancellationToken, Task> answerAsync) => RunAsync(context, Vendor, deployment: null, answerAsync);

    public static Task RunAzureAsync(HttpContext context, string deployment, Func<Exchange, CancellationToken, Task> answerAsync) =>
        RunAsync(context, AzureVendor, deployment, answerAsync);

    private static async Task RunAsync(HttpContext context, string vendor, string? deployment, Func<Exchange, CancellationToken, Task> answerAsync)
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
        var received = context.RequestServices.GetRequiredService<RequestLog>().Keep(vendor, requestId, context.Request, body, clock.GetUtcNow());
        var exchange = new Exchange(context, body, requestId, received, clock) { VendorName = vendor, Deployment = deployment };

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
        if ((Deployment is null ? StrangerAtOpenAI() : StrangerAtAzure()) is { } stranger)
        {
            return stranger;
        }

        var rate = Get<RequestRate>();
        var (remaining, reset) = rate.Take();
        var headers = context.Response.Headers;
        headers["x-ratelimit-limit-requests"] = rate.Limit.ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-remaining-requests"] = (remaining ?? 0).ToString(CultureInfo.InvariantCulture);
        headers["x-ratelimit-reset-requests"] = Duration(reset);

        return remaining is null ? OpenAIError.TooManyRequests(rate.Limit, reset) : null;
    }

    private OpenAIError? StrangerAtOpenAI()
    {
        var authorization = context.Request.Headers.Authorization.ToString();
        if (!authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) || authorization["Bearer ".Length..].Trim() is not { Length: > 0 } key)
        {
            return OpenAIError.NoKey();
        }

        return key != Options.ApiKey ? OpenAIError.WrongKey(key) : null;
    }

    private OpenAIError? StrangerAtAzure()
    {
        if (context.Request.Headers["api-key"] != Options.ApiKey)
        {
            return new OpenAIError(401, "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription.", Code: "401");
        }

        return string.IsNullOrEmpty(context.Request.Query["api-version"]) ? new OpenAIError(404, "Resource not found", Code: "404") : null;
    }

    // "12ms", "1.5s", "6m0s"
    private static string Duration(TimeSpan time) => time.TotalSeconds < 1 ? $"{Math.Ceiling(time.TotalMilliseconds)}ms"
        : time.TotalMinutes < 1 ? string.Create(CultureInfo.InvariantCulture, $"{Math.Ceiling(time.TotalMilliseconds) / 1000}s")
        : $"{(int)time.TotalMinutes}m{time.Seconds}s";
}
