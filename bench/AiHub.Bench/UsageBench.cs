using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Bench.Chaos;
using Npgsql;

namespace AiHub.Bench;

/// <summary>How long the views of usage take an organization with very many calls, and how much memory the table of all of them takes the gateway.</summary>
internal static class UsageBench
{
    private const int Batch = 50_000;
    public const int Days = 60;
    public const string Email = "usage@example.com";
    public const string Password = "a sentence only I know";
    private const int Times = 7;

    public static async Task RunAsync(int records, TextWriter output)
    {
        await using var hub = await ChaosHub.StartAsync();
        using var http = new HttpClient { BaseAddress = new Uri(hub.Gateway, "/api/v1/"), Timeout = TimeSpan.FromMinutes(10) };
        var (organization, user) = await RegisterAsync(http);
        var now = TimeProvider.System.GetUtcNow();

        var filled = await TimeAsync(() => FillAsync(hub.Admin, organization, user, now, records));
        var waiting = await TimeAsync(() => OnceCountedAsync(hub.Admin));
        await LedgerBench.ExecuteAsync(hub.Admin, "analyze usage_records, usage_rollups");
        var rollUps = await ScalarAsync<long>(hub.Admin, "select count(*) from usage_rollups");
        await output.WriteLineAsync($"{records:N0} usage records over {Days} days, filled in {filled.TotalSeconds:0} s, all in {rollUps:N0} roll-ups {waiting.TotalSeconds:0} s later.");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"| View | median of {Times}, ms | slowest, ms |");
        await output.WriteLineAsync("|---|---|---|");

        var (first, last) = ($"{now.AddDays(-Days):yyyy-MM-dd}", $"{now:yyyy-MM-dd}");
        var early = await ReadAsync(http, $"usage/requests?limit=100&to={now.AddDays(2 - Days):yyyy-MM-dd}");
        var deep = Uri.EscapeDataString((string)early["next_cursor"]!);
        foreach (var (name, path) in new[]
        {
            ("current period", "usage/current"),
            ($"history, {Days} days", $"usage/history?from={first}&to={last}"),
            ("history of a model", $"usage/history?from={first}&to={last}&model=bench/model-3"),
            ("hours of a week", $"usage/hours?from={now.AddDays(-6):yyyy-MM-dd}&to={last}"),
            ("cost by model", $"usage/cost?by=model&from={first}&to={last}&compare=true"),
            ("cost by key", $"usage/cost?by=key&from={first}&to={last}"),
            ("cost by tag", $"usage/cost?by=tag&from={first}&to={last}"),
            ("calls, first page", "usage/requests?limit=100"),
            ("calls, page 9,600 and something", $"usage/requests?limit=100&cursor={deep}"),
            ("calls of a model", "usage/requests?limit=100&model=bench/model-3"),
            ("calls of a rare model", "usage/requests?limit=100&model=bench/rare"),
            ("calls of no model", "usage/requests?limit=100&model=bench/none"),
            ("calls under a rare tag", "usage/requests?limit=100&tag=project:rare"),
            ("calls under a tag and of a model that never meet", "usage/requests?limit=100&tag=project:2&model=bench/model-3"),
            ("failed calls", "usage/requests?limit=100&status=failed"),
            ("failed calls of a key", $"usage/requests?limit=100&status=failed&key_id={Key(4)}"),
        })
        {
            var taken = new List<double>();
            for (var i = 0; i < Times; i++)
            {
                taken.Add((await TimeAsync(() => ReadAsync(http, path))).TotalMilliseconds);
            }

            taken.Sort();
            await output.WriteLineAsync($"| {name} | {taken[Times / 2]:0} | {taken[^1]:0} |");
        }

