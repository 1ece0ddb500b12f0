using System.Collections.Concurrent;
using System.ComponentModel;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;

namespace AiHub.AppHost.Embedded.Processes;

/// <summary>
/// The process that is the parent of everything the AppHost starts. It reads orders from its standard input and ends what it
/// started when that input closes, however the AppHost died; so <c>kill -9</c> of an AppHost leaves no orphan.
/// As the parent it can never hit a foreign process that got the number of one of its own.
/// </summary>
internal sealed class Guard
{
    /// <summary>How long one process, and all together, may take to end cleanly after the AppHost has gone.</summary>
    private static readonly TimeSpan OrphanGrace = TimeSpan.FromSeconds(4);
    private static readonly TimeSpan OrphansGrace = TimeSpan.FromSeconds(14);

    private readonly ConcurrentDictionary<int, (ProcessPlan Plan, Process Process)> _running = new();
    private readonly Lock _writing = new();
    private readonly Stream _news = Console.OpenStandardOutput();

    public static async Task<int> Main(string[] arguments)
    {
        if (arguments is not ["guard", ..])
        {
            await Console.Error.WriteLineAsync("This program is part of AI Hub's AppHost. Start that: dotnet run --project AiHub.AppHost");
            return 2;
        }

        // Only the end of the AppHost ends the guard: a signal to the whole group must not make it leave its processes behind.
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => context.Cancel = true);
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true);
        using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = true);
        if (!OperatingSystem.IsWindows())
        {
            Unix.LeaveTerminal();
        }

        using var held = arguments is [_, var lockFile] ? new FileStream(lockFile, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None) : null;
        await new Guard().RunAsync();
        return 0;
    }

    private async Task RunAsync()
    {
        using var orders = new StreamReader(Console.OpenStandardInput(), Encoding.UTF8);
        while (await orders.ReadLineAsync() is { } line)
        {
            var order = JsonSerializer.Deserialize(line, GuardJson.Default.GuardOrder)!;
            if (order.Start is { } plan)
            {
                Start(plan);
            }

            if (order.Stop is { } stop && _running.TryGetValue(stop.Id, out var running))
            {
                _ = StopAsync(running.Plan, running.Process, TimeSpan.FromMilliseconds(stop.GraceMs));
            }
        }

        // The last started is the first to end: a service before the database it writes to.
        var stopping = Stopwatch.StartNew();
        foreach (var (_, (plan, process)) in _running.OrderByDescending(entry => entry.Key))
        {
            var left = OrphansGrace - stopping.Elapsed;
            await StopAsync(plan, process, left < TimeSpan.Zero ? TimeSpan.Zero : left < OrphanGrace ? left : OrphanGrace);
        }
    }

    private void Start(ProcessPlan plan)
    {
        var start = new ProcessStartInfo(plan.File, plan.Arguments)
        {
            WorkingDirectory = plan.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        if (plan.UserName is { } user && !OperatingSystem.IsWindows())
        {
            start.UserName = user;
        }

        start.Environment.Clear();
        foreach (var (name, value) in plan.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            var process = Process.Start(start)!;
            process.StandardInput.Close();
            _running[plan.Id] = (plan, process);
            Tell(new GuardNews(plan.Id, Pid: process.Id));
            _ = WatchAsync(plan, process);
        }
        catch (Exception failure) when (failure is Win32Exception or IOException or UnauthorizedAccessException)
        {
            Tell(new GuardNews(plan.Id, Failure: failure.Message));
        }
    }

    private async Task WatchAsync(ProcessPlan plan, Process process)
    {
        var output = CopyAsync(process.StandardOutput, isError: false);
        var errors = CopyAsync(process.StandardError, isError: true);
        await process.WaitForExitAsync();

        // A grandchild that keeps the pipe open must not hide that its parent has ended.
        await Task.WhenAny(Task.WhenAll(output, errors), Task.Delay(TimeSpan.FromSeconds(1)));
        _running.TryRemove(plan.Id, out _);
        Tell(new GuardNews(plan.Id, ExitCode: process.ExitCode));

        async Task CopyAsync(StreamReader reader, bool isError)
        {
            while (await reader.ReadLineAsync() is { } line)
            {
                Tell(new GuardNews(plan.Id, Line: line, IsError: isError));
            }
        }
    }

    private static async Task StopAsync(ProcessPlan plan, Process process, TimeSpan grace)
    {
        if (!OperatingSystem.IsWindows() && !process.HasExited)
        {
            Unix.Signal(process.Id, plan.StopSignal);
        }

        using var patience = new CancellationTokenSource(grace);
        try
        {
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
        }
    }

    private void Tell(GuardNews news)
    {
        var line = JsonSerializer.SerializeToUtf8Bytes(news, GuardJson.Default.GuardNews);
        lock (_writing)
        {
            try
            {
                _news.Write([.. line, (byte)'\n']);
                _news.Flush();
            }
            catch (IOException)
            {
                // The AppHost has gone; the end of our input says the same, and there the processes are ended.
            }
        }
    }
}
