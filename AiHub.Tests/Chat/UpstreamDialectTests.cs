using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using AiHub.Tests.Simulators;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Chat;

/// <summary>A customer with nothing but a base URL calls models of vendors of every dialect; what they pay is what those vendors served.</summary>
public sealed class UpstreamDialectTests
{
    [Theory]
    [InlineData("sim/claude", "anthropic")]
    [InlineData("sim/gemini", "gemini")]
    [InlineData("sim/responses", "responses")]
    [InlineData("sim/azure", "azure")]
    public async Task A_call_is_answered_and_billed_whatever_its_vendor_speaks(string family, string vendor)
    {
        var hub = await TestHub.SharedAsync();
        var customer = await hub.RegisterAsync();
        foreach (var stream in (bool[])[false, true])
        {
            var mark = $"mark {Guid.CreateVersion7():N} 世界 😀";
            var response = await customer.ChatAsync(mark, $"{family}-echo", stream);

            var body = await response.Content.ReadAsStringAsync();
            Assert.True(response.StatusCode == HttpStatusCode.OK, body);
            Assert.Equal(mark, stream
                ? SimulatorHost.TextOf(body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Where(sent => sent.StartsWith("data: ", StringComparison.Ordinal)).Select(sent => sent[6..]))
                : (string?)JsonNode.Parse(body)!["choices"]![0]!["message"]!["content"]);
            Assert.Equal($"sim-{vendor}", response.Headers.GetValues("x-aihub-provider").Single());

            var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
            await using var db = hub.Database.OpenAsAdmin();
            var record = await db.UsageRecords.SingleAsync(record => record.Id == id);
            using var simulators = new HttpClient { BaseAddress = hub.SimulatorsUrl };
            var received = (await simulators.GetFromJsonAsync<JsonArray>($"/_sim/vendors/requests?contains={mark[5..37]}"))!.Single()!;
            Assert.Equal(vendor, (string?)received["vendor"]);
            var served = (await simulators.GetFromJsonAsync<JsonObject>("/_sim/vendors/served"))!["answers"]!.AsArray()
                .Single(answer => (string?)answer!["request_id"] == (string?)received["request_id"])!;
            Assert.Equal((UsageStatus.Succeeded, UsageSource.Vendor), (record.Status, record.Source));
            Assert.Equal(((long)served["prompt_tokens"]!, (long)served["completion_tokens"]!), (record.Tokens.Input, record.Tokens.Output));
        }
    }

    [Fact]
    public async Task What_the_vendor_could_not_be_told_stands_in_a_header()
    {
        var customer = await (await TestHub.SharedAsync()).RegisterAsync();

        var response = await customer.Api.PostAsJsonAsync(
            "chat/completions", new { model = "sim/claude-echo", messages = new[] { new { role = "user", content = "Hi" } }, seed = 7, logit_bias = new { } });

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains("seed", response.Headers.GetValues("x-aihub-dropped-params").Single(), StringComparison.Ordinal);
    }
}
