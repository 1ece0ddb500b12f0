using System.Net.Http.Headers;
using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Metering;

/// <summary>Callers who leave: the vendor stops, and what was delivered is paid for, no more and no less.</summary>
public sealed class CancelTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    private const string Words = """data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"one two three"},"finish_reason":null}]}""" + "\n\n";
    private const string Stop = """data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""" + "\n\n";
    private const string Usage = """data: {"id":"c1","object":"chat.completion.chunk","created":7,"model":"m","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15}}""" + "\n\n";

    [Fact]
    public async Task Leaving_in_the_middle_stops_the_vendor_and_pays_for_what_was_delivered()
    {
        var stopped = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.RequestAborted.Register(stopped.SetResult);
            await ScriptedVendor.WriteAsync(context, "text/event-stream", Words);
            await stopped.Task;
        });
        var customer = await vendors.Hub.RegisterAsync();

        await ReadOneLineAndLeaveAsync(customer, await vendors.ServeAsync(vendor), "");
        await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1));

        // 8 for the prompt, 3 for the words: counted by the hub, for the vendor never said.
        var record = await RecordAsync(customer);
        Assert.Equal((UsageStatus.Cancelled, UsageSource.Estimated, new TokenUsage(8, OutputText: 3), 11L), (record.Status, record.Source, record.Tokens, record.PlanTokensCharged));
        var quota = (await customer.UsageAsync()).Quota;
        Assert.Equal((10_000L - 11, 0L), (quota.Remaining, quota.Held));
    }

    [Fact]
    public async Task An_estimate_is_never_more_than_the_caller_allowed_the_answer_to_be()
    {
        var stopped = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.RequestAborted.Register(stopped.SetResult);
            await ScriptedVendor.WriteAsync(context, "text/event-stream", Words);
            await stopped.Task;
        });
        var customer = await vendors.Hub.RegisterAsync();

        await ReadOneLineAndLeaveAsync(customer, await vendors.ServeAsync(vendor), ""","max_tokens":2""");

        Assert.Equal(new TokenUsage(8, OutputText: 2), (await RecordAsync(customer)).Tokens);
    }

    [Fact]
    public async Task Leaving_between_the_last_word_and_the_count_waits_for_the_count()
    {
        var left = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            await ScriptedVendor.WriteAsync(context, "text/event-stream", Words, Stop);
            await left.Task;
            await Task.Delay(300);
            await ScriptedVendor.WriteAsync(context, "text/event-stream", Usage, "data: [DONE]\n\n");
        });
        var customer = await vendors.Hub.RegisterAsync();

        await ReadOneLineAndLeaveAsync(customer, await vendors.ServeAsync(vendor), "", until: "\"stop\"");
        left.SetResult();

        var record = await RecordAsync(customer);
        Assert.Equal((UsageSource.Vendor, new TokenUsage(11, OutputText: 4)), (record.Source, record.Tokens));
    }

    private static async Task ReadOneLineAndLeaveAsync(TestCustomer customer, string model, string members, string until = "one two three")
    {
        // A connection of its own, so that leaving closes it.
        using var http = new HttpClient { BaseAddress = customer.Api.BaseAddress, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) } };
        using var response = await http.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, "chat/completions")
            {
                Content = new StringContent($$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi"}]{{members}}}""", Encoding.UTF8, "application/json"),
            },
            HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        while (!(await reader.ReadLineAsync())!.Contains(until, StringComparison.Ordinal))
        {
        }
    }

    private async Task<UsageRecord> RecordAsync(TestCustomer customer)
    {
        for (var tries = 0; ; tries++)
        {
            await using var db = vendors.Hub.Database.OpenAsAdmin();
            if (await db.UsageRecords.SingleOrDefaultAsync(record => record.OrganizationId == customer.OrganizationId) is { } record)
            {
                return record;
            }

            Assert.True(tries < 200, "The call is not on record.");
            await Task.Delay(50);
        }
    }
}
