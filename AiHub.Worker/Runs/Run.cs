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
        do
        {
            try
            {
                await using var scope = scopes.CreateAsyncScope();
                var db = scope.ServiceProvider.GetRequiredService<HubDb>();
                await db.AloneAsync(GetType().Name, () => RunAsync(db, time.GetUtcNow(), stoppingToken), stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                LogFailed(failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    [LoggerMessage(LogLevel.Error, "The run failed; the next one makes up for it.")]
    private partial void LogFailed(Exception failure);
}
