using System.Collections.Concurrent;
using System.Diagnostics;
using AiHub.AppHost.Embedded.Processes;
using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>Starts the resources in the order they wait for each other, and stops them in the opposite one.</summary>
internal sealed class Orchestrator(
    HostSettings settings,
    DistributedApplicationExecutionContext executionContext,
    IResourceCollection resources,
    ResourceNotificationService notifications,
    ResourceLoggerService logs,
    HealthCheckService health,
    TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long a resource may take to end when it is told to.</summary>
    public static readonly TimeSpan LongestGrace = TimeSpan.FromSeconds(8);

    /// <summary>How long all of them may take together, so that Ctrl+C is done within 15 s.</summary>
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(12);

    private readonly ConcurrentDictionary<IResource, ResourceLife> _lives = new();
    private readonly TaskCompletionSource<string> _firstFailure = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private RunLock? _lock;
    private ProcessGuard? _guard;

    public event Action<IResource, string>? Said;
    public event Action<IResource, string>? ResourceFailed;

    public ResourceNotificationService Notifications { get; } = notifications;
    public ResourceLoggerService Logs { get; } = logs;
    public HealthCheckService Health { get; } = health;
    public IReadOnlyCollection<IResource> Resources { get; } = [.. resources];
    public DateTime Now => time.GetUtcNow().UtcDateTime;
    public ProcessGuard Guard => _guard ?? throw new InvalidOperationException("The application has not been started.");

    /// <summary>Says in one sentence what went wrong first.</summary>
    public Task<string> FirstFailure => _firstFailure.Task;

    /// <summary>Completes when everything that starts by itself is healthy, or done.</summary>
    public Task AllSettled => Task.WhenAll(_lives.Values.Select(life => life.Settled));

    public Stage StageFor(ResourceLife life) => new(life, this, Guard, settings);

    public ResourceLife? Find(string resourceId) => _lives.Values.FirstOrDefault(life =>
        string.Equals(life.Id, resourceId, StringComparison.OrdinalIgnoreCase) || string.Equals(life.Resource.Name, resourceId, StringComparison.OrdinalIgnoreCase));

    public ResourceLife LifeOf(IResource resource) => _lives[resource];

    public void Say(IResource resource, string line) => Said?.Invoke(resource, line);

    public void Failed(IResource resource, string sentence)
    {
        _firstFailure.TrySetResult(sentence);
        ResourceFailed?.Invoke(resource, sentence);
    }

    public string WhyEnded(IResource resource, int? exitCode)
    {
        var reason = Logs.Find(resource, "Unhandled exception", "FATAL", "fail:", "crit:") ?? Logs.LastLineOf(resource);

        return $"'{resource.Name}' ended with exit code {exitCode}{(reason is null ? "" : $": {reason.Trim()}")} (all it wrote is in {Logs.FileOf(resource.Name)})";
    }

    public async Task StartAsync(CancellationToken ct)
    {
        _lock = await RunLock.TakeAsync(settings.DataFolder, ct);
        if (settings.Fresh)
        {
            _lock.Empty();
        }

        settings.Dashboard?.AvoidTakenPorts();
        AllocateEndpoints();
        _guard = ProcessGuard.Start(_lock.GuardFile);

        foreach (var resource in Resources)
        {
            _lives[resource] = new ResourceLife(this, resource, StarterOf(resource));
        }

        foreach (var life in _lives.Values)
        {
            Notifications.Introduce(life.Resource, life.Id, await FirstSnapshotAsync(life, ct));
        }

        foreach (var life in _lives.Values.Where(life => !life.IsExplicit))
        {
            await life.StartAsync();
        }
    }

    /// <summary>Each resource stops when nothing that needs it runs any more.</summary>
    public async Task StopAsync()
    {
        var stopping = Stopwatch.StartNew();
        var stops = new ConcurrentDictionary<ResourceLife, Lazy<Task>>();
        await Task.WhenAll(_lives.Values.Select(StopWithDependents));

        Task StopWithDependents(ResourceLife life) => stops.GetOrAdd(life, _ => new Lazy<Task>(async () =>
        {
            await Task.WhenAll(DependentsOf(life).Select(StopWithDependents));
            var left = StopPatience - stopping.Elapsed;
            await life.StopAsync(left < LongestGrace ? left < TimeSpan.Zero ? TimeSpan.Zero : left : LongestGrace, CancellationToken.None);
        })).Value;
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _guard, null) is { } guard)
        {
            await guard.DisposeAsync();
        }

        _lock?.Dispose();
    }

    /// <summary>Whoever waits for the resource or belongs to it. A mere reference does not count: two services may know each other.</summary>
    private IEnumerable<ResourceLife> DependentsOf(ResourceLife life) => _lives.Values.Where(other =>
        other.Resource.Annotations.OfType<WaitAnnotation>().Any(wait => wait.Resource == life.Resource)
        || (other.Resource is IResourceWithParent child && child.Parent == life.Resource));

    private void AllocateEndpoints()
    {
        foreach (var resource in Resources)
        {
            foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
            {
                var port = settings.RandomizePorts || endpoint.Port == 0 ? null : endpoint.Port;
                if (port is { } wanted && !FreePort.IsFree(wanted))
                {
                    throw new DistributedApplicationException(
                        $"Port {wanted} is in use, and '{resource.Name}' needs it: stop what uses it, or choose another with Ports:{resource.Name}=<port>.");
                }

                endpoint.AllocatedEndpoint = new AllocatedEndpoint(endpoint, endpoint.TargetHost, port ?? FreePort.Next());
            }
        }
    }

    private IStarter StarterOf(IResource resource) => resource switch
    {
        ProjectResource project => new ProjectStarter(project, executionContext),
        PostgresServerResource server => new PostgresStarter(server),
        PostgresDatabaseResource database => new DatabaseStarter(database),
        RedisResource cache => new CacheStarter(cache),
        IValueProvider value => new ValueStarter(value),
        _ => throw new DistributedApplicationException($"The embedded host cannot run a {resource.GetType().Name} ('{resource.Name}'): use Aspire's packages (-p:AspirePackages=true)."),
    };

    private async Task<CustomResourceSnapshot> FirstSnapshotAsync(ResourceLife life, CancellationToken ct) => new()
    {
        ResourceType = life.Resource switch
        {
            ProjectResource => "Project",
            ParameterResource => "Parameter",
            ConnectionStringResource => "ConnectionString",
            PostgresServerResource => "Executable",
            _ => life.Resource.GetType().Name,
        },
        State = life.IsExplicit ? KnownResourceStates.NotStarted : null,
        CreationTimeStamp = Now,
        Urls = await UrlsOfAsync(life.Resource, ct),
        Relationships =
        [
            .. life.Resource.Annotations.OfType<ResourceRelationshipAnnotation>().Select(relationship => new RelationshipSnapshot(relationship.Resource.Name, relationship.Type)),
        ],
        Properties = life.Resource is IResourceWithParent child ? [new ResourcePropertySnapshot("resource.parentName", child.Parent.Name)] : [],
    };

    private static async Task<System.Collections.Immutable.ImmutableArray<UrlSnapshot>> UrlsOfAsync(IResource resource, CancellationToken ct)
    {
        var urls = new List<UrlSnapshot>();
        foreach (var endpoint in resource.Annotations.OfType<EndpointAnnotation>())
        {
            var url = new ResourceUrlAnnotation { Url = endpoint.AllocatedEndpoint!.UriString, Endpoint = new EndpointReference((IResourceWithEndpoints)resource, endpoint.Name) };
            foreach (var change in resource.Annotations.OfType<EndpointUrlCallbackAnnotation>().Where(change => change.EndpointName == endpoint.Name))
            {
                change.Callback(url);
            }

            urls.Add(new UrlSnapshot(endpoint.Name, url.Url, IsInternal: false) { DisplayName = url.DisplayText ?? string.Empty });
        }

        foreach (var pending in resource.Annotations.OfType<PendingUrlAnnotation>())
        {
            urls.Add(new UrlSnapshot(null, (await pending.Url.GetValueAsync(ct))!, IsInternal: false) { DisplayName = pending.DisplayText ?? string.Empty });
        }

        return [.. urls];
    }
}
