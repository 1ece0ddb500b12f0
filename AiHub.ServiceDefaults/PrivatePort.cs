using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.ServiceDefaults;

/// <summary>
/// What only the operator's own machines may ask. <c>/alive</c>: the process runs. <c>/ready</c>: send it requests. <c>/health</c>: everything it
/// needs is there too. <c>/metrics</c>: for Prometheus.
/// </summary>
internal static class PrivatePort
{
    /// <summary>The tag of checks that only report: whoever is not well in this way still answers.</summary>
    public const string ReportOnly = "report";

    public static void Serve(IApplicationBuilder port)
    {
        // A server or database that all replicas share must not take them all out of the line at once: then callers would get a proxy's
        // empty 503 instead of an answer in their own dialect. So what is shared counts only until it was there for the first time.
        var startedUp = false;
        port.Map("/ready", ready => ready.Run(async context =>
        {
            var draining = context.RequestServices.GetRequiredService<Drain>().Begun;
            if (!draining && !startedUp)
            {
                var checks = context.RequestServices.GetRequiredService<HealthCheckService>();
                var report = await checks.CheckHealthAsync(check => !check.Tags.Contains(ReportOnly), context.RequestAborted);
                startedUp = report.Status == HealthStatus.Healthy;
            }

            var accepts = startedUp && !draining;
            context.Response.StatusCode = accepts ? StatusCodes.Status200OK : StatusCodes.Status503ServiceUnavailable;
            await context.Response.WriteAsync(accepts ? "ready" : draining ? "draining" : "starting", context.RequestAborted);
        }));
        port.UseHealthChecks("/health");
        port.UseHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains("live") });
        port.UseOpenTelemetryPrometheusScrapingEndpoint("/metrics");
        port.Run(context =>
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return Task.CompletedTask;
        });
    }
}
