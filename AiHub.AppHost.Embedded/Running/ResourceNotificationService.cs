using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using AiHub.AppHost.Embedded.Running;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Aspire.Hosting.ApplicationModel;

/// <summary>The state of every resource, and the news of it.</summary>
public sealed class ResourceNotificationService
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, ResourceEvent> _current = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<ChannelWriter<ResourceEvent>> _watchers = [];
    private readonly HostSettings _settings;

    internal ResourceNotificationService(HostSettings settings) => _settings = settings;

    /// <summary>Each change, in order and at once; a listener must not wait.</summary>
    internal event Action<ResourceEvent>? Changed;

    /// <summary>The present state of each resource, then each change, until cancelled.</summary>
    public async IAsyncEnumerable<ResourceEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var news = Channel.CreateUnbounded<ResourceEvent>(new UnboundedChannelOptions { SingleReader = true });
        var present = Subscribe(news.Writer);
        try
        {
            foreach (var resource in present)
            {
                yield return resource;
            }

            await foreach (var change in news.Reader.ReadAllAsync(cancellationToken))
            {
                yield return change;
            }
        }
        finally
        {
            Unsubscribe(news.Writer);
        }
    }

    /// <summary>Sends each change from now on to <paramref name="news"/>.</summary>
    /// <returns>What is the case now.</returns>
    internal IReadOnlyList<ResourceEvent> Subscribe(ChannelWriter<ResourceEvent> news)
    {
        lock (_lock)
        {
            _watchers.Add(news);
            return [.. _current.Values];
        }
    }

    internal void Unsubscribe(ChannelWriter<ResourceEvent> news)
    {
        lock (_lock)
        {
            _watchers.Remove(news);
        }
    }

    /// <param name="resourceId">Its id or its name.</param>
    public bool TryGetCurrentState(string resourceId, [NotNullWhen(true)] out ResourceEvent? resourceEvent)
    {
        lock (_lock)
        {
            resourceEvent = _current.GetValueOrDefault(resourceId) ?? _current.Values.FirstOrDefault(known => IsCalled(known, resourceId));
            return resourceEvent is not null;
        }
    }

    public async Task<ResourceEvent> WaitForResourceAsync(string resourceName, Func<ResourceEvent, bool> predicate, CancellationToken cancellationToken = default)
    {
        await foreach (var change in WatchAsync(cancellationToken))
        {
            if (IsCalled(change, resourceName) && predicate(change))
            {
                return change;
            }
        }

        throw new OperationCanceledException(cancellationToken);
    }

    public async Task<string> WaitForResourceAsync(string resourceName, IEnumerable<string> targetStates, CancellationToken cancellationToken = default)
    {
        var states = targetStates.ToHashSet(StringComparer.OrdinalIgnoreCase);
        var reached = await WaitForResourceAsync(resourceName, change => change.Snapshot.State is { } state && states.Contains(state.Text), cancellationToken);

        return reached.Snapshot.State!.Text;
    }

    public Task WaitForResourceAsync(string resourceName, string? targetState = null, CancellationToken cancellationToken = default) =>
        WaitForResourceAsync(resourceName, [targetState ?? KnownResourceStates.Running], cancellationToken);

    public Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, CancellationToken cancellationToken = default) =>
        WaitForResourceHealthyAsync(resourceName, _settings.DefaultWaitBehavior, cancellationToken);

    /// <exception cref="DistributedApplicationException">The resource is unavailable, and we are not to wait for it to come back.</exception>
    public async Task<ResourceEvent> WaitForResourceHealthyAsync(string resourceName, WaitBehavior waitBehavior, CancellationToken cancellationToken = default)
    {
        var change = await WaitForResourceAsync(
            resourceName,
            change => change.Snapshot.HealthStatus == HealthStatus.Healthy || (waitBehavior == WaitBehavior.StopOnResourceUnavailable && IsUnavailable(change)),
            cancellationToken);

        return IsUnavailable(change)
            ? throw new DistributedApplicationException($"'{resourceName}' is not available: it is in the state '{change.Snapshot.State?.Text}'{Code(change)}.")
            : change;
    }

    /// <summary>Waits for everything the resource was told to wait for.</summary>
    /// <exception cref="DistributedApplicationException">A dependency will not come.</exception>
    public Task WaitForDependenciesAsync(IResource resource, CancellationToken cancellationToken) =>
        Task.WhenAll(resource.Annotations.OfType<WaitAnnotation>().Select(wait => WaitAsync(resource, wait, cancellationToken)));

    public Task PublishUpdateAsync(IResource resource, Func<CustomResourceSnapshot, CustomResourceSnapshot> stateFactory)
    {
        lock (_lock)
        {
            var former = _current.Values.First(known => known.Resource == resource);
            Publish(new ResourceEvent(resource, former.ResourceId, stateFactory(former.Snapshot)));
        }

        return Task.CompletedTask;
    }

    internal void Introduce(IResource resource, string resourceId, CustomResourceSnapshot first)
    {
        lock (_lock)
        {
            Publish(new ResourceEvent(resource, resourceId, first));
        }
    }

    private void Publish(ResourceEvent change)
    {
        _current[change.ResourceId] = change;
        foreach (var watcher in _watchers)
        {
            watcher.TryWrite(change);
        }

        Changed?.Invoke(change);
    }

    private async Task WaitAsync(IResource resource, WaitAnnotation wait, CancellationToken ct)
    {
        var behavior = wait.WaitBehavior ?? _settings.DefaultWaitBehavior;
        var dependency = wait.Resource.Name;
        switch (wait.WaitType)
        {
            case WaitType.WaitUntilHealthy:
                await WaitForResourceHealthyAsync(dependency, behavior, ct);
                break;

            case WaitType.WaitUntilStarted:
                var started = await WaitForResourceAsync(
                    dependency,
                    change => change.Snapshot.State?.Text == KnownResourceStates.Running || (behavior == WaitBehavior.StopOnResourceUnavailable && IsUnavailable(change)),
                    ct);
                if (IsUnavailable(started))
                {
                    throw new DistributedApplicationException($"'{resource.Name}' waits for '{dependency}', which is in the state '{started.Snapshot.State?.Text}'{Code(started)}.");
                }

                break;

            case WaitType.WaitForCompletion:
                var ended = await WaitForResourceAsync(dependency, change => KnownResourceStates.TerminalStates.Contains(change.Snapshot.State?.Text), ct);
                if (ended.Snapshot.ExitCode != wait.ExitCode)
                {
                    throw new DistributedApplicationException(
                        $"'{resource.Name}' waits for '{dependency}' to end with exit code {wait.ExitCode}, but it is in the state '{ended.Snapshot.State?.Text}'{Code(ended)}.");
                }

                break;
        }
    }

    private static bool IsCalled(ResourceEvent change, string name) =>
        string.Equals(change.Resource.Name, name, StringComparison.OrdinalIgnoreCase) || string.Equals(change.ResourceId, name, StringComparison.OrdinalIgnoreCase);

    private static bool IsUnavailable(ResourceEvent change) =>
        change.Snapshot.State?.Text is { } state && (KnownResourceStates.TerminalStates.Contains(state) || state == KnownResourceStates.RuntimeUnhealthy);

    private static string Code(ResourceEvent change) => change.Snapshot.ExitCode is { } code ? $" with exit code {code}" : string.Empty;
}
