using System.Net;
using System.Text;
using AiHub.Domain.Usage;
using AiHub.Tests.Chat;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Caching;

/// <summary>A hub may charge a share of the list price for an answer it has already.</summary>
public sealed class CachePriceTests(CachePriceTests.HalfPriceHub vendors) : IClassFixture<CachePriceTests.HalfPriceHub>
{
    [Fact]
    public async Task An_answer_from_the_cache_costs_the_share_the_hub_is_set_to()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(
            """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}""");
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();

        var (first, second) = (await AskAsync(), await AskAsync());

        Assert.Single(vendor.Requests);
        Assert.Equal((UsageSource.Vendor, 18_000L, 8L), first);
        Assert.Equal((UsageSource.Cached, 9_000L, 4L), second);
        var quota = (await customer.UsageAsync()).Quota;
        Assert.Equal((12L, 0L), (quota.Used, quota.Held));

        async Task<(UsageSource Source, long Cost, long PlanTokens)> AskAsync()
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions")
            {
                Content = new StringContent($$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json"),
                Headers = { { "x-aihub-cache", "on" } },
            };
            using var response = await customer.Api.SendAsync(request);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
            await using var db = vendors.Hub.Database.OpenAsAdmin();
            var record = await db.UsageRecords.SingleAsync(record => record.Id == id);
            return (record.Source, record.Cost.Nanos, record.PlanTokensCharged);
        }
    }

    public sealed class HalfPriceHub : VendorHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> More => [KeyValuePair.Create("AnswerCache:PricePercent", (string?)"50")];
    }
}
