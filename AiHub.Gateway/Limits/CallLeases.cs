using Microsoft.Extensions.Options;

namespace AiHub.Gateway.Limits;

/// <summary>A sign of life, now and then, for every call under way: whose gateway died gives none, and its places come free.</summary>
public sealed class CallLeases(LimitGate gate, TimeProvider time, IOptions<LimitOptions> options) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.CallLease / 3, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            gate.RenewLeases();
        }
    }
}
