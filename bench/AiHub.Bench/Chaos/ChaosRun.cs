using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Accounts;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace AiHub.Bench.Chaos;

/// <summary>
/// Kills gateway, worker, cache and database at random under load, and holds what the clients got and what the vendor says it delivered against
/// the usage records, afterwards.
/// </summary>
internal static class ChaosRun
{
    private const int Callers = 12;
    private static readonly TimeSpan LongestHold = TimeSpan.FromMinutes(4);

    // The sweep looks every fifteen seconds.
    private static readonly TimeSpan LongestAfterLease = TimeSpan.FromSeconds(30);

    /// <returns>The exit code: 0 when nothing was lost and nothing counted twice.</returns>
    public static async Task<int> RunAsync(int seconds, int seed, TextWriter output)
    {
        var chance = new Random(seed);
        await output.WriteLineAsync($"seed {seed}, {seconds} s, {Callers} callers");
        await using var hub = await ChaosHub.StartAsync();
        var (organization, key) = await RegisterAsync(hub);
        using var http = new HttpClient { BaseAddress = hub.Gateway, Timeout = TimeSpan.FromSeconds(30) };
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);

        var delivered = new ConcurrentDictionary<Guid, string>();
        var (failed, number) = (0, 0);
        using var enough = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(async () =>
        {
            while (!enough.IsCancellationRequested)
            {
                var n = Interlocked.Increment(ref number);
                if (await CallAsync(http, $"call-{n}", stream: n % 2 == 0) is { } id)
                {
                    delivered[id] = $"call-{n}";
                }
                else
                {
                    Interlocked.Increment(ref failed);
                    await Task.Delay(20);
                }
            }
        })));

        var killed = new Dictionary<string, int> { ["gateway"] = 0, ["worker"] = 0, ["cache"] = 0, ["postgres"] = 0 };
        var clock = Stopwatch.StartNew();
        while (clock.Elapsed < TimeSpan.FromSeconds(seconds))
        {
            await Task.Delay(TimeSpan.FromSeconds(1 + (chance.NextDouble() * 3)));
            var part = killed.Keys.ElementAt(chance.Next(killed.Count));
            killed[part]++;
            await hub.KillAndRestartAsync(part, TimeSpan.FromMilliseconds(chance.Next(0, 1_500)));
        }

        await enough.CancelAsync();
        await load;
        await output.WriteLineAsync($"killed: {string.Join(", ", killed.Select(part => $"{part.Key} {part.Value} times"))}");

        var held = await OnceNothingIsHeldAsync(hub, clock);
        return await CompareAsync(hub, organization, delivered, failed, held, output);
    }

    private static async Task<int> CompareAsync(
        ChaosHub hub, Guid organization, ConcurrentDictionary<Guid, string> delivered, int failed, (long Open, TimeSpan After, TimeSpan Longest) held, TextWriter output)
    {
        var records = await RecordsAsync(hub, organization);
        var served = await ServedAsync(hub);

        var lost = delivered.Keys.Count(id => !records.ContainsKey(id));
        // The record of a delivered answer says the vendor's own figures.
        var wrong = delivered.Count(answer => records.TryGetValue(answer.Key, out var record)
            && (record.Call != answer.Value || !served.TryGetValue(answer.Value, out var tokens) || tokens != (record.Input, record.Output)));
        // An answer that is charged as whole was served, once, with these figures, whether or not its client lived to read it.
        var invented = records.Values.Count(record => record.IsWhole && (!served.TryGetValue(record.Call, out var tokens) || tokens != (record.Input, record.Output)));
        var recordedCalls = records.Values.Select(record => record.Call).ToHashSet();
        var nobodys = served.Keys.Count(call => !recordedCalls.Contains(call));
        var charged = await ScalarAsync<long>(hub.Admin, $"select coalesce(-sum(amount), 0)::bigint from entries join accounts on accounts.id = account_id where entries.organization_id = '{organization}' and kind in ('wallet_purchased', 'wallet_granted') and journal_id in (select id from journals where kind = 'settle')");
        var recorded = await ScalarAsync<long>(hub.Admin, $"select coalesce(sum(charged_nanos), 0)::bigint from usage_records where organization_id = '{organization}'");
        var twice = records.Count - recordedCalls.Count
            + await ScalarAsync<long>(hub.Admin, "select count(*) from (select id from usage_records group by id having count(*) > 1 union all select request_id from holds group by request_id having count(*) > 1) twice");
        await using var ledger = new Ledger(hub.App, TimeProvider.System, NullLogger<Ledger>.Instance);
        var violations = await ledger.AuditAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None);

        await output.WriteLineAsync($"answers clients got whole: {delivered.Count}; calls that failed meanwhile: {failed}");
        await output.WriteLineAsync($"usage records: {records.Count}");
        await output.WriteLineAsync($"delivered without a usage record (lost): {lost}");
        await output.WriteLineAsync($"counted twice (double): {twice}");
        await output.WriteLineAsync($"delivered, but recorded with other tokens than the vendor served: {wrong}");
        await output.WriteLineAsync($"recorded as whole, but not served so by the vendor: {invented}");
        await output.WriteLineAsync($"charged {charged} nano-units; the usage records say {recorded}");
        await output.WriteLineAsync($"vendor answers that died with their gateway, delivered to nobody and charged to nobody: {nobodys}");
        await output.WriteLineAsync($"holds still open {held.After.TotalSeconds:0} s after the load ended: {held.Open}; the longest that one outlived its lease: {held.Longest.TotalSeconds:0.0} s");
        await output.WriteLineAsync($"audit: {violations.Count} violations");
        foreach (var violation in violations.Take(10))
        {
            await output.WriteLineAsync($"  {violation.What}");
        }

        return lost == 0 && twice == 0 && wrong == 0 && invented == 0 && charged == recorded && held.Open == 0 && held.Longest < LongestAfterLease && violations.Count == 0 ? 0 : 1;
    }

    internal static async Task<Guid?> CallAsync(HttpClient http, string call, bool stream)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
            {
                // Filed under its name, so that the record can be held against what the vendor says of the same call.
                Headers = { { "x-aihub-tags", call } },
                Content = JsonContent.Create(new { model = "sim/echo", stream, user = call, messages = new[] { new { role = "user", content = $"hello from {call}" } } }),
            };
            using var response = await http.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            // A stream that was cut, or that failed inside, has not been delivered.
            var isWhole = response.IsSuccessStatusCode && (!stream || (body.TrimEnd().EndsWith("data: [DONE]", StringComparison.Ordinal) && !body.Contains("\"error\":", StringComparison.Ordinal)));
            return isWhole ? Guid.Parse(response.Headers.GetValues("x-request-id").Single()) : null;
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException)
        {
            return null;
        }
    }

    /// <summary>Waits until the sweep has given back what died; longer than a lease and a sweep it must not take.</summary>
    private static async Task<(long Open, TimeSpan After, TimeSpan Longest)> OnceNothingIsHeldAsync(ChaosHub hub, Stopwatch clock)
    {
        var ended = clock.Elapsed;
        var longest = TimeSpan.Zero;
        while (true)
        {
            var open = await ScalarAsync<long>(hub.Admin, "select count(*) from holds where state = 'held'");
            var late = await ScalarAsync<TimeSpan>(hub.Admin, "select coalesce(max(now() - expires_at) filter (where expires_at < now()), interval '0') from holds where state = 'held'");
            longest = late > longest ? late : longest;
            if (open == 0 || clock.Elapsed - ended > LongestHold)
            {
                return (open, clock.Elapsed - ended, longest);
            }

            await Task.Delay(1_000);
        }
    }

    internal static async Task<(Guid Organization, string Key)> RegisterAsync(ChaosHub hub)
    {
        using var http = new HttpClient { BaseAddress = new Uri(hub.Gateway, "/api/v1/") };
        var registered = await PostAsync("auth/register", new { email = "chaos@example.com", password = "a sentence only I know", currency = "USD" });
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)registered["access_token"]!);
        var organization = Guid.Parse((string)registered["organization"]!["id"]!);
        await LedgerBench.ExecuteAsync(
            hub.Admin,
            $"""
             update subscriptions set plan_id = 'enterprise' where organization_id = '{organization}';
             select ledger_reverse(gen_random_uuid(), organization_id, id, null, booked_at) from journals where organization_id = '{organization}' and kind = 'grant';
             select ledger_post(gen_random_uuid(), '{organization}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', 1000000000000000, now(), now());
             """);
        return (organization, (string)(await PostAsync("auth/api-keys", new { name = "chaos" }))["key"]!);

        async Task<JsonNode> PostAsync(string path, object body)
        {
            using var response = await http.PostAsJsonAsync(path, body);
            var text = await response.Content.ReadAsStringAsync();
            return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException(text);
        }
    }

    private static async Task<Dictionary<Guid, (long Input, long Output, string Call, bool IsWhole)>> RecordsAsync(ChaosHub hub, Guid organization)
    {
        var records = new Dictionary<Guid, (long, long, string, bool)>();
        await using var connection = new NpgsqlConnection(hub.Admin);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            """
            select id, tokens_input_uncached + tokens_cache_read, tokens_output_text + tokens_output_reasoning, tags[1], status = 'succeeded'
            from usage_records where organization_id = $1
            """, connection)
        {
            Parameters = { new() { Value = organization } },
        };
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            records[reader.GetGuid(0)] = (reader.GetInt64(1), reader.GetInt64(2), reader.GetString(3), reader.GetBoolean(4));
        }

        return records;
    }

    /// <summary>The vendor's own record of completed answers: tokens by the call they were for.</summary>
    private static async Task<Dictionary<string, (long Input, long Output)>> ServedAsync(ChaosHub hub)
    {
        using var http = new HttpClient { BaseAddress = hub.Simulators };
        var served = new Dictionary<string, (long, long)>();
        for (long after = 0; ;)
        {
            using var page = JsonDocument.Parse(await http.GetStringAsync($"/_sim/vendors/served?after={after}"));
            var answers = page.RootElement.GetProperty("answers").EnumerateArray().ToList();
            if (answers.Count == 0)
            {
                return served;
            }

            foreach (var answer in answers)
            {
                after = answer.GetProperty("number").GetInt64();
                if (answer.GetProperty("outcome").GetString() == "completed" && answer.GetProperty("user").GetString() is { } call)
                {
                    served[call] = (answer.GetProperty("prompt_tokens").GetInt64(), answer.GetProperty("completion_tokens").GetInt64());
                }
            }
        }
    }

    private static async Task<T> ScalarAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync())!;
    }
}
