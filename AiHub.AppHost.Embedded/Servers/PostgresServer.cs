using System.Diagnostics;
using System.Globalization;
using AiHub.AppHost.Embedded.Processes;
using Aspire.Hosting;
using Npgsql;

namespace AiHub.AppHost.Embedded.Servers;

/// <param name="DataDirectory">Made when it does not exist. When we are root it must lie where <see cref="ServerAccount"/> can reach it.</param>
/// <param name="Password">The superuser's. It is set when the data is made; later runs must bring the same one.</param>
public sealed record PostgresOptions(string DataDirectory, string Password)
{
    public string UserName { get; init; } = "hub";

    /// <summary>Null for a free one.</summary>
    public int? Port { get; init; }

    /// <summary>False makes writes faster by not waiting for the disk: for tests, whose data nobody misses.</summary>
    public bool Durable { get; init; } = true;
}

/// <summary>A real PostgreSQL of our own, on the loopback interface, with passwords.</summary>
public sealed class PostgresServer : IAsyncDisposable
{
    private static readonly TimeSpan StartPatience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeftoverPause = TimeSpan.FromMilliseconds(250);

    // Above the greatest process id of any system we run on.
    private const string NobodysNumber = "2147483647";

    private readonly ProcessPlan _plan;
    private readonly GuardedProcess _process;
    private readonly ProcessGuard? _ownGuard;

    private PostgresServer(PostgresOptions options, int port, ProcessPlan plan, GuardedProcess process, ProcessGuard? ownGuard)
    {
        (Port, _plan, _process, _ownGuard) = (port, plan, process, ownGuard);
        ConnectionString = Connection(options, port);
    }

    /// <summary>Of the superuser, without a database: <c>Host=127.0.0.1;Port=…;Username=hub;Password=…</c>.</summary>
    public string ConnectionString { get; }

    public int Port { get; }
    public int Pid => _process.Pid;
    internal string Program => _plan.File;
    internal IReadOnlyList<string> Arguments => _plan.Arguments;

    /// <summary>Completes with the exit code when the server has ended, wanted or not.</summary>
    public Task<int> Exited => _process.Exited;

    /// <summary>Starts a server that also ends when this process is killed.</summary>
    /// <exception cref="DistributedApplicationException">There is no PostgreSQL, or it did not start.</exception>
    public static async Task<PostgresServer> StartAsync(PostgresOptions options, Action<string> log, CancellationToken ct)
    {
        var guard = ProcessGuard.Start();
        try
        {
            return await StartAsync(options, guard, ownsGuard: true, log, log, ct);
        }
        catch
        {
            await guard.DisposeAsync();
            throw;
        }
    }

    /// <param name="say">Hears what is being done.</param>
    /// <param name="log">Hears what the server writes.</param>
    internal static async Task<PostgresServer> StartAsync(
        PostgresOptions options, ProcessGuard guard, bool ownsGuard, Action<string> say, Action<string> log, CancellationToken ct)
    {
        var data = Path.GetFullPath(options.DataDirectory);
        if (!ServerAccount.Current.CanReach(data))
        {
            throw new DistributedApplicationException($"PostgreSQL runs as {ServerAccount.Current.UserName} and cannot reach {data}: choose a folder that user may enter.");
        }

        var binaries = await PostgresBinaries.FindAsync(WrittenBy(data), say, ct);
        if (WrittenBy(data) is null)
        {
            say($"Making a new PostgreSQL {binaries.Major} database in {data}");
            await CreateAsync(binaries, data, options, ct);
        }

        var port = options.Port ?? FreePort.Next();
        say($"Starting PostgreSQL {binaries.Major} ({binaries.Folder}) on 127.0.0.1:{port}, data in {data}");
        var patience = Stopwatch.StartNew();
        while (true)
        {
            await EndLeftoverAsync(data, say, ct);
            var lastWords = new LastLines(20);
            var listening = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            var plan = new ProcessPlan(binaries.Postgres, ArgumentsFor(data, port, options.Durable), data, EnvironmentVariables())
            {
                UserName = ServerAccount.Current.UserName,
                StopSignal = ProcessPlan.SigInt,
            };
            var process = await guard.StartAsync(
                plan,
                (line, _) =>
                {
                    lastWords.Add(line);
                    log(line);
                    if (line.EndsWith("database system is ready to accept connections", StringComparison.Ordinal))
                    {
                        listening.TrySetResult();
                    }
                },
                ct);

            var server = new PostgresServer(options, port, plan, process, ownsGuard ? guard : null);
            try
            {
                await server.WaitUntilReadyAsync(data, listening.Task, lastWords, ct);
                return server;
            }
            catch (DistributedApplicationException) when (lastWords.Find("pre-existing shared memory block") is not null && patience.Elapsed < StartPatience)
            {
                // The server before this one was killed, and some of its sessions are still at work on the same files.
                await process.StopAsync(StopPatience);
                await Task.Delay(LeftoverPause, ct);
            }
            catch
            {
                await process.StopAsync(StopPatience);
                throw;
            }
        }
    }

    /// <summary>Ends the sessions, writes a checkpoint and stops.</summary>
    public Task StopAsync() => StopAsync(StopPatience);

