using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Usage;
using AiHub.Tests.Chat;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Metering;

/// <summary>The end of a plan's tokens, to the token.</summary>
public sealed class QuotaTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    [Fact]
    public async Task Near_its_end_a_plan_limits_the_answer_and_after_its_end_it_answers_no_more()
    {
        var customer = await vendors.Hub.RegisterAsync();
        await using var greedy = await ScriptedVendor.AnsweringAsync(Answer(prompt: 8, completion: 9_903));
        await using var modest = await ScriptedVendor.AnsweringAsync(Answer(prompt: 8, completion: 81));
        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", await vendors.ServeAsync(greedy))).StatusCode);
        Assert.Equal(89, (await customer.UsageAsync()).Quota.Remaining);
        var model = await vendors.ServeAsync(modest);

        // 89 are left: 8 for the prompt, counted exactly now, and 81 for the answer.
        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", model)).StatusCode);
        Assert.True(modest.Requests.TryDequeue(out var received));
        Assert.Equal(81, (int)JsonNode.Parse(received.Body)!["max_tokens"]!);
        Assert.Equal(0, (await customer.UsageAsync()).Quota.Remaining);

        var refused = await customer.ChatAsync("hi", model);
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        var error = await DoorTests.ErrorAsync(refused);
        Assert.Equal(("insufficient_quota", null, "insufficient_quota"), ((string?)error["type"], (string?)error["param"], (string?)error["code"]));
        Assert.Equal("false", refused.Headers.GetValues("x-should-retry").Single());
        Assert.Contains("10,000 of 10,000 tokens of the Free plan", (string?)error["message"]);
        Assert.Contains("It resets at 20", (string?)error["message"]);
        Assert.Empty(modest.Requests);
    }

    [Fact]
    public async Task A_vendor_that_writes_more_than_it_was_allowed_does_not_overdraw_the_plan()
    {
        var customer = await vendors.Hub.RegisterAsync();
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer(prompt: 8, completion: 20_000));

        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", await vendors.ServeAsync(vendor))).StatusCode);

        Assert.Equal((0L, 10_000L), ((await customer.UsageAsync()).Quota.Remaining, (await customer.UsageAsync()).Quota.Used));
        await using var db = vendors.Hub.Database.OpenAsAdmin();
        var record = await db.UsageRecords.SingleAsync(record => record.OrganizationId == customer.OrganizationId);
        Assert.Equal((20_008L, 10_000L, 0L), (record.PlanTokens, record.PlanTokensCharged, record.ChargedNanos));
    }

    [Fact]
    public async Task A_prompt_the_quick_guess_thinks_too_long_is_counted_before_it_is_refused()
    {
        var customer = await vendors.Hub.RegisterAsync();
        await using var greedy = await ScriptedVendor.AnsweringAsync(Answer(prompt: 8, completion: 9_792));
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer(prompt: 108, completion: 5));
        Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", await vendors.ServeAsync(greedy))).StatusCode);

        // 800 bytes are guessed to be 200 tokens and more; they are about a hundred.
        var response = await customer.ChatAsync(string.Concat(Enumerable.Repeat(" counting", 90)), await vendors.ServeAsync(vendor));

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Calls_beyond_the_limit_per_minute_are_told_when_to_come_back()
    {
        var customer = await vendors.Hub.RegisterAsync();
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer(prompt: 1, completion: 1));
        var model = await vendors.ServeAsync(vendor);
        for (var i = 0; i < 10; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await customer.ChatAsync("hi", model)).StatusCode);
        }

        var refused = await customer.ChatAsync("hi", model);

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal("rate_limit_exceeded", (string?)(await DoorTests.ErrorAsync(refused))["code"]);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 1, 60);
        Assert.Equal(("10", "0"), (refused.Headers.GetValues("x-ratelimit-limit-requests").Single(), refused.Headers.GetValues("x-ratelimit-remaining-requests").Single()));
        Assert.Equal(10, vendor.Requests.Count);
    }

    [Fact]
    public async Task Racing_for_the_last_tokens_nobody_gets_more_than_there_are()
    {
        var customer = await vendors.Hub.RegisterAsync();
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer(prompt: 8, completion: 2_992));
        var model = await vendors.ServeAsync(vendor);

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => customer.Api.PostAsync(
            "chat/completions", new StringContent($$"""{"model":"{{model}}","max_tokens":2992,"messages":[{"role":"user","content":"hi"}]}""", Encoding.UTF8, "application/json"))));

        Assert.All(answers, answer => Assert.Contains(answer.StatusCode, (HttpStatusCode[])[HttpStatusCode.OK, HttpStatusCode.TooManyRequests]));
        var quota = (await customer.UsageAsync()).Quota;
        Assert.Equal((10_000L, 0L), (quota.Used + quota.Remaining, quota.Held));
        await using var db = vendors.Hub.Database.OpenAsAdmin();
        var records = await db.UsageRecords.Where(record => record.OrganizationId == customer.OrganizationId).ToListAsync();
        Assert.Equal(answers.Count(answer => answer.IsSuccessStatusCode), records.Count);
        Assert.Equal(quota.Used, records.Sum(record => record.PlanTokensCharged));
        Assert.All(records, record => Assert.Equal(UsageStatus.Succeeded, record.Status));
    }

    private static string Answer(int prompt, int completion) =>
        $$$"""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":{{{prompt}}},"completion_tokens":{{{completion}}}}}""";
}
