using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Chat;

/// <summary>Answers in one piece, what they cost, and what is refused before anybody is asked.</summary>
public sealed class CompletionTests(VendorHub vendors) : IClassFixture<VendorHub>, IAsyncLifetime
{
    private const string Answer = """
        {"id":"c1","object":"chat.completion","created":7,"model":"vendor-model-2026","choices":[{"index":0,"message":{"role":"assistant","content":"你好"},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}},"x_vendor":[1.50]}
        """;

    private TestCustomer _customer = null!;

    public async Task InitializeAsync() => _customer = await vendors.Hub.RegisterAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_answer_comes_back_byte_for_byte_and_its_cost_is_exact()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await vendors.ServeAsync(vendor);

        var response = await SendAsync($$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}],"x_unknown":[1,2.0]}""");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
        Assert.Equal("application/json", response.Content.Headers.ContentType!.ToString());
        Assert.True(vendor.Requests.TryDequeue(out var received));
        Assert.Equal("""{"model":"vendor-model","messages":[{"role":"user","content":"hi"}],"x_unknown":[1,2.0]}""", received.Body);

        // 8 × 1 + 3 × 0.1 + 4 × 3 millionths of a dollar.
        var record = await RecordAsync(response);
        Assert.Equal(new Money(20_300, Currency.USD), record.Cost);
        Assert.Equal(new TokenUsage(InputUncached: 8, CacheRead: 3, OutputText: 4), record.Tokens);
        Assert.Equal((UsageSource.Vendor, UsageStatus.Succeeded, "stop", false, 1), (record.Source, record.Status, record.FinishReason, record.Streamed, record.Attempts));
        Assert.Equal((15L, 15L, 0L), (record.PlanTokens, record.PlanTokensCharged, record.ChargedNanos));
        Assert.Equal(3, record.PriceRows.Count);
        Assert.Equal("0.0000203", response.Headers.GetValues("x-aihub-cost").Single());
        Assert.Equal((10_000 - 15, 0), ((await _customer.UsageAsync()).Quota.Remaining, (await _customer.UsageAsync()).Quota.Held));
        Assert.Equal(("10", "9"), (response.Headers.GetValues("x-ratelimit-limit-requests").Single(), response.Headers.GetValues("x-ratelimit-remaining-requests").Single()));
    }

    [Fact]
    public async Task Where_the_vendor_counts_nothing_the_hub_counts_and_says_so()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one two three"},"finish_reason":"stop"}],"usage":null}""");
        var model = await vendors.ServeAsync(vendor);

        var response = await SendAsync(Request(model));

        // Three for the message, one for its role, one for "hi", three for the reply.
        var usage = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["usage"]!;
        Assert.Equal("""{"prompt_tokens":8,"completion_tokens":3,"total_tokens":11}""", usage.ToJsonString());
        var record = await RecordAsync(response);
        Assert.Equal((UsageSource.Estimated, new TokenUsage(InputUncached: 8, OutputText: 3)), (record.Source, record.Tokens));
    }

    [Fact]
    public async Task A_vendor_that_fails_is_passed_over_for_the_next()
    {
        await using var busy = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"slow down"}}""", 429);
        await using var page = await ScriptedVendor.AnsweringAsync("<html></html>", type: "text/html");
        await using var well = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await vendors.ServeAsync(busy, page, well);

        var response = await SendAsync(Request(model));

        Assert.Equal(Answer, await response.Content.ReadAsStringAsync());
        Assert.Equal((1, 1, 1), (busy.Requests.Count, page.Requests.Count, well.Requests.Count));
        Assert.Equal(3, (await RecordAsync(response)).Attempts);
        Assert.Equal("3", response.Headers.GetValues("x-aihub-attempts").Single());
    }

    [Fact]
    public async Task A_request_the_vendor_rejects_is_not_sent_to_others_and_its_reason_comes_back()
    {
        await using var strict = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", 400);
        await using var other = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await vendors.ServeAsync(strict, other);

        var response = await SendAsync(Request(model));

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Equal("""{"error":{"message":"Too long.","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", await response.Content.ReadAsStringAsync());
        Assert.Empty(other.Requests);
    }

    [Theory]
    [InlineData(429, 503, "upstream_busy")]
    [InlineData(500, 503, "upstream_unavailable")]
    [InlineData(401, 502, "upstream_unauthorized")]
    [InlineData(504, 504, "upstream_timeout")]
    public async Task A_request_no_vendor_could_answer_costs_nothing(int vendorStatus, int status, string code)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"Incorrect API key provided: sk-12345"}}""", vendorStatus);
        var model = await vendors.ServeAsync(vendor);

        var response = await SendAsync(Request(model));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.DoesNotContain("sk-12345", await response.Content.ReadAsStringAsync());
        Assert.Equal(("server_error", code), ((string?)(await DoorTests.ErrorAsync(response))["type"], (string?)(await DoorTests.ErrorAsync(response))["code"]));
        Assert.Equal(status == 503, response.Headers.RetryAfter is not null);
        var record = await RecordAsync(response);
        Assert.Equal((UsageStatus.Failed, code, 0L, 0L, 0L), (record.Status, record.ErrorCode, record.Cost.Nanos, record.PlanTokensCharged, record.ChargedNanos));
        var quota = (await _customer.UsageAsync()).Quota;
        Assert.Equal((10_000L, 0L), (quota.Remaining, quota.Held));
    }

    public static TheoryData<string, int, string?, string?> Unreadable => new()
    {
        { "{", 400, null, null },
        { "[]", 400, null, null },
        { "", 400, null, null },
        { """{"messages":[{"role":"user","content":"x"}]}""", 400, "model", "missing_required_parameter" },
        { """{"model":"sim/echo"}""", 400, "messages", "missing_required_parameter" },
        { """{"model":"sim/echo","messages":[]}""", 400, "messages", "empty_array" },
        { """{"model":1,"messages":[{}]}""", 400, "model", "invalid_type" },
        { """{"model":"sim/echo","messages":[{}],"max_tokens":-1}""", 400, "max_tokens", "invalid_type" },
        { """{"model":"sim/echo","messages":[{}],"stream":"yes"}""", 400, "stream", "invalid_type" },
        { """{"model":"sim/echo","messages":[{}],"n":0}""", 400, "n", "invalid_type" },
        { """{"model":"sim/echo","mod\u0065l":"sim/lorem","messages":[{}]}""", 400, "model", "duplicate_parameter" },
        { """{"model":"no-such-model","messages":[{}]}""", 404, "model", "model_not_found" },
        { """{"model":"openai/gpt-5.5","messages":[{}]}""", 404, "model", "model_not_available" },
    };

    [Theory, MemberData(nameof(Unreadable))]
    public async Task What_cannot_be_answered_is_refused_before_anybody_is_asked(string body, int status, string? param, string? code)
    {
        var response = await SendAsync(body);

        Assert.Equal(status, (int)response.StatusCode);
        var error = await DoorTests.ErrorAsync(response);
        Assert.Equal(("invalid_request_error", param, code), ((string?)error["type"], (string?)error["param"], (string?)error["code"]));
    }

    [Fact]
    public async Task Bad_json_is_told_where_it_is_bad()
    {
        var response = await SendAsync("{\"model\": \"sim/echo\",\n \"messages\": [}");

        Assert.Contains("line 2, byte 15", (string?)(await DoorTests.ErrorAsync(response))["message"]);
    }

    [Fact]
    public async Task Another_content_type_is_refused()
    {
        var response = await _customer.Api.PostAsync("chat/completions", new StringContent("model=x", Encoding.UTF8, "application/x-www-form-urlencoded"));

        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        await DoorTests.ErrorAsync(response);
    }

    [Fact]
    public async Task A_model_without_a_price_is_refused_and_never_free()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await vendors.ServeAsync(vendor);
        var chinese = await vendors.Hub.RegisterAsync("CNY");

        var response = await chinese.ChatAsync("hi", model);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("model_not_priced", (string?)(await DoorTests.ErrorAsync(response))["code"]);
        Assert.Empty(vendor.Requests);
    }

    [Fact]
    public async Task A_caller_who_hangs_up_stops_the_vendor_and_the_call_is_on_record()
    {
        var asked = new TaskCompletionSource();
        var stopped = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            context.RequestAborted.Register(stopped.SetResult);
            asked.SetResult();
            await stopped.Task;
        });
        var model = await vendors.ServeAsync(vendor);
        using var caller = new CancellationTokenSource();

        var calling = SendAsync(Request(model), caller.Token);
        await asked.Task;
        await caller.CancelAsync();
        await stopped.Task.WaitAsync(TimeSpan.FromMinutes(1));

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calling);
        var record = await EventuallyAsync(model);
        Assert.Equal((UsageStatus.Cancelled, 0L, null), (record.Status, record.Tokens.Total, record.ErrorCode));
        Assert.Equal(0, (await _customer.UsageAsync()).Quota.Held);
    }

    internal static string Request(string model) => $$"""{"model":"{{model}}","messages":[{"role":"user","content":"hi"}]}""";

    private Task<HttpResponseMessage> SendAsync(string body, CancellationToken ct = default) =>
        _customer.Api.PostAsync("chat/completions", new StringContent(body, Encoding.UTF8, "application/json"), ct);

    private async Task<UsageRecord> RecordAsync(HttpResponseMessage response)
    {
        var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
        await using var db = vendors.Hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.Id == id);
    }

    private async Task<UsageRecord> EventuallyAsync(string model)
    {
        for (var tries = 0; ; tries++)
        {
            await using var db = vendors.Hub.Database.OpenAsAdmin();
            if (await db.UsageRecords.SingleOrDefaultAsync(record => record.ModelId == model) is { } record)
            {
                return record;
            }

            Assert.True(tries < 100, "The call is not on record.");
            await Task.Delay(50);
        }
    }
}
