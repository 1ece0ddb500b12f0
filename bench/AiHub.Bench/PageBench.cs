using System.Diagnostics;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using AiHub.Bench.Chaos;
using AiHub.Domain.Tenancy;

namespace AiHub.Bench;

/// <summary>How long the portal's pages take the servers, which are portal, gateway and database together, for an organization with very many calls.</summary>
internal static partial class PageBench
{
    private const int Times = 9;
    private const double Goal = 100;

    /// <returns>How many pages took longer than they should.</returns>
    public static async Task<int> RunAsync(int records, TextWriter output)
    {
        await using var hub = await ChaosHub.StartAsync();
        await hub.StartPortalAsync();
        using var api = new HttpClient { BaseAddress = new Uri(hub.Gateway, "/api/v1/"), Timeout = TimeSpan.FromMinutes(10) };
        var (organization, user) = await UsageBench.RegisterAsync(api);
        var (key, call) = await CallAsync(hub, api);
        var now = TimeProvider.System.GetUtcNow();
        await UsageBench.FillAsync(hub.Admin, organization, user, now, records);
        await UsageBench.OnceCountedAsync(hub.Admin);
        await BookAsync(hub.Admin, organization, now);
        await LedgerBench.ExecuteAsync(hub.Admin, "analyze usage_records, usage_rollups, usage_sums, journals, entries");
        // What comes and goes is cleaned up within a minute where calls come one by one; here a million went at once.
        await LedgerBench.ExecuteAsync(hub.Admin, "vacuum (analyze) usage_pending, usage_sums, finance_marks");
        await CloseAsync(hub.Admin);
        await LedgerBench.ExecuteAsync(hub.Admin, $"insert into operators (user_id, created_at) values ('{user}', now())");
        using var visitor = await SignInAsync(hub.Portal);

        await output.WriteLineAsync($"{records:N0} usage records over {UsageBench.Days} days; each page asked for {Times} times, one at a time, from the request to the last byte of HTML.");
        await output.WriteLineAsync();
        await output.WriteLineAsync($"| Page | median, ms | slowest, ms | kB |");
        await output.WriteLineAsync("|---|---|---|---|");
        var slow = new List<string>();
        foreach (var path in Pages(key, call))
        {
            var bytes = 0;
            // Once for the compiler, once for the caches.
            for (var i = 0; i < 2; i++)
            {
                bytes = await ReadAsync(visitor, path);
            }

            var taken = new List<double>();
            for (var i = 0; i < Times; i++)
            {
                var clock = Stopwatch.StartNew();
                await ReadAsync(visitor, path);
                taken.Add(clock.Elapsed.TotalMilliseconds);
            }

            taken.Sort();
            await output.WriteLineAsync($"| `{path.Replace(call, "…", StringComparison.Ordinal).Replace(key, "…", StringComparison.Ordinal)}` | {taken[Times / 2]:0} | {taken[^1]:0} | {bytes / 1000.0:0} |");
            if (taken[Times / 2] > Goal)
            {
                slow.Add(path);
            }
        }

        await output.WriteLineAsync();
        await output.WriteLineAsync(slow.Count == 0 ? $"Every page within {Goal:0} ms." : $"Longer than {Goal:0} ms: {string.Join(", ", slow)}");
        return slow.Count;
    }

    /// <summary>The journals of the calls, two entries each, as if all of them had been paid from the wallet; only that the balance is not what they sum to.</summary>
    private static Task BookAsync(string admin, Guid organization, DateTimeOffset now) => LedgerBench.ExecuteAsync(
        admin,
        $"""
         update organizations set created_at = '{now.AddDays(-UsageBench.Days - 1):O}';
         set session_replication_role = replica;
         insert into journals (id, organization_id, idempotency_key, kind, effective_at, booked_at)
             select id, organization_id, 'settle:' || id, 'settle', occurred_at, occurred_at from usage_records where organization_id = '{organization}' order by occurred_at;
         insert into entries (journal_id, organization_id, account_id, amount, unit)
             select record.id, record.organization_id, account.id, case account.kind when 'usage_revenue' then 1 else -1 end * (record.cost_nanos + 1), account.unit
             from usage_records record
             join accounts account on account.organization_id = record.organization_id and account.kind in ('usage_revenue', 'wallet_purchased') and account.unit = 'USD'
             where record.organization_id = '{organization}' order by record.occurred_at;
         set session_replication_role = origin;
         """);

