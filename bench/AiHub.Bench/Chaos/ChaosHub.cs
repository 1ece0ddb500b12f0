using System.Diagnostics;
using AiHub.AppHost.Embedded.Servers;

namespace AiHub.Bench.Chaos;

/// <summary>The parts of a hub, each a process of its own that can be killed without warning and started again where it was.</summary>
internal sealed class ChaosHub : IAsyncDisposable
{
    public const string CacheArgument = "cache";
    private const string SimulatorKey = "sk-sim-local-development-only";
    private static readonly TimeSpan StartPatience = TimeSpan.FromMinutes(2);

    private readonly string _folder = ServerAccount.Current.CreateScratchFolder();
    private readonly string _password = Guid.CreateVersion7().ToString("N");
    private readonly string _cachePassword = Guid.CreateVersion7().ToString("N");
    private readonly Dictionary<string, Process> _processes = [];
    private readonly HttpClient _http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly int _postgresPort = FreePort.Next();
    private readonly int _cachePort = FreePort.Next();
    private readonly int _workerPort = FreePort.Next();
    private PostgresServer _postgres = null!;

    public Uri Gateway { get; } = new($"http://127.0.0.1:{FreePort.Next()}");
    public Uri Portal { get; } = new($"http://127.0.0.1:{FreePort.Next()}");
    public Uri Simulators { get; } = new($"http://127.0.0.1:{FreePort.Next()}");
    public string Admin { get; private set; } = "";
    public string App { get; private set; } = "";

    /// <summary>Environment variables of the gateway on top of the usual.</summary>
    public IReadOnlyDictionary<string, string> GatewayEnvironment { get; private init; } = new Dictionary<string, string>();

    public Process GatewayProcess => _processes["gateway"];

    public static async Task<ChaosHub> StartAsync(IReadOnlyDictionary<string, string>? gatewayEnvironment = null)
    {
        var hub = new ChaosHub { GatewayEnvironment = gatewayEnvironment ?? new Dictionary<string, string>() };
        await hub.StartPostgresAsync();
        hub.Admin = $"{hub._postgres.ConnectionString};Database=hub;Pooling=false";
        hub.App = $"Host=127.0.0.1;Port={hub._postgresPort};Username=hub_app;Password={hub._password};Database=hub";
        await LedgerBench.ExecuteAsync($"{hub._postgres.ConnectionString};Database=postgres;Pooling=false", "create database hub");

        var migrate = hub.Launch("AiHub.Worker", ["migrate"], new()
        {
            ["ConnectionStrings__hub"] = hub.Admin,
            ["Database__AppPassword"] = hub._password,
            ["Vendors__sim__BaseUrl"] = new Uri(hub.Simulators, "/vendors/openai/v1").ToString(),
        });
        await migrate.WaitForExitAsync();
        if (migrate.ExitCode != 0)
        {
            throw new InvalidOperationException("The database could not be migrated.");
        }

        await hub.StartAsync("simulators");
        foreach (var part in new[] { "cache", "gateway", "worker" })
        {
            await hub.StartAsync(part);
        }

        return hub;
    }

    /// <summary>For those who look at pages; chaos has no need of it.</summary>
    public Task StartPortalAsync() => StartAsync("portal");

    /// <summary>SIGKILL, then the same part again on the same port and data.</summary>
    public async Task KillAndRestartAsync(string part, TimeSpan pause)
    {
        if (part == "postgres")
        {
            Process.GetProcessById(_postgres.Pid).Kill();
            await _postgres.Exited;
            await _postgres.DisposeAsync();
            await Task.Delay(pause);
            await StartPostgresAsync();
            return;
        }

        _processes[part].Kill();
        await _processes[part].WaitForExitAsync();
        await Task.Delay(pause);
        await StartAsync(part);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values.Where(process => !process.HasExited))
        {
            process.Kill();
            await process.WaitForExitAsync();
        }

