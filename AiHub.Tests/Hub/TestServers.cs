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

    /// <summary>Connection string of a superuser, without a database.</summary>
    public static Task<string> PostgresAsync() => SharedPostgres.Value;

    public static Task<string> CacheAsync() => SharedCache.Value;

    private static async Task<string> StartPostgresAsync()
    {
        if (Environment.GetEnvironmentVariable("AIHUB_TEST_POSTGRES") is { Length: > 0 } own)
        {
            return own;
        }

        var data = Path.Combine(ServerAccount.Current.CreateScratchFolder(), "postgres");
        var server = await PostgresServer.StartAsync(
            new PostgresOptions(data, Password()) { Durable = false },
            _ => { },
            CancellationToken.None);
        AppDomain.CurrentDomain.ProcessExit += (_, _) =>
        {
            server.StopAsync().GetAwaiter().GetResult();
            Directory.Delete(Path.GetDirectoryName(data)!, recursive: true);
        };

        return server.ConnectionString;
    }

    private static async Task<string> StartCacheAsync() =>
        Environment.GetEnvironmentVariable("AIHUB_TEST_REDIS") is { Length: > 0 } own
            ? own
            : (await GarnetCache.StartAsync(new GarnetOptions(DataDirectory: null, Password()), loggers: null, CancellationToken.None)).ConnectionString;

    private static string Password() => Guid.CreateVersion7().ToString("N");
}
