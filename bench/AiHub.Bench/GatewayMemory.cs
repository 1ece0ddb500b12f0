using System.Diagnostics;
using System.Net.Http.Headers;
using AiHub.Bench.Chaos;

namespace AiHub.Bench;

/// <summary>The same load on a gateway with server and with workstation garbage collection: what a call costs, and what the process grows to.</summary>
internal static class GatewayMemory
{
    private const int Callers = 32;

    private static readonly (string Name, Dictionary<string, string> Environment)[] Choices =
    [
        ("server, adapting (the default)", new() { ["DOTNET_gcServer"] = "1" }),
        ("server, not adapting", new() { ["DOTNET_gcServer"] = "1", ["DOTNET_GCDynamicAdaptationMode"] = "0" }),
        ("workstation, concurrent", new() { ["DOTNET_gcServer"] = "0" }),
    ];

    public static async Task RunAsync(int seconds, TextWriter output)
    {
        await output.WriteLineAsync($"{Callers} callers, half of them streaming, {seconds} s each, {Environment.ProcessorCount} processors");
        await output.WriteLineAsync();
        await output.WriteLineAsync("| Garbage collector | Calls/s | Gateway CPU ms a call | p99 ms | Peak memory MiB |");
        await output.WriteLineAsync("|---|---|---|---|---|");
        foreach (var (name, environment) in Choices)
        {
            await using var hub = await ChaosHub.StartAsync(environment);
            var (_, key) = await ChaosRun.RegisterAsync(hub);
            using var http = new HttpClient { BaseAddress = hub.Gateway };
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            await LoadAsync(http, TimeSpan.FromSeconds(3));

            var process = hub.GatewayProcess;
            process.Refresh();
            var before = process.TotalProcessorTime;
            var (calls, p99) = await LoadAsync(http, TimeSpan.FromSeconds(seconds));
            process.Refresh();
            var cpu = (process.TotalProcessorTime - before).TotalMilliseconds / calls;
            await output.WriteLineAsync($"| {name} | {calls / (double)seconds:N0} | {cpu:0.00} | {p99:0} | {process.PeakWorkingSet64 / 1048576.0:N0} |");
        }
    }

    private static async Task<(int Calls, double P99)> LoadAsync(HttpClient http, TimeSpan length)
    {
        var clock = Stopwatch.StartNew();
        var latencies = await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(async () =>
        {
            var own = new List<double>();
            while (clock.Elapsed < length)
            {
                var began = clock.Elapsed;
                if (await ChaosRun.CallAsync(http, $"call-{caller}-{own.Count}", stream: caller % 2 == 0) is null)
                {
                    throw new InvalidOperationException("A call failed.");
                }

                own.Add((clock.Elapsed - began).TotalMilliseconds);
            }

            return own;
        })));

        var all = latencies.SelectMany(own => own).Order().ToList();
        return (all.Count, all[(int)(all.Count * 0.99)]);
    }
}
