using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Tests.Hub;
using AiHub.Worker.Migration;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Npgsql;

namespace AiHub.Tests.Worker;

public sealed class MigrateTests : IAsyncLifetime
{
    private readonly string _name = $"hub_test_{Guid.CreateVersion7():N}";
    private string _connectionString = "";

    public async Task InitializeAsync()
    {
        await OnServerAsync($"create database {_name}");
        _connectionString = await ToAsync(_name);
    }

    public Task DisposeAsync() => OnServerAsync($"drop database if exists {_name} with (force)");

    [Fact]
    public async Task An_empty_database_becomes_a_hub_and_doing_it_again_changes_nothing()
    {
        var (code, output, errors) = await RunAsync();
        Assert.Equal((0, ""), (code, errors));
        Assert.EndsWith("The database is up to date.\n", output.ReplaceLineEndings("\n"));

        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(_connectionString).Options);
        Assert.Equal(["free", "developer", "pro", "enterprise"], await db.Plans.OrderBy(plan => plan.Position).Select(plan => plan.Id).ToListAsync());
        Assert.Equal(Money.Of(199, Currency.CNY), (await db.Plans.SingleAsync(plan => plan.Id == "developer")).MonthlyPrice(Currency.CNY));
        Assert.Equal(Money.Of(99, Currency.USD), (await db.Plans.SingleAsync(plan => plan.Id == "pro")).MonthlyPrice(Currency.USD));
        Assert.Null((await db.Plans.SingleAsync(plan => plan.Id == "enterprise")).MonthlyPrice(Currency.USD));
        Assert.False(db.Database.HasPendingModelChanges());

