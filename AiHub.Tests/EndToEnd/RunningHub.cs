using AiHub.AppHost;
using Aspire.Hosting;
using Aspire.Hosting.Testing;

namespace AiHub.Tests.EndToEnd;

/// <summary>The hub as <c>dotnet run</c> starts it, every service a process of its own, on free ports with empty data.</summary>
public sealed class RunningHub : IAsyncLifetime
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(5);

    public DistributedApplication App { get; private set; } = null!;

    public async Task InitializeAsync()
    {
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AiHub_AppHost>();
        App = await builder.BuildAsync();
        using var patience = new CancellationTokenSource(StartPatience);
        await App.StartAsync(patience.Token);
        foreach (var service in (string[])[Resources.Gateway, Resources.Worker, Resources.Portal, Resources.Simulators])
        {
            await App.ResourceNotifications.WaitForResourceHealthyAsync(service, patience.Token);
        }
    }

    public async Task DisposeAsync() => await App.DisposeAsync();

    /// <summary>The process id of a service.</summary>
    public int Pid(string resource) =>
        App.ResourceNotifications.TryGetCurrentState(resource, out var now)
            ? Convert.ToInt32(now.Snapshot.Properties.Single(property => property.Name == "executable.pid").Value)
            : throw new InvalidOperationException($"{resource} is not running");
}
