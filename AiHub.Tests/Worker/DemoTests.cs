using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using AiHub.Worker.Demo;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Tests.Worker;

public sealed class DemoTests
{
    [Fact]
    public async Task The_demo_is_a_month_that_the_ledger_itself_could_have_written()
    {
        await using var empty = await EmptyDatabase.CreateAsync();
        var (said, errors) = (new StringWriter(), new StringWriter());
        var settings = new ConfigurationBuilder().AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["ConnectionStrings:hub"] = empty.ConnectionString,
            ["Demo:Days"] = "8",
        }).Build();

        var first = await DemoSeed.RunAsync(settings, new Place("Development"), TimeProvider.System, said, errors, CancellationToken.None);
        var again = await DemoSeed.RunAsync(settings, new Place("Development"), TimeProvider.System, said, errors, CancellationToken.None);

        Assert.True(first == 0 && again == 0, $"{said}\n{errors}");
        Assert.Contains("The demo is there already", said.ToString(), StringComparison.Ordinal);
        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(empty.ConnectionString).Options);
        var records = await db.UsageRecords.AsNoTracking().ToListAsync();
        Assert.True(records.Count > 500, $"{records.Count} calls.");
        Assert.True(records.Select(record => record.ModelId).Distinct().Count() >= 5);
        Assert.True(records.Max(record => record.OccurredAt) - records.Min(record => record.OccurredAt) > TimeSpan.FromDays(7));
        Assert.Contains(records, record => record.Status == UsageStatus.Failed);
        Assert.All(records.Where(record => record.Status == UsageStatus.Succeeded), record => Assert.True(record.Cost.Nanos > 0 && record.PriceRows.Count > 0));
        await using var ledger = new Ledger(empty.ConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        Assert.Empty(await ledger.AuditAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None));
    }

    [Fact]
    public async Task Where_it_is_not_development_nobody_gets_an_account_whose_password_is_known()
    {
        var errors = new StringWriter();

        Assert.Equal(1, await DemoSeed.RunAsync(new ConfigurationBuilder().Build(), new Place("Production"), TimeProvider.System, TextWriter.Null, errors, CancellationToken.None));
        Assert.Contains("development only", errors.ToString(), StringComparison.Ordinal);
    }

    private sealed class Place(string name) : IHostEnvironment
    {
        public string EnvironmentName { get; set; } = name;
        public string ApplicationName { get; set; } = "test";
        public string ContentRootPath { get; set; } = AppContext.BaseDirectory;
        public IFileProvider ContentRootFileProvider { get; set; } = new NullFileProvider();
    }

    private sealed class EmptyDatabase(string server, string name) : IAsyncDisposable
    {
        public string ConnectionString { get; } = new NpgsqlConnectionStringBuilder(server) { Database = name, Pooling = false }.ConnectionString;

        public static async Task<EmptyDatabase> CreateAsync()
        {
            var database = new EmptyDatabase(await TestServers.PostgresAsync(), $"hub_demo_{Guid.CreateVersion7():N}");
            await database.OnServerAsync("create database {0}");
            return database;
        }

        public async ValueTask DisposeAsync() => await OnServerAsync("drop database if exists {0} with (force)");

        private async Task OnServerAsync(string sql)
        {
            await using var connection = new NpgsqlConnection(new NpgsqlConnectionStringBuilder(server) { Database = "postgres", Pooling = false }.ConnectionString);
            await connection.OpenAsync();
            await using var command = new NpgsqlCommand(string.Format(null, sql, name), connection);
            await command.ExecuteNonQueryAsync();
        }
    }
}
