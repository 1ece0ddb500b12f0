using System.Collections.Concurrent;
using System.Diagnostics;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Storage;
using AiHub.Domain.Usage;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Bench;

/// <summary>
/// Holds and settlements a second, as a gateway makes them and, in the same run, each in a commit of its own.
/// </summary>
internal static class LedgerBench
{
    private const int Connections = 16;
    private const int Organizations = 1_000;
    private const string Password = "bench";
    private const int CallsPerOrganization = 1_000_000_000;
    // Calls as they come: late ones cost a look at the kept figures of finance.
    private static readonly DateTimeOffset Start = TimeProvider.System.GetUtcNow();

    public static async Task RunAsync(string server, BenchSettings settings, TextWriter output)
    {
        var database = $"hub_bench_{Guid.CreateVersion7():N}";
        await ExecuteAsync(Connect(server, "postgres"), $"create database {database}");
        try
        {
            var admin = Connect(server, database);
            await Schema.MigrateAsync(admin, Password, db => db.SeedPlansAsync(CancellationToken.None), CancellationToken.None);
            var customers = await OpenAsync(admin, Organizations);
            var app = new NpgsqlConnectionStringBuilder(admin) { Username = Schema.AppRole, Password = Password, Pooling = true }.ConnectionString;

            await output.WriteLineAsync($"{settings.Callers} callers, {settings.Seconds} s each, {Environment.ProcessorCount} processors; a call is a hold and its settlement.");
            await output.WriteLineAsync();
            await output.WriteLineAsync("| Organizations | Group commit, calls/s | Single-row commits, calls/s | Ratio |");
            await output.WriteLineAsync("|---|---|---|---|");
            foreach (var (name, of) in new[] { ($"{Organizations:N0}", customers), ("one, hot", customers[..1]) })
            {
                // The first second of each fills caches and prepares statements.
                var grouped = await MeasureAsync(app, of, ledgers: 1, batch: 128, settings);
                var single = await MeasureAsync(app, of, Connections, batch: 1, settings);
                await output.WriteLineAsync($"| {name} | {grouped:N0} | {single:N0} | {grouped / single:0.0} |");
            }

            await using var auditor = new Ledger(app, TimeProvider.System, NullLogger<Ledger>.Instance);
            var violations = await auditor.AuditAsync(Start, CancellationToken.None);
            await output.WriteLineAsync();
            await output.WriteLineAsync($"The audit afterwards finds {violations.Count} violations.");
        }
        finally
        {
            NpgsqlConnection.ClearAllPools();
            await ExecuteAsync(Connect(server, "postgres"), $"drop database {database} with (force)");
        }
    }

    private static async Task<double> MeasureAsync(string app, Caller[] callers, int ledgers, int batch, BenchSettings settings)
    {
        var pool = Enumerable.Range(0, ledgers).Select(_ => new Ledger(app, TimeProvider.System, NullLogger<Ledger>.Instance, batch)).ToList();
        try
        {
            await RunAsync(TimeSpan.FromSeconds(1));
            return await RunAsync(TimeSpan.FromSeconds(settings.Seconds));
        }
        finally
        {
            foreach (var ledger in pool)
            {
                await ledger.DisposeAsync();
            }
        }

        async Task<double> RunAsync(TimeSpan length)
        {
            var calls = new ConcurrentBag<int>();
            var clock = Stopwatch.StartNew();
            await Task.WhenAll(Enumerable.Range(0, settings.Callers).Select(worker => Task.Run(async () =>
            {
                var made = 0;
                for (var turn = worker; clock.Elapsed < length; turn += settings.Callers)
                {
                    await CallAsync(pool[worker % ledgers], callers[turn % callers.Length]);
                    made++;
                }

                calls.Add(made);
            })));

            return calls.Sum() / clock.Elapsed.TotalSeconds;
        }
    }

    internal static async Task CallAsync(Ledger ledger, Caller caller)
    {
        var request = Guid.CreateVersion7();
        var outcome = await ledger.HoldAsync(
            new HoldRequest(request, caller.Organization, null, caller.Owner, caller.Key, 1_000, 10, new Money(2_000_000, Currency.USD), Start, TimeSpan.FromMinutes(2)),
            CancellationToken.None);
        await ledger.SettleAsync(new Settlement(outcome.Hold!.Id, Usage(request, caller), Start), CancellationToken.None);
    }

    private static UsageRecord Usage(Guid request, Caller caller) => new()
    {
        Id = request,
        OrganizationId = caller.Organization,
        UserId = caller.Owner,
        KeyId = caller.Key,
        ModelId = "bench/model",
        UpstreamId = caller.Key,
        VendorId = "bench",
        Surface = "openai.chat",
        OccurredAt = Start,
        Tokens = new TokenUsage(200, OutputText: 300),
        Source = UsageSource.Vendor,
        Status = UsageStatus.Succeeded,
        Streamed = true,
        FinishReason = "stop",
        PlanTokens = 500,
        Cost = new Money(1_000_000, Currency.USD),
        PriceRows = [caller.Key],
        Latency = TimeSpan.FromSeconds(1),
    };

    /// <summary>Organizations that pay each call from a wallet with money for all of them.</summary>
    internal static async Task<Caller[]> OpenAsync(string admin, int organizations)
    {
        var callers = Enumerable.Range(0, organizations).Select(_ => new Caller(Guid.CreateVersion7(), Guid.CreateVersion7(), Guid.CreateVersion7())).ToArray();
        await using var connection = new NpgsqlConnection(admin);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            insert into users (id, email, normalized_email, email_confirmed, security_stamp, concurrency_stamp, lockout_enabled, access_failed_count, two_factor_enabled, display_name, language, created_at)
            select id, id::text, id::text, true, '', '', false, 0, false, 'Bench', 'en', $2 from unnest($1::uuid[]) id
            """, connection)
        {
            Parameters = { new() { Value = callers.Select(caller => caller.Owner).ToArray() }, new() { Value = Start } },
        };
        await command.ExecuteNonQueryAsync();

        await using var open = new NpgsqlCommand(
            """
            select set_config('app.organization_id', organization::text, true),
                   open_organization(organization, 'Bench', false, 'USD', 'UTC', owner, gen_random_uuid(), 'enterprise', $3),
                   ledger_post(gen_random_uuid(), organization, 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', $4, $3, $3)
            from unnest($1::uuid[], $2::uuid[]) as pairs (organization, owner)
            """, connection)
        {
            Parameters =
            {
                new() { Value = callers.Select(caller => caller.Organization).ToArray() },
                new() { Value = callers.Select(caller => caller.Owner).ToArray() },
                new() { Value = Start },
                new() { Value = (long)CallsPerOrganization * 1_000_000 },
            },
        };
        await open.ExecuteNonQueryAsync();
        return callers;
    }

    internal static string Connect(string server, string database) =>
        new NpgsqlConnectionStringBuilder(server) { Database = database, Pooling = false }.ConnectionString;

    public static async Task ExecuteAsync(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        await command.ExecuteNonQueryAsync();
    }

    internal sealed record Caller(Guid Organization, Guid Owner, Guid Key);
}
