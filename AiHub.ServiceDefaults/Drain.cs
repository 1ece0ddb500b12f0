using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace AiHub.ServiceDefaults;

/// <summary>
/// How a service stops: it says so (<c>/ready</c> answers 503) while it still takes requests, then the server closes its door and lets what is
/// under way end. Left to the framework the door would close at once, and every answer longer than 30 seconds would be cut.
/// </summary>
public sealed class Drain(IOptions<ServerOptions> server, IHostEnvironment environment, TimeProvider time) : IHostedLifecycleService, IHealthCheck
{
    private static readonly TimeSpan UsualDelay = TimeSpan.FromSeconds(10);

    private volatile bool _begun;

    public bool Begun => _begun;

    /// <summary>How long stopping may take in all.</summary>
    public TimeSpan Longest => Delay + server.Value.DrainTimeout;

    private TimeSpan Delay => server.Value.ReadinessDelay ?? (environment.IsDevelopment() ? TimeSpan.Zero : UsualDelay);

    // Comes before any service is stopped, the server among them.
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        _begun = true;
        await Task.Delay(Delay, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(_begun ? HealthCheckResult.Unhealthy("This process is about to stop.") : HealthCheckResult.Healthy());

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
