using System.Net;
using Garnet;
using Garnet.server;
using Garnet.server.Auth.Settings;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;
using Tsavorite.core;

namespace AiHub.AppHost.Embedded.Servers;

/// <param name="DataDirectory">Null keeps everything in memory only.</param>
public sealed record GarnetOptions(string? DataDirectory, string Password)
{
    /// <summary>Null for a free one.</summary>
    public int? Port { get; init; }
}

/// <summary>Garnet, which speaks Redis's protocol, inside this process: it needs no program, and nothing of it can be left behind.</summary>
public sealed class GarnetCache : IAsyncDisposable
{
    private readonly GarnetServer _server;
    private readonly GarnetOptions _options;

    private GarnetCache(GarnetServer server, GarnetOptions options, int port)
    {
        (_server, _options, Port) = (server, options, port);
        ConnectionString = $"127.0.0.1:{port},password={options.Password}";
    }

    /// <summary>As StackExchange.Redis reads it: <c>127.0.0.1:6379,password=…</c>.</summary>
    public string ConnectionString { get; }

    public int Port { get; }

    public static Task<GarnetCache> StartAsync(GarnetOptions options, ILoggerFactory? loggers, CancellationToken ct) =>
        Task.Run(() => Start(options, loggers), ct);

    private static GarnetCache Start(GarnetOptions options, ILoggerFactory? loggers)
    {
        var port = options.Port ?? FreePort.Next();
        var server = new GarnetServer(
            new GarnetServerOptions
            {
                EndPoints = [new IPEndPoint(IPAddress.Loopback, port)],
                AuthSettings = new PasswordAuthenticationSettings(options.Password),
                EnableLua = true,
                LuaOptions = new LuaOptions(),
                // As on Redis: nothing comes in between the commands of a script. Without it two scripts count as one.
                LuaTransactionMode = true,
                QuietMode = true,
                // The native device needs libaio, which many machines lack; without it Garnet ends the whole process at the first write.
                DeviceType = DeviceType.RandomAccess,
                LogMemorySize = "64m",
                PageSize = "1m",
                IndexMemorySize = "4m",
                CheckpointDir = options.DataDirectory,
                EnableAOF = options.DataDirectory is not null,
                CommitFrequencyMs = options.DataDirectory is not null ? 1000 : 0,
                AofMemorySize = "16m",
                AofPageSize = "4m",
                Recover = options.DataDirectory is not null,
            },
            loggers);
        server.Start();

        return new GarnetCache(server, options, port);
    }

    /// <summary>Writes everything to disk, if it is to be kept, and stops.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_options.DataDirectory is not null)
        {
            await SaveAsync();
        }

        _server.Dispose();
    }

    /// <summary>A checkpoint also shortens the append-only file, which would grow from run to run otherwise.</summary>
    private async Task SaveAsync()
    {
        await using var connection = await ConnectionMultiplexer.ConnectAsync($"{ConnectionString},allowAdmin=true");
        await connection.GetServer(IPAddress.Loopback, Port).ExecuteAsync("SAVE");
    }
}
