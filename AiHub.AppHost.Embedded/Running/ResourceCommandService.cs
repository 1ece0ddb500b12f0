using AiHub.AppHost.Embedded.Running;

namespace Aspire.Hosting.ApplicationModel;

public static class KnownResourceCommands
{
    public static readonly string StartCommand = "start";
    public static readonly string StopCommand = "stop";
    public static readonly string RestartCommand = "restart";
}

public sealed class ExecuteCommandResult
{
    public required bool Success { get; init; }
    public bool Canceled { get; init; }
    public string? Message { get; init; }
}

/// <summary>Starts, stops and restarts resources while the application runs.</summary>
public sealed class ResourceCommandService
{
    private readonly IServiceProvider _services;

    public ResourceCommandService(IServiceProvider services) => _services = services;

    public Task<ExecuteCommandResult> ExecuteCommandAsync(IResource resource, string commandName, CancellationToken cancellationToken = default) =>
        ExecuteCommandAsync(resource.Name, commandName, cancellationToken);

    /// <param name="resourceId">Its id or its name.</param>
    public async Task<ExecuteCommandResult> ExecuteCommandAsync(string resourceId, string commandName, CancellationToken cancellationToken = default)
    {
        var orchestrator = (Orchestrator)_services.GetService(typeof(Orchestrator))!;
        if (orchestrator.Find(resourceId) is not { HasCommands: true } life)
        {
            return new ExecuteCommandResult { Success = false, Message = $"There is no resource '{resourceId}' that takes commands." };
        }

        try
        {
            switch (commandName)
            {
                case "start":
                    await life.StartAsync();
                    break;
                case "stop":
                    await life.StopAsync(cancellationToken);
                    break;
                case "restart":
                    await life.StopAsync(cancellationToken);
                    await life.StartAsync();
                    break;
                default:
                    return new ExecuteCommandResult { Success = false, Message = $"'{life.Resource.Name}' has no command '{commandName}'." };
            }
        }
        catch (OperationCanceledException)
        {
            return new ExecuteCommandResult { Success = false, Canceled = true };
        }

        return new ExecuteCommandResult { Success = true };
    }
}
