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

public static class CacheServers
{
    private static readonly Lazy<Task<RedisServerProcess>> SharedRedis = new(RedisServerProcess.StartAsync);

    /// <summary>Connection string of the server of this kind that all tests share.</summary>
    public static async Task<string> ConnectionStringAsync(CacheKind kind) =>
        kind == CacheKind.Garnet ? await TestServers.CacheAsync() : (await SharedRedis.Value).ConnectionString;
}

/// <summary>A real redis-server that ends when this process does, however it ends.</summary>
public sealed class RedisServerProcess : IAsyncDisposable
{
    private readonly Process _guard;

    private RedisServerProcess(Process guard, int port) => (_guard, ConnectionString) = (guard, $"127.0.0.1:{port}");

    public static string? Program { get; } = (Environment.GetEnvironmentVariable("PATH") ?? string.Empty).Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, "redis-server")).FirstOrDefault(File.Exists);

    public string ConnectionString { get; }

    public static async Task<RedisServerProcess> StartAsync()
    {
        var port = FreePort.Next();
        // The shell reads until this process closes its end, or is gone, and then ends the server.
        var start = new ProcessStartInfo("/bin/sh") { RedirectStandardInput = true };
        start.ArgumentList.Add("-c");
        start.ArgumentList.Add("\"$0\" --bind 127.0.0.1 --port \"$1\" --save '' --appendonly no --dir \"$2\" < /dev/null > /dev/null & server=$!; cat > /dev/null; kill $server");
        start.ArgumentList.Add(Program!);
        start.ArgumentList.Add(port.ToString(CultureInfo.InvariantCulture));
        start.ArgumentList.Add(Path.GetTempPath());
        var guard = Process.Start(start)!;

        await ListensAsync(port);

        return new RedisServerProcess(guard, port);
    }

    public async ValueTask DisposeAsync()
    {
        _guard.StandardInput.Close();
        await _guard.WaitForExitAsync();
        _guard.Dispose();
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
