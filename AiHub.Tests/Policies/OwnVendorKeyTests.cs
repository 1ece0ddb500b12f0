using System.Net;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Domain.Usage;
using AiHub.Gateway.Routing;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Policies;

/// <summary>Keys that organizations bring: when they are used, who pays, and that nobody else uses or sees them.</summary>
[Collection(PolicyHubs.Name)]
public sealed class OwnVendorKeyTests(PolicyHub hub) : IAsyncLifetime
{
    internal const string Answer = """
        {"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"yes"},"finish_reason":"stop"}],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3}}}
        """;

    private const string Key = "sk-own-0123456789-abcdef";
    private TestCustomer _customer = null!;
    private TestCustomer _other = null!;

    private string Keys => $"organizations/{_customer.OrganizationId}/vendor-keys";

    public async Task InitializeAsync() => (_customer, _other) = (await hub.RegisterAsync(), await hub.RegisterAsync());

    public Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task An_own_key_goes_before_the_hubs_costs_nothing_at_the_hub_and_is_nobody_elses()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await hub.ServeAsync(vendor);
        var saved = await AddAsync(model, new NewOwnVendorKey("", "contract", Key));
        Assert.True(saved.Test is { Succeeded: true, Status: 200, Error: null }, $"{saved.Test}");
        Assert.Equal(("cdef", "127.0.0.1", "preferred", 0), (saved.Key.LastFour, saved.Key.Host, saved.Key.Use, saved.Key.FeeBasisPoints));
        Assert.Equal($"Bearer {Key}", Auth(vendor.Requests.Last()));

        var response = await OnceAsync(model, used => used.Headers.Contains("x-aihub-own-key"));

        Assert.Equal($"Bearer {Key}", Auth(vendor.Requests.Last()));
        Assert.Equal((saved.Key.Id.ToString(), "0", "0.0000203"), (Header(response, "x-aihub-own-key"), Header(response, "x-aihub-cost"), Header(response, "x-aihub-vendor-cost")));
        var record = await hub.RecordAsync(response);
        Assert.Equal((saved.Key.Id, 20_300L, 0, 0L, 0L, 0L, 0L),
            (record.OwnKeyId, record.VendorCostNanos, record.FeeBasisPoints, record.Cost.Nanos, record.PlanTokens, record.PlanTokensCharged, record.ChargedNanos));
        Assert.Equal(new TokenUsage(InputUncached: 8, CacheRead: 3, OutputText: 4), record.Tokens);
        var seen = (await _customer.RequestsAsync()).First(request => request.Id == record.Id);
        Assert.Equal((saved.Key.Id, "0.0000203", "0"), (seen.OwnKeyId, seen.VendorCost, seen.Cost));
        var explained = await hub.SendAsync<ChargeExplanation>(_customer, HttpMethod.Get, $"usage/requests/{record.Id}/explain");
        Assert.Equal(new OwnKeyCharge(saved.Key.Id, "contract", "0.0000203", 0, "0.0000203 × 0 ÷ 10000 = 0"), explained.OwnKey);
        Assert.Equal((3, "0", "0"), (explained.Lines.Count, explained.ExactCost, explained.Rounding));

