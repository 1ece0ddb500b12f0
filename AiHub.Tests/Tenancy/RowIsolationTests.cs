using System.Text.RegularExpressions;
using AiHub.Domain;
using AiHub.Domain.Quotas;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Xunit.Abstractions;

namespace AiHub.Tests.Tenancy;

/// <summary>What the database itself holds apart, table by table, whatever the code above it does.</summary>
public sealed partial class RowIsolationTests(TestDatabase database, ITestOutputHelper output) : IClassFixture<TestDatabase>
{
    private const string GeneratedAlways = "428C9";
    private static readonly DateTimeOffset Now = new(2026, 5, 20, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task No_table_shows_or_yields_a_row_of_another_organization()
    {
        var (ours, theirs) = (await OpenAsync(), await OpenAsync());
        await using var admin = new NpgsqlConnection(database.AdminConnectionString);
        await admin.OpenAsync();
        var tables = await TablesAsync(admin);
        var (checks, empty, leaks) = (0, new List<string>(), new List<string>());

        foreach (var (table, column) in tables)
        {
            await FillAsync(admin, table, column, theirs);
            if (await ScalarAsync<long>(admin, null, $"select count(*) from {table} where {column} = '{theirs}'") == 0)
            {
                empty.Add(table);
            }

            await using var app = new NpgsqlConnection(database.AppConnectionString);
            await app.OpenAsync();
            foreach (var tenant in (Guid?[])[ours, null, Guid.CreateVersion7()])
            {
                await SeesNothingAsync(app, tenant, $"select count(*) from {table} where {column} = '{theirs}'", table);
                await SeesNothingAsync(app, tenant, $"with changed as (update {table} set {column} = {column} where {column} = '{theirs}' returning 1) select count(*) from changed", table);
                await SeesNothingAsync(app, tenant, $"with gone as (delete from {table} where {column} = '{theirs}' returning 1) select count(*) from gone", table);
                await SeesNothingAsync(app, tenant, $"with copied as (insert into {table} select * from {table} where {column} = '{theirs}' returning 1) select count(*) from copied", table);
            }
        }

        output.WriteLine($"{tables.Count} tables, {checks} checks, {leaks.Count} leaks.");
        Assert.Empty(leaks);
        Assert.Empty(empty);
        Assert.True(checks >= 150, $"Only {checks} checks.");

        async Task SeesNothingAsync(NpgsqlConnection app, Guid? tenant, string sql, string table)
        {
            checks++;
            try
            {
                if (await ScalarAsync<long>(app, tenant, sql) is var rows and not 0)
                {
                    leaks.Add($"{table}: {rows} rows by {sql}");
                }
            }
            catch (PostgresException refused) when (refused.SqlState is PostgresErrorCodes.InsufficientPrivilege or GeneratedAlways)
            {
                // Not even asked: the role has no such right, or nobody may write such a row.
            }
        }
    }

    [Fact]
    public async Task A_connection_from_the_pool_brings_no_tenant_along_however_it_was_given_back()
    {
        var organizations = new List<Guid>();
        for (var i = 0; i < 8; i++)
        {
            organizations.Add(await OpenAsync());
        }

        // Nobody cleans up between two hands, as behind a pooler that gives a connection to another after each transaction.
        var dirty = new DbContextOptionsBuilder<HubDb>().UseNpgsql(new NpgsqlConnectionStringBuilder(database.AppConnectionString) { NoResetOnClose = true }.ConnectionString).Options;
        var (checks, leaks) = (0, 0);
        await Task.WhenAll(Enumerable.Range(0, 24).Select(async worker =>
        {
            // More workers than connections, so that each connection passes through many hands.
            for (var round = 0; round < 12; round++)
            {
                var mine = organizations[(worker + round) % organizations.Count];
                await using var db = new HubDb(dirty);
                switch (round % 4)
                {
                    case 0:
                        await Count(db.InOrganizationAsync(mine, () => db.Memberships.Select(row => row.OrganizationId).Distinct().ToListAsync(), default), [mine]);
                        break;
                    case 1:
                        await Count(db.Memberships.Select(row => row.OrganizationId).Distinct().ToListAsync(), []);
                        break;
                    case 2:
                        // Given back in the middle of a transaction that failed.
                        await Assert.ThrowsAsync<FormatException>(() => db.InOrganizationAsync(mine, async () =>
                        {
                            await db.Memberships.CountAsync();
                            throw new FormatException();
                        }, default));
                        await Count(db.Memberships.Select(row => row.OrganizationId).Distinct().ToListAsync(), []);
                        break;
                    default:
                        // Given back while the server was still at it.
                        using (var soon = new CancellationTokenSource(TimeSpan.FromMilliseconds(5)))
                        {
                            await Assert.ThrowsAnyAsync<Exception>(() => db.InOrganizationAsync(mine, () => db.Database.ExecuteSqlRawAsync("select pg_sleep(30)", soon.Token), soon.Token));
                        }

                        await Count(db.Memberships.Select(row => row.OrganizationId).Distinct().ToListAsync(), []);
                        break;
                }
            }
        }));

        output.WriteLine($"{checks} checks over 10 connections, {leaks} leaks.");
        Assert.Equal((24 * 12, 0), (checks, leaks));

        async Task Count(Task<List<Guid>> seen, IReadOnlyList<Guid> expected)
        {
            var rows = await seen;
            Interlocked.Increment(ref checks);
            if (!rows.SequenceEqual(expected))
            {
                Interlocked.Increment(ref leaks);
            }
        }
    }

    private static async Task<IReadOnlyList<(string Table, string Column)>> TablesAsync(NpgsqlConnection admin)
    {
        var tables = new List<(string, string)>();
        await using var command = new NpgsqlCommand(
            """
            select class.relname::text, case class.relname when 'organizations' then 'id' else 'organization_id' end
            from pg_class class
            where class.relnamespace = 'public'::regnamespace and class.relkind in ('r', 'p')
              and (class.relname = 'organizations' or exists (select from pg_attribute where attrelid = class.oid and attname = 'organization_id' and not attisdropped))
            order by 1
            """, admin);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            tables.Add((reader.GetString(0), reader.GetString(1)));
        }

        return tables;
    }

