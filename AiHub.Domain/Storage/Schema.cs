using System.Security.Cryptography;
using System.Text;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;
using Npgsql;

namespace AiHub.Domain.Storage;

/// <summary>
/// Brings a database to the shape this build expects: the two roles, the EF migrations (tables), then the SQL scripts (policies, grants,
/// triggers, functions), which replace themselves and run again whenever one of them or a table has changed.
/// </summary>
public static class Schema
{
    public const string OwnerRole = "hub_owner";
    public const string AppRole = "hub_app";

    // Arbitrary, and the same for ever: whoever migrates this database holds it.
    private const long MigrationLock = 0x6169_6875_62;

    // Milliseconds. Calls wait meanwhile, and none of them long enough to look for a deadlock (PostgreSQL's deadlock_timeout, a second).
    private const int TakingLasts = 300;
    private const int TakingRests = 150;

    // Some minutes of tries: a report that reads for longer has to end first.
    private const int TakingAttempts = 1_000;

    /// <param name="connectionString">A login that may create roles: a superuser, or the owner of a managed server.</param>
    /// <param name="appPassword">The password the services log in with; null leaves it as it is.</param>
    /// <param name="seed">Fills the migrated database while it is still locked.</param>
    public static async Task MigrateAsync(string connectionString, string? appPassword, Func<HubDb, Task> seed, CancellationToken ct)
    {
        await using var connection = new NpgsqlConnection(
            new NpgsqlConnectionStringBuilder(connectionString) { Pooling = false, ApplicationName = "hub-migrate" }.ConnectionString);
        await connection.OpenAsync(ct);
        await connection.ExecuteAsync($"select pg_advisory_lock({MigrationLock})", ct);

        await CreateRolesAsync(connection, appPassword, ct);
        await connection.ExecuteAsync($"set role {OwnerRole}", ct);

        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(connection)
            .ConfigureWarnings(warnings => warnings.Ignore(RelationalEventId.MigrationsUserTransactionWarning)).Options);
        var (scripts, hash) = Scripts();
        await connection.ExecuteAsync("create table if not exists schema_scripts (hash text not null)", ct);
        if ((await db.Database.GetPendingMigrationsAsync(ct)).Any() || await ScriptsOfAsync(connection, ct) != hash)
        {
            await ChangeAsync(db, connection, scripts, hash, ct);
        }

        await seed(db);
    }

    // Tables and functions change together: a version at work never meets one without the other.
    private static async Task ChangeAsync(HubDb db, NpgsqlConnection connection, List<string> scripts, string hash, CancellationToken ct)
    {
        if (!(await db.Database.GetAppliedMigrationsAsync(ct)).Any())
        {
            // A new database: nobody works in it yet.
            await db.Database.MigrateAsync(ct);
            await using var first = await connection.BeginTransactionAsync(ct);
            await ApplyAsync(connection, scripts, hash, ct);
            await first.CommitAsync(ct);
            return;
        }

        await using var transaction = await TakeAsync(connection, ct);
        await db.Database.UseTransactionAsync(transaction, ct);
        await db.Database.MigrateAsync(ct);
        await ApplyAsync(connection, scripts, hash, ct);
        await transaction.CommitAsync(ct);
        await db.Database.UseTransactionAsync(null, ct);
    }

    /// <summary>
    /// Begins to change a database in which others work: takes every table alone, all at once and soon, or none, and tries again a little later. Whoever
    /// took them one by one would hold some while waiting for others that a call holds; PostgreSQL would end one of the two, and often the call.
    /// </summary>
    /// <param name="connection">In the role of the tables' owner.</param>
    internal static async Task<NpgsqlTransaction> TakeAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var list = new NpgsqlCommand(
            $"select string_agg(format('%I', relname), ', ') from pg_class where relnamespace = 'public'::regnamespace and relkind in ('r', 'p') and not relispartition and relowner = '{OwnerRole}'::regrole",
            connection);
        var tables = (string)(await list.ExecuteScalarAsync(ct))!;
        for (var attempt = 1; ; attempt++)
        {
            var transaction = await connection.BeginTransactionAsync(ct);
            try
            {
                await connection.ExecuteAsync($"set local statement_timeout = {TakingLasts}", ct);
                await connection.ExecuteAsync($"lock table {tables} in access exclusive mode", ct);
                await connection.ExecuteAsync("set local statement_timeout = 0", ct);
                return transaction;
            }
            catch (PostgresException busy) when (busy.SqlState is PostgresErrorCodes.QueryCanceled or PostgresErrorCodes.DeadlockDetected && attempt < TakingAttempts)
            {
                await transaction.DisposeAsync();
                await Task.Delay(TakingRests, ct);
            }
        }
    }

    private static async Task CreateRolesAsync(NpgsqlConnection connection, string? appPassword, CancellationToken ct)
    {
        // Roles belong to the whole server, where another database may be migrated at this moment.
        await connection.ExecuteAsync(
            $"""
             do $$
             begin
                 begin create role {OwnerRole} nologin; exception when duplicate_object or unique_violation then null; end;
                 begin create role {AppRole} login; exception when duplicate_object or unique_violation then null; end;
                 if not pg_has_role(current_user, '{OwnerRole}', 'member') then
                     execute format('grant {OwnerRole} to %I', current_user);
                 end if;
             end $$;
             grant usage, create on schema public to {OwnerRole};
             """,
            ct);
        // Compiling a query takes longer than any of ours takes to run.
        await RepeatWhileContendedAsync(() => connection.ExecuteAsync($"alter role {AppRole} set jit = off", ct), ct);

        if (!string.IsNullOrEmpty(appPassword))
        {
            await using var quote = new NpgsqlCommand($"select format('alter role {AppRole} login password %L', $1)", connection) { Parameters = { new() { Value = appPassword } } };
            var setPassword = (string)(await quote.ExecuteScalarAsync(ct))!;
            await RepeatWhileContendedAsync(() => connection.ExecuteAsync(setPassword, ct), ct);
        }
    }

    // PostgreSQL answers two simultaneous changes of one role with "tuple concurrently updated" instead of letting one wait.
    private static async Task RepeatWhileContendedAsync(Func<Task> change, CancellationToken ct)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await change();
                return;
            }
            catch (PostgresException contended) when (contended.SqlState == PostgresErrorCodes.InternalError && attempt < 10)
            {
                await Task.Delay(20 * attempt, ct);
            }
        }
    }

    private static async Task<string?> ScriptsOfAsync(NpgsqlConnection connection, CancellationToken ct)
    {
        await using var applied = new NpgsqlCommand("select hash from schema_scripts", connection);
        return await applied.ExecuteScalarAsync(ct) as string;
    }

    private static async Task ApplyAsync(NpgsqlConnection connection, List<string> scripts, string hash, CancellationToken ct)
    {
        foreach (var script in scripts)
        {
            await connection.ExecuteAsync(script, ct);
        }

        await connection.ExecuteAsync($"delete from schema_scripts; insert into schema_scripts values ('{hash}')", ct);
    }

    private static (List<string> Scripts, string Hash) Scripts()
    {
        var assembly = typeof(Schema).Assembly;
        List<string> scripts = [.. assembly.GetManifestResourceNames().Where(name => name.EndsWith(".sql", StringComparison.Ordinal)).Order(StringComparer.Ordinal).Select(Read)];
        return (scripts, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(scripts)))));

        string Read(string name)
        {
            using var reader = new StreamReader(assembly.GetManifestResourceStream(name)!);
            return reader.ReadToEnd();
        }
    }

    private static async Task ExecuteAsync(this NpgsqlConnection connection, string sql, CancellationToken ct)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(ct);
    }
}
