using System.Buffers;
using System.Text;
using AiHub.Gateway.Chat;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Metering;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Modalities;

/// <summary>An answer as its vendor sent it: whole when its usage is durable, or piece by piece while it comes.</summary>
internal sealed partial class SurfaceAnswer(SurfaceCall call, IAsyncEnumerable<ReplyChunk> answer) : IResult
{
    private const int MostUnflushed = 64 * 1024;

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        var heartbeat = call.Request.Stream ? ClientAnswer.Comment : default;
        using var line = new EventLine(response, heartbeat, httpContext.RequestServices.GetRequiredService<TimeProvider>()) { ContentType = ContentType };
        await using var pieces = answer.GetAsyncEnumerator(httpContext.RequestAborted);
        try
        {
            var more = await line.NextAsync(pieces.MoveNextAsync());
            if (call.Attempts.Exchange!.IsWhole && !response.HasStarted)
            {
                await WriteWholeAsync(pieces, more, response);
                return;
            }

            await line.BeginAsync();
            while (more)
            {
                Write(response.BodyWriter, pieces.Current.Json.Span);

                // Flush only when there is nothing more to write right now. A flush waits for a slow reader, and with it the vendor.
                var next = pieces.MoveNextAsync();
                if (!next.IsCompleted || response.BodyWriter.UnflushedBytes > MostUnflushed)
                {
                    await response.BodyWriter.FlushAsync(CancellationToken.None);
                }

                more = await line.NextAsync(next);
            }
        }
        catch (Exception failure) when (response.HasStarted && !httpContext.RequestAborted.IsCancellationRequested)
        {
            // The status has been sent, so the failure must be told in another way: ended quietly it would look like success.
            TellFailure(httpContext, failure);
        }

        await response.BodyWriter.FlushAsync(CancellationToken.None);
    }

    private async Task WriteWholeAsync(IAsyncEnumerator<ReplyChunk> pieces, bool more, HttpResponse response)
    {
        ReadOnlyMemory<byte> whole = default;
        while (more)
        {
            whole = pieces.Current.Json;
            more = await pieces.MoveNextAsync();
        }

        var contentType = call.Attempts.Exchange!.ContentType;
        if (call.Request.Surface.Render(call.Request, whole, contentType) is { } rendered)
        {
            (whole, contentType) = rendered;
        }

        response.ContentType = contentType;
        response.ContentLength = whole.Length;
        await response.BodyWriter.WriteAsync(whole, response.HttpContext.RequestAborted);
    }

    private void Write(IBufferWriter<byte> output, ReadOnlySpan<byte> piece)
    {
        if (!call.Request.Stream)
        {
            output.Write(piece);
            return;
        }

        if (call.Request.Surface.NamesEvents && Events.TypeOf(piece) is { } type)
        {
            output.Write(Encoding.UTF8.GetBytes($"event: {type}\n"));
        }

        output.Write("data: "u8);
        output.Write(piece);
        output.Write("\n\n"u8);
    }

    // Known of a sound when its first bytes are there.
    private string? ContentType() => call.Request.Stream ? "text/event-stream" : call.Attempts.Exchange?.ContentType;

    private void TellFailure(HttpContext context, Exception failure)
    {
        var logger = context.RequestServices.GetRequiredService<ILogger<SurfaceAnswer>>();
        var upstream = failure as UpstreamException;
        if (upstream is not null)
        {
            LogBrokenOff(logger, call.Attempts.Last!.VendorId, upstream.Failure, call.Id, upstream.Message);
        }
        else if (failure is not AnswerBlockedException)
        {
            LogFailed(logger, failure, call.Id);
        }

        if (!call.Request.Stream)
        {
            // Nothing can be said among bytes of sound; a connection that breaks is understood by everyone.
            context.Abort();
            return;
        }

        var error = failure is AnswerBlockedException blocked ? ErrorAnswers.Blocked(blocked)
            : upstream is null ? OpenAIError.Of(StatusCodes.Status500InternalServerError, $"The server had an error while processing your request. (request id {call.Id})")
            : UpstreamErrors.Of(upstream);
        var output = context.Response.BodyWriter;
        output.Write("event: error\ndata: "u8);
        error.Write(output);
        output.Write("\n\n"u8);
    }

    [LoggerMessage(LogLevel.Warning, "{Vendor} broke off the answer to call {Call} ({Failure}): {Reason}")]
    private static partial void LogBrokenOff(ILogger logger, string vendor, ProviderFailure failure, Guid call, string reason);

    [LoggerMessage(LogLevel.Error, "The answer to call {Call} failed in a way nobody foresaw.")]
    private static partial void LogFailed(ILogger logger, Exception failure, Guid call);
}