    // A row of the organization in every table, of whatever the columns take: a table without one would prove nothing.
    private static async Task FillAsync(NpgsqlConnection admin, string table, string column, Guid organization)
    {
        if (await ScalarAsync<long>(admin, null, $"select count(*) from {table} where {column} = '{organization}'") > 0)
        {
            return;
        }

        var columns = new List<(string Name, string Value)>();
        await using (var command = new NpgsqlCommand(
            """
            select attname::text, format_type(atttypid, null), attnum from pg_attribute
            where attrelid = @table::regclass and attnum > 0 and not attisdropped and attnotnull and not atthasdef and attidentity = '' and attgenerated = ''
            order by attnum
            """, admin)
        { Parameters = { new("table", table) } })
        {
            await using var reader = await command.ExecuteReaderAsync();
            while (await reader.ReadAsync())
            {
                var (name, type) = (reader.GetString(0), reader.GetString(1));
                columns.Add((name, name == column ? $"'{organization}'" : type switch
                {
                    "uuid" => "gen_random_uuid()",
                    "bytea" => "'\\x00'",
                    "jsonb" => "'{}'",
                    "boolean" => "false",
                    // A row belongs into its month's partition.
                    "timestamp with time zone" when name == "occurred_at" && Month().Match(table) is { Success: true } month => $"'{month.Groups[1]}-{month.Groups[2]}-15'",
                    "timestamp with time zone" => name.StartsWith("end", StringComparison.Ordinal) ? "'2031-01-01'" : "'2030-01-01'",
                    "date" => name.StartsWith("end", StringComparison.Ordinal) ? "'2031-01-01'" : "'2030-01-01'",
                    "interval" => "'1 second'",
                    "text" when name is "currency" or "unit" => "'USD'",
                    // Of an amount, its tax and what is left of it, all but the last are one.
                    "bigint" when name == "subtotal_minor" => "0",
                    "text" when (table, name) == ("invoices", "status") => "'draft'",
                    "text" => "'x'",
                    var array when array.EndsWith("[]", StringComparison.Ordinal) => "'{}'",
                    _ => "1",
                }));
            }
        }

        await ScalarAsync<object>(admin, null,
            $"set session_replication_role = replica; insert into {table} ({string.Join(", ", columns.Select(pair => pair.Name))}) values ({string.Join(", ", columns.Select(pair => pair.Value))}) returning {column}; set session_replication_role = default");
    }

    [GeneratedRegex("_([0-9]{4})_([0-9]{2})$")]
    private static partial Regex Month();

    private static async Task<T> ScalarAsync<T>(NpgsqlConnection connection, Guid? tenant, string sql)
    {
        await using var transaction = await connection.BeginTransactionAsync();
        if (tenant is { } id)
        {
            await using var enter = new NpgsqlCommand($"select set_config('{CurrentTenant.Setting}', '{id}', true)", connection, transaction);
            await enter.ExecuteNonQueryAsync();
        }

        await using var command = new NpgsqlCommand(sql, connection, transaction);
        var result = (T)(await command.ExecuteScalarAsync())!;
        await transaction.CommitAsync();
        return result;
    }

    private async Task<Guid> OpenAsync()
    {
        await using var db = database.Open();
        var owner = Guid.CreateVersion7();
        var organization = new Organization { Id = Guid.CreateVersion7(), Name = "Acme", Currency = Currency.CNY, CreatedAt = Now };
        await db.InOrganizationAsync(organization.Id, async () =>
        {
            db.Users.Add(new User { Id = owner, Email = $"{owner}@example.com", NormalizedEmail = $"{owner:N}", DisplayName = "Wei", CreatedAt = Now });
            await db.SaveChangesAsync();
            await db.OpenOrganizationAsync(organization, owner, PlanIds.Free, Now, default);
        }, default);
        return organization.Id;
    }
}
