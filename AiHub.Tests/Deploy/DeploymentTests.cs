using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Accounts;
using AiHub.Tests.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit.Abstractions;

namespace AiHub.Tests.Deploy;

/// <summary>Runs where compose.yaml can be played without containers.</summary>
public sealed class DeploymentFactAttribute : FactAttribute
{
    public DeploymentFactAttribute() => Skip = Deployment.Missing;
}

[Collection(WholeHubs.Name)]
public sealed class DeploymentTests(ITestOutputHelper output)
{
    private const int Streams = 200;
    private const string PromptCanary = "canary-of-a-prompt-5f0c";

    [DeploymentFact]
    public async Task Both_gateways_are_restarted_and_none_of_two_hundred_open_streams_is_cut()
    {
        await using var hub = await Deployment.StartAsync();
        var (organization, key) = await CustomerAsync(hub);

        await TheDoorsAreWhereTheyShouldBeAsync(hub);

        using var enough = new CancellationTokenSource();
        var load = new Load(hub, key);
        var running = load.RunAsync(enough.Token);
        await load.OpenAsync(Streams);

        var first = await hub.RestartAsync("gateway-1");
        await load.OpenAsync(Streams);
        var second = await hub.RestartAsync("gateway-2");
        await enough.CancelAsync();
        await running;

        output.WriteLine($"streams finished: {load.Finished}, cut: {load.Broken.Count}, most open at once: {load.Most}; drained in {first.Drained.TotalSeconds:0.0} s and {second.Drained.TotalSeconds:0.0} s");
        Assert.Equal([], load.Broken.Take(5));
        Assert.True(load.Finished > Streams, $"{load.Finished} streams finished.");
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 0), (first.ReadyAfterSignal, first.ExitCode));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, 0), (second.ReadyAfterSignal, second.ExitCode));

        // Both were given streams to finish, or the restart of one proved nothing.
        Assert.True(first.Drained > TimeSpan.FromSeconds(8) && second.Drained > TimeSpan.FromSeconds(8), $"{first.Drained}, {second.Drained}");

        Assert.Equal(load.Finished, await hub.AsAdminAsync<long>($"select count(*) from usage_records where organization_id = '{organization}'"));
        Assert.Equal(0, await hub.AsAdminAsync<long>("select count(*) from holds where state = 'held'"));
        await using var ledger = new Ledger(hub.App, TimeProvider.System, NullLogger<Ledger>.Instance);
        Assert.Empty(await ledger.AuditAsync(TimeProvider.System.GetUtcNow(), CancellationToken.None));

        TheLogsAreOrderlyAndHoldNoSecret(hub, key);
    }

    private static async Task TheDoorsAreWhereTheyShouldBeAsync(Deployment hub)
    {
        foreach (var replica in Deployment.Replicas)
        {
            Assert.Equal((HttpStatusCode.OK, "ready"), await hub.PrivateAsync(replica, "/ready"));
            Assert.Equal((HttpStatusCode.OK, "Healthy"), await hub.PrivateAsync(replica, "/health"));
            Assert.Equal((HttpStatusCode.OK, "Healthy"), await hub.PrivateAsync(replica, "/alive"));
            Assert.Equal(HttpStatusCode.NotFound, (await hub.PrivateAsync(replica, "/v1/models")).Status);
        }

        // What the autoscaler and the dashboards go by.
        Assert.Contains("http_server_active_requests", (await hub.PrivateAsync("gateway-1", "/metrics")).Text, StringComparison.Ordinal);

        using var api = hub.NewClient(Deployment.ApiHost);
        using var portal = hub.NewClient(Deployment.PortalHost);
        foreach (var path in new[] { "/health", "/alive", "/ready", "/metrics" })
        {
            using var knock = new HttpRequestMessage(HttpMethod.Get, path);
            // The port a caller pretends is not the port the connection came in on.
            knock.Headers.Add("X-Forwarded-Host", "gateway-1:8081");
            Assert.Equal(HttpStatusCode.NotFound, (await api.SendAsync(knock)).StatusCode);
        }

        Assert.Equal(HttpStatusCode.OK, (await api.GetAsync("/openapi/v1.json")).StatusCode);
        var page = await portal.GetAsync("/sign-in");
        Assert.Equal(HttpStatusCode.OK, page.StatusCode);
        Assert.Contains("max-age=", Assert.Single(page.Headers.GetValues("Strict-Transport-Security")), StringComparison.Ordinal);
        Assert.All(page.Headers.GetValues("Set-Cookie"), cookie => Assert.Contains("samesite", cookie, StringComparison.OrdinalIgnoreCase));

        // No channel is configured, so the workers have nothing to hear; but it is they who say so.
        using var notice = await api.PostAsync("/webhooks/stripe", new StringContent("{}"));
        Assert.Equal(HttpStatusCode.NotFound, notice.StatusCode);
        Assert.False(notice.Headers.Contains("x-request-id"));
    }

    private static void TheLogsAreOrderlyAndHoldNoSecret(Deployment hub, string key)
    {
        foreach (var replica in Deployment.Replicas)
        {
            var lines = hub.LinesOf(replica);
            Assert.NotEmpty(lines);
            Assert.All(lines, line => Assert.NotNull(JsonNode.Parse(line)?["LogLevel"]));
            foreach (var secret in new[] { hub.AppPassword, hub.OwnerPassword, hub.CachePassword, hub.VendorKey, hub.SetupToken, key, PromptCanary })
            {
                Assert.DoesNotContain(lines, line => line.Contains(secret, StringComparison.Ordinal));
            }
        }

        // Not a line per request.
        Assert.True(hub.LinesOf("gateway-1").Count + hub.LinesOf("gateway-2").Count < Streams, string.Join('\n', hub.LinesOf("gateway-1").Take(30)));
    }

    /// <summary>The first day of a hub: somebody registers and finds the mail, becomes the operator with the token that the migration printed, and gets money and a key.</summary>
    private static async Task<(Guid Organization, string Key)> CustomerAsync(Deployment hub)
    {
        using var api = hub.NewClient(Deployment.ApiHost);
        Assert.Equal("mail_sent", (string?)(await SendAsync("/api/v1/auth/register", new { email = "first@example.com", password = "a sentence only I know", currency = "USD" }))!["status"]);
        var registered = await SendAsync("/api/v1/auth/register/confirm", new { token = await hub.MailedTokenAsync("first@example.com"), password = "a sentence only I know" });
        api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", (string)registered!["access_token"]!);
        await SendAsync("/api/v1/auth/operator", new { setup_token = hub.SetupToken });
        var organization = Guid.Parse((string)registered["organization"]!["id"]!);
        await hub.AsAdminAsync<object>(
            $"""
             update subscriptions set plan_id = 'enterprise' where organization_id = '{organization}';
             select ledger_post(gen_random_uuid(), '{organization}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', 1000000000000, now(), now());
             """);

        var key = (string)(await SendAsync("/api/v1/auth/api-keys", new { name = "streams" }))!["key"]!;
        return (organization, key);

        async Task<JsonNode?> SendAsync(string path, object body)
        {
            using var response = await api.PostAsJsonAsync(path, body);
            var text = await response.Content.ReadAsStringAsync();
            Assert.True(response.IsSuccessStatusCode, text);
            return text.Length > 0 ? JsonNode.Parse(text) : null;
        }
    }

    /// <summary>Callers that each keep one stream of about a quarter of a minute open, all the time.</summary>
    private sealed class Load(Deployment hub, string key)
    {
        private int _open;

        public int Finished;
        public int Most;
        public ConcurrentQueue<string> Broken { get; } = [];

        public async Task RunAsync(CancellationToken enough)
        {
            using var http = hub.NewClient(Deployment.ApiHost);
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
            await Task.WhenAll(Enumerable.Range(0, Streams).Select(async caller =>
            {
                // Not all in one moment, as callers are not.
                await Task.Delay(caller * 20, CancellationToken.None);
                while (!enough.IsCancellationRequested)
                {
                    await StreamAsync(http);
                }
            }));
        }

        public async Task OpenAsync(int streams)
        {
            for (var clock = Stopwatch.StartNew(); Volatile.Read(ref _open) < streams; await Task.Delay(100))
            {
                Assert.True(clock.Elapsed < TimeSpan.FromSeconds(90), $"Only {_open} streams are open; broken so far: {string.Join("\n", Broken.Take(3))}");
            }
        }

        private async Task StreamAsync(HttpClient http)
        {
            const int Words = 30;
            var isOpen = false;
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
                {
                    Content = JsonContent.Create(new
                    {
                        model = "sim/slow",
                        stream = true,
                        messages = new[] { new { role = "user", content = $"slow 500 450 {PromptCanary} {string.Join(' ', Enumerable.Repeat("word", Words))}" } },
                    }),
                };
                using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    Broken.Enqueue($"{(int)response.StatusCode} {await response.Content.ReadAsStringAsync()}");
                    return;
                }

                isOpen = true;
                var open = Interlocked.Increment(ref _open);
                Most = Math.Max(Most, open);
                using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
                var (chunks, last) = (0, "");
                while (await lines.ReadLineAsync() is { } line)
                {
                    if (line.StartsWith("data:", StringComparison.Ordinal))
                    {
                        (chunks, last) = (chunks + 1, line);
                    }
                }

                if (last == "data: [DONE]" && chunks > Words)
                {
                    Interlocked.Increment(ref Finished);
                }
                else
                {
                    Broken.Enqueue($"{chunks} chunks, the last: {last}");
                }
            }
            catch (Exception failure) when (failure is HttpRequestException or IOException or OperationCanceledException or JsonException)
            {
                Broken.Enqueue(failure.Message);
            }
            finally
            {
                if (isOpen)
                {
                    Interlocked.Decrement(ref _open);
                }
            }
        }
    }
}
