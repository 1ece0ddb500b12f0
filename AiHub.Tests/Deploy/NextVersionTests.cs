using System.Collections.Concurrent;
using System.Net.Http.Json;
using AiHub.Domain.Accounts;
using AiHub.Domain.Storage;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Metadata;
using Microsoft.EntityFrameworkCore.Migrations;
using Microsoft.EntityFrameworkCore.Migrations.Operations;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Tests.Deploy;

/// <summary>
/// <see cref="MigrationRules"/> say what a migration may do. Here one does all of it to every table, and all functions are replaced, while gateway and
/// worker of this version work: what they survive, they survive as the version before whatever comes next.
/// </summary>
public sealed class NextVersionTests
{
    private const int Callers = 4;

    [Fact]
    public async Task This_version_goes_on_working_while_the_next_one_migrates_and_after()
    {
        await using var hub = await TestHub.StartAsync();
        await hub.Database.AsAdminAsync<bool>("update plans set requests_per_minute = null, monthly_tokens = 1000000000 where id = 'free' returning true");
        var customer = await hub.RegisterAsync();
        hub.AddWorker();

        using var enough = new CancellationTokenSource();
        var load = new Load(customer);
        var running = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => load.RunAsync(enough.Token)));
        await load.AnsweredAsync(10);

        await MigrateAsync(hub.Database);
        var answeredBefore = load.Answered;
        await load.AnsweredAsync(answeredBefore + 20);
        await enough.CancelAsync();
        await running;

        Assert.Equal([], load.Failures.Take(3));
        Assert.Equal(load.Answered, await hub.Database.AsAdminAsync<long>($"select count(*) from usage_records where organization_id = '{customer.OrganizationId}'"));

        // What was not asked for before has to find its way in the new schema, too.
        var newcomer = await hub.RegisterAsync();
        using (var answer = await newcomer.ChatAsync("hello"))
        {
            Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        }

        foreach (var page in new[] { "usage/current", "usage/history", "usage/requests", "billing/plans", "billing/wallet", "billing/invoices", "organizations", "auth/me", "auth/api-keys" })
        {
            using var answer = await newcomer.Management.GetAsync(page);
            Assert.True(answer.IsSuccessStatusCode, $"{page}: {await answer.Content.ReadAsStringAsync()}");
        }

        await using var ledger = new Ledger(hub.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        Assert.Empty(await ledger.AuditAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None));
    }

    private static async Task MigrateAsync(TestDatabase database)
    {
        await using var db = database.OpenAsAdmin();
        var tables = db.Model.GetEntityTypes().Select(entity => entity.GetTableName()).OfType<string>().Distinct().Order(StringComparer.Ordinal).ToList();
        Assert.True(tables.Count > 40, string.Join(' ', tables));
        MigrationOperation[] operations =
        [
            .. tables.SelectMany(table => (MigrationOperation[])
            [
                new AddColumnOperation { Table = table, Name = "next_note", ClrType = typeof(string), ColumnType = "text", IsNullable = true },
                new AddColumnOperation { Table = table, Name = "next_rank", ClrType = typeof(int), ColumnType = "integer", IsNullable = false, DefaultValue = 7 },
                new CreateIndexOperation { Table = table, Name = $"ix_{table}_next_rank", Columns = ["next_rank"] },
            ]),
            new CreateTableOperation
            {
                Name = "next_things",
                Columns = { new AddColumnOperation { Table = "next_things", Name = "id", ClrType = typeof(Guid), ColumnType = "uuid", IsNullable = false } },
                PrimaryKey = new AddPrimaryKeyOperation { Table = "next_things", Name = "pk_next_things", Columns = ["id"] },
            },
        ];
        Assert.Empty(MigrationRules.Breaks(operations));

        await using (var connection = new NpgsqlConnection(database.AdminConnectionString))
        {
            await connection.OpenAsync();
            await ExecuteAsync(connection, $"set role {Schema.OwnerRole}");
            await using var transaction = await Schema.TakeAsync(connection, CancellationToken.None);
            foreach (var command in db.GetService<IMigrationsSqlGenerator>().Generate(operations, db.GetService<IDesignTimeModel>().Model))
            {
                await ExecuteAsync(connection, command.CommandText);
            }

            await ExecuteAsync(connection, "delete from schema_scripts");
            await transaction.CommitAsync();
        }

        // The scripts have changed, as far as this database knows: policies, triggers and functions are made anew.
        await Schema.MigrateAsync(database.AdminConnectionString, TestDatabase.AppPassword, _ => Task.CompletedTask, CancellationToken.None);
        Assert.Equal(1, await database.AsAdminAsync<long>("select count(*) from schema_scripts"));
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private sealed class Load(TestCustomer customer)
    {
        private int _answered;

        public int Answered => Volatile.Read(ref _answered);
        public ConcurrentQueue<string> Failures { get; } = [];

        public async Task RunAsync(CancellationToken enough)
        {
            for (var turn = 0; !enough.IsCancellationRequested; turn++)
            {
                using var answer = await customer.ChatAsync("still there?", stream: turn % 2 == 0, ct: CancellationToken.None);
                var text = await answer.Content.ReadAsStringAsync(CancellationToken.None);
                if (answer.IsSuccessStatusCode && (turn % 2 != 0 || text.TrimEnd().EndsWith("data: [DONE]", StringComparison.Ordinal)))
                {
                    Interlocked.Increment(ref _answered);
                }
                else
                {
                    Failures.Enqueue(text);
                }

                // People change things meanwhile.
                using var key = await customer.Management.PostAsJsonAsync("auth/api-keys", new { name = $"key {turn}" }, CancellationToken.None);
                if (!key.IsSuccessStatusCode)
                {
                    Failures.Enqueue(await key.Content.ReadAsStringAsync(CancellationToken.None));
                }
            }
        }

        public async Task AnsweredAsync(int calls)
        {
            using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
            while (Answered < calls && Failures.IsEmpty)
            {
                await Task.Delay(20, patience.Token);
            }
        }
    }
}
