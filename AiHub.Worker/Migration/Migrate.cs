using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Domain.Quotas;
using AiHub.Domain.Storage;
using AiHub.Domain.Usage;
using Npgsql;

namespace AiHub.Worker.Migration;

/// <summary>The worker run as a job: brings the database to what this build expects, and ends. Nothing else starts before it has.</summary>
internal static class Migrate
{
    public const string Argument = "migrate";

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(IConfiguration configuration, TimeProvider time, TextWriter output, TextWriter errors, CancellationToken ct)
    {
        try
        {
            var connectionString = configuration.GetConnectionString("hub");
            if (string.IsNullOrEmpty(connectionString))
            {
                throw new CatalogException("No database is named. Set ConnectionStrings__hub to a login that may create roles and tables.");
            }

            var shipped = CatalogData.Shipped();
            var configured = ConfiguredVendors.Read(configuration, shipped);
            var now = time.GetUtcNow();

            await Schema.MigrateAsync(
                connectionString,
                configuration["Database:AppPassword"],
                async db =>
                {
                    await db.SeedPlansAsync(ct);
                    await db.PrepareUsageMonthsAsync(now, ct);
                    await WriteAsync(await db.ImportCatalogAsync(shipped, now, ct), "shipped with the hub");
                    await WriteAsync(await db.ImportCatalogAsync(configured, now, ct), "from configuration");
                    if (await db.IssueSetupTokenAsync(now, ct) is { } token)
                    {
                        await output.WriteLineAsync($"This hub has no operator yet. Register, then send this token to POST /api/v1/auth/operator within 7 days; it is shown this once: {token}");
                    }
                },
                ct);

            await output.WriteLineAsync("The database is up to date.");
            return 0;
        }
        catch (Exception failure) when (failure is CatalogException or NpgsqlException or ArgumentException)
        {
            await errors.WriteLineAsync($"The database could not be migrated: {Sentence(failure)}");
            return 1;
        }

        Task WriteAsync(Imported imported, string from) => output.WriteLineAsync(
            $"Catalogue {from}: {imported.Vendors} vendors, {imported.Models} models and {imported.Upstreams} upstreams new or changed, "
            + $"{imported.PricesAdded} prices added, {imported.PricesEnded} ended.");
    }

    private static string Sentence(Exception failure) => failure switch
    {
        PostgresException refused => $"PostgreSQL says: {refused.MessageText} ({refused.SqlState}).",
        NpgsqlException unreachable => $"PostgreSQL cannot be reached: {unreachable.InnerException?.Message ?? unreachable.Message}",
        ArgumentException => $"ConnectionStrings__hub cannot be understood: {failure.Message}",
        _ => failure.Message,
    };
}
