using System.Globalization;
using AiHub.Domain.Accounts;
using AiHub.Tests.Hub;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Tests.Accounts;

/// <summary>
/// Thousands of things in random order, and the books balance. <c>AIHUB_SIMULATION_SEED</c> replays one order,
/// <c>AIHUB_SIMULATION_RUNS</c> tries more of them.
/// </summary>
public sealed class LedgerSimulationTests
{
    private const int Steps = 250;
    private const int Runs = 8;

    [Fact]
    public async Task Whatever_happens_in_whatever_order_the_books_balance()
    {
        await using var database = await TestDatabase.CreateAsync();
        await LedgerSimulation.InstallCrashPointsAsync(database);
        await using var ledger = new Ledger(database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);

        foreach (var seed in Seeds())
        {
            await new LedgerSimulation(database, ledger, seed).RunAsync(Steps);
        }
    }

    private static IEnumerable<int> Seeds() =>
        Number("AIHUB_SIMULATION_SEED") is { } seed ? [seed] : Enumerable.Range(0, Number("AIHUB_SIMULATION_RUNS") ?? Runs).Select(_ => Random.Shared.Next());

    private static int? Number(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}
