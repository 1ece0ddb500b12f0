using System.Diagnostics;
using System.Globalization;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Quotas;
using AiHub.Domain.Storage;
using AiHub.Domain.Usage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Bench;

/// <summary>
/// What an operator does on a bad day, with their scripts (deploy/backup.sh, deploy/restore.sh): a dump restored into another database, and the
/// whole server brought back to a moment. Every record was made by the ledger; afterwards the books must be the same and the audit must find nothing.
/// </summary>
internal static class RestoreDrill
{
    private const string Database = "hub";
    private const string Copy = "hub_copy";
    private const string Books =
        """
        select concat_ws(' ',
            (select count(*) from usage_records), (select sum(charged_nanos) from usage_records), (select sum(plan_tokens) from usage_records),
            (select count(*) from journals), (select count(*) from entries), (select sum(amount) from entries where account_id in (select account_id from balances)),
            (select count(*) from holds where state = 'held'))
        """;

    /// <returns>The exit code: 0 when everything came back.</returns>
    public static async Task<int> RunAsync(int records, TextWriter output)
    {
        var folder = ServerAccount.Current.CreateScratchFolder();
        try
        {
            return await RunAsync(records, folder, output);
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            Directory.Delete(folder, recursive: true);
        }
    }

    private static async Task<int> RunAsync(int records, string folder, TextWriter output)
    {
        var options = new PostgresOptions(Path.Combine(folder, "postgres"), Guid.CreateVersion7().ToString("N"));
        var archive = Path.Combine(folder, "archive");
        await RunAsync("mkdir", [archive], null);
        await OwnAsync(archive);

        string fullBooks, base_, dump, copyBooks;
        DateTime moment;
        var clock = Stopwatch.StartNew();
        await using (var server = await StartArchivingAsync(options, archive))
        {
            var admin = LedgerBench.Connect(server.ConnectionString, Database);
            var app = new NpgsqlConnectionStringBuilder(admin) { Username = Schema.AppRole, Password = "drill", Pooling = true }.ConnectionString;
            await LedgerBench.ExecuteAsync(LedgerBench.Connect(server.ConnectionString, "postgres"), $"create database {Database}");
            await Schema.MigrateAsync(admin, "drill", db => PrepareAsync(db), CancellationToken.None);
            var callers = await LedgerBench.OpenAsync(admin, 200);

            // Nine tenths, the base backup, the last tenth; then what the day went wrong with, and must not come back.
            await CallAsync(app, callers, records * 9 / 10);
            await output.WriteLineAsync($"{records * 9 / 10:N0} calls held and settled through the ledger in {clock.Elapsed.TotalSeconds:N0} s");

            clock.Restart();
            base_ = await RunAsync(Script("backup.sh"), ["base", Path.Combine(folder, "base")], server);
            await output.WriteLineAsync($"base backup: {clock.Elapsed.TotalSeconds:N1} s");
            await CallAsync(app, callers, records - (records * 9 / 10));

            clock.Restart();
            dump = await RunAsync(Script("backup.sh"), ["dump", Path.Combine(folder, "dumps")], server);
            await output.WriteLineAsync($"dump: {clock.Elapsed.TotalSeconds:N1} s, {new FileInfo(dump).Length / 1048576.0:N0} MiB");

            clock.Restart();
            await RunAsync(Script("restore.sh"), ["dump", dump, Copy], server);
            // As after any restore: the hub's own migration sets the password and finds its schema.
            var copyAdmin = LedgerBench.Connect(server.ConnectionString, Copy);
            await Schema.MigrateAsync(copyAdmin, "drill", _ => Task.CompletedTask, CancellationToken.None);
            await output.WriteLineAsync($"restored from the dump: {clock.Elapsed.TotalSeconds:N1} s");

            fullBooks = await ScalarAsync(admin, Books);
            copyBooks = await ScalarAsync(copyAdmin, Books);
            await SayAuditAsync("the copy", new NpgsqlConnectionStringBuilder(app) { Database = Copy }.ConnectionString, output);

            // Instants are compared with commit times, so nothing may be under way at the moment itself.
            moment = DateTime.Parse(await ScalarAsync(admin, "select clock_timestamp()::text"), CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal);
            await Task.Delay(50);
            await CallAsync(app, callers, 500);
            await ScalarAsync(admin, "select pg_switch_wal()::text");
            await OnceArchivedAsync(admin);
            await server.StopAsync();
        }

        clock.Restart();
        var restored = options with { DataDirectory = Path.Combine(folder, "restored") };
        await RunAsync(Script("restore.sh"), ["base", base_, archive, restored.DataDirectory, moment.ToString("yyyy-MM-dd HH:mm:ss.ffffff+00", CultureInfo.InvariantCulture)], null);
        await OwnAsync(restored.DataDirectory);
        await using var again = await PostgresServer.StartAsync(restored, _ => { }, CancellationToken.None);
        var back = LedgerBench.Connect(again.ConnectionString, Database);
        while (await ScalarAsync(back, "select pg_is_in_recovery()::text") != "false")
        {
            await Task.Delay(100);
        }

        await output.WriteLineAsync($"the server as of {moment:HH:mm:ss.ffffff}: {clock.Elapsed.TotalSeconds:N1} s");
        var momentBooks = await ScalarAsync(back, Books);
        var clean = await SayAuditAsync("the restored server", new NpgsqlConnectionStringBuilder(back) { Username = Schema.AppRole, Password = "drill", Pooling = true }.ConnectionString, output);

        await output.WriteLineAsync($"books before : {fullBooks}");
        await output.WriteLineAsync($"from the dump: {copyBooks}");
        await output.WriteLineAsync($"at the moment: {momentBooks}");
        var same = fullBooks == copyBooks && fullBooks == momentBooks && fullBooks.StartsWith($"{records} ", StringComparison.Ordinal);
        await output.WriteLineAsync(same && clean ? "Everything came back." : "NOT everything came back.");
        await again.StopAsync();
        return same && clean ? 0 : 1;
    }