    internal async Task StopAsync(TimeSpan grace) => await _process.StopAsync(grace);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (_ownGuard is not null)
        {
            await _ownGuard.DisposeAsync();
        }
    }

    private static string Connection(PostgresOptions options, int port) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = port,
        Username = options.UserName,
        Password = options.Password,
    }.ConnectionString;

    private static string[] ArgumentsFor(string data, int port, bool durable) =>
    [
        "-D", data,
        "-p", port.ToString(CultureInfo.InvariantCulture),
        "-c", "listen_addresses=127.0.0.1",
        // A path below a deep repository is too long for a socket, and nobody needs one.
        "-c", "unix_socket_directories=",
        "-c", "logging_collector=off",
        "-c", "log_timezone=UTC",
        "-c", "max_connections=200",
        .. durable ? Array.Empty<string>() : ["-c", "fsync=off", "-c", "synchronous_commit=off", "-c", "full_page_writes=off"],
    ];

    /// <summary>The major version in <c>PG_VERSION</c>; null when there is no database yet.</summary>
    private static int? WrittenBy(string data) =>
        Path.Combine(data, "PG_VERSION") is var file && File.Exists(file) && int.TryParse(File.ReadAllText(file), out var major) ? major : null;

    /// <summary>Fills a folder aside and then moves it into place, so that an interrupted first run leaves no half database.</summary>
    private static async Task CreateAsync(PostgresBinaries binaries, string data, PostgresOptions options, CancellationToken ct)
    {
        var aside = $"{data}.new";
        if (Directory.Exists(aside))
        {
            Directory.Delete(aside, recursive: true);
        }

        Directory.CreateDirectory(aside);
        ServerAccount.Current.Own(aside);
        var passwordFile = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(passwordFile, options.Password, ct);
            ServerAccount.Current.Own(passwordFile);

            var start = new ProcessStartInfo(binaries.InitDb,
            [
                "-D", aside, "--username", options.UserName, "--pwfile", passwordFile, "--auth", "scram-sha-256", "--encoding", "UTF8", "--no-locale",
                .. options.Durable ? Array.Empty<string>() : ["--no-sync"],
            ])
            {
                WorkingDirectory = aside,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            if (ServerAccount.Current.UserName is { } user && !OperatingSystem.IsWindows())
            {
                start.UserName = user;
            }

            start.Environment.Clear();
            foreach (var (name, value) in EnvironmentVariables())
            {
                start.Environment[name] = value;
            }

            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync(ct);
            var errors = process.StandardError.ReadToEndAsync(ct);
            await process.WaitForExitAsync(ct);
            if (process.ExitCode != 0)
            {
                throw new DistributedApplicationException($"PostgreSQL could not make its database in {data}: {LastLine(await errors) ?? LastLine(await output)}");
            }
        }
        finally
        {
            File.Delete(passwordFile);
        }

        // An empty folder may stand in the way; anything else there is not ours to remove.
        if (Directory.Exists(data))
        {
            if (Directory.EnumerateFileSystemEntries(data).Any())
            {
                throw new DistributedApplicationException($"{data} is not empty and holds no PostgreSQL database: choose another folder.");
            }

            Directory.Delete(data);
        }

        Directory.Move(aside, data);
    }

    /// <summary>
    /// After a kill -9 <c>postmaster.pid</c> stays behind. If a server of ours still runs on the data it is asked to end;
    /// if the number now belongs to somebody else, PostgreSQL would refuse to start because of it, so the file gets a number that is nobody's.
    /// It must not go: by the rest of it PostgreSQL sees sessions that have outlived their server and still write.
    /// </summary>
    private static async Task EndLeftoverAsync(string data, Action<string> say, CancellationToken ct)
    {
        var file = Path.Combine(data, "postmaster.pid");
        if (!File.Exists(file) || await File.ReadAllLinesAsync(file, ct) is not [var first, .. var rest] || !int.TryParse(first, out var pid))
        {
            return;
        }

        using var holder = Find(pid);
        if (holder is { ProcessName: "postgres" })
        {
            say($"Ending the PostgreSQL that an earlier run left behind (process {pid})");
            if (OperatingSystem.IsWindows())
            {
                holder.Kill();
            }
            else
            {
                Unix.Signal(pid, ProcessPlan.SigInt);
            }

            await holder.WaitForExitAsync(ct).WaitAsync(StartPatience, ct);
        }
        else if (holder is not null)
        {
            await File.WriteAllLinesAsync(file, [NobodysNumber, .. rest], ct);
        }

        static Process? Find(int pid)
        {
            try
            {
                return Process.GetProcessById(pid);
            }
            catch (ArgumentException)
            {
                return null;
            }
        }
    }

    /// <param name="listening">Completes when the server's own log says so: a connection alone might reach another server on the same port.</param>
    private async Task WaitUntilReadyAsync(string data, Task listening, LastLines lastWords, CancellationToken ct)
    {
        await Task.WhenAny(listening, Exited, Task.Delay(StartPatience, ct));
        ct.ThrowIfCancellationRequested();
        if (!listening.IsCompleted)
        {
            throw new DistributedApplicationException(lastWords.Find("could not bind", "Address already in use") is not null
                ? $"PostgreSQL cannot listen on port {Port} because another program does: stop that, or choose another port."
                : $"PostgreSQL did not start: {lastWords.Find("FATAL", "PANIC", "ERROR") ?? lastWords.Last}");
        }

        try
        {
            await using var connection = new NpgsqlConnection($"{ConnectionString};Database=postgres;Pooling=false");
            await connection.OpenAsync(ct);
        }
        catch (PostgresException refusal) when (refusal.SqlState is PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification)
        {
            throw new DistributedApplicationException($"The database in {data} was made with another password: configure that one again, or start empty with --fresh.", refusal);
        }
    }

    private static Dictionary<string, string> EnvironmentVariables()
    {
        // Our PGHOST, PGDATA and the like are about other servers.
        var variables = new Dictionary<string, string> { ["LC_ALL"] = "C", ["TZ"] = "UTC" };
        foreach (var name in new[] { "PATH", "SystemRoot", "TEMP", "TMP" })
        {
            if (Environment.GetEnvironmentVariable(name) is { } value)
            {
                variables[name] = value;
            }
        }

        return variables;
    }

    private static string? LastLine(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).LastOrDefault();
}
