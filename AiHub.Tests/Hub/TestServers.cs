using AiHub.AppHost.Embedded.Servers;

namespace AiHub.Tests.Hub;

/// <summary>
/// The PostgreSQL and the Redis-protocol server that all tests of a run share; each test makes its own database or organization.
/// Started at first use, and ended with the test process by the servers' own guard. <c>AIHUB_TEST_POSTGRES</c> and
/// <c>AIHUB_TEST_REDIS</c> (connection strings; a superuser for PostgreSQL) name servers of your own instead.
/// </summary>
public static class TestServers
{
    private static readonly Lazy<Task<string>> SharedPostgres = new(StartPostgresAsync);
    private static readonly Lazy<Task<string>> SharedCache = new(StartCacheAsync);

    /// <summary>True when the server outlives this run, and what was made on it has to be removed.</summary>
    public static bool PostgresIsYours => OwnPostgres is not null;

    /// <summary>Connection string of a superuser, without a database.</summary>
    public static Task<string> PostgresAsync() => SharedPostgres.Value;

    public static Task<string> CacheAsync() => SharedCache.Value;

    private static async Task<string> StartPostgresAsync()
    {
        if (OwnPostgres is { } own)
        {
            return own;
        }

        var data = Path.Combine(ServerAccount.Current.CreateScratchFolder(), "postgres");
        var server = await PostgresServer.StartAsync(
            new PostgresOptions(data, Password()) { Durable = false },
            _ => { },
            CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) => End(server, Path.GetDirectoryName(data)!);

        return server.ConnectionString;
    }

    private static async Task<string> StartCacheAsync() =>
        Environment.GetEnvironmentVariable("AIHUB_TEST_REDIS") is { Length: > 0 } own
            ? own
            : (await GarnetCache.StartAsync(new GarnetOptions(DataDirectory: null, Password()), loggers: null, CancellationToken.None)).ConnectionString;

    // Others want to hear of the exit too, the coverage collector for one: nothing may be thrown here.
    private static void End(PostgresServer server, string folder)
    {
        try
        {
            server.StopAsync().GetAwaiter().GetResult();
            Directory.Delete(folder, recursive: true);
        }
        catch (Exception failure)
        {
            Console.Error.WriteLine($"PostgreSQL was left to its guard: {failure.Message}");
        }
    }

    private static string? OwnPostgres =>
        Environment.GetEnvironmentVariable("AIHUB_TEST_POSTGRES") is { Length: > 0 } own ? own : null;

    private static string Password() => Guid.CreateVersion7().ToString("N");
}