        (code, output, _) = await RunAsync();
        Assert.Equal(0, code);
        Assert.Contains("0 vendors, 0 models and 0 upstreams new or changed, 0 prices added, 0 ended", output);
    }

    [Fact]
    public async Task Two_at_once_wait_for_each_other() =>
        Assert.All(await Task.WhenAll(RunAsync(), RunAsync()), run => Assert.Equal((0, ""), (run.Code, run.Errors)));

    [Fact]
    public async Task An_edited_plan_is_the_operator_s()
    {
        await RunAsync();
        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(_connectionString).Options);
        await db.Plans.Where(plan => plan.Id == "free").ExecuteUpdateAsync(set => set.SetProperty(plan => plan.MonthlyTokens, 20_000));

        await RunAsync();

        Assert.Equal(20_000, await db.Plans.Where(plan => plan.Id == "free").Select(plan => plan.MonthlyTokens).SingleAsync());
    }

    [Fact]
    public async Task Changed_scripts_are_applied_again()
    {
        await RunAsync();
        await using var connection = new NpgsqlConnection(_connectionString);
        await connection.OpenAsync();
        await using var spoil = new NpgsqlCommand("drop function find_api_key(bytea); update schema_scripts set hash = 'old'", connection);
        await spoil.ExecuteNonQueryAsync();

        Assert.Equal(0, (await RunAsync()).Code);
        await using var again = new NpgsqlCommand("select count(*) from find_api_key('')", connection);
        Assert.Equal(0L, await again.ExecuteScalarAsync());
    }

    [Fact]
    public async Task Vendors_and_models_come_from_configuration_too()
    {
        var (code, _, errors) = await RunAsync(
            ("Vendors:acme:Name", "Acme"),
            ("Vendors:acme:BaseUrl", "https://acme.test/v1"),
            ("Vendors:acme:KeyVariable", "ACME_KEY"),
            ("Vendors:acme:Quirks:stream_options", "false"),
            ("Vendors:acme:Models:0:Id", "acme/turbo"),
            ("Vendors:acme:Models:0:Name", "Turbo"),
            ("Vendors:acme:Models:0:Aliases:0", "turbo-latest"),
            ("Vendors:acme:Models:0:UpstreamModel", "turbo-2026"),
            ("Vendors:acme:Models:0:InputPerMillion", "1.5"),
            ("Vendors:acme:Models:0:OutputPerMillion", "6"),
            ("Vendors:acme:Models:0:CacheReadPerMillion", "0.15"),
            ("Vendors:acme:Models:0:ContextLength", "128000"),
            ("Vendors:acme:Models:0:MaxOutputTokens", "8000"),
            ("Vendors:acme:Models:1:Id", "acme/turbo"),
            ("Vendors:acme:Models:1:UpstreamModel", "turbo-2026"),
            ("Vendors:acme:Models:1:Currency", "CNY"),
            ("Vendors:acme:Models:1:InputPerMillion", "10"),
            ("Vendors:acme:Models:1:OutputPerMillion", "40"),
            ("Vendors:groq:ApiKey", "a key of a shipped vendor is not its definition"),
            ("Vendors:groq:Models:0:Id", "moonshotai/kimi-k3"),
            ("Vendors:groq:Models:0:InputPerMillion", "2"),
            ("Vendors:groq:Models:0:OutputPerMillion", "9"),
            ("Vendors:groq:Models:0:Priority", "5"));
        Assert.Equal((0, ""), (code, errors));

        await using var db = new HubDb(new DbContextOptionsBuilder<HubDb>().UseNpgsql(_connectionString).Options);
        var vendor = await db.Vendors.SingleAsync(row => row.Id == "acme");
        Assert.Equal(("Acme", "https://acme.test/v1", "openai", "ACME_KEY", "false"), (vendor.Name, vendor.BaseUrl, vendor.Dialect, vendor.KeyVariable, vendor.Quirks["stream_options"]));
        var model = await db.Models.SingleAsync(row => row.Id == "acme/turbo");
        Assert.Equal(("Turbo", 128_000, 8_000), (model.Name, model.ContextLength, model.MaxOutputTokens));
        Assert.Equal(["turbo-latest"], model.Aliases);

        var upstream = await db.Upstreams.SingleAsync(row => row.VendorId == "acme");
        Assert.Equal("turbo-2026", upstream.VendorModel);
        var book = new PriceBook(await db.Prices.ToListAsync());
        var now = TimeProvider.System.GetUtcNow();
        Assert.Equal("7.65", book.At(upstream.Id, Currency.USD, now)!.Price(new TokenUsage(1_000_000, 1_000_000, OutputText: 1_000_000)).Cost.ToDecimalString());
        Assert.Equal("50", book.At(upstream.Id, Currency.CNY, now)!.Price(new TokenUsage(1_000_000, OutputText: 1_000_000)).Cost.ToDecimalString());

        Assert.Equal("https://api.groq.com/openai/v1", (await db.Vendors.SingleAsync(row => row.Id == "groq")).BaseUrl);
        Assert.Equal(
            [("moonshot", "kimi-k3", 0), ("groq", "kimi-k3", 5)],
            db.Upstreams.Where(row => row.ModelId == "moonshotai/kimi-k3").OrderBy(row => row.Priority).AsEnumerable().Select(row => (row.VendorId, row.VendorModel, row.Priority)));
        Assert.Equal("Kimi K3", (await db.Models.SingleAsync(row => row.Id == "moonshotai/kimi-k3")).Name);
    }

    [Theory]
    [InlineData("Vendors:acme:Name", "Acme", "Vendors__acme__BaseUrl")]
    [InlineData("Vendors:acme:Models:0:Name", "Turbo", "Vendors__acme__Models__0__Id")]
    [InlineData("Vendors:openai:Models:0:Id", "openai/gpt-9", "Vendors__openai__Models__0__InputPerMillion")]
    [InlineData("Vendors:acme:BaseUrl", "acme.test", "acme.test")]
    [InlineData("ConnectionStrings:hub", "", "ConnectionStrings__hub")]
    [InlineData("ConnectionStrings:hub", "Nonsense=1", "ConnectionStrings__hub")]
    [InlineData("ConnectionStrings:hub", "Host=127.0.0.1;Port=1;Username=x;Timeout=5", "PostgreSQL cannot be reached")]
    public async Task What_cannot_be_migrated_is_said_in_one_sentence(string setting, string value, string sentence)
    {
        var (code, _, errors) = await RunAsync((setting, value));

        Assert.Equal(1, code);
        Assert.Contains(sentence, errors);
        Assert.StartsWith("The database could not be migrated: ", errors);
        Assert.Single(errors.TrimEnd().Split('\n'));
    }

    [Fact]
    public async Task A_database_that_is_not_there_is_said_to_be_so()
    {
        var (code, _, errors) = await RunAsync(("ConnectionStrings:hub", await ToAsync("no_such_database")));
        Assert.Equal(1, code);
        Assert.Contains("\"no_such_database\" does not exist (3D000)", errors);
    }

    [Fact]
    public async Task A_model_priced_in_a_currency_the_hub_does_not_know_is_refused()
    {
        var (code, _, errors) = await RunAsync(
            ("Vendors:openai:Models:0:Id", "openai/gpt-9"), ("Vendors:openai:Models:0:InputPerMillion", "1"),
            ("Vendors:openai:Models:0:OutputPerMillion", "1"), ("Vendors:openai:Models:0:Currency", "EUR"));
        Assert.Equal(1, code);
        Assert.Contains("'EUR' is not a currency of the hub", errors);
    }

    private async Task<(int Code, string Output, string Errors)> RunAsync(params (string Key, string Value)[] settings)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(new Dictionary<string, string?> { ["ConnectionStrings:hub"] = _connectionString, ["Database:AppPassword"] = TestDatabase.AppPassword })
            .AddInMemoryCollection(settings.ToDictionary(setting => setting.Key, string? (setting) => setting.Value))
            .Build();
        await using StringWriter output = new(), errors = new();
        var code = await Migrate.RunAsync(configuration, TimeProvider.System, output, errors, default);
        return (code, output.ToString(), errors.ToString());
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
