using System.Globalization;
using AiHub.Simulators.Control;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Vendors.Anthropic;

/// <summary>One request to the vendor: kept as received, let in by its key and version, answered, and what was served written down.</summary>
public sealed class AnthropicExchange(HttpContext context, byte[] body, string requestId, ReceivedRequest received, SimulatorClock clock)
{
    public const string Vendor = "anthropic";

    private const string CurrentVersion = "2026-10-21";

    private static readonly string[] Versions = [CurrentVersion, "2023-06-01", "2023-01-01"];

    public HttpContext Context => context;

    public ReadOnlyMemory<byte> Body => body;

    public ReceivedRequest Received => received;

    public string RequestId => requestId;

    /// <summary>The version that removed sampling parameters and always sends every key; else an earlier one.</summary>
    public bool IsCurrentVersion => context.Request.Headers["anthropic-version"] == CurrentVersion;

    public SimulatorClock Clock => clock;

    public SimulatorOptions Options => Get<IOptions<SimulatorOptions>>().Value;

    public T Get<T>() where T : notnull => context.RequestServices.GetRequiredService<T>();

    public Task RefuseAsync(AnthropicRefusal refusal, CancellationToken ct) => refusal.WriteAsync(context.Response, requestId, ct);

    public static async Task RunAsync(HttpContext context, Func<AnthropicExchange, CancellationToken, Task> answerAsync)
    {
        var clock = context.RequestServices.GetRequiredService<SimulatorClock>();
        var ct = context.RequestAborted;
        var requestId = $"req_{Guid.CreateVersion7(clock.GetUtcNow()):N}";
        context.Response.Headers["request-id"] = requestId;
        context.Response.Headers["anthropic-organization-id"] = "org-simulated";

        using var memory = new MemoryStream();
        try
        {
            await context.Request.Body.CopyToAsync(memory, ct);
        }
        catch (BadHttpRequestException failure) when (failure.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            await new AnthropicRefusal(413, "request_too_large", "Request exceeds the maximum size").WriteAsync(context.Response, requestId, ct);

            return;
        }

        var body = memory.ToArray();
        var received = context.RequestServices.GetRequiredService<RequestLog>().Keep(Vendor, requestId, context.Request, body, clock.GetUtcNow());
        var exchange = new AnthropicExchange(context, body, requestId, received, clock);
        try
        {
            await (exchange.Refused() is { } refusal ? exchange.RefuseAsync(refusal, ct) : answerAsync(exchange, ct));
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

    private AnthropicRefusal? Refused()
    {
        var headers = context.Request.Headers;
        var bearer = headers.Authorization.ToString();
        var key = headers["x-api-key"].ToString() is { Length: > 0 } own ? own : bearer.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase) ? bearer["Bearer ".Length..].Trim() : "";
        if (key.Length == 0)
        {
            return AnthropicRefusal.NoKey();
        }

        if (key != Options.ApiKey)
        {
            return AnthropicRefusal.WrongKey();
        }

        var version = headers["anthropic-version"].ToString();
        if (version.Length == 0)
        {
            return AnthropicRefusal.Invalid("anthropic-version: header is required");
        }

        if (!Versions.Contains(version))
        {
            return AnthropicRefusal.Invalid($"anthropic-version: \"{version}\" is not a valid version");
        }

        var rate = Get<RequestRate>();
        var (remaining, reset) = rate.Take();
        var answer = context.Response.Headers;
        answer["anthropic-ratelimit-requests-limit"] = rate.Limit.ToString(CultureInfo.InvariantCulture);
        answer["anthropic-ratelimit-requests-remaining"] = (remaining ?? 0).ToString(CultureInfo.InvariantCulture);
        answer["anthropic-ratelimit-requests-reset"] = (clock.GetUtcNow() + reset).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        return remaining is null ? AnthropicRefusal.TooManyRequests(rate.Limit, reset) : null;
    }
}