    // The worker does it every five minutes; the bench has not the time.
    private static async Task CloseAsync(string admin)
    {
        for (var tries = 0; tries < 100; tries++)
        {
            await LedgerBench.ExecuteAsync(admin, $"select finance_close('{Organization.DefaultTimeZone}', 1000)");
        }
    }

    private static string[] Pages(string key, string call) =>
    [
        "/overview",
        "/usage",
        "/usage?days=90&metric=cost&by=key&compare=true",
        "/usage?days=7&metric=requests&by=vendor",
        "/usage?by=model&model=bench%2Fmodel-3",
        "/usage?by=key&model=bench%2Fmodel-3&tag=project%3A3",
        "/logs",
        "/logs?status=failed",
        "/logs?model=bench%2Fmodel-3",
        "/logs?model=bench%2Frare",
        "/logs?tag=project%3Arare",
        "/logs?tag=project%3Anone",
        $"/logs?key={key}",
        "/logs?tag=project%3A3&model=bench%2Fmodel-3",
        // Both in every hour, and never in one call.
        "/logs?tag=project%3A2&model=bench%2Fmodel-3",
        "/logs?tag=project%3Arare&model=bench%2Fmodel-3&status=succeeded",
        "/logs?tag=project%3A3&model=bench%2Fmodel-3&team=01920d0a-7a2b-7c3d-8e4f-5a6b7c8d9e0f",
        $"/logs/{call}",
        "/keys",
        $"/keys/{key}",
        "/keys/new",
        "/playground",
        "/models",
        "/models/sim/echo",
        "/status",
        "/budgets",
        "/alerts",
        "/billing",
        "/billing/plan",
        "/billing/movements",
        "/invoices",
        "/organization/members",
        "/organization/teams",
        "/organization/limits",
        "/organization/policy",
        "/organization/audit-log",
        "/organization/settings",
        "/account/security",
        "/admin/vendors",
        "/admin/models",
        "/admin/prices",
        "/admin/organizations",
        "/admin/health",
        "/admin/finance",
    ];

    /// <summary>One call as customers make it, so that there is one with all that belongs to it.</summary>
    private static async Task<(string Key, string Call)> CallAsync(ChaosHub hub, HttpClient api)
    {
        using var created = await api.PostAsJsonAsync("auth/api-keys", new { name = "bench" });
        var key = JsonNode.Parse(await created.EnsureSuccessStatusCode().Content.ReadAsStringAsync())!;
        using var models = new HttpClient { BaseAddress = hub.Gateway, DefaultRequestHeaders = { { "Authorization", $"Bearer {key["key"]}" } } };
        using var answer = await models.PostAsJsonAsync("/v1/chat/completions", new { model = "sim/echo", messages = new[] { new { role = "user", content = "hello" } } });
        answer.EnsureSuccessStatusCode();
        var calls = JsonNode.Parse(await api.GetStringAsync("usage/requests?limit=1"))!;
        return ((string)key["id"]!, (string)calls["data"]![0]!["id"]!);
    }

    private static async Task<HttpClient> SignInAsync(Uri portal)
    {
        var visitor = new HttpClient(new HttpClientHandler { CookieContainer = new CookieContainer(), AutomaticDecompression = DecompressionMethods.All })
        {
            BaseAddress = portal,
            DefaultRequestHeaders = { { "Accept-Language", "en" } },
        };
        var token = Token().Match(await visitor.GetStringAsync("/sign-in")).Groups[1].Value;
        using var entered = await visitor.PostAsync("/sign-in", new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["_handler"] = "sign-in",
            ["__RequestVerificationToken"] = token,
            ["Input.Email"] = UsageBench.Email,
            ["Input.Password"] = UsageBench.Password,
        }));
        return entered.RequestMessage!.RequestUri!.AbsolutePath == "/overview"
            ? visitor
            : throw new InvalidOperationException($"The sign-in ended at {entered.RequestMessage.RequestUri}: {(int)entered.StatusCode}.");
    }

    private static async Task<int> ReadAsync(HttpClient visitor, string path)
    {
        using var page = await visitor.GetAsync(path);
        var text = await page.Content.ReadAsByteArrayAsync();
        return page.IsSuccessStatusCode && page.RequestMessage!.RequestUri!.PathAndQuery == path
            ? text.Length
            : throw new InvalidOperationException($"{path} answered {(int)page.StatusCode} at {page.RequestMessage!.RequestUri}.");
    }

    [GeneratedRegex("name=\"__RequestVerificationToken\" value=\"([^\"]+)\"")]
    private static partial Regex Token();
}
