using System.Net;
using System.Text.Json.Nodes;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Simulators.Vendors.OpenAI;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Chat;

/// <summary>Everything the simulated vendor can do wrong, streamed and in one piece: never a clean end, never a charge.</summary>
public sealed class FaultTests(FaultTests.FaultyHub fixture) : IClassFixture<FaultTests.FaultyHub>
{
    // No server can refuse a connection: the one fault with a model and a vendor of its own.
    private const string Refused = "sim/refused";

    [Theory]
    [InlineData("reset-before-headers", 503, "upstream_unavailable")]
    [InlineData("500", 503, "upstream_unavailable")]
    [InlineData("503", 503, "upstream_busy")]
    [InlineData("529", 503, "upstream_busy")]
    [InlineData("429-storm", 503, "upstream_busy")]
    [InlineData("quota", 502, "upstream_unauthorized")]
    [InlineData("bad-key", 502, "upstream_unauthorized")]
    [InlineData("arrears", 502, "upstream_unauthorized")]
    [InlineData("html", 502, "upstream_malformed")]
    [InlineData("gzip-bomb", 502, "upstream_malformed")]
    [InlineData("error-in-band-first", 502, null)]
    [InlineData("context-length", 400, "context_length_exceeded")]
    [InlineData(Refused, 503, "upstream_unavailable")]
    public async Task A_vendor_that_fails_before_its_first_word_is_an_error_with_a_status(string fault, int status, string? code)
    {
        foreach (var stream in (bool[])[false, true])
        {
            var response = await AskAsync(fault, stream);

            Assert.True((int)response.StatusCode == status || (code is null && (int)response.StatusCode >= 500), $"{fault}, streamed {stream}: {response.StatusCode}");
            var error = await DoorTests.ErrorAsync(response);
            Assert.True(code is null || code == (string?)error["code"], $"{fault}, streamed {stream}: {error}");
            await AssertFailedForNothingAsync(response);
        }
    }

    [Theory]
    [InlineData("reset-mid-stream")]
    [InlineData("stall")]
    [InlineData("ends-early")]
    [InlineData("broken-sse")]
    [InlineData("garbage-frame")]
    [InlineData("error-in-band")]
    [InlineData("missing-done")]
    [InlineData("missing-finish-reason")]
    [InlineData("unknown-finish-reason")]
    public async Task A_vendor_that_fails_in_the_middle_of_a_stream_leaves_an_error_in_it(string fault)
    {
        var response = await AskAsync(fault, stream: true);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal("data: [DONE]", events[^1]);
        Assert.Equal("error", (string?)JsonNode.Parse(events[^2][6..])!["choices"]![0]!["finish_reason"]);
        Assert.NotNull(JsonNode.Parse(events[^2][6..])!["error"]);

        var record = await RecordAsync(response);
        Assert.Equal(UsageStatus.Failed, record.Status);
        // Only what the vendor itself counted before it failed may be charged.
        Assert.True(record.Source == UsageSource.Vendor || record.Tokens.Total == 0);
    }

    [Theory]
    [InlineData("reset-mid-stream")]
    [InlineData("stall")]
    [InlineData("ends-early")]
    [InlineData("garbage-frame")]
    [InlineData("error-in-band")]
    [InlineData("empty-choices")]
    [InlineData("unknown-finish-reason")]
    public async Task An_answer_that_does_not_arrive_whole_is_an_error(string fault)
    {
        var response = await AskAsync(fault, stream: false);

        Assert.True((int)response.StatusCode is 502 or 503 or 504, $"{fault}: {response.StatusCode}");
        await AssertFailedForNothingAsync(response);
    }

    [Theory]
    [InlineData("split-utf8")]
    [InlineData("crlf")]
    [InlineData("no-space")]
    [InlineData("comments")]
    [InlineData("usage-on-every-chunk")]
    [InlineData("no-usage")]
    [InlineData("usage-null")]
    [InlineData("created-as-string")]
    public async Task What_is_only_unusual_still_arrives(string fault)
    {
        foreach (var stream in (bool[])[false, true])
        {
            var response = await AskAsync(fault, stream);

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var record = await RecordAsync(response);
            Assert.Equal(UsageStatus.Succeeded, record.Status);
            Assert.True(record.Tokens is { Input: > 0, Output: > 0 }, $"{fault}, streamed {stream}: {record.Tokens}");
            Assert.Equal(fault is "no-usage" or "usage-null", record.Source == UsageSource.Estimated);
        }
    }

    // The fault is chosen by the model, so that a request that never reaches the vendor leaves nothing behind for the next.
    private async Task<HttpResponseMessage> AskAsync(string fault, bool stream)
    {
        var customer = await fixture.Hub.RegisterAsync();

        return await customer.ChatAsync("lorem 12", fault == Refused ? fault : FaultyHub.ModelOf(fault), stream);
    }

    private async Task AssertFailedForNothingAsync(HttpResponseMessage response)
    {
        var record = await RecordAsync(response);
        Assert.Equal((UsageStatus.Failed, 0L, 0L, 0L), (record.Status, record.Tokens.Total, record.PlanTokensCharged, record.ChargedNanos));
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Equal(0, await db.Balances.Where(balance => balance.OrganizationId == record.OrganizationId).SumAsync(balance => balance.Held));
    }

    private async Task<UsageRecord> RecordAsync(HttpResponseMessage response)
    {
        var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.Id == id);
    }

    /// <summary>A hub with a model for each fault, that waits seconds where the real one waits minutes.</summary>
    public sealed class FaultyHub : IAsyncLifetime
    {
        public TestHub Hub { get; private set; } = null!;

        public static string ModelOf(string fault) => $"fault/{fault}";

        public async Task InitializeAsync()
        {
            Hub = await TestHub.StartAsync(new TestHubOptions(Settings: new Dictionary<string, string?>
            {
                ["Upstreams:Timeouts:Idle"] = "00:00:04",
                ["Upstreams:Timeouts:Total"] = "00:01:00",
            }));

            await using var db = Hub.Database.OpenAsAdmin();
            foreach (var fault in Faults.All.Keys)
            {
                var upstream = new Upstream { Id = Guid.CreateVersion7(), ModelId = ModelOf(fault), VendorId = "sim", VendorModel = $"fault-{fault}" };
                db.Models.Add(new Model { Id = upstream.ModelId, Name = fault, MaxOutputTokens = 1_000, CreatedAt = DateTimeOffset.UnixEpoch });
                db.Upstreams.Add(upstream);
                db.Prices.AddRange(VendorHub.Price(upstream, PriceComponent.Input, 1_000_000_000), VendorHub.Price(upstream, PriceComponent.Output, 3_000_000_000));
            }

            await db.SaveChangesAsync();
            var prober = await Hub.RegisterAsync();
            await Hub.OnceServedAsync(prober, ModelOf(Faults.All.Keys.Last()));
        }

        public async Task DisposeAsync() => await Hub.DisposeAsync();
    }
}
