using System.Diagnostics;
using AiHub.AppHost.Embedded.Dashboard;
using AiHub.AppHost.Embedded.Processes;
using AiHub.AppHost.Embedded.Running;
using AiHub.AppHost.Embedded.Testing;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Aspire.Hosting;

/// <summary>The application as it runs.</summary>
public class DistributedApplication : IHost, IAsyncDisposable
{
    private readonly IHost _host;
    private readonly EntryPointHook? _hook;
    private readonly Orchestrator _orchestrator;
    private bool _isStarted;
    private bool _isDisposed;

    internal DistributedApplication(IHost host, EntryPointHook? hook)
    {
        (_host, _hook) = (host, hook);
        _orchestrator = Services.GetRequiredService<Orchestrator>();
    }

    public IServiceProvider Services => _host.Services;
    public ResourceNotificationService ResourceNotifications => Services.GetRequiredService<ResourceNotificationService>();
    public ResourceCommandService ResourceCommands => Services.GetRequiredService<ResourceCommandService>();

    internal IReadOnlyCollection<IResource> Resources => _orchestrator.Resources;

    internal event Action? Disposed;

    public static IDistributedApplicationBuilder CreateBuilder() => new DistributedApplicationBuilder([]);

    public static IDistributedApplicationBuilder CreateBuilder(string[] args) => new DistributedApplicationBuilder(args);

    public static IDistributedApplicationBuilder CreateBuilder(DistributedApplicationOptions options) => new DistributedApplicationBuilder(options);

    /// <summary>Starts everything; returns when it has begun, not when it is healthy.</summary>
    /// <exception cref="DistributedApplicationException">Something is missing or in the way; the message says what to do.</exception>
    public virtual async Task StartAsync(CancellationToken cancellationToken = default)
    {
        _isStarted = true;
        await _host.StartAsync(cancellationToken);
        await _orchestrator.StartAsync(cancellationToken);
        await Services.GetRequiredService<DashboardHost>().StartAsync(cancellationToken);
    }

    /// <summary>Stops everything, what is needed by others last.</summary>
    public virtual async Task StopAsync(CancellationToken cancellationToken = default)
    {
        if (!_isStarted)
        {
            return;
        }

        _isStarted = false;
        await _orchestrator.StopAsync();
        await Services.GetRequiredService<DashboardHost>().StopAsync();
        await _orchestrator.DisposeAsync();
        await _host.StopAsync(cancellationToken);
    }

    public void Run() => RunAsync().GetAwaiter().GetResult();

    /// <summary>Runs until Ctrl+C, SIGTERM or the token, or until the start fails; then the exit code of the process is 1.</summary>
    public virtual async Task RunAsync(CancellationToken cancellationToken = default)
    {
        if (_hook is not null)
        {
            await _hook.UntilDone;
            return;
        }

        var watch = Stopwatch.StartNew();
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping);
        using var launcher = LauncherWatch.Start(stopping);
        var story = new Story(_orchestrator, Services.GetRequiredService<HostSettings>(), Services.GetRequiredService<DashboardHost>());
        try
        {
            story.Begin();
            await StartAsync(stopping.Token);
            var failure = _orchestrator.FirstFailure;
            if (await Task.WhenAny(_orchestrator.AllSettled, failure).WaitAsync(stopping.Token) == failure)
            {
                throw new DistributedApplicationException(await failure);
            }

            story.AllIsUp(watch.Elapsed);
            await Task.Delay(Timeout.Infinite, stopping.Token);
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            story.Stopping();
        }
        catch (DistributedApplicationException failure)
        {
            story.GaveUp(failure.Message);
            Environment.ExitCode = 1;
        }
        finally
        {
            await StopAsync(CancellationToken.None);
            await DisposeAsync();
            story.Stopped();
        }
    }

    public virtual void Dispose()
    {
        DisposeAsync().AsTask().GetAwaiter().GetResult();
        GC.SuppressFinalize(this);
    }

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_isDisposed)
        {
            return;
        }

        _isDisposed = true;
        await StopAsync();
        _hook?.Finish();
        await ((IAsyncDisposable)_host).DisposeAsync();
        Disposed?.Invoke();
    }
}
