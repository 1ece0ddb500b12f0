using AiHub.AppHost.Embedded.Servers;
using AiHub.Bench;

// dotnet run -c Release --project bench/AiHub.Bench -- [--seconds 10] [--callers 128] [--postgres "Host=…;Username=…;Password=…"]
var settings = BenchSettings.Read(args);
await using var server = settings.Postgres is null ? await BenchServer.StartAsync() : null;
await LedgerBench.RunAsync(settings.Postgres ?? server!.ConnectionString, settings, Console.Out);
