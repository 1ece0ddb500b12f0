using System.Collections.Immutable;
using System.Security.Cryptography;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>One resource from waiting to its end, as often as it is started.</summary>
internal sealed class ResourceLife
{
    private static readonly TimeSpan HealthyPeriod = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestUnhealthyPeriod = TimeSpan.FromSeconds(5);

    private readonly Orchestrator _orchestrator;
    private readonly IStarter _starter;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private CancellationTokenSource _stopping = new();
    private Task _session = Task.CompletedTask;
    private TimeSpan _grace;

    public ResourceLife(Orchestrator orchestrator, IResource resource, IStarter starter)
    {
        (_orchestrator, Resource, _starter) = (orchestrator, resource, starter);

        // Settings and connection strings have no instances, so their name is enough.
        Id = HasCommands ? $"{resource.Name}-{Suffix}" : resource.Name;
        if (IsExplicit)
        {
            _settled.SetResult();
        }
    }

    public IResource Resource { get; }

    /// <summary>Names this run of the resource; telemetry carries it as <c>service.instance.id</c>.</summary>
    public string Suffix { get; } = RandomNumberGenerator.GetString("abcdefghjkmnpqrstuvwxyz", 8);

    public string Id { get; }

    /// <summary>Whether there is something to start and stop.</summary>
    public bool HasCommands => Resource is ProjectResource or PostgresServerResource or RedisResource;

    public bool IsExplicit => Resource.Annotations.OfType<ExplicitStartupAnnotation>().Any();

