using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Chat;

/// <summary>An answer as server-sent events, each sent as soon as it is known; a slow reader slows the vendor down, not the hub.</summary>
internal sealed partial class ChatStream(Call call, IAsyncEnumerable<ReplyChunk> answer, ClientAnswer client) : IResult
{
    private const int MostUnflushed = 16 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var events = response.BodyWriter;
        using var _ = client;
        using var line = new EventLine(response, client.Heartbeat, httpContext.RequestServices.GetRequiredService<TimeProvider>()) { Begun = () => client.Begin(events) };
        await using var chunks = answer.GetAsyncEnumerator(httpContext.RequestAborted);
        try
        {
            var more = await line.NextAsync(chunks.MoveNextAsync());
            await line.BeginAsync();
            while (more)
            {
                client.Write(events, chunks.Current);

                // Flush only when there is nothing more to write right now. A flush waits for a slow reader, and with it the vendor.
                var next = chunks.MoveNextAsync();
                if (!next.IsCompleted || events.UnflushedBytes > MostUnflushed)
                {
                    await events.FlushAsync(CancellationToken.None);
                }

                more = await line.NextAsync(next);
            }

            await client.EndAsync(events, call.Usage!);
        }
        catch (Exception failure) when (response.HasStarted && !httpContext.RequestAborted.IsCancellationRequested)
        {
            // The status has been sent, so the failure must be told inside the stream.
            client.Fail(events, Broken(httpContext, failure));
        }

        await events.FlushAsync(CancellationToken.None);
    }

    private BrokenAnswer Broken(HttpContext context, Exception failure)
    {
        var logger = context.RequestServices.GetRequiredService<ILogger<ChatStream>>();
        if (failure is AnswerBlockedException blocked)
        {
            var told = ErrorAnswers.Blocked(blocked);
            return new BrokenAnswer(call.Attempts.Last?.VendorId ?? call.Plan.Model.Id, told.Status, told.Message, told.Code!, "content_policy_violation");
        }

        if (failure is UpstreamException upstream)
        {
            var vendor = call.Attempts.Last!.VendorId;
            LogBrokenOff(logger, vendor, upstream.Failure, call.Id, upstream.Message);
            return new BrokenAnswer(
                vendor, UpstreamErrors.Status(upstream.Failure), UpstreamErrors.Message(upstream.Failure), UpstreamErrors.Code(upstream.Failure), UpstreamErrors.ErrorType(upstream.Failure));
        }

        LogFailed(logger, failure, call.Id);
        return new BrokenAnswer(
            call.Plan.Model.Id, StatusCodes.Status500InternalServerError, $"The server had an error while processing your request. (request id {call.Id})", "internal_error", "server");
    }

    [LoggerMessage(LogLevel.Warning, "{Vendor} broke off the answer to call {Call} ({Failure}): {Reason}")]
    private static partial void LogBrokenOff(ILogger logger, string vendor, ProviderFailure failure, Guid call, string reason);

    [LoggerMessage(LogLevel.Error, "The answer to call {Call} failed in a way nobody foresaw.")]
    private static partial void LogFailed(ILogger logger, Exception failure, Guid call);
}
