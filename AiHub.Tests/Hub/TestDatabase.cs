using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Storage;
using AiHub.Domain.Usage;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Hub;

/// <summary>
/// A migrated and seeded database of its own, on the server the run shares. Copied from a template that is made once, so it costs little.
/// Use it as a class fixture, or create one with <see cref="CreateAsync"/>.
/// </summary>
public sealed class TestDatabase : IAsyncLifetime, IAsyncDisposable
{
    public const string AppPassword = "hub-test";

    /// <summary>From when on the shipped prices are valid here: early enough for any clock a test sets.</summary>
    public static readonly DateTimeOffset CatalogStart = new(2020, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Lazy<Task<string>> Template = new(MakeTemplateAsync);

    // PostgreSQL copies a template for one at a time.
    private static readonly SemaphoreSlim Copying = new(1);

    private DbContextOptions<HubDb>? _options;

    public string Name { get; } = $"hub_test_{Guid.CreateVersion7():N}";

    /// <summary>What the services use: the role without any right beyond its own.</summary>
    public string AppConnectionString { get; private set; } = "";

    /// <summary>What <c>migrate</c> uses; sees through row-level security.</summary>
    public string AdminConnectionString { get; private set; } = "";

    public static async Task<TestDatabase> CreateAsync()
    {
        var database = new TestDatabase();
        await database.InitializeAsync();
        return database;
    }

    public async Task InitializeAsync()
    {
        var template = await Template.Value;
        await Copying.WaitAsync();
        try
        {
            await OnServerAsync($"create database {Name} template {template}");
        }
        finally
        {
            Copying.Release();
        }

        AdminConnectionString = await ToAsync(Name);
        AppConnectionString = new NpgsqlConnectionStringBuilder(AdminConnectionString)
        {
            Username = Schema.AppRole,
            Password = AppPassword,
            Pooling = true,
            MaxPoolSize = 10,
        }.ConnectionString;
        _options = new DbContextOptionsBuilder<HubDb>().UseNpgsql(AppConnectionString).Options;
    }

    /// <summary>A context as the services have it.</summary>
    public HubDb Open() => new(_options!);

    /// <summary>A context that sees every organization, for looking at what happened.</summary>
    public HubDb OpenAsAdmin() => new(new DbContextOptionsBuilder<HubDb>().UseNpgsql(AdminConnectionString).Options);

    public async Task<T> AsAdminAsync<T>(string sql)
    {
        await using var connection = new NpgsqlConnection(AdminConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }

    async Task IAsyncLifetime.DisposeAsync() => await DisposeAsync();

    public async ValueTask DisposeAsync()
    {
        await using (var app = new NpgsqlConnection(AppConnectionString))
        {
            NpgsqlConnection.ClearPool(app);
        }

        await OnServerAsync($"drop database if exists {Name} with (force)");
    }

    private static async Task<string> MakeTemplateAsync()
    {
        var name = $"hub_template_{Guid.CreateVersion7():N}";
        await OnServerAsync($"create database {name}");
        if (TestServers.PostgresIsYours)
        {
            AppDomain.CurrentDomain.ProcessExit += (_, _) => OnServerAsync($"drop database if exists {name} with (force)").Wait();
        }

        await Schema.MigrateAsync(
            await ToAsync(name),
            AppPassword,
            async db =>
            {
                await db.SeedPlansAsync(CancellationToken.None);
                await db.PrepareUsageMonthsAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);
                await db.ImportCatalogAsync(CatalogData.Shipped(), CatalogStart, CancellationToken.None);
            },
            CancellationToken.None);
        return name;
    }

    private static async Task OnServerAsync(string sql)
    {
        await using var connection = new NpgsqlConnection(await ToAsync("postgres"));
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    private static async Task<string> ToAsync(string database) =>
        new NpgsqlConnectionStringBuilder(await TestServers.PostgresAsync()) { Database = database, Pooling = false }.ConnectionString;
}
