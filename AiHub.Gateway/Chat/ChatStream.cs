using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Gateway.Chat;

/// <summary>An answer as server-sent events, each sent as soon as it is known; a slow reader slows the vendor down, not the hub.</summary>
internal sealed partial class ChatStream(Call call, IAsyncEnumerable<ReplyChunk> answer, ClientAnswer client) : IResult
{
    private const int MostUnflushed = 16 * 1024;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var events = response.BodyWriter;
        var time = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        using var _ = client;
        using var silence = new Silence(Heartbeat, time);
        await using var chunks = answer.GetAsyncEnumerator(httpContext.RequestAborted);
        try
        {
            // Until a vendor begins to answer nothing is sent, so that its failure can still have a status of its own;
            // but a line without a sign of life is cut by proxies, so after a while it is begun all the same.
            var more = await NextAsync(chunks.MoveNextAsync(), response, silence);
            await BeginAsync(response);
            while (more)
            {
                client.Write(events, chunks.Current);

                // Flush only when there is nothing more to write right now. A flush waits for a slow reader, and with it the vendor.
                var next = chunks.MoveNextAsync();
                if (!next.IsCompleted || events.UnflushedBytes > MostUnflushed)
                {
                    await events.FlushAsync(CancellationToken.None);
                }

                more = await NextAsync(next, response, silence);
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

    private async ValueTask<bool> NextAsync(ValueTask<bool> next, HttpResponse response, Silence silence)
    {
        if (next.IsCompleted)
        {
            return await next;
        }

        var piece = next.AsTask();
        while (await silence.LastsBeyondAsync(piece))
        {
            await BeginAsync(response);
            await response.BodyWriter.WriteAsync(client.Heartbeat, CancellationToken.None);
        }

        return await piece;
    }

    private async ValueTask BeginAsync(HttpResponse response)
    {
        if (response.HasStarted)
        {
            return;
        }

        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.StartAsync(CancellationToken.None);
        client.Begin(response.BodyWriter);
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

    /// <summary>Tells when nothing has come for a while. One timer runs at a time, however many pieces come meanwhile.</summary>
    private sealed class Silence(TimeSpan longest, TimeProvider time) : IDisposable
    {
        private readonly CancellationTokenSource _over = new();
        private Task? _timer;

        /// <returns>False when the piece is there.</returns>
        public async ValueTask<bool> LastsBeyondAsync(Task piece)
        {
            // A timer left from an earlier wait may ring a little early; then a sign of life more is sent.
            _timer ??= Task.Delay(longest, time, _over.Token);
            if (await Task.WhenAny(piece, _timer) == piece)
            {
                return false;
            }

            _timer = null;
            return true;
        }

        public void Dispose()
        {
            _over.Cancel();
            _over.Dispose();
        }
    }
}
