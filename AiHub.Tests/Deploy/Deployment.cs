using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;
using AiHub.AppHost.Embedded.Servers;
using MimeKit;
using Npgsql;

namespace AiHub.Tests.Deploy;

/// <summary>
/// deploy/compose.yaml without a container engine: the published programs with exactly the environment that file gives them, and Caddy with the
/// deployed Caddyfile in front. Every container is an address of its own on the loopback network, so all of them keep the ports of the file.
/// </summary>
internal sealed partial class Deployment : IAsyncDisposable
{
    public const string ApiHost = "api.localhost";
    public const string PortalHost = "portal.localhost";
    public static readonly string[] Replicas = ["gateway-1", "gateway-2", "worker-1", "worker-2", "portal-1", "portal-2"];

    // So long as /ready says no, requests still come in: longer than the proxy needs to notice.
    private static readonly TimeSpan ReadinessDelay = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(4);

    private readonly string _folder = ServerAccount.Current.CreateScratchFolder();
    private readonly Dictionary<string, Process> _processes = [];
    private readonly ConcurrentDictionary<string, ConcurrentQueue<string>> _lines = new();
    private readonly Dictionary<string, string> _addresses = [];
    private readonly Dictionary<string, string> _vendors = [];
    private readonly int _httpsPort = FreePort.Next();
    private readonly HttpClient _private = new() { Timeout = TimeSpan.FromSeconds(30) };
    private ComposeFile _compose = null!;
    private PostgresServer _postgres = null!;
    private GarnetCache _cache = null!;

    private Deployment()
    {
        // Nobody else on this machine uses this part of 127.0.0.0/8, other runs of these tests aside.
        var block = $"127.{10 + (Environment.ProcessId % 200)}.{Environment.ProcessId / 200 % 250}";
        foreach (var (name, index) in Replicas.Append("proxy").Select((name, index) => (name, index)))
        {
            _addresses[name] = $"{block}.{index + 1}";
        }
    }

    public string AppPassword { get; } = Secret();
    public string OwnerPassword { get; } = Secret();
    public string CachePassword { get; } = Secret();
    public string VendorKey { get; } = "sk-" + Secret();
    public string SetupToken { get; private set; } = "";
    public string Admin => $"{_postgres.ConnectionString};Database=hub;Pooling=false";
    public string App => $"Host=127.0.0.1;Port={_postgres.Port};Database=hub;Username=hub_app;Password={AppPassword}";

    /// <summary>Whether this machine can run it.</summary>
    public static string? Missing =>
        !OperatingSystem.IsLinux() ? "Only Linux answers on all of 127.0.0.0/8."
        : ProgramOf("caddy") is null ? "caddy is not installed on this machine."
        : null;

    public static async Task<Deployment> StartAsync()
    {
        var deployment = new Deployment();
        try
        {
            await deployment.BeginAsync();
            return deployment;
        }
        catch
        {
            await deployment.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values)
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }

