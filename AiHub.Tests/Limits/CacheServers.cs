using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Tests.Hub;
using Xunit.Sdk;

namespace AiHub.Tests.Limits;

/// <summary>The servers that limits must be exact on.</summary>
public enum CacheKind
{
    Garnet,
    RedisServer,

    /// <summary>As a cluster answers: a script whose keys lie in different places is refused, though there is one node only.</summary>
    RedisCluster,
}

/// <summary>Runs a theory on Garnet.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnGarnetAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[CacheKind.Garnet]];
}

/// <summary>Runs a theory on the machine's redis-server, or says that there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnRedisServerAttribute : DataAttribute
{
    public override string? Skip => RedisServerProcess.Program is null ? "redis-server is not installed on this machine." : null;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[CacheKind.RedisServer]];
}

/// <summary>Runs a theory on a cluster of the machine's redis-server, or says that there is none.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class OnRedisClusterAttribute : DataAttribute
{
    public override string? Skip => RedisServerProcess.Program is null ? "redis-server is not installed on this machine." : null;

    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[CacheKind.RedisCluster]];
}

public static class CacheServers
{
    private static readonly Lazy<Task<RedisServerProcess>> SharedRedis = new(() => RedisServerProcess.StartAsync());
    private static readonly Lazy<Task<RedisServerProcess>> SharedCluster = new(() => RedisServerProcess.StartAsync(asCluster: true));

    /// <summary>Connection string of the server of this kind that all tests share.</summary>
    public static async Task<string> ConnectionStringAsync(CacheKind kind) => kind switch
    {
        CacheKind.Garnet => await TestServers.CacheAsync(),
        CacheKind.RedisCluster => (await SharedCluster.Value).ConnectionString,
        _ => (await SharedRedis.Value).ConnectionString,
    };
}

/// <summary>A real redis-server that ends when this process does, however it ends.</summary>
public sealed class RedisServerProcess : IAsyncDisposable
{
    private readonly Process _guard;

    private RedisServerProcess(Process guard, int port) => (_guard, ConnectionString) = (guard, $"127.0.0.1:{port}");

    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);

    public string ConnectionString { get; }

    public static async Task<RedisServerProcess> StartAsync(bool asCluster = false)
    {
        var port = FreePort.Next();
        var folder = Directory.CreateTempSubdirectory("aihub-redis-").FullName;
        var cluster = asCluster ? $"--cluster-enabled yes --cluster-announce-ip 127.0.0.1 --cluster-port {FreePort.Next()}" : "";
        // The shell reads until this process closes its end, or is gone, and then ends the server.
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("\"$0\" --bind 127.0.0.1 --port \"$1\" --save '' --appendonly no --dir \"$2\" $3 < /dev/null > /dev/null & server=$!; cat > /dev/null; kill $server; wait $server; rm -rf \"$2\"");
        start.ArgumentList.Add(Program!);
        start.ArgumentList.Add(port.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(folder);
        start.ArgumentList.Add(cluster);
        var guard = Process.Start(start)!;

        await ListensAsync(port);
        if (asCluster)
        {
            await OwnsEverythingAsync(port);
        }

        return new RedisServerProcess(guard, port);
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
    }

    // One node that has all 16,384 places; it takes a moment until it believes so itself.
    private static async Task OwnsEverythingAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = client.GetStream();
        using var answers = new StreamReader(stream);
        await stream.WriteAsync("CLUSTER ADDSLOTSRANGE 0 16383\r\n"u8.ToArray());
        Assert.Equal("+OK", await answers.ReadLineAsync());
        for (var state = ""; state != "cluster_state:ok";)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(50), patience.Token);
            await stream.WriteAsync("CLUSTER INFO\r\n"u8.ToArray());
            var length = int.Parse((await answers.ReadLineAsync())![1..], CultureInfo.InvariantCulture);
            var text = new char[length + 2];
            await answers.ReadBlockAsync(text);
            state = new string(text).Split("\r\n")[0];
        }
    }

    private static async Task ListensAsync(int port)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (true)
        {
            using var client = new TcpClient();
            try
            {
                await client.ConnectAsync(IPAddress.Loopback, port, patience.Token);

                return;
            }
            catch (SocketException)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
            }
        }
    }
}
