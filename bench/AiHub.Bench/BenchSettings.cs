using System.Globalization;
using AiHub.AppHost.Embedded.Servers;

namespace AiHub.Bench;

/// <param name="Seconds">Of each measurement.</param>
/// <param name="Callers">Calls under way at once.</param>
/// <param name="Postgres">A superuser's connection string; null starts a server for the benchmark.</param>
internal sealed record BenchSettings(int Seconds, int Callers, string? Postgres)
{
    public static BenchSettings Read(string[] args)
    {
        var settings = new BenchSettings(10, 128, null);
        for (var i = 0; i + 1 < args.Length; i += 2)
        {
            settings = args[i] switch
            {
                "--seconds" => settings with { Seconds = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--callers" => settings with { Callers = int.Parse(args[i + 1], CultureInfo.InvariantCulture) },
                "--postgres" => settings with { Postgres = args[i + 1] },
                _ => throw new ArgumentException($"There is no setting '{args[i]}'."),
            };
        }

        return settings;
    }
}

/// <summary>A PostgreSQL as production has it, waiting for the disk at every commit; gone when the benchmark ends.</summary>
internal sealed class BenchServer(PostgresServer server, string folder) : IAsyncDisposable
{
    public string ConnectionString => server.ConnectionString;

    public static async Task<BenchServer> StartAsync()
    {
        var folder = ServerAccount.Current.CreateScratchFolder();
        var server = await PostgresServer.StartAsync(
            new PostgresOptions(Path.Combine(folder, "postgres"), Guid.CreateVersion7().ToString("N")), _ => { }, CancellationToken.None);
        return new BenchServer(server, folder);
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync();
        Directory.Delete(folder, recursive: true);
    }
}