            process.Dispose();
        }

        _private.Dispose();
        if (_cache is not null)
        {
            await _cache.DisposeAsync();
        }

        if (_postgres is not null)
        {
            await _postgres.DisposeAsync();
        }

        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A caller from outside: TLS to the proxy, trusting the authority the proxy made.</summary>
    public HttpClient NewClient(string host)
    {
        var authority = X509CertificateLoader.LoadCertificateFromFile(Path.Combine(_folder, "caddy", "pki", "authorities", "local", "root.crt"));
        var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            ConnectCallback = async (_, ct) =>
            {
                var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
                await socket.ConnectAsync(IPAddress.Loopback, _httpsPort, ct);
                return new NetworkStream(socket, ownsSocket: true);
            },
            SslOptions = new SslClientAuthenticationOptions
            {
                CertificateChainPolicy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, CustomTrustStore = { authority }, RevocationMode = X509RevocationMode.NoCheck },
            },
        };
        return new HttpClient(handler) { BaseAddress = new Uri($"https://{host}"), Timeout = TimeSpan.FromMinutes(5) };
    }

    public async Task<(HttpStatusCode Status, string Text)> PrivateAsync(string replica, string path)
    {
        using var answer = await _private.GetAsync(new Uri($"http://{_addresses[replica]}:8081{path}"));
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync());
    }

    /// <summary>As <c>docker compose up -d --no-deps --force-recreate</c> does it: SIGTERM, wait until the process has ended by itself, start it anew, wait until it is ready.</summary>
    /// <returns>What the replica had to say between the signal and its end, and how long that took.</returns>
    public async Task<(HttpStatusCode ReadyAfterSignal, TimeSpan Drained, int ExitCode)> RestartAsync(string replica)
    {
        var process = _processes[replica];
        var clock = Stopwatch.StartNew();
        using (var kill = Process.Start("kill", ["-TERM", process.Id.ToString(CultureInfo.InvariantCulture)]))
        {
            await kill.WaitForExitAsync();
        }

        await Task.Delay(TimeSpan.FromSeconds(1));
        var ready = (await PrivateAsync(replica, "/ready")).Status;
        await process.WaitForExitAsync();
        var result = (ready, clock.Elapsed, process.ExitCode);
        process.Dispose();

        Start(replica);
        await ReadyAsync(replica);
        return result;
    }

    /// <summary>The token of the link in the first mail that was sent to somebody.</summary>
    public async Task<string> MailedTokenAsync(string email)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(200))
        {
            foreach (var file in Directory.Exists(Mails) ? Directory.GetFiles(Mails, "*.eml") : [])
            {
                using var mail = await MimeMessage.LoadAsync(file);
                if (mail.To.ToString() == email && Link().Match(mail.TextBody ?? "") is { Success: true } link)
                {
                    return link.Groups[1].Value;
                }
            }

            Assert.True(clock.Elapsed < Patience, $"No mail for {email}.");
        }
    }

    public IReadOnlyList<string> LinesOf(string name) => [.. _lines.GetValueOrDefault(name) ?? []];

    public async Task<T> AsAdminAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(Admin);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    private async Task BeginAsync()
    {
        _postgres = await PostgresServer.StartAsync(new PostgresOptions(Path.Combine(_folder, "postgres"), OwnerPassword) { Durable = false }, _ => { }, CancellationToken.None);
        _cache = await GarnetCache.StartAsync(new GarnetOptions(DataDirectory: null, CachePassword), loggers: null, CancellationToken.None);
        await using (var connection = new NpgsqlConnection($"{_postgres.ConnectionString};Database=postgres;Pooling=false"))
        {
            await connection.OpenAsync();
            await using var create = new NpgsqlCommand("create database hub", connection);
            await create.ExecuteNonQueryAsync();
        }

        // What an operator would have written into .env, here for servers of their own.
        _compose = ComposeFile.Read(new Dictionary<string, string>
        {
            ["API_HOST"] = ApiHost,
            ["PORTAL_HOST"] = PortalHost,
            ["TLS"] = "tls internal",
            ["POSTGRES_HOST"] = "127.0.0.1",
            ["POSTGRES_PORT"] = _postgres.Port.ToString(CultureInfo.InvariantCulture),
            ["POSTGRES_USER"] = "hub",
            ["POSTGRES_PASSWORD"] = OwnerPassword,
            ["HUB_APP_PASSWORD"] = AppPassword,
            ["REDIS_PASSWORD"] = CachePassword,
            ["CACHE_CONNECTION"] = _cache.ConnectionString,
            ["READINESS_DELAY"] = ReadinessDelay.ToString("c", CultureInfo.InvariantCulture),
        });

        var simulators = FreePort.Next();
        _vendors["Vendors__sim__BaseUrl"] = $"http://127.0.0.1:{simulators}/vendors/openai/v1";
        _vendors["Vendors__sim__ApiKey"] = VendorKey;
        Launch("simulators", Path.Combine(Repository.Root, "AiHub.Simulators", "bin", Build, "net10.0", "AiHub.Simulators.dll"), [],
            new() { ["ASPNETCORE_URLS"] = $"http://127.0.0.1:{simulators}", ["Simulators__ApiKey"] = VendorKey });

        await Task.WhenAll(PublishAsync("AiHub.Worker"), PublishAsync("AiHub.Gateway"), PublishAsync("AiHub.Portal"));

        var migrate = Launch("migrate", Program("AiHub.Worker"), ["migrate"], With(_compose.EnvironmentOf("migrate"), _vendors));
        await migrate.WaitForExitAsync();
        Assert.True(migrate.ExitCode == 0, string.Join('\n', LinesOf("migrate")));
        SetupToken = string.Join('\n', LinesOf("migrate")) is var said && Token().Match(said) is { Success: true } token ? token.Groups[1].Value : throw new InvalidOperationException(said);

        foreach (var replica in Replicas)
        {
            Start(replica);
        }

        StartProxy();
        await Task.WhenAll(Replicas.Select(ReadyAsync));
        await ProxyAnswersAsync();
    }

    private void Start(string replica)
    {
        var environment = _compose.EnvironmentOf(replica);
        // The container's own address.
        environment["ASPNETCORE_URLS"] = $"http://{_addresses[replica]}:{environment["ASPNETCORE_HTTP_PORTS"]}";
        var project = replica.StartsWith("gateway", StringComparison.Ordinal) ? "AiHub.Gateway" : replica.StartsWith("worker", StringComparison.Ordinal) ? "AiHub.Worker" : "AiHub.Portal";
        Launch(replica, Program(project), [], With(environment, project switch { "AiHub.Gateway" => _vendors, "AiHub.Worker" => new() { ["Mail__Folder"] = Mails }, _ => [] }));
    }

    private void StartProxy()
    {
        var environment = _compose.EnvironmentOf("proxy");
        environment["INNER_ADDRESS"] = $"{_addresses["proxy"]}{environment["INNER_ADDRESS"]}";
        environment["CADDY_HTTPS_PORT"] = _httpsPort.ToString(CultureInfo.InvariantCulture);
        environment["CADDY_HTTP_PORT"] = FreePort.Next().ToString(CultureInfo.InvariantCulture);
        environment["XDG_DATA_HOME"] = _folder;
        environment["XDG_CONFIG_HOME"] = _folder;
        Launch("proxy", ProgramOf("caddy")!, ["run", "--config", Path.Combine(ComposeFile.Folder, "Caddyfile"), "--adapter", "caddyfile"], environment);
    }

    private Process Launch(string name, string program, string[] arguments, Dictionary<string, string> environment)
    {
        var start = program.EndsWith(".dll", StringComparison.Ordinal)
            ? new ProcessStartInfo(ProgramOf("dotnet")!, [program, .. arguments])
            : new ProcessStartInfo(program, arguments);
        start.WorkingDirectory = _folder;
        start.RedirectStandardOutput = start.RedirectStandardError = true;
        start.Environment.Clear();
        foreach (var inherited in new[] { "PATH", "HOME", "DOTNET_ROOT", "TMPDIR", "LD_LIBRARY_PATH" })
        {
            if (Environment.GetEnvironmentVariable(inherited) is { } value)
            {
                start.Environment[inherited] = value;
            }
        }

        foreach (var (key, value) in environment)
        {
            start.Environment[key] = Name().Replace(value, match => _addresses[match.Value]);
        }

        var lines = _lines.GetOrAdd(name, _ => new ConcurrentQueue<string>());
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => Keep(line.Data);
        process.ErrorDataReceived += (_, line) => Keep(line.Data);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _processes[name] = process;
        return process;

        void Keep(string? line)
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                lines.Enqueue(line);
            }
        }
    }

    private async Task ReadyAsync(string replica)
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(200))
        {
            try
            {
                if ((await PrivateAsync(replica, "/ready")).Status == HttpStatusCode.OK)
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or TaskCanceledException && !_processes[replica].HasExited)
            {
            }

            Assert.True(clock.Elapsed < Patience && !_processes[replica].HasExited, $"{replica} does not become ready:\n{string.Join('\n', LinesOf(replica).TakeLast(20))}");
        }
    }

    private async Task ProxyAnswersAsync()
    {
        for (var clock = Stopwatch.StartNew(); ; await Task.Delay(300))
        {
            try
            {
                using var client = NewClient(ApiHost);
                using var answer = await client.GetAsync(new Uri("/v1/models", UriKind.Relative));
                if (answer.StatusCode == HttpStatusCode.Unauthorized)
                {
                    return;
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or CryptographicException)
            {
            }

            Assert.True(clock.Elapsed < Patience, $"The proxy does not answer:\n{string.Join('\n', LinesOf("proxy").TakeLast(20))}");
        }
    }

    private string Mails => Path.Combine(_folder, "mails");

    public static string Build => AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal) ? "Release" : "Debug";

    /// <summary>Programs that were published before (<c>deploy/smoke.sh</c> does), else published now from what is built.</summary>
    private static string? Published => Environment.GetEnvironmentVariable("AIHUB_PUBLISHED") is { Length: > 0 } folder ? folder : null;

    private string Program(string project) => Path.Combine(Published ?? Path.Combine(_folder, "published"), project, $"{project}.dll");

    private async Task PublishAsync(string project)
    {
        if (Published is not null)
        {
            return;
        }

        using var publish = Process.Start(new ProcessStartInfo(
            ProgramOf("dotnet")!, ["publish", Path.Combine(Repository.Root, project), "--no-build", "--configuration", Build, "--output", Path.Combine(_folder, "published", project)])
        {
            RedirectStandardOutput = true,
        })!;
        var said = await publish.StandardOutput.ReadToEndAsync();
        await publish.WaitForExitAsync();
        Assert.True(publish.ExitCode == 0, said);
    }

    public static string? ProgramOf(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    private static Dictionary<string, string> With(Dictionary<string, string> environment, Dictionary<string, string> file)
    {
        // As compose has it: what the service says itself goes before its env_file.
        foreach (var (key, value) in file)
        {
            environment.TryAdd(key, value);
        }

        return environment;
    }

    private static string Secret() => RandomNumberGenerator.GetHexString(48, lowercase: true);

    [GeneratedRegex(@"(gateway-1|gateway-2|worker-1|worker-2|portal-1|portal-2|proxy)(?=:\d)")]
    private static partial Regex Name();

    [GeneratedRegex(@"\?token=(\S+)")]
    private static partial Regex Link();

    [GeneratedRegex(@"shown this once: (\S+)")]
    private static partial Regex Token();
}
