using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text;
using AiHub.AppHost.Embedded.Processes;
using AiHub.AppHost.Embedded.Servers;

namespace AiHub.Tests.Hosting.Embedded;

/// <summary>The AppHost as a process, as <c>dotnet run</c> starts it.</summary>
[SupportedOSPlatform("linux")]
[Collection(WholeHubs.Name)]
public sealed class AppHostProcessTests : IDisposable
{
    private const int SigTerm = ProcessPlan.SigTerm;
    private const int SigKill = 9;
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);

    private readonly string _folder = ServerAccount.Current.CreateScratchFolder();

    public void Dispose()
    {
        try
        {
            Directory.Delete(_folder, recursive: true);
        }
        catch (IOException)
        {
            // A process that was ended on purpose may still be writing; what is left is among the temporary files.
        }
    }

    [LinuxFact]
    public async Task A_killed_AppHost_leaves_no_orphan()
    {
        using var appHost = Start();
        await appHost.UntilAsync("simulators  is healthy");
        await appHost.UntilAsync("postgres    is healthy");
        var started = DescendantsOf(appHost.Pid);
        Assert.Contains(started, process => process.Program == "postgres");
        Assert.Contains(started, process => process.Arguments.Contains("AiHub.Simulators.dll", StringComparison.Ordinal));

        Unix.Signal(appHost.Pid, SigKill);

        await UntilGoneAsync(started);
    }

    [LinuxFact]
    public async Task A_run_after_a_killed_one_finds_its_data_and_its_ports()
    {
        using (var killed = Start())
        {
            await killed.UntilAsync("postgres    is healthy");
            Unix.Signal(killed.Pid, SigKill);
        }

        using var next = Start();
        await next.UntilAsync("postgres    is healthy");

        Assert.DoesNotContain("Making a new PostgreSQL", next.Output, StringComparison.Ordinal);
        Unix.Signal(next.Pid, SigTerm);
        Assert.Equal(0, await next.ExitCodeAsync());
    }

    [LinuxFact]
    public async Task SIGTERM_ends_everything_cleanly()
    {
        using var appHost = Start();
        await appHost.UntilAsync("Everything is up");
        var started = DescendantsOf(appHost.Pid);

        Unix.Signal(appHost.Pid, SigTerm);

        Assert.Equal(0, await appHost.ExitCodeAsync());
        Assert.DoesNotContain(started, IsAlive);
        Assert.EndsWith("Everything has stopped.\n", appHost.Output, StringComparison.Ordinal);
        Assert.Empty(appHost.Errors);
    }

    [LinuxFact]
    public async Task A_taken_port_is_told_in_one_sentence()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;

        using var appHost = Start($"Ports:gateway={port}", "DcpPublisher:RandomizePorts=false", "Ports:portal=0", "Ports:worker=0", "Ports:simulators=0");

        Assert.Equal(1, await appHost.ExitCodeAsync());
        Assert.Equal($"Port {port} is in use, and 'gateway' needs it: stop what uses it, or choose another with Ports:gateway=<port>.", appHost.Errors.Trim());
        Assert.Empty(DescendantsOf(appHost.Pid));
    }

    [LinuxFact]
    public async Task A_failed_child_is_told_with_its_own_reason_not_with_that_of_those_who_wait_for_it()
    {
        using var appHost = Start($"ConnectionStrings:hub=Host=127.0.0.1;Port={FreePort.Next()};Username=nobody;Password=none;Database=hub");

        Assert.Equal(1, await appHost.ExitCodeAsync());
        Assert.StartsWith("'migrate' ended with exit code 1: The database could not be migrated: PostgreSQL cannot be reached:", appHost.Errors.Trim(), StringComparison.Ordinal);
        Assert.Single(appHost.Errors.Trim().Split('\n'));
        Assert.Empty(DescendantsOf(appHost.Pid));
    }

    [LinuxFact]
    public async Task Two_AppHosts_do_not_share_a_data_folder()
    {
        using var first = Start();
        await first.UntilAsync("postgres    starts");

        using var second = Start();

        Assert.Equal(1, await second.ExitCodeAsync());
        Assert.StartsWith($"AI Hub already runs with the data in {_folder}", second.Errors.Trim(), StringComparison.Ordinal);
        Unix.Signal(first.Pid, SigTerm);
        await first.ExitCodeAsync();
    }

    [LinuxFact]
    public async Task Help_tells_the_switches()
    {
        using var appHost = Start("--help");

        Assert.Equal(0, await appHost.ExitCodeAsync());
        Assert.Contains("--fresh", appHost.Output, StringComparison.Ordinal);
        Assert.Empty(appHost.Errors);
    }

    // Where it was built, not its copy beside these tests: only there it finds all that it needs.
    private static string Program
    {
        get
        {
            var built = new DirectoryInfo(AppContext.BaseDirectory);
            return Path.Combine(Projects.AiHub_AppHost.ProjectPath, "bin", built.Parent!.Name, built.Name, "AiHub.AppHost.dll");
        }
    }

    private AppHostProcess Start(params string[] arguments) => new(
    [
        Program, "--no-dashboard", $"DataDirectory={_folder}", "DcpPublisher:RandomizePorts=true", .. arguments,
    ]);

    private static async Task UntilGoneAsync(IReadOnlyList<Descendant> processes)
    {
        var waiting = Stopwatch.StartNew();
        while (processes.Any(IsAlive))
        {
            Assert.True(waiting.Elapsed < Patience, $"Still there: {string.Join(", ", processes.Where(IsAlive))}");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }

    private static bool IsAlive(Descendant process) => ReadStat(process.Pid) is { } now && now.StartedAt == process.StartedAt;

    private static List<Descendant> DescendantsOf(int pid)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(folder => int.TryParse(Path.GetFileName(folder), out var id) ? ReadStat(id) : null).OfType<Descendant>().ToList();
        var found = new List<Descendant>();
        var parents = new HashSet<int> { pid };
        while (all.Where(process => parents.Contains(process.Parent) && !found.Contains(process)).ToList() is { Count: > 0 } children)
        {
            found.AddRange(children);
            parents.UnionWith(children.Select(child => child.Pid));
        }

        return found;
    }

    /// <summary><c>4242 (dotnet) S 4200 …</c>; the name may hold spaces and brackets. A zombie counts as gone.</summary>
    private static Descendant? ReadStat(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            var name = stat[(stat.IndexOf('(') + 1)..stat.LastIndexOf(')')];

            return fields[0] == "Z" ? null : new Descendant(
                pid, int.Parse(fields[1], CultureInfo.InvariantCulture), fields[19], name, File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' '));
        }
        catch (IOException)
        {
            return null;
        }
    }

    private sealed record Descendant(int Pid, int Parent, string StartedAt, string Program, string Arguments);

    private sealed class AppHostProcess : IDisposable
    {
        private readonly Process _process;
        private readonly StringBuilder _output = new();
        private readonly StringBuilder _errors = new();

        public AppHostProcess(string[] arguments)
        {
            var start = new ProcessStartInfo(ProcessGuard.DotNet, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
            start.Environment["DOTNET_ENVIRONMENT"] = "Development";
            _process = Process.Start(start)!;
            _process.OutputDataReceived += (_, line) => Add(_output, line.Data);
            _process.ErrorDataReceived += (_, line) => Add(_errors, line.Data);
            _process.BeginOutputReadLine();
            _process.BeginErrorReadLine();
        }

        public int Pid => _process.Id;
        public string Output => TextOf(_output);
        public string Errors => TextOf(_errors);

        public async Task UntilAsync(string line)
        {
            var waiting = Stopwatch.StartNew();
            while (!Output.Contains(line, StringComparison.Ordinal))
            {
                Assert.True(waiting.Elapsed < Patience && !_process.HasExited, $"'{line}' was not said, but:\n{Output}\n{Errors}");
                await Task.Delay(TimeSpan.FromMilliseconds(50));
            }
        }

        public async Task<int> ExitCodeAsync()
        {
            await _process.WaitForExitAsync().WaitAsync(Patience);
            return _process.ExitCode;
        }

        public void Dispose()
        {
            if (!_process.HasExited)
            {
                _process.Kill();
            }

            _process.Dispose();
        }

        private static void Add(StringBuilder text, string? line)
        {
            lock (text)
            {
                if (line is not null)
                {
                    text.Append(line).Append('\n');
                }
            }
        }

        private static string TextOf(StringBuilder text)
        {
            lock (text)
            {
                return text.ToString();
            }
        }
    }
}

/// <summary>A test that looks at processes the way Linux shows them.</summary>
internal sealed class LinuxFactAttribute : FactAttribute
{
    public LinuxFactAttribute()
    {
        if (!OperatingSystem.IsLinux())
        {
            Skip = "It reads /proc, which only Linux has.";
        }
    }
}
