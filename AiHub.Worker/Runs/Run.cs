using AiHub.Domain;

namespace AiHub.Worker.Runs;

/// <summary>
/// Work that asks "what should exist by now and does not?", at once and then every so often, in one worker at a time.
/// A failed run is logged and the next one does its work too.
/// </summary>
public abstract partial class Run(TimeSpan period, TimeProvider time, IServiceScopeFactory scopes, ILogger logger) : BackgroundService
{
    protected abstract Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct);

    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(period, time);
        var tally = new RunTally(GetType().Name, time);
        do
        {
            var started = time.GetTimestamp();
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<HubDb>();
                if (await db.AloneAsync(GetType().Name, () => RunAsync(db, time.GetUtcNow(), stoppingToken), stoppingToken))
                {
                    tally.Add(time.GetElapsedTime(started), null);
                }
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
                tally.Add(time.GetElapsedTime(started), failure);
            }

            await NoteAsync(tally, stoppingToken);
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    private async Task NoteAsync(RunTally tally, CancellationToken stoppingToken)
    {
        if (!tally.IsDue)
        {
            return;
        }

        try
        {
            await using var scope = scopes.CreateAsyncScope();
            await tally.NoteAsync(scope.ServiceProvider.GetRequiredService<HubDb>(), stoppingToken);
        }
        catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
        {
            // What was counted is kept and written with the next.
            LogNotNoted(failure);
        }
    }

    [LoggerMessage(LogLevel.Warning, "How the run went could not be written down; it will be with the next.")]
    private partial void LogNotNoted(Exception failure);

    [LoggerMessage(LogLevel.Error, "The run failed; the next one makes up for it.")]
    private partial void LogFailed(Exception failure);
}
