using AiHub.Domain;
using AiHub.Domain.Alerts;
using AiHub.Worker.Runs;

namespace AiHub.Worker.Alerts;

/// <summary>Notices which thresholds have been crossed: each once per period, however late or often this runs.</summary>
public sealed partial class AlertRun(TimeProvider time, IServiceScopeFactory scopes, ILogger<AlertRun> logger)
    : Run(TimeSpan.FromSeconds(15), time, scopes, logger)
{
    private readonly ILogger<AlertRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.FireAlertsAsync(now, ct) is var messages and > 0)
        {
            LogFired(messages);
        }
    }

    [LoggerMessage(LogLevel.Information, "Thresholds were crossed; {Messages} messages are on their way.")]
    private partial void LogFired(int messages);
}