    private static async Task PrepareAsync(HubDb db)
    {
        await db.SeedPlansAsync(CancellationToken.None);
        await db.PrepareUsageMonthsAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);
    }

    /// <summary>The archive is switched on as deploy/compose.yaml does; that takes a restart.</summary>
    private static async Task<PostgresServer> StartArchivingAsync(PostgresOptions options, string archive)
    {
        await using (var first = await PostgresServer.StartAsync(options, _ => { }, CancellationToken.None))
        {
            var admin = LedgerBench.Connect(first.ConnectionString, "postgres");
            await LedgerBench.ExecuteAsync(admin, "alter system set archive_mode = on");
            await LedgerBench.ExecuteAsync(admin, $"alter system set archive_command = 'test ! -f {archive}/%f && cp %p {archive}/%f'");
            await LedgerBench.ExecuteAsync(admin, "alter system set max_wal_size = '4GB'");
            await first.StopAsync();
        }

        return await PostgresServer.StartAsync(options, _ => { }, CancellationToken.None);
    }

    private static async Task CallAsync(string app, LedgerBench.Caller[] callers, int calls)
    {
        await using var ledger = new Ledger(app, TimeProvider.System, NullLogger<Ledger>.Instance);
        var number = 0;
        await Task.WhenAll(Enumerable.Range(0, 256).Select(_ => Task.Run(async () =>
        {
            for (int n; (n = Interlocked.Increment(ref number)) <= calls;)
            {
                await LedgerBench.CallAsync(ledger, callers[n % callers.Length]);
            }
        })));
    }

    private static async Task<bool> SayAuditAsync(string what, string app, TextWriter output)
    {
        await using var ledger = new Ledger(app, TimeProvider.System, NullLogger<Ledger>.Instance);
        var violations = await ledger.AuditAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);
        await output.WriteLineAsync($"audit of {what}: {violations.Count} violations");
        return violations.Count == 0;
    }

    private static async Task OnceArchivedAsync(string admin)
    {
        var last = await ScalarAsync(admin, "select pg_walfile_name(pg_current_wal_lsn() - 1)");
        while (string.CompareOrdinal(await ScalarAsync(admin, "select coalesce(last_archived_wal, '') from pg_stat_archiver"), last) < 0)
        {
            await Task.Delay(100);
        }
    }

    // What root wrote, PostgreSQL's account could not read.
    private static async Task OwnAsync(string path)
    {
        if (ServerAccount.Current.UserName is { } account)
        {
            await RunAsync("chown", ["-R", account, path], null);
        }
    }

    private static async Task<string> RunAsync(string program, string[] arguments, PostgresServer? server)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        if (server is not null)
        {
            var connection = new NpgsqlConnectionStringBuilder(server.ConnectionString);
            (start.Environment["PGHOST"], start.Environment["PGPORT"]) = (connection.Host, connection.Port.ToString(CultureInfo.InvariantCulture));
            (start.Environment["PGUSER"], start.Environment["PGPASSWORD"], start.Environment["PGDATABASE"]) = (connection.Username, connection.Password, Database);
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? said.Trim() : throw new InvalidOperationException($"{program} {arguments[0]} failed: {await errors}");
    }

    private static string Script(string name)
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "AiHub.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The drill runs in the repository, whose scripts it tries.");
        }

        return Path.Combine(folder.FullName, "deploy", name);
    }

    private static async Task<string> ScalarAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 600 };
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture)!;
    }
}
