using System.Diagnostics;
using AiHub.AppHost.Embedded.Dashboard;
using Aspire.Hosting.ApplicationModel;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace AiHub.AppHost.Embedded.Running;

/// <summary>Tells the person at the console what starts, what waits for what, where it can be found, and what went wrong.</summary>
internal sealed class Story
{
    private readonly Orchestrator _orchestrator;
    private readonly HostSettings _settings;
    private readonly DashboardHost _dashboard;
    private readonly Dictionary<string, (string Told, Stopwatch Since)> _told = [];
    private readonly Lock _writing = new();
    private readonly int _nameWidth;
    private bool _isUp;
    private bool _isStopping;

    public Story(Orchestrator orchestrator, HostSettings settings, DashboardHost dashboard)
    {
        (_orchestrator, _settings, _dashboard) = (orchestrator, settings, dashboard);
        _nameWidth = orchestrator.Resources.Where(IsTold).Select(resource => resource.Name.Length).DefaultIfEmpty(0).Max() + 2;
        _orchestrator.Said += (resource, line) => Tell(resource.Name, line, ConsoleColor.DarkGray);
        _orchestrator.ResourceFailed += TellOfFailure;
        _orchestrator.Notifications.Changed += TellChange;
        _dashboard.Said += line => Tell("dashboard", line, ConsoleColor.DarkGray);
    }

    public void Begin() => Write($"{_settings.ApplicationName} starts; its data is in {_settings.DataFolder}", null);

    public void AllIsUp(TimeSpan took)
    {
        _isUp = true;
        Write($"\nEverything is up after {took.TotalSeconds:0.0} s.\n", ConsoleColor.Green);
        foreach (var resource in _orchestrator.Resources)
        {
            if (_orchestrator.Notifications.TryGetCurrentState(resource.Name, out var state))
            {
                foreach (var url in state.Snapshot.Urls.Where(url => url.DisplayName.Length > 0))
                {
                    Write($"  {url.DisplayName,-16}{url.Url}", null);
                }
            }
        }

        if (_settings.Dashboard is not null)
        {
            Write($"  {"Dashboard",-16}{_dashboard.Link?.ToString() ?? "on its way; its link follows"}", null);
        }

        Write("\nCtrl+C stops everything.", ConsoleColor.DarkGray);
    }

    public void GaveUp(string sentence)
    {
        _isStopping = true;
        WriteError($"\n{sentence}\n");
    }

    public void Stopping()
    {
        _isStopping = true;
        Write("\nStopping …", ConsoleColor.DarkGray);
    }

    public void Stopped() => Write("Everything has stopped.", ConsoleColor.DarkGray);

    private static bool IsTold(IResource resource) => resource is not (ParameterResource or ConnectionStringResource);

    private void TellChange(ResourceEvent change)
    {
        if (!IsTold(change.Resource))
        {
            return;
        }

        var snapshot = change.Snapshot;
        var (text, color) = snapshot switch
        {
            { State.Text: "Waiting" } => ($"waits for {Dependencies(change.Resource)}", ConsoleColor.DarkGray),
            { State.Text: "Starting" } => ("starts", ConsoleColor.DarkGray),
            { HealthStatus: HealthStatus.Healthy, HealthReports.IsEmpty: false } => ($"is healthy{After(change)}", ConsoleColor.Green),
            { HealthStatus: HealthStatus.Unhealthy } when _isUp => ("is unhealthy", ConsoleColor.Yellow),
            { State.Text: "Finished" } when _isStopping => ("has stopped", ConsoleColor.DarkGray),
            { State.Text: "Finished", ExitCode: 0 } => ($"is done{After(change)}", ConsoleColor.Green),
            _ => (null, default),
        };
        if (text is null || (_told.TryGetValue(change.Resource.Name, out var before) && Kind(before.Told) == Kind(text)))
        {
            return;
        }

        _told[change.Resource.Name] = (text, text == "starts" || before.Since is null ? Stopwatch.StartNew() : before.Since);
        Tell(change.Resource.Name, text, color);
    }

    /// <summary>The first two words: the time it took is no news.</summary>
    private static string Kind(string text) => string.Join(' ', text.Split(' ').Take(2));

    private string After(ResourceEvent change) => _told.TryGetValue(change.Resource.Name, out var before) ? $" after {before.Since.Elapsed.TotalSeconds:0.0} s" : string.Empty;

    private static string Dependencies(IResource resource) =>
        string.Join(", ", resource.Annotations.OfType<WaitAnnotation>().Select(wait => wait.Resource.Name).Distinct());

    private void TellOfFailure(IResource resource, string sentence)
    {
        // During the start the failure ends it, and is told then.
        if (_isUp)
        {
            WriteError($"{sentence}. Start it again from the dashboard, or start AI Hub again.");
        }
    }

    private void Tell(string name, string line, ConsoleColor color) => Write($"  {name.PadRight(_nameWidth)}{line}", color);

    private void Write(string line, ConsoleColor? color)
    {
        lock (_writing)
        {
            if (color is { } painted && !Console.IsOutputRedirected)
            {
                Console.ForegroundColor = painted;
                Console.WriteLine(line);
                Console.ResetColor();
            }
            else
            {
                Console.WriteLine(line);
            }
        }
    }

    private void WriteError(string line)
    {
        lock (_writing)
        {
            Console.Error.WriteLine(line);
        }
    }
}
