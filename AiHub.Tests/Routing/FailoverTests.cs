using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Simulators;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Routing;

/// <summary>A model with two endpoints, the first of which fails in every way there is.</summary>
public sealed class FailoverTests(FailoverTests.TwoVendorHub fixture) : IClassFixture<FailoverTests.TwoVendorHub>
{
    private static readonly Dialect[] Dialects =
    [
        new("v1/chat/completions", text => $$"""{"model":"%","stream":true,"messages":[{"role":"user","content":"{{text}}"}]}""", Chat),
        new("api/v1/chat/completions", text => $$"""{"model":"%","stream":true,"messages":[{"role":"user","content":"{{text}}"}]}""", Chat),
        new("v1/completions", text => $$"""{"model":"%","stream":true,"prompt":"{{text}}"}""", Chat),
        new("v1/messages", text => $$"""{"model":"%","stream":true,"max_tokens":900,"messages":[{"role":"user","content":"{{text}}"}]}""", events => Named(events, "message_stop", "error")),
        new("v1/responses", text => $$"""{"model":"%","stream":true,"input":"{{text}}"}""", events => Named(events, "response.completed", "error")),
    ];

    // A third of the calls meets the fault, and each dialect once.
    private static readonly int CallsPerFault = 3 * Dialects.Length;

    // What is the caller's own doing, or against a vendor's policy, is passed on, not around; and what the others do is no failure.
    private static readonly string[] NoFailures =
        ["context-length", "policy", "unknown-parameters", "split-utf8", "crlf", "no-space", "comments", "created-as-string", "usage-on-every-chunk", "no-usage", "usage-null"];

