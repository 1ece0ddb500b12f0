using System.Diagnostics;
using AiHub.AppHost.Embedded.Servers;
using Aspire.Hosting;
using Npgsql;
using StackExchange.Redis;

namespace AiHub.Tests.Hosting;

public sealed class ServersTests : IDisposable
{
    private readonly string _folder = ServerAccount.Current.CreateScratchFolder();

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task A_database_is_still_there_after_the_server_was_killed()
    {
        var options = new PostgresOptions(Path.Combine(_folder, "postgres"), "s3cret");
        await using (var first = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None))
        {
            await ExecuteAsync(first, "create table kept (word text); insert into kept values ('丝绸')");
            using var server = Process.GetProcessById(first.Pid);
            server.Kill();
            await first.Exited;
        }

        Assert.True(File.Exists(Path.Combine(options.DataDirectory, "postmaster.pid")));

        await using var second = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None);

        Assert.Equal("丝绸", await ExecuteAsync(second, "select word from kept"));
    }

    [Fact]
    public async Task A_new_server_waits_for_the_sessions_of_a_killed_one()
    {
        var options = new PostgresOptions(Path.Combine(_folder, "postgres"), "s3cret") { Durable = false };
        Task busy;
        await using (var first = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None))
        {
            var connection = new NpgsqlConnection($"{first.ConnectionString};Database=postgres;Pooling=false");
            await connection.OpenAsync();
            await using var watcher = new NpgsqlConnection($"{first.ConnectionString};Database=postgres;Pooling=false");
            await watcher.OpenAsync();
            // Nothing in a calculation notices that the server is gone.
            busy = Task.Run(async () =>
            {
                await using (connection)
                await using (var command = new NpgsqlCommand("do $$ begin for i in 1 .. 80000000 loop null; end loop; end $$", connection) { CommandTimeout = 0 })
                {
                    await command.ExecuteNonQueryAsync();
                }
            });
            await using (var begun = new NpgsqlCommand("select count(*) from pg_stat_activity where query like 'do %' and state = 'active'", watcher))
            {
                while ((long)(await begun.ExecuteScalarAsync())! == 0)
                {
                    await Task.Delay(20);
                }
            }

            using var server = Process.GetProcessById(first.Pid);
            server.Kill();
            await first.Exited;
        }

        var starting = PostgresServer.StartAsync(options, Ignore, CancellationToken.None);

        Assert.Same(busy, await Task.WhenAny(busy, starting));
        await using var second = await starting;
    }

    [Fact]
    public async Task The_number_of_a_killed_server_may_be_somebody_elses_by_now()
    {
        var options = new PostgresOptions(Path.Combine(_folder, "postgres"), "s3cret") { Durable = false };
        await using (var first = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None))
        {
            using var server = Process.GetProcessById(first.Pid);
            server.Kill();
            await first.Exited;
        }

        var file = Path.Combine(options.DataDirectory, "postmaster.pid");
        var lines = await File.ReadAllLinesAsync(file);
        await File.WriteAllLinesAsync(file, [$"{Environment.ProcessId}", .. lines[1..]]);

        await using var second = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None);

        Assert.Equal("1", await ExecuteAsync(second, "select '1'"));
    }

    [Fact]
    public async Task A_server_wants_its_password_and_says_so_when_the_data_has_another()
    {
        var options = new PostgresOptions(Path.Combine(_folder, "postgres"), "right") { Durable = false };
        await using (await PostgresServer.StartAsync(options, Ignore, CancellationToken.None))
        {
        }

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(
            () => PostgresServer.StartAsync(options with { Password = "wrong" }, Ignore, CancellationToken.None));

        Assert.Contains("--fresh", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_taken_port_is_named()
    {
        var options = new PostgresOptions(Path.Combine(_folder, "first"), "x") { Durable = false };
        await using var first = await PostgresServer.StartAsync(options, Ignore, CancellationToken.None);

        var refusal = await Assert.ThrowsAsync<DistributedApplicationException>(
            () => PostgresServer.StartAsync(options with { DataDirectory = Path.Combine(_folder, "second"), Port = first.Port }, Ignore, CancellationToken.None));

        Assert.StartsWith($"PostgreSQL cannot listen on port {first.Port}", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_cache_keeps_what_it_holds_over_a_restart()
    {
        var options = new GarnetOptions(_folder, "s3cret");
        await using (var first = await GarnetCache.StartAsync(options, null, CancellationToken.None))
        {
            await using var redis = await ConnectionMultiplexer.ConnectAsync(first.ConnectionString);
            await redis.GetDatabase().StringSetAsync("word", "丝绸");
        }

        await using var second = await GarnetCache.StartAsync(options, null, CancellationToken.None);
        await using var again = await ConnectionMultiplexer.ConnectAsync(second.ConnectionString);

        Assert.Equal("丝绸", await again.GetDatabase().StringGetAsync("word"));
    }

    [Fact]
    public async Task The_cache_runs_scripts_and_turns_away_who_has_no_password()
    {
        await using var cache = await GarnetCache.StartAsync(new GarnetOptions(null, "s3cret"), null, CancellationToken.None);
        await using var redis = await ConnectionMultiplexer.ConnectAsync(cache.ConnectionString);

        var counted = await redis.GetDatabase().ScriptEvaluateAsync("return redis.call('incrby', KEYS[1], ARGV[1])", ["seen"], [3]);
        await using var stranger = await ConnectionMultiplexer.ConnectAsync($"127.0.0.1:{cache.Port},abortConnect=false,connectTimeout=1000,connectRetry=0");

        Assert.Equal(3, (int)counted);
        Assert.False(stranger.IsConnected);
    }

    private static async Task<object?> ExecuteAsync(PostgresServer server, string sql)
    {
        await using var source = NpgsqlDataSource.Create($"{server.ConnectionString};Database=postgres");
        await using var command = source.CreateCommand(sql);

        return await command.ExecuteScalarAsync();
    }

    private static void Ignore(string line)
    {
    }
}
