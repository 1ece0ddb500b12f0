using System.Globalization;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using AiHub.Domain;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Npgsql;

namespace AiHub.Tests.Deploy;

public sealed class MigrationRulesTests
{
    private const string Folder = "AiHub.Domain/Migrations";

    /// <summary>The migrations of released versions, each with the hash of its file: <c>20261123184436_Initial 5f0c…</c>.</summary>
    private const string Released = $"{Folder}/released.txt";

    /// <summary>The functions of released versions, each with its arguments and its result.</summary>
    private const string ReleasedFunctions = $"{Folder}/released-functions.txt";

    [Fact]
    public void A_released_migration_is_never_changed()
    {
        foreach (var line in Lines(Released))
        {
            var (name, hash) = (line.Split(' ')[0], line.Split(' ')[1]);
            var text = Repository.Read($"{Folder}/{name}.cs").ReplaceLineEndings("\n");
            Assert.True(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text))) == hash, $"{name} is released: add another migration instead of changing it.");
        }
    }

    [Fact]
    public void The_version_before_survives_every_migration()
    {
        var migrations = typeof(HubDb).Assembly.GetTypes().Where(type => type.IsSubclassOf(typeof(Migration)))
            .OrderBy(type => type.GetCustomAttribute<MigrationAttribute>()!.Id, StringComparer.Ordinal).Select(type => (Migration)Activator.CreateInstance(type)!).ToList();

        // Before the first there was no version.
        foreach (var migration in migrations.Skip(1).Where(migration => !MigrationRules.MayBreak(migration)))
        {
            Assert.Empty(MigrationRules.Breaks(migration.UpOperations).Select(what => string.Create(CultureInfo.InvariantCulture, $"{migration.GetType().Name} {what}")));
        }
    }

    [Fact]
    public async Task A_released_function_is_never_taken_away()
    {
        await using var database = await TestDatabase.CreateAsync();
        await using var connection = new NpgsqlConnection(database.AdminConnectionString);
        await connection.OpenAsync();
        await using var list = new NpgsqlCommand(
            "select p.oid::regprocedure::text || ' returns ' || pg_get_function_result(p.oid) from pg_proc p where p.pronamespace = 'public'::regnamespace", connection);
        var present = new List<string>();
        await using (var functions = await list.ExecuteReaderAsync())
        {
            while (await functions.ReadAsync())
            {
                present.Add(functions.GetString(0));
            }
        }

        Assert.Contains("ledger_audit(timestamp with time zone) returns TABLE(organization_id uuid, violation text)", present);
        Assert.Empty(MigrationRules.Gone(Lines(ReleasedFunctions), present));
        Assert.Equal(["ledger_audit(uuid) returns void"], MigrationRules.Gone([.. present, "ledger_audit(uuid) returns void"], present));
    }

    [Fact]
    public void What_the_version_before_would_stumble_over_is_found()
    {
        MigrationOperation[] operations =
        [
            new DropColumnOperation { Table = "users", Name = "email" },
            new AddColumnOperation { Table = "users", Name = "age", ClrType = typeof(int), IsNullable = false },
            new AddColumnOperation { Table = "users", Name = "nick", ClrType = typeof(string), IsNullable = true },
            new AddColumnOperation { Table = "users", Name = "rank", ClrType = typeof(int), IsNullable = false, DefaultValue = 0 },
            new CreateTableOperation { Name = "pets" },
            new CreateIndexOperation { Table = "pets", Name = "ix", Columns = ["name"], IsUnique = true },
            new CreateIndexOperation { Table = "users", Name = "iy", Columns = ["nick"], IsUnique = true },
            new AddForeignKeyOperation { Table = "users", Name = "fk", Columns = ["nick"], PrincipalTable = "pets" },
            new AddForeignKeyOperation { Table = "users", Name = "fl", Columns = ["email"], PrincipalTable = "pets" },
            new SqlOperation { Sql = "update users set rank = 1" },
            new SqlOperation { Sql = "alter table users ALTER COLUMN email TYPE citext" },
        ];

        Assert.Equal(
            ["drops users.email", "adds users.age, which old rows and old versions have no value for", "makes users unique by nick", "binds users by email", "says alter column email type in SQL"],
            MigrationRules.Breaks(operations));
    }

    private static IEnumerable<string> Lines(string path) =>
        Repository.Read(path).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Where(line => line[0] != '#');
}