    [Fact]
    public async Task Clients_do_not_notice_an_endpoint_that_fails_a_third_of_the_time_before_its_first_word()
    {
        using var simulators = new HttpClient { BaseAddress = fixture.Faulty.Url };
        var faults = Faults.All.Keys.Except(NoFailures).ToList();
        var (calls, refused, broken) = (0, new List<string>(), Dialects.ToDictionary(dialect => dialect.Path, _ => 0));

        foreach (var fault in faults)
        {
            for (var call = 0; call < CallsPerFault; call++)
            {
                if (call % 3 == 0)
                {
                    // Whatever rested because of the last fault is well again.
                    fixture.Clock.Advance(TimeSpan.FromHours(1));
                    // A fault that nobody met, because the endpoint rested, is not the next one's.
                    (await simulators.DeleteAsync("/_sim/faults")).EnsureSuccessStatusCode();
                }

                if (call % 3 == 1)
                {
                    var ordered = await simulators.PostAsJsonAsync("/_sim/faults", new { vendor = "openai", fault, count = 1 });
                    Assert.True(ordered.IsSuccessStatusCode, await ordered.Content.ReadAsStringAsync());
                }

                calls++;
                var dialect = Dialects[call / 3];
                using var request = new StringContent(dialect.Ask($"lorem 12 {calls}").Replace("%", fixture.Model, StringComparison.Ordinal), Encoding.UTF8, "application/json");
                using var response = await fixture.Customer.Api.PostAsync(new Uri(fixture.Hub.GatewayUrl, dialect.Path), request);
                var text = await response.Content.ReadAsStringAsync();
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    refused.Add($"{fault}: {(int)response.StatusCode} {text}");
                    continue;
                }

                var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => !one.StartsWith(':')).ToList();
                var ended = dialect.HowItEnded(events);
                Assert.True(ended is not null, $"{fault}, {dialect.Path}: {text}");
                broken[dialect.Path] += ended.Value ? 0 : 1;
            }
        }

        Assert.True(refused.Count * 1_000 <= calls, string.Join('\n', refused));
        // Some faults come in the middle, where nobody can take over; each of those was told.
        Assert.All(broken, dialect => Assert.True(dialect.Value > 0, $"No fault came in the middle of an answer of {dialect.Key}."));
        Assert.True(await fixture.AnsweredByAsync("backup") > 0, "The second endpoint was never needed.");
        Assert.True(await fixture.AnsweredByAsync("faulty") > calls / 4, "The first endpoint was given up.");
    }

    [Fact]
    public async Task Clients_do_not_notice_an_endpoint_where_nobody_listens()
    {
        for (var call = 0; call < 10; call++)
        {
            // Now it rests, and now it is tried again.
            fixture.Clock.Advance(TimeSpan.FromMinutes(call % 2 * 30));
            var dialect = Dialects[call / 2];
            using var request = new StringContent(dialect.Ask("lorem 3").Replace("%", fixture.Deserted, StringComparison.Ordinal), Encoding.UTF8, "application/json");
            using var response = await fixture.Customer.Api.PostAsync(new Uri(fixture.Hub.GatewayUrl, dialect.Path), request);
            var text = await response.Content.ReadAsStringAsync();

            Assert.True(response.StatusCode == HttpStatusCode.OK && dialect.HowItEnded([.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries)]) == true, text);
            Assert.Equal("sim", response.Headers.GetValues("x-aihub-provider").Single());
        }
    }

    private static bool? Chat(List<string> events)
    {
        if (events.Count < 2 || events[^1] != "data: [DONE]" || !events.TrueForAll(one => one.StartsWith("data: ", StringComparison.Ordinal)))
        {
            return null;
        }

        var chunks = events[..^1].ConvertAll(one => JsonNode.Parse(one[6..])!);
        var reasons = chunks.Select(chunk => (string?)chunk["choices"]?.AsArray().FirstOrDefault()?["finish_reason"]).Where(reason => reason is not null).ToList();
        var failed = chunks[^1]["error"] is not null;
        return (failed ? reasons[^1] == "error" : reasons.Count > 0 && reasons.TrueForAll(reason => reason != "error")) ? !failed : null;
    }

    private static bool? Named(List<string> events, string proper, string failure)
    {
        // After the last event of Responses comes OpenAI's mark of the end.
        events.Remove("data: [DONE]");
        var names = events.ConvertAll(one => one.Split('\n')[0]);
        var ends = names.Where(name => name == $"event: {proper}" || name == $"event: {failure}").ToList();
        return ends.Count == 1 && ends[0] == names[^1] && events.TrueForAll(one => JsonNode.Parse(one[(one.IndexOf("\ndata: ", StringComparison.Ordinal) + 7)..]) is JsonObject) ? ends[0] == $"event: {proper}" : null;
    }

    /// <param name="HowItEnded">True for a proper end, false when the answer broke off and says so; null is anything in between, which there must not be.</param>
    private sealed record Dialect(string Path, Func<string, string> Ask, Func<List<string>, bool?> HowItEnded);

    /// <summary>A hub with an own simulator for the endpoint that fails, so that the other never does; it waits seconds where the real one waits minutes.</summary>
    public sealed class TwoVendorHub : IAsyncLifetime
    {
        public TestClock Clock { get; } = new();

        public TestHub Hub { get; private set; } = null!;

        public ServiceHost<SimulatorOptions> Faulty { get; private set; } = null!;

        public TestCustomer Customer { get; private set; } = null!;

        public string Model { get; } = $"test/{Guid.CreateVersion7():N}";

        /// <summary>A model whose first endpoint refuses the connection.</summary>
        public string Deserted { get; } = $"test/{Guid.CreateVersion7():N}";

        public async Task InitializeAsync()
        {
            // A week goes by, and a plan's tokens end with the month: they begin with one.
            var now = Clock.GetUtcNow();
            Clock.AdvanceTo(new DateTimeOffset(now.Year, now.Month, 1, 1, 0, 0, TimeSpan.Zero).AddMonths(1));
            Faulty = new ServiceHost<SimulatorOptions>(new Dictionary<string, string?> { ["Simulators:HugeBytes"] = "20000000" });
            Hub = await TestHub.StartAsync(new TestHubOptions(Clock, Settings: new Dictionary<string, string?>
            {
                ["Upstreams:Timeouts:FirstToken"] = "00:00:03",
                ["Upstreams:Timeouts:Idle"] = "00:00:03",
                ["Upstreams:Timeouts:Total"] = "00:01:00",
                ["Vendors:faulty:ApiKey"] = SimulatorOptions.DevelopmentKey,
                ["Vendors:faulty:AllowPrivateNetwork"] = "true",
            }));
            Customer = await Hub.RegisterAsync();
            await Hub.Database.AsAdminAsync<Guid>($"update subscriptions set plan_id = '{Domain.Quotas.PlanIds.Enterprise}' where organization_id = '{Customer.OrganizationId}' returning id");
            // More calls than the tokens of its plan are for.
            await Hub.Database.AsAdminAsync<bool>(
                $"select ledger_post(gen_random_uuid(), '{Customer.OrganizationId}', 'top-up', 'top_up', 'payments', 'wallet_purchased', 'USD', {Money.NanosPerUnit}, now(), now())");

            await using (var db = Hub.Database.OpenAsAdmin())
            {
                db.Vendors.Add(new Vendor { Id = "faulty", Name = "Faulty", BaseUrl = new Uri(Faulty.Url, "/vendors/openai/v1").ToString(), Dialect = "openai", Source = "test" });
                foreach (var (model, first) in (ReadOnlySpan<(string, string)>)[(Model, "faulty"), (Deserted, "sim-refused")])
                {
                    db.Models.Add(new Model { Id = model, Name = "Two", MaxOutputTokens = 1_000, CreatedAt = DateTimeOffset.UnixEpoch });
                    foreach (var (vendor, priority) in (ReadOnlySpan<(string, int)>)[(first, 0), ("sim", 1)])
                    {
                        var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = model, VendorId = vendor, VendorModel = "lorem", Priority = priority };
                        db.Upstreams.Add(upstream);
                        db.Prices.AddRange(Price(upstream, PriceComponent.Input), Price(upstream, PriceComponent.Output));
                    }
                }

                await db.SaveChangesAsync();
            }

            await Hub.OnceServedAsync(Customer, Model);
            await Hub.OnceServedAsync(Customer, Deserted);
        }

        public async Task<int> AnsweredByAsync(string which)
        {
            var vendor = which == "faulty" ? "faulty" : "sim";
            await using var db = Hub.Database.OpenAsAdmin();
            return await db.UsageRecords.CountAsync(record => record.ModelId == Model && record.VendorId == vendor && record.Status == Domain.Usage.UsageStatus.Succeeded);
        }

        public async Task DisposeAsync()
        {
            await Hub.DisposeAsync();
            await Faulty.DisposeAsync();
        }

        private static PriceRow Price(Upstream upstream, PriceComponent component) => new()
        {
            Id = Guid.CreateVersion7(),
            UpstreamId = upstream.Id,
            Component = component,
            Currency = Currency.USD,
            NanosPerMillion = Money.NanosPerUnit,
            ValidFrom = DateTimeOffset.UnixEpoch,
            Source = "test",
        };
    }
}
