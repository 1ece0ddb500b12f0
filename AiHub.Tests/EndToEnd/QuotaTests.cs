using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using AiHub.Tests.Hub;

namespace AiHub.Tests.EndToEnd;

public sealed class QuotaTests
{
    [Fact(Timeout = 300_000)]
    public async Task The_first_token_beyond_a_free_month_is_refused_and_the_next_month_lets_it_through()
    {
        var clock = new TestClock();
        await using var hub = await TestHub.StartAsync(new TestHubOptions(clock));
        var customer = await hub.RegisterAsync();

        // Each call takes what it can get; the last ones are cut to what is left, so the month ends on the very token.
        while ((await customer.UsageAsync()).Quota.Remaining > 200)
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("lorem 2000", "sim/lorem")).StatusCode);
        }

        HttpResponseMessage answer;
        do
        {
            clock.Advance(TimeSpan.FromSeconds(10));
            answer = await customer.ChatAsync("x", "sim/lorem");
        }
        while (answer.IsSuccessStatusCode);

        Assert.Equal(HttpStatusCode.TooManyRequests, answer.StatusCode);
        Assert.Equal("false", Assert.Single(answer.Headers.GetValues("x-should-retry")));
        var error = (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");
        Assert.Equal("insufficient_quota", error.GetProperty("code").GetString());

        var used = await customer.UsageAsync();
        Assert.Equal(10_000, used.Quota.Limit);
        Assert.Equal(0, used.Quota.Held);
        Assert.True(used.Quota.Used <= 10_000, $"{used.Quota.Used} tokens of 10,000 were used.");
        Assert.Equal(used.Quota.Used, (await customer.RequestsAsync()).Sum(request => request.PlanTokensCharged));

        clock.AdvanceTo(used.Quota.ResetsAt!.Value.AddSeconds(1));
        Assert.Equal(HttpStatusCode.TooManyRequests, (await customer.ChatAsync("x", "sim/echo")).StatusCode);

        hub.AddWorker();
        await customer.SignInAsync();
        while ((await customer.UsageAsync()).Quota.Remaining != 10_000)
        {
            await Task.Delay(200);
        }

        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("x", "sim/echo")).StatusCode);
        var fresh = await customer.UsageAsync();
        Assert.Equal(10_000, fresh.Quota.Limit);
        Assert.Equal(fresh.Quota.Used, (await customer.RequestsAsync())[0].PlanTokensCharged);
    }
}
