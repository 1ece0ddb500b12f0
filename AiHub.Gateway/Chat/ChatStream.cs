using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Gateway.Chat;

/// <summary>An answer as server-sent events, each sent as soon as it is known; a slow reader slows the vendor down, not the hub.</summary>
internal sealed partial class ChatStream(Call call, IAsyncEnumerable<ReplyChunk> answer) : IResult
{
    private const int MostUnflushed = 16 * 1024;
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(15);

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var time = httpContext.RequestServices.GetRequiredService<TimeProvider>();
        var client = new ClientChunks($"chatcmpl-{call.Id:N}", call.ReceivedAt, call.Request.Model, call.Request.IncludeUsage);
        await using var chunks = answer.GetAsyncEnumerator(httpContext.RequestAborted);
        try
        {
            var more = await FirstAsync(chunks, response, time);
            await BeginAsync(response, time);
            while (more)
            {
                var chunk = chunks.Current;
                client.TryWrite(response.BodyWriter, chunk.Json.Span, chunk.Facts);

                // Flush only when there is nothing more to write right now. A flush waits for a slow reader, and with it the vendor.
                var next = chunks.MoveNextAsync();
                if (!next.IsCompleted || response.BodyWriter.UnflushedBytes > MostUnflushed)
                {
                    await response.BodyWriter.FlushAsync(CancellationToken.None);
                }

                more = await next;
            }

            client.WriteEnd(response.BodyWriter, call.Usage!.Tokens);
        }
        catch (Exception failure) when (response.HasStarted && !httpContext.RequestAborted.IsCancellationRequested)
        {
            // The status has been sent, so the failure must be told inside the stream: ended quietly it would look like success.
            WriteFailure(httpContext, client, failure);
        }

        await response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    // Until a vendor begins to answer nothing is sent, so that its failure can still have a status of its own;
    // but a line without a sign of life is cut by proxies, so after a while comments are sent.
    private async ValueTask<bool> FirstAsync(IAsyncEnumerator<ReplyChunk> chunks, HttpResponse response, TimeProvider time)
    {
        var first = chunks.MoveNextAsync();
        if (first.IsCompleted)
        {
            return await first;
        }

        var opening = first.AsTask();
        while (true)
        {
            using var answered = new CancellationTokenSource();
            var quiet = Task.Delay(Heartbeat, time, answered.Token);
            if (await Task.WhenAny(opening, quiet) == opening)
            {
                await answered.CancelAsync();
                return await opening;
            }

            await BeginAsync(response, time);
            await response.BodyWriter.WriteAsync(": keepalive\n\n"u8.ToArray(), CancellationToken.None);
        }
    }

    private async ValueTask BeginAsync(HttpResponse response, TimeProvider time)
    {
        if (response.HasStarted)
        {
            return;
        }

        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        response.WriteAihubHeaders(call, time);
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.StartAsync(CancellationToken.None);
    }

    private void WriteFailure(HttpContext context, ClientChunks client, Exception failure)
    {
        var logger = context.RequestServices.GetRequiredService<ILogger<ChatStream>>();
        if (failure is UpstreamException upstream)
        {
            LogBrokenOff(logger, call.Attempts.Last!.VendorId, upstream.Failure, call.Id, upstream.Message);
            client.WriteFailure(
                context.Response.BodyWriter, call.Attempts.Last!.VendorId, UpstreamErrors.Message(upstream.Failure), UpstreamErrors.Status(upstream.Failure), UpstreamErrors.ErrorType(upstream.Failure));
        }
        else
        {
            LogFailed(logger, failure, call.Id);
            client.WriteFailure(context.Response.BodyWriter, call.Plan.Model.Id, $"The server had an error while processing your request. (request id {call.Id})", StatusCodes.Status500InternalServerError, "server");
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Vendor} broke off the answer to call {Call} ({Failure}): {Reason}")]
    private static partial void LogBrokenOff(ILogger logger, string vendor, ProviderFailure failure, Guid call, string reason);

    [LoggerMessage(LogLevel.Error, "The answer to call {Call} failed in a way nobody foresaw.")]
    private static partial void LogFailed(ILogger logger, Exception failure, Guid call);
}