        // From here on the peak is that of what is to come.
        await File.WriteAllTextAsync($"/proc/{hub.GatewayProcess.Id}/clear_refs", "5");
        var before = Memory(hub.GatewayProcess, "VmRSS:");
        var (rows, bytes) = (0L, 0L);
        var exported = await TimeAsync(async () => (rows, bytes) = await ExportAsync(http, $"usage/export?from={first}&to={last}"));
        var peak = Memory(hub.GatewayProcess, "VmHWM:");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"CSV export: {rows:N0} rows, {bytes / 1_000_000:N0} MB in {exported.TotalSeconds:0.0} s; the gateway had {before / 1_000_000:N0} MB before and at most {peak / 1_000_000:N0} MB meanwhile.");
    }

    // Linux only, as it is there that the gateway runs.
    private static long Memory(Process process, string figure) => 1024 * long.Parse(
        File.ReadLines($"/proc/{process.Id}/status").Single(line => line.StartsWith(figure, StringComparison.Ordinal))[figure.Length..^2], NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture);

    private static Guid Key(int number) => new(number, 0, 0, [0, 0, 0, 0, 0, 0, 0, 0]);

    public static async Task<(Guid Organization, Guid User)> RegisterAsync(HttpClient http)
    {
        using var response = await http.PostAsJsonAsync("auth/register", new { email = Email, password = Password, currency = "USD" });
        var registered = JsonNode.Parse(await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)registered["access_token"]!);
        return (Guid.Parse((string)registered["organization"]!["id"]!), Guid.Parse((string)registered["user"]!["id"]!));
    }

    /// <summary>As settlements leave them: in order of time, twenty keys, twelve models of six vendors, a few tags, one in a hundred failed.</summary>
    public static async Task FillAsync(string admin, Guid organization, Guid user, DateTimeOffset now, int records)
    {
        for (var month = Days / 30 + 1; month >= 0; month--)
        {
            await ScalarAsync<int>(admin, $"select usage_months_prepare('{now.AddMonths(-month):O}', 1)");
        }

        for (var from = 0; from < records; from += Batch)
        {
            await LedgerBench.ExecuteAsync(
                admin,
                $"""
                 insert into usage_records (
                     id, occurred_at, organization_id, user_id, key_id, model_id, upstream_id, vendor_id, surface, source, status, error_code, streamed, finish_reason,
                     plan_tokens, price_rows, tags, latency, time_to_first_token, attempts, plan_tokens_charged, charged_nanos, currency, cost_nanos, vendor_cost_nanos, fee_basis_points, guardrails,
                     tokens_audio_in, tokens_audio_out, tokens_cache_read, tokens_cache_write1h, tokens_cache_write5m, tokens_image_in, tokens_image_out,
                     tokens_input_uncached, tokens_output_reasoning, tokens_output_text, units_characters, units_images, units_search_units, units_seconds)
                 select uuid_v7(at), at, '{organization}', '{user}', (lpad(to_hex(i % 20), 8, '0') || '-0000-0000-0000-000000000000')::uuid,
                        case when i % 100000 = 7 then 'bench/rare' else 'bench/model-' || chance % 12 end, '{user}', 'vendor-' || chance % 6, 'openai.chat', 'vendor',
                        case when chance % 100 = 13 then 'failed' else 'succeeded' end, case when chance % 100 = 13 then 'upstream_error' end, chance % 2 = 0, 'stop',
                        500 + chance % 1000, array['{user}'::uuid],
                        case when i % 100000 = 9 then array['project:rare'] when chance % 5 = 0 then array['project:' || chance % 8] else '{"{}"}' end,
                        '1.5 seconds', '300 milliseconds', 1, 500 + chance % 1000, 0, 'USD', 1000 * (chance % 9999), 700 * (chance % 9999), 0, '{"{}"}', 0, 0, 0, 0, 0, 0, 0, chance % 700, 0, chance % 300, 0, 0, 0, 0
                 from generate_series({from + 1}, {Math.Min(records, from + Batch)}) i
                 cross join lateral (select '{now:O}'::timestamptz - interval '{Days} days' * (1 - i::float8 / {records}) as at, abs(hashint4(i)) as chance) random
                 """);
        }
    }

    public static async Task OnceCountedAsync(string admin)
    {
        while (await ScalarAsync<long>(admin, "select count(*) from usage_pending") > 0)
        {
            await ScalarAsync<int>(admin, "select usage_roll_up(5000)");
        }
    }

    private static async Task<JsonNode> ReadAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path);
        var text = await response.Content.ReadAsStringAsync();
        return response.IsSuccessStatusCode ? JsonNode.Parse(text)! : throw new InvalidOperationException(text);
    }

    private static async Task<(long Rows, long Bytes)> ExportAsync(HttpClient http, string path)
    {
        using var response = await http.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync();
        var buffer = new byte[64 * 1024];
        var (rows, bytes) = (-1L, 0L);
        for (int read; (read = await body.ReadAsync(buffer)) > 0; bytes += read)
        {
            rows += buffer.AsSpan(0, read).Count((byte)'\n');
        }

        return (rows, bytes);
    }

    private static async Task<TimeSpan> TimeAsync(Func<Task> work)
    {
        var clock = Stopwatch.StartNew();
        await work();
        return clock.Elapsed;
    }

    private static async Task<T> ScalarAsync<T>(string connectionString, string sql)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(sql, connection) { CommandTimeout = 0 };
        return (T)Convert.ChangeType((await command.ExecuteScalarAsync())!, typeof(T), CultureInfo.InvariantCulture);
    }
}