        // Another organization is answered with the hub's, which has none here, and pays.
        var theirs = await _other.Api.PostAsync("chat/completions", PolicyHub.Body(CompletionTests.Request(model)));
        Assert.Equal(("", false), (Auth(vendor.Requests.Last()), theirs.Headers.Contains("x-aihub-own-key")));
        Assert.Equal((null, 20_300L, 20_300L), ((await hub.RecordAsync(theirs)) is var their ? (their.OwnKeyId, their.VendorCostNanos, their.Cost.Nanos) : default));
    }

    [Fact]
    public async Task Whoever_has_used_up_the_plan_goes_on_with_an_own_key()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await hub.ServeAsync(vendor);
        await AddAsync(model, new NewOwnVendorKey("", "contract", Key));
        await using (var db = hub.Hub.Database.OpenAsAdmin())
        {
            // All of it set aside, as by calls that still run.
            await db.Database.ExecuteSqlAsync($"update lots set held = remaining where organization_id = {_customer.OrganizationId}");
            await db.Database.ExecuteSqlAsync($"update balances set held = posted where organization_id = {_customer.OrganizationId} and posted > 0");
        }

        var response = await OnceAsync(model, used => used.StatusCode == HttpStatusCode.OK);

        Assert.True(response.Headers.Contains("x-aihub-own-key"));
    }

    [Fact]
    public async Task A_preferred_key_that_fails_is_stood_in_for_by_the_hubs_and_a_sole_one_is_not()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AcceptingAllBut(Key));
        var model = await hub.ServeAsync(vendor);
        var saved = await AddAsync(model, new NewOwnVendorKey("", "revoked", Key, Test: false));
        Assert.Null(saved.Test);

        await OnceAsync(model, _ => vendor.Requests.Any(request => Auth(request).EndsWith(Key, StringComparison.Ordinal)));
        var stoodIn = await CallAsync(_customer, model);
        Assert.Equal((HttpStatusCode.OK, 20_300L, null), (stoodIn.StatusCode, (await hub.RecordAsync(stoodIn)).Cost.Nanos, (await hub.RecordAsync(stoodIn)).OwnKeyId));

        await hub.SendAsync<OwnVendorKeyView>(_customer, HttpMethod.Patch, $"{Keys}/{saved.Key.Id}", new OwnVendorKeyChange(Use: "only"));
        var refused = await OnceAsync(model, call => call.StatusCode != HttpStatusCode.OK);
        Assert.Equal(HttpStatusCode.BadGateway, refused.StatusCode);
        Assert.Contains("your organization's own vendor key", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(_other, model)).StatusCode);
    }

    [Fact]
    public async Task What_an_own_key_comes_to_is_no_part_of_the_models_uptime()
    {
        var breaksOff = false;
        var read = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            var accepted = context.Request.Headers.Authorization != $"Bearer {Key}";
            if (accepted || !breaksOff)
            {
                await AnswerAsync(context, accepted);
                return;
            }

            await ScriptedVendor.WriteAsync(context, "text/event-stream", "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"one\"}}]}\n\n");
            await read.Task;
            context.Abort();
        });
        var model = await hub.ServeAsync(vendor);
        await AddAsync(model, new NewOwnVendorKey("", "revoked", Key, Use: "only", Test: false));

        // Before its first word, and in the middle of its answer.
        await OnceAsync(model, call => call.StatusCode == HttpStatusCode.BadGateway);
        breaksOff = true;
        using var ask = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = PolicyHub.Body($$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi"}]}""") };
        using var broken = await _customer.Api.SendAsync(ask, HttpCompletionOption.ResponseHeadersRead);
        read.SetResult();
        Assert.Contains("\"finish_reason\":\"error\"", await broken.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(_other, model)).StatusCode);

        await hub.Hub.Gateway.Services.GetRequiredService<EndpointFigures>().SaveAsync(CancellationToken.None);
        await using var db = hub.Hub.Database.OpenAsAdmin();
        var spans = await db.EndpointSpans.Where(span => span.ModelId == model).ToListAsync();
        var hubs = vendor.Requests.Count(request => Auth(request).Length == 0);
        Assert.Equal(
            [(true, hubs, 0), (false, hubs, 0)],
            spans.GroupBy(span => span.EndpointId == EndpointSpan.WholeModel).OrderByDescending(group => group.Key).Select(group => (group.Key, (int)group.Sum(span => span.Served), (int)group.Sum(span => span.Failed))));
    }

    [Fact]
    public async Task A_fallback_key_is_used_when_the_hubs_fail()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AcceptingOnly(Key));
        var model = await hub.ServeAsync(vendor);
        await AddAsync(model, new NewOwnVendorKey("", "spare", Key, Use: "fallback"));

        var response = await OnceAsync(model, call => call.StatusCode == HttpStatusCode.OK);

        Assert.Equal(["", $"Bearer {Key}"], vendor.Requests.TakeLast(2).Select(Auth).Order());
        Assert.NotNull((await hub.RecordAsync(response)).OwnKeyId);
        Assert.Equal(HttpStatusCode.BadGateway, (await CallAsync(_other, model)).StatusCode);
    }

    [Fact]
    public async Task A_key_the_vendor_refuses_is_not_saved_and_its_words_are_told()
    {
        await using var vendor = await ScriptedVendor.StartAsync(AcceptingOnly("sk-another-0123456789"));
        var model = await hub.ServeAsync(vendor);

        var (status, text) = await hub.SendAsync(_customer, HttpMethod.Post, Keys, new NewOwnVendorKey(await VendorOfAsync(model), "wrong", Key));

        Assert.Equal((HttpStatusCode.UnprocessableEntity, "vendor_key_refused"), (status, (string?)JsonNode.Parse(text)!["code"]));
        Assert.Contains("Incorrect API key provided", text, StringComparison.Ordinal);
        Assert.DoesNotContain(Key, text, StringComparison.Ordinal);
        Assert.Empty((await hub.SendAsync<Page<OwnVendorKeyView>>(_customer, HttpMethod.Get, Keys)).Data);
    }

    [Fact]
    public async Task An_endpoint_of_ones_own_is_asked_instead_of_the_vendors_and_its_failures_are_nobody_elses()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        await using var own = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"down"}}""", 500);
        var model = await hub.ServeAsync(vendor);
        await AddAsync(model, new NewOwnVendorKey("", "ours", Key, new Uri(own.Url, "/v1").ToString(), Test: false));

        // So often that a shared breaker would long have opened.
        for (var calls = 0; own.Requests.Count < 6 && calls < 200; calls++)
        {
            Assert.Equal(HttpStatusCode.OK, (await CallAsync(_customer, model)).StatusCode);
            await Task.Delay(20);
        }

        Assert.All(own.Requests, request => Assert.Equal($"Bearer {Key}", Auth(request)));
        Assert.All(vendor.Requests, request => Assert.Equal("", Auth(request)));
        var before = vendor.Requests.Count;
        Assert.Equal(HttpStatusCode.OK, (await CallAsync(_other, model)).StatusCode);
        Assert.Equal(before + 1, vendor.Requests.Count);

        // Under which law it is, and what it keeps, nobody has told the hub.
        await hub.SendAsync<PolicyView>(_customer, HttpMethod.Put, $"organizations/{_customer.OrganizationId}/policy", new PolicyRules(ZeroRetention: true));
        await OnceAsync(model, call => call.StatusCode == HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_list_tells_when_a_key_was_tested_with_what_outcome_and_when_it_last_answered()
    {
        const string Next = "sk-next-0123456789-wxyz";
        await using var vendor = await ScriptedVendor.StartAsync(AcceptingOnly(Key));
        var model = await hub.ServeAsync(vendor);
        var saved = await AddAsync(model, new NewOwnVendorKey("", "contract", Key));
        Assert.Equal((true, null, null), await OnlyAsync() is var fresh ? (fresh.TestedAt is not null, fresh.TestError, fresh.LastUsedAt) : default);

        var response = await OnceAsync(model, used => used.Headers.Contains("x-aihub-own-key"));
        Assert.Equal((await hub.RecordAsync(response)).OccurredAt, (await OnlyAsync()).LastUsedAt);

        await hub.SendAsync<SavedOwnVendorKey>(_customer, HttpMethod.Post, $"{Keys}/{saved.Key.Id}/rotate", new OwnVendorKeyRotation(Next, Test: false));
        Assert.Null((await OnlyAsync()).TestedAt);
        Assert.False((await hub.SendAsync<EndpointTest>(_customer, HttpMethod.Post, $"{Keys}/{saved.Key.Id}/test")).Succeeded);
        var tested = await OnlyAsync();
        Assert.NotNull(tested.TestedAt);
        Assert.Contains("Incorrect API key provided", tested.TestError, StringComparison.Ordinal);

        var terms = await hub.SendAsync<OwnVendorKeyTerms>(_customer, HttpMethod.Get, $"{Keys}/terms");
        Assert.Equal((0, 50), (terms.FeeBasisPoints, terms.Most));
        var served = Assert.Single(terms.Vendors, each => each.Id == saved.Key.VendorId);
        Assert.Equal((saved.Key.Host, model), (served.Host, Assert.Single(served.Models)));

        async Task<OwnVendorKeyView> OnlyAsync() => Assert.Single((await hub.SendAsync<Page<OwnVendorKeyView>>(_customer, HttpMethod.Get, Keys)).Data);
    }

    [Fact]
    public async Task A_key_is_rotated_switched_off_and_removed_and_never_shown()
    {
        const string Next = "sk-next-0123456789-wxyz";
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await hub.ServeAsync(vendor);
        var saved = await AddAsync(model, new NewOwnVendorKey("", "contract", Key));
        await OnceAsync(model, used => used.Headers.Contains("x-aihub-own-key"));

        var (_, rotated) = await hub.SendAsync(_customer, HttpMethod.Post, $"{Keys}/{saved.Key.Id}/rotate", new OwnVendorKeyRotation(Next));
        Assert.Equal("wxyz", (string?)JsonNode.Parse(rotated)!["key"]!["last_four"]);
        await OnceAsync(model, _ => Auth(vendor.Requests.Last()) == $"Bearer {Next}");
        var test = await hub.SendAsync<EndpointTest>(_customer, HttpMethod.Post, $"{Keys}/{saved.Key.Id}/test");
        Assert.True(test.Succeeded);

        await hub.SendAsync<OwnVendorKeyView>(_customer, HttpMethod.Patch, $"{Keys}/{saved.Key.Id}", new OwnVendorKeyChange(Enabled: false));
        await OnceAsync(model, used => !used.Headers.Contains("x-aihub-own-key"));
        await hub.SendAsync<OwnVendorKeyView>(_customer, HttpMethod.Patch, $"{Keys}/{saved.Key.Id}", new OwnVendorKeyChange(Enabled: true));
        await OnceAsync(model, used => used.Headers.Contains("x-aihub-own-key"));

        // Nobody sees it: neither strangers, nor its owner again, nor whoever reads the database or the audit log.
        foreach (var path in (string[])[$"{Keys}/{saved.Key.Id}/test", $"{Keys}/{saved.Key.Id}/rotate"])
        {
            Assert.Equal(HttpStatusCode.NotFound, (await hub.SendAsync(_other, HttpMethod.Post, path, new OwnVendorKeyRotation(Next))).Status);
        }

        Assert.Equal(HttpStatusCode.NotFound, (await hub.SendAsync(_other, HttpMethod.Get, Keys)).Status);
        Assert.Equal(HttpStatusCode.NotFound, (await hub.SendAsync(_other, HttpMethod.Delete, $"organizations/{_other.OrganizationId}/vendor-keys/{saved.Key.Id}")).Status);
        Assert.Empty((await hub.SendAsync<Page<OwnVendorKeyView>>(_other, HttpMethod.Get, $"organizations/{_other.OrganizationId}/vendor-keys")).Data);
        var log = (await hub.SendAsync(_customer, HttpMethod.Get, $"organizations/{_customer.OrganizationId}/audit-log?limit=100")).Text;
        var listed = (await hub.SendAsync(_customer, HttpMethod.Get, Keys)).Text;
        await using (var db = hub.Hub.Database.OpenAsAdmin())
        {
            var stored = await db.OwnVendorKeys.SingleAsync(row => row.Id == saved.Key.Id);
            foreach (var secret in (string[])[Key, Next])
            {
                Assert.DoesNotContain(secret, rotated + log + listed + stored.Protected, StringComparison.Ordinal);
            }
        }

        Assert.All((string[])["own_vendor_key.added", "own_vendor_key.rotated", "own_vendor_key.tested", "own_vendor_key.changed"], action => Assert.Contains(action, log, StringComparison.Ordinal));
        Assert.Equal(HttpStatusCode.NoContent, (await hub.SendAsync(_customer, HttpMethod.Delete, $"{Keys}/{saved.Key.Id}")).Status);
        await OnceAsync(model, used => !used.Headers.Contains("x-aihub-own-key"));
    }

    [Fact]
    public async Task A_row_of_another_organization_does_not_open()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var model = await hub.ServeAsync(vendor);
        var saved = await AddAsync(model, new NewOwnVendorKey("", "contract", Key));
        await using (var db = hub.Hub.Database.OpenAsAdmin())
        {
            // As somebody might who can write to the database but has not the hub's keys.
            await db.Database.ExecuteSqlAsync($"update own_vendor_keys set organization_id = {_other.OrganizationId} where id = {saved.Key.Id}");
        }

        await OnceAsync(model, used => !used.Headers.Contains("x-aihub-own-key"));
        Assert.False((await CallAsync(_other, model)).Headers.Contains("x-aihub-own-key"));
    }

    [Theory]
    [InlineData(20_300, 500, 1_015)]
    [InlineData(1, 5_000, 0)]
    [InlineData(3, 5_000, 2)]
    [InlineData(20_300, 0, 0)]
    [InlineData(20_300, 10_000, 20_300)]
    [InlineData(long.MaxValue / 2, 10_000, long.MaxValue / 2)]
    public void A_fee_is_rounded_half_to_even(long listed, int basisPoints, long fee) =>
        Assert.Equal(new Money(fee, Currency.USD), OwnKey.Fee(new Money(listed, Currency.USD), basisPoints));

    internal static string Auth(ReceivedRequest request) => request.Headers.GetValueOrDefault("Authorization", "");

    private static string Header(HttpResponseMessage response, string name) => response.Headers.GetValues(name).Single();

    private static Func<HttpContext, Task> AcceptingOnly(string key) => context => AnswerAsync(context, context.Request.Headers.Authorization == $"Bearer {key}");

    private static Func<HttpContext, Task> AcceptingAllBut(string key) => context => AnswerAsync(context, context.Request.Headers.Authorization != $"Bearer {key}");

    private static Task AnswerAsync(HttpContext context, bool accepted)
    {
        context.Response.StatusCode = accepted ? 200 : 401;
        return ScriptedVendor.WriteAsync(
            context, "application/json", accepted ? Answer : $$$"""{"error":{"message":"Incorrect API key provided: {{{context.Request.Headers.Authorization}}}","type":"invalid_request_error","code":"invalid_api_key"}}""");
    }

    private async Task<SavedOwnVendorKey> AddAsync(string model, NewOwnVendorKey key) =>
        await hub.SendAsync<SavedOwnVendorKey>(_customer, HttpMethod.Post, Keys, key with { VendorId = await VendorOfAsync(model) });

    private async Task<string> VendorOfAsync(string model)
    {
        await using var db = hub.Hub.Database.OpenAsAdmin();
        return await db.Upstreams.Where(row => row.ModelId == model).Select(row => row.VendorId).SingleAsync();
    }

    private static Task<HttpResponseMessage> CallAsync(TestCustomer who, string model) => who.Api.PostAsync("chat/completions", PolicyHub.Body(CompletionTests.Request(model)));

    private Task<HttpResponseMessage> OnceAsync(string model, Func<HttpResponseMessage, bool> heard) => hub.OnceAsync(() => CallAsync(_customer, model), heard);
}

/// <summary>A hub that charges for calls with customers' own keys takes exactly its fee.</summary>
public sealed class OwnVendorKeyFeeTests(FeeHub hub) : IClassFixture<FeeHub>
{
    [Fact]
    public async Task The_fee_is_taken_from_the_wallet_and_booked_like_any_charge()
    {
        var customer = await hub.RegisterAsync(wallet: Money.NanosPerUnit);
        await using var db = hub.Hub.Database.OpenAsAdmin();
        await using var vendor = await ScriptedVendor.AnsweringAsync(OwnVendorKeyTests.Answer);
        var model = await hub.ServeAsync(vendor);
        var vendorId = await db.Upstreams.Where(row => row.ModelId == model).Select(row => row.VendorId).SingleAsync();
        var saved = await hub.SendAsync<SavedOwnVendorKey>(
            customer, HttpMethod.Post, $"organizations/{customer.OrganizationId}/vendor-keys", new NewOwnVendorKey(vendorId, "contract", "sk-own-0123456789-abcdef"));
        Assert.Equal(500, saved.Key.FeeBasisPoints);

        var response = await hub.OnceAsync(
            () => customer.Api.PostAsync("chat/completions", PolicyHub.Body(CompletionTests.Request(model))), call => call.Headers.Contains("x-aihub-own-key"));

        // A twentieth of 20,300 nano-dollars.
        var record = await hub.RecordAsync(response);
        Assert.Equal((1_015L, 1_015L, 20_300L, 500, 0L), (record.Cost.Nanos, record.ChargedNanos, record.VendorCostNanos, record.FeeBasisPoints, record.PlanTokensCharged));
        var explained = await hub.SendAsync<ChargeExplanation>(customer, HttpMethod.Get, $"usage/requests/{record.Id}/explain");
        Assert.Equal(("0.000001015", "0.000001015", "0"), (explained.Cost, explained.ExactCost, explained.Rounding));
        Assert.Equal("0.0000203 × 500 ÷ 10000 = 0.000001015", explained.OwnKey!.Arithmetic);
        Assert.Equal("0.000001015", Assert.Single(explained.Payments).Amount);
        Assert.Equal(UsageStatus.Succeeded, record.Status);
    }
}
