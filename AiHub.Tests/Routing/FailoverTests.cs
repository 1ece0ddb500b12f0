using System.Net;
using System.Net.Http.Json;
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
    private const int CallsPerFault = 7;

    // What is the caller's own doing, or against a vendor's policy, is passed on, not around; and what the others do is no failure.
    private static readonly string[] NoFailures =
        ["context-length", "policy", "unknown-parameters", "split-utf8", "crlf", "no-space", "comments", "created-as-string", "usage-on-every-chunk", "no-usage", "usage-null"];

    [Fact]
    public async Task Clients_do_not_notice_an_endpoint_that_fails_a_third_of_the_time_before_its_first_word()
    {
        using var simulators = new HttpClient { BaseAddress = fixture.Faulty.Url };
        var faults = Faults.All.Keys.Except(NoFailures).ToList();
        var (calls, refused, broken) = (0, new List<string>(), 0);

        foreach (var fault in faults)
        {
            // Whatever rested because of the last fault is well again.
            fixture.Clock.Advance(TimeSpan.FromHours(2));
            // A fault that nobody met, because the endpoint rested, is not the next one's.
            (await simulators.DeleteAsync("/_sim/faults")).EnsureSuccessStatusCode();
            for (var call = 0; call < CallsPerFault; call++)
            {
                if (call % 3 == 1)
                {
                    var ordered = await simulators.PostAsJsonAsync("/_sim/faults", new { vendor = "openai", fault, count = 1 });
                    Assert.True(ordered.IsSuccessStatusCode, await ordered.Content.ReadAsStringAsync());
                }

                calls++;
                using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions")
                {
                    Content = JsonContent.Create(new { model = fixture.Model, stream = true, messages = new[] { new { role = "user", content = $"lorem 12 {calls}" } } }),
                };
                using var response = await fixture.Customer.Api.SendAsync(request);
                var text = await response.Content.ReadAsStringAsync();
                if (response.StatusCode != HttpStatusCode.OK)
                {
                    refused.Add($"{fault}: {(int)response.StatusCode} {text}");
                    continue;
                }

                broken += EndsWell(fault, text) ? 0 : 1;
            }
        }

        Assert.True(refused.Count * 1_000 <= calls, string.Join('\n', refused));
        // Some faults come in the middle, where nobody can take over; each of those was told.
        Assert.True(broken > 0, "No fault came in the middle of an answer.");
        Assert.True(await fixture.AnsweredByAsync("backup") > 0, "The second endpoint was never needed.");
        Assert.True(await fixture.AnsweredByAsync("faulty") > calls / 4, "The first endpoint was given up.");
    }

    /// <returns>False when the answer broke off and says so; anything in between fails the test.</returns>
    private static bool EndsWell(string fault, string text)
    {
        var events = text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(one => one.StartsWith("data: ", StringComparison.Ordinal)).ToList();
        Assert.True(events.Count >= 2 && events[^1] == "data: [DONE]", $"{fault}: {text}");
        var chunks = events[..^1].ConvertAll(one => JsonNode.Parse(one[6..])!);
        var reasons = chunks.Select(chunk => (string?)chunk["choices"]?.AsArray().FirstOrDefault()?["finish_reason"]).Where(reason => reason is not null).ToList();
        var failed = chunks[^1]["error"] is not null;

        Assert.True(failed ? reasons[^1] == "error" : reasons.Count > 0 && reasons.TrueForAll(reason => reason != "error"), $"{fault}: {text}");
        return !failed;
    }

    /// <summary>A hub with an own simulator for the endpoint that fails, so that the other never does; it waits seconds where the real one waits minutes.</summary>
    public sealed class TwoVendorHub : IAsyncLifetime
    {
        public TestClock Clock { get; } = new();

        public TestHub Hub { get; private set; } = null!;

        public ServiceHost<SimulatorOptions> Faulty { get; private set; } = null!;

        public TestCustomer Customer { get; private set; } = null!;

        public string Model { get; } = $"test/{Guid.CreateVersion7():N}";

        public async Task InitializeAsync()
        {
            // Three days go by, and a plan's tokens end with the month: they begin with one.
            var now = Clock.GetUtcNow();
            Clock.AdvanceTo(new DateTimeOffset(now.Year, now.Month, 1, 1, 0, 0, TimeSpan.Zero).AddMonths(1));
            Faulty = new ServiceHost<SimulatorOptions>(new Dictionary<string, string?> { ["Simulators:HugeBytes"] = "20000000" });
            Hub = await TestHub.StartAsync(new TestHubOptions(Clock, Settings: new Dictionary<string, string?>
            {
                ["Upstreams:Timeouts:FirstToken"] = "00:00:05",
                ["Upstreams:Timeouts:Idle"] = "00:00:05",
                ["Upstreams:Timeouts:Total"] = "00:01:00",
                ["Vendors:faulty:ApiKey"] = SimulatorOptions.DevelopmentKey,
                ["Vendors:faulty:AllowPrivateNetwork"] = "true",
            }));
            Customer = await Hub.RegisterAsync();
            await Hub.Database.AsAdminAsync<Guid>($"update subscriptions set plan_id = '{Domain.Quotas.PlanIds.Enterprise}' where organization_id = '{Customer.OrganizationId}' returning id");

            await using (var db = Hub.Database.OpenAsAdmin())
            {
                db.Vendors.Add(new Vendor { Id = "faulty", Name = "Faulty", BaseUrl = new Uri(Faulty.Url, "/vendors/openai/v1").ToString(), Dialect = "openai", Source = "test" });
                db.Models.Add(new Model { Id = Model, Name = "Two", MaxOutputTokens = 1_000, CreatedAt = DateTimeOffset.UnixEpoch });
                foreach (var (vendor, priority) in (ReadOnlySpan<(string, int)>)[("faulty", 0), ("sim", 1)])
                {
                    var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = Model, VendorId = vendor, VendorModel = "lorem", Priority = priority };
                    db.Upstreams.Add(upstream);
                    db.Prices.AddRange(Price(upstream, PriceComponent.Input), Price(upstream, PriceComponent.Output));
                }

                await db.SaveChangesAsync();
            }

            for (var tries = 0; (await Customer.Api.GetAsync($"models/{Model}")).StatusCode != HttpStatusCode.OK; tries++)
            {
                Assert.True(tries < 200, "The gateway does not hear of its catalogue's changes.");
                await Task.Delay(50);
            }
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
