using System.Globalization;
using AiHub.AppHost.Embedded.Servers;
using AiHub.Bench;
using AiHub.Bench.Chaos;

switch (args)
{
    // What a chaos run starts, so that it can kill it.
    case [ChaosHub.CacheArgument, var port, var password]:
        await using (await GarnetCache.StartAsync(new GarnetOptions(DataDirectory: null, password) { Port = int.Parse(port, CultureInfo.InvariantCulture) }, loggers: null, CancellationToken.None))
        {
            await Task.Delay(Timeout.Infinite);
        }

        return 0;

    case ["chaos", .. var rest]:
        var seconds = rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 60;
        var seed = rest.Length > 1 ? int.Parse(rest[1], CultureInfo.InvariantCulture) : Random.Shared.Next();
        return await ChaosRun.RunAsync(seconds, seed, Console.Out);

    case ["usage", .. var rest]:
        await UsageBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 1_000_000, Console.Out);
        return 0;

    case ["pages", .. var rest]:
        return await PageBench.RunAsync(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 1_000_000, Console.Out);

    case ["drill", .. var rest]:
        return await RestoreDrill.RunAsync(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 1_000_000, Console.Out);

    case ["memory", .. var rest]:
        await GatewayMemory.RunAsync(rest.Length > 0 ? int.Parse(rest[0], CultureInfo.InvariantCulture) : 15, Console.Out);
        return 0;

    case ["ledger", .. var rest]:
        var settings = BenchSettings.Read(rest);
        await using (var server = settings.Postgres is null ? await BenchServer.StartAsync() : null)
        {
            await LedgerBench.RunAsync(settings.Postgres ?? server!.ConnectionString, settings, Console.Out);
        }

        return 0;

    default:
        await Console.Error.WriteLineAsync(
            """
            ledger [--seconds 10] [--callers 128] [--postgres "Host=…;Username=…;Password=…"]   holds and settlements a second
            usage [records]                                                                   times the views of a million usage records
            pages [records]                                                                   times the portal's pages over a million usage records
            drill [records]                                                                   backs up, restores and audits a database with so many usage records
            memory [seconds]                                                                  the gateway with each garbage collector, side by side
            chaos [seconds] [seed]                                                            kills the hub's parts under load and counts
            """);
        return 2;
}