    /// <summary>Completes when the resource was healthy for the first time, or has done what it had to do.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Does nothing when the resource runs.</summary>
    public async Task StartAsync()
    {
        await _turn.WaitAsync();
        try
        {
            if (_session.IsCompleted)
            {
                _stopping.Dispose();
                _stopping = new CancellationTokenSource();
                Publish(snapshot => snapshot with
                {
                    State = Resource.Annotations.OfType<WaitAnnotation>().Any() ? KnownResourceStates.Waiting : KnownResourceStates.Starting,
                    ExitCode = null,
                    StartTimeStamp = null,
                    StopTimeStamp = null,
                    HealthReports = [.. HealthKeys.Select(key => new HealthReportSnapshot(key, null, null, null))],
                });
                _session = Task.Run(() => RunUntilStoppedAsync(_stopping.Token));
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    public Task StopAsync(CancellationToken ct) => StopAsync(Orchestrator.LongestGrace, ct);

    public async Task StopAsync(TimeSpan grace, CancellationToken ct)
    {
        await _turn.WaitAsync(ct);
        try
        {
            _grace = grace;
            await _stopping.CancelAsync();
            await _session.WaitAsync(ct);
        }
        finally
        {
            _turn.Release();
        }
    }

    public void Show(ReadOnlySpan<ResourcePropertySnapshot> properties)
    {
        var shown = properties.ToArray();
        Publish(snapshot => snapshot with
        {
            Properties = [.. snapshot.Properties.Where(known => !shown.Any(property => property.Name == known.Name)), .. shown],
        });
    }

    public void Publish(Func<CustomResourceSnapshot, CustomResourceSnapshot> change) =>
        _orchestrator.Notifications.PublishUpdateAsync(Resource, snapshot => WithCommands(change(snapshot)));

    private ImmutableArray<string> HealthKeys => [.. Resource.Annotations.OfType<HealthCheckAnnotation>().Select(check => check.Key)];

    /// <summary>What belongs to another resource ends with it and begins again with it.</summary>
    private async Task RunUntilStoppedAsync(CancellationToken stopping)
    {
        do
        {
            await RunAsync(stopping);
        }
        while (Resource is IResourceWithParent && !stopping.IsCancellationRequested);
    }

    private async Task RunAsync(CancellationToken stopping)
    {
        IRunning? running = null;
        try
        {
            await _orchestrator.Notifications.WaitForDependenciesAsync(Resource, stopping);
            Publish(snapshot => snapshot with { State = KnownResourceStates.Starting });
            running = await _starter.StartAsync(_orchestrator.StageFor(this), stopping);
            Publish(snapshot => snapshot with { State = Running, StartTimeStamp = _orchestrator.Now });

            using var ended = CancellationTokenSource.CreateLinkedTokenSource(stopping);
            var monitoring = MonitorAsync(ended.Token);
            await running.Ended.WaitAsync(stopping);
            await ended.CancelAsync();
            await monitoring;
            End(await running.Ended, wanted: false);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            if (running is null)
            {
                Publish(snapshot => snapshot with { State = KnownResourceStates.NotStarted });
                return;
            }

            Publish(snapshot => snapshot with { State = KnownResourceStates.Stopping });
            await running.StopAsync(_grace);
            End(await running.Ended, wanted: true);
        }
        catch (Exception failure)
        {
            // Nobody awaits a session, so this is where any failure of it is told. What we did not foresee is told with its place.
            var sentence = failure is DistributedApplicationException ? failure.Message : failure.ToString();
            _orchestrator.Logs.Write(Resource, sentence, isError: true);
            _orchestrator.Failed(Resource, sentence);
            Publish(snapshot => snapshot with
            {
                State = new ResourceStateSnapshot(failure is MissingParameterValueException ? KnownResourceStates.ValueMissing : KnownResourceStates.FailedToStart, KnownResourceStateStyles.Error),
                StopTimeStamp = _orchestrator.Now,
            });
        }
    }

    private static ResourceStateSnapshot Running => new(KnownResourceStates.Running, KnownResourceStateStyles.Success);

    private void End(int? exitCode, bool wanted)
    {
        var isGood = wanted || (exitCode is 0 or null && (_settled.Task.IsCompleted || HealthKeys.IsEmpty));
        if (!isGood)
        {
            // Before anybody who waits for this resource hears of its end, and fails in turn: what is told is the first reason.
            _orchestrator.Failed(Resource, _orchestrator.WhyEnded(Resource, exitCode));
        }

        Publish(snapshot => snapshot with
        {
            State = new ResourceStateSnapshot(KnownResourceStates.Finished, isGood ? null : KnownResourceStateStyles.Error),
            ExitCode = exitCode,
            StopTimeStamp = _orchestrator.Now,
        });
        if (isGood)
        {
            _settled.TrySetResult();
        }
    }

    /// <summary>Asks every 30 s while all is well, and more often while it is not: after 1, 2, 3, 4 and then every 5 s.</summary>
    private async Task MonitorAsync(CancellationToken ct)
    {
        var keys = HealthKeys;
        if (keys.IsEmpty)
        {
            // A job settles by ending, a value by being there.
            if (Resource is not ProjectResource)
            {
                _settled.TrySetResult();
            }

            return;
        }

        var unhealthy = 0;
        try
        {
            while (true)
            {
                var report = await _orchestrator.Health.CheckHealthAsync(check => keys.Contains(check.Name), ct);
                Publish(snapshot => snapshot with { HealthReports = [.. report.Entries.Select(Snapshot)] });
                if (report.Status == HealthStatus.Healthy)
                {
                    unhealthy = 0;
                    _settled.TrySetResult();
                }
                else
                {
                    unhealthy++;
                }

                var pause = unhealthy == 0 ? HealthyPeriod : TimeSpan.FromSeconds(unhealthy);
                await Task.Delay(unhealthy == 0 || pause < LongestUnhealthyPeriod ? pause : LongestUnhealthyPeriod, ct);
            }
        }
        catch (OperationCanceledException)
        {
        }

        HealthReportSnapshot Snapshot(KeyValuePair<string, HealthReportEntry> entry) =>
            new(entry.Key, entry.Value.Status, entry.Value.Description, entry.Value.Exception?.ToString()) { LastRunAt = _orchestrator.Now };
    }

    private CustomResourceSnapshot WithCommands(CustomResourceSnapshot snapshot)
    {
        if (!HasCommands)
        {
            return snapshot;
        }

        var state = snapshot.State?.Text;
        var isUp = state == KnownResourceStates.Running || state == KnownResourceStates.Waiting;
        var isDown = state is null || state == KnownResourceStates.NotStarted || KnownResourceStates.TerminalStates.Contains(state);

        return snapshot with
        {
            Commands =
            [
                new("start", isDown ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, "Start", $"Start {Resource.Name}", "Play", IsHighlighted: true),
                new("stop", isUp ? ResourceCommandState.Enabled : ResourceCommandState.Hidden, "Stop", $"Stop {Resource.Name}", "Stop", IsHighlighted: true),
                new("restart", isUp ? ResourceCommandState.Enabled : ResourceCommandState.Disabled, "Restart", $"Stop {Resource.Name} and start it again", "ArrowCounterclockwise", IsHighlighted: false),
            ],
        };
    }
}
