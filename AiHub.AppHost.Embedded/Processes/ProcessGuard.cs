using System.Collections.Concurrent;
using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using Aspire.Hosting;

namespace AiHub.AppHost.Embedded.Processes;

/// <summary>Starts and stops processes through a <see cref="Guard"/>, which ends them should this process be killed.</summary>
internal sealed class ProcessGuard : IAsyncDisposable
{
    private readonly Process _guard;
    private readonly ConcurrentDictionary<int, GuardedProcess> _processes = new();
    private readonly SemaphoreSlim _writing = new(1, 1);
    private readonly Task _reading;
    private int _lastId;

    private ProcessGuard(Process guard)
    {
        _guard = guard;
        _reading = ReadAsync();
    }

    public int Pid => _guard.Id;

    /// <param name="lockFile">A file the guard holds until everything it started has ended; null for none.</param>
    public static ProcessGuard Start(string? lockFile = null)
    {
        var start = new ProcessStartInfo(DotNet, ["exec", typeof(Guard).Assembly.Location, "guard", .. lockFile is null ? Array.Empty<string>() : [lockFile]])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = Path.GetTempPath(),
        };

        return new ProcessGuard(Process.Start(start)!);
    }

    /// <summary>The <c>dotnet</c> of the runtime we run on: <c>dotnet run</c> starts the AppHost through its own executable, so our process's path does not name it.</summary>
    public static string DotNet { get; } = Path.GetFullPath(Path.Combine(
        RuntimeEnvironment.GetRuntimeDirectory(), "..", "..", "..", OperatingSystem.IsWindows() ? "dotnet.exe" : "dotnet"));

    /// <exception cref="DistributedApplicationException">The process could not be started.</exception>
    public async Task<GuardedProcess> StartAsync(ProcessPlan plan, Action<string, bool> onLine, CancellationToken ct)
    {
        var process = new GuardedProcess(this, Interlocked.Increment(ref _lastId), onLine);
        _processes[process.Id] = process;
        await OrderAsync(new GuardOrder(Start: plan with { Id = process.Id }));
        await process.Started.WaitAsync(ct);

        return process;
    }

    internal Task StopAsync(int id, TimeSpan grace) => OrderAsync(new GuardOrder(Stop: new StopOrder(id, (int)grace.TotalMilliseconds)));

    /// <summary>Ends the guard and whatever still runs under it.</summary>
    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        await _reading;
        _guard.Dispose();
    }

    private async Task OrderAsync(GuardOrder order)
    {
        await _writing.WaitAsync();
        try
        {
            await _guard.StandardInput.WriteLineAsync(JsonSerializer.Serialize(order, GuardJson.Default.GuardOrder));
            await _guard.StandardInput.FlushAsync();
        }
        finally
        {
            _writing.Release();
        }
    }

    private async Task ReadAsync()
    {
        while (await _guard.StandardOutput.ReadLineAsync() is { } line)
        {
            var news = JsonSerializer.Deserialize(line, GuardJson.Default.GuardNews)!;
            if (_processes.TryGetValue(news.Id, out var process))
            {
                process.Hear(news);
            }
        }

        foreach (var process in _processes.Values)
        {
            process.Hear(new GuardNews(process.Id, Failure: "the process guard has ended", ExitCode: -1));
        }
    }
}

/// <summary>One process under a <see cref="ProcessGuard"/>.</summary>
internal sealed class GuardedProcess(ProcessGuard guard, int id, Action<string, bool> onLine)
{
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource<int> _exited = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Id => id;
    public int Pid { get; private set; }
    internal Task Started => _started.Task;

    /// <summary>The exit code, once the process has ended; 128 + n when signal n ended it.</summary>
    public Task<int> Exited => _exited.Task;

    /// <summary>Asks the process to end, and ends it when it has not after <paramref name="grace"/>.</summary>
    public async Task<int> StopAsync(TimeSpan grace)
    {
        if (!Exited.IsCompleted)
        {
            await guard.StopAsync(id, grace);
        }

        return await Exited;
    }

    internal void Hear(GuardNews news)
    {
        if (news.Pid is { } pid)
        {
            Pid = pid;
            _started.TrySetResult();
        }

        if (news.Line is { } line)
        {
            onLine(line, news.IsError);
        }

        if (news.Failure is { } failure)
        {
            _started.TrySetException(new DistributedApplicationException(failure));
        }

        if (news.ExitCode is { } code)
        {
            _exited.TrySetResult(code);
        }
    }
}
