using Microsoft.AspNetCore.Http.Features;

namespace AiHub.Gateway.Chat;

/// <summary>
/// The line on which an answer goes out piece by piece. Until there is a first piece nothing is sent, so that a failure can still have a status of its own;
/// but a line without a sign of life is cut by proxies, so after a while it is begun all the same and a heartbeat sent, and again after each such while.
/// </summary>
/// <param name="heartbeat">Empty where none can be sent: among the bytes of a sound.</param>
internal sealed class EventLine(HttpResponse response, ReadOnlyMemory<byte> heartbeat, TimeProvider time) : IDisposable
{
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _over = new();
    private Task? _silence;

    /// <summary>What the line is begun with, asked for when it is.</summary>
    public Func<string?> ContentType { get; init; } = () => "text/event-stream";

    /// <summary>Writes what comes before everything else.</summary>
    public Action? Begun { get; init; }

    /// <summary>Waits for the next piece, however long it takes, and keeps the line open meanwhile.</summary>
    public async ValueTask<bool> NextAsync(ValueTask<bool> next)
    {
        if (next.IsCompleted || heartbeat.IsEmpty)
        {
            return await next;
        }

        var piece = next.AsTask();
        while (await IsSilentBeyondAsync(piece))
        {
            await BeginAsync();
            await response.BodyWriter.WriteAsync(heartbeat, CancellationToken.None);
        }

        return await piece;
    }

    public async ValueTask BeginAsync()
    {
        if (response.HasStarted)
        {
            return;
        }

        response.ContentType = ContentType();
        response.Headers.CacheControl = "no-cache";
        response.Headers["x-accel-buffering"] = "no";
        response.HttpContext.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        await response.StartAsync(CancellationToken.None);
        Begun?.Invoke();
    }

    public void Dispose()
    {
        _over.Cancel();
        _over.Dispose();
    }

    /// <returns>False when the piece is there.</returns>
    private async ValueTask<bool> IsSilentBeyondAsync(Task piece)
    {
        // One timer runs at a time, however many pieces come meanwhile. One left from an earlier wait may ring a little early; then a sign of life more is sent.
        _silence ??= Task.Delay(LongestSilence, time, _over.Token);
        if (await Task.WhenAny(piece, _silence) == piece)
        {
            return false;
        }

        _silence = null;
        return true;
    }
}
