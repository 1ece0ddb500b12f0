using AiHub.AppHost.Embedded.Processes;
using Aspire.Hosting.ApplicationModel;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>Brings one kind of resource to life.</summary>
internal interface IStarter
{
    /// <exception cref="Aspire.Hosting.DistributedApplicationException">It did not start; the message says why and what to do.</exception>
    Task<IRunning> StartAsync(Stage stage, CancellationToken ct);
}

internal interface IRunning
{
    /// <summary>Completes when the resource has ended by itself or because it was told to; null where there is no exit code.</summary>
    Task<int?> Ended { get; }

    Task StopAsync(TimeSpan grace);
}

/// <summary>What a starter works with.</summary>
internal sealed record Stage(ResourceLife Life, Orchestrator Orchestrator, ProcessGuard Guard, HostSettings Settings)
{
    /// <summary>A line for the resource's log.</summary>
    public void Log(string line, bool isError) => Orchestrator.Logs.Write(Life.Resource, line, isError);

    /// <summary>A line for the resource's log that the person at the console should see too.</summary>
    public void Say(string line)
    {
        Log(line, isError: false);
        Orchestrator.Say(Life.Resource, line);
    }

    public void Show(params ReadOnlySpan<ResourcePropertySnapshot> properties) => Life.Show(properties);
}