        await _postgres.DisposeAsync();
        _http.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    private async Task StartPostgresAsync()
    {
        for (var tries = 1; ; tries++)
        {
            try
            {
                _postgres = await PostgresServer.StartAsync(
                    new PostgresOptions(Path.Combine(_folder, "postgres"), _password) { Port = _postgresPort }, _ => { }, CancellationToken.None);
                return;
            }
            catch (Exception) when (tries < 10)
            {
                // The children of the killed server need a moment to notice.
                await Task.Delay(500);
            }
        }
    }

    private async Task StartAsync(string part)
    {
        var (project, url, settings) = part switch
        {
            "simulators" => ("AiHub.Simulators", Simulators, new Dictionary<string, string> { ["Simulators__ApiKey"] = SimulatorKey }),
            "gateway" => ("AiHub.Gateway", Gateway, new Dictionary<string, string>(GatewayEnvironment)
            {
                ["ConnectionStrings__hub"] = App,
                ["ConnectionStrings__cache"] = $"127.0.0.1:{_cachePort},password={_cachePassword}",
                ["Vendors__sim__ApiKey"] = SimulatorKey,
                ["Vendors__sim__BaseUrl"] = new Uri(Simulators, "/vendors/openai/v1").ToString(),
            }),
            "portal" => ("AiHub.Portal", Portal, new Dictionary<string, string>
            {
                ["ConnectionStrings__cache"] = $"127.0.0.1:{_cachePort},password={_cachePassword}",
                ["services__gateway__http__0"] = Gateway.GetLeftPart(UriPartial.Authority),
                ["Portal__ApiBaseUrl"] = new Uri(Gateway, "/v1").ToString(),
            }),
            "worker" => ("AiHub.Worker", new Uri($"http://127.0.0.1:{_workerPort}"), new Dictionary<string, string>
            {
                ["ConnectionStrings__hub"] = App,
                ["ConnectionStrings__cache"] = $"127.0.0.1:{_cachePort},password={_cachePassword}",
            }),
            _ => ("AiHub.Bench", null!, []),
        };
        if (part == "cache")
        {
            _processes[part] = Launch(project, [CacheArgument, $"{_cachePort}", _cachePassword], settings);
            return;
        }

        _processes[part] = Launch(project, ["--urls", url.ToString()], settings);
        var waited = Stopwatch.StartNew();
        while (!await AnswersAsync(url))
        {
            if (waited.Elapsed > StartPatience)
            {
                throw new InvalidOperationException($"{part} did not start.");
            }

            await Task.Delay(100);
        }
    }

    private async Task<bool> AnswersAsync(Uri url)
    {
        try
        {
            return (await _http.GetAsync(new Uri(url, "/alive"))).IsSuccessStatusCode;
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            return false;
        }
    }

    private Process Launch(string project, string[] arguments, Dictionary<string, string> settings)
    {
        var start = new ProcessStartInfo("dotnet", [ProgramOf(project), .. arguments])
        {
            WorkingDirectory = Path.GetDirectoryName(ProgramOf(project)),
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["ASPNETCORE_ENVIRONMENT"] = "Development";
        start.Environment["DOTNET_ENVIRONMENT"] = "Development";
        start.Environment["Logging__LogLevel__Default"] = "Error";
        foreach (var (name, value) in settings)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        // Read, so that it never waits for us; what is said is of no interest here.
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return process;
    }

    /// <summary>Next to this program's own folder, of the same configuration.</summary>
    private static string ProgramOf(string project)
    {
        var own = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));
        var (framework, configuration) = (own.Name, own.Parent!.Name);
        var root = own;
        while (!File.Exists(Path.Combine(root.FullName, "AiHub.sln")))
        {
            root = root.Parent ?? throw new InvalidOperationException("Run this from within the repository.");
        }

        var folder = project == "AiHub.Bench" ? Path.Combine(root.FullName, "bench", project) : Path.Combine(root.FullName, project);
        return Path.Combine(folder, "bin", configuration, framework, $"{project}.dll");
    }
}
