using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Domain.Usage;
using AiHub.Gateway.Caching;
using AiHub.Tests.Chat;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Caching;

/// <summary>The same question within an organization is answered once, if it wants that.</summary>
public sealed class AnswerCacheTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    private const string Whole =
        """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"one"},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":5,"total_tokens":8}}""";

    private static readonly string[] Pieces =
    [
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"on\"},\"finish_reason\":null}]}\n\n",
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"content\":\"e\"},\"finish_reason\":\"stop\"}]}\n\n",
        "data: {\"id\":\"x\",\"object\":\"chat.completion.chunk\",\"created\":1,\"model\":\"m\",\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":5,\"total_tokens\":8}}\n\ndata: [DONE]\n\n",
    ];

    [Fact]
    public async Task The_same_question_is_answered_once_and_its_answer_costs_what_the_cache_costs()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Whole);
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();

        var first = await AskAsync(customer, model);
        var second = await AskAsync(customer, model, "{\"messages\":[{\"content\":\"hi\",   \"role\":\"user\"}],\"user\":\"somebody else\",\"model\":\"%\"}");

        Assert.Equal(("miss", "hit"), (first.Cache, second.Cache));
        Assert.Contains("\"one\"", second.Text);
        Assert.Single(vendor.Requests);
        Assert.Equal("0", second.Response.Headers.GetValues("x-aihub-cost").Single());
        Assert.True(int.Parse(second.Response.Headers.GetValues("x-aihub-cache-age").Single()) >= 0);

        var (paid, free) = (await RecordAsync(first.Response), await RecordAsync(second.Response));
        Assert.Equal((UsageSource.Vendor, 8L, true), (paid.Source, paid.PlanTokensCharged, paid.Cost.Nanos > 0));
        Assert.Equal((UsageSource.Cached, UsageStatus.Succeeded, 0L, 0L, 0L, paid.Tokens), (free.Source, free.Status, free.PlanTokens, free.PlanTokensCharged, free.Cost.Nanos, free.Tokens));
    }

    [Fact]
    public async Task A_stream_is_given_again_as_a_stream_piece_by_piece()
    {
        var streams = true;
        await using var vendor = await ScriptedVendor.StartAsync(context => streams
            ? ScriptedVendor.WriteAsync(context, "text/event-stream", Pieces)
            : ScriptedVendor.WriteAsync(context, "application/json", Whole));
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();
        const string Body = "{\"model\":\"%\",\"stream\":true,\"stream_options\":{\"include_usage\":true},\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

        var first = await AskAsync(customer, model, Body);
        var second = await AskAsync(customer, model, Body);

        Assert.Equal(("miss", "hit"), (first.Cache, second.Cache));
        Assert.Single(vendor.Requests);
        Assert.Equal(Contents(first.Text), Contents(second.Text));
        Assert.EndsWith("data: [DONE]\n\n", second.Text);
        Assert.Contains("\"total_tokens\":8", second.Text);
        Assert.Equal(UsageSource.Cached, (await RecordAsync(second.Response)).Source);

        // The same question asked for in one piece is another entry.
        streams = false;
        Assert.Equal("miss", (await AskAsync(customer, model)).Cache);

        static List<string> Contents(string text) => [.. text.Split("\n\n").Where(one => one.Contains("\"delta\"", StringComparison.Ordinal)).Select(one => one[one.IndexOf("\"delta\"", StringComparison.Ordinal)..])];
    }

    [Fact]
    public async Task Nobody_else_is_ever_given_an_organization_s_answer()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Whole);
        var model = await vendors.ServeAsync(vendor);
        var (one, other) = (await vendors.Hub.RegisterAsync(), await vendors.Hub.RegisterAsync());

        Assert.Equal("miss", (await AskAsync(one, model)).Cache);
        Assert.Equal("miss", (await AskAsync(other, model)).Cache);
        Assert.Equal("hit", (await AskAsync(one, model)).Cache);
        Assert.Equal(2, vendor.Requests.Count);
    }

    [Fact]
    public async Task Requests_ask_for_it_pass_it_by_renew_it_and_say_how_long()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Whole);
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();

        Assert.Null((await AskAsync(customer, model, headers: [])).Cache);
        Assert.Equal("bypass", (await AskAsync(customer, model, headers: [("x-aihub-cache", "off")])).Cache);
        Assert.Equal("miss", (await AskAsync(customer, model, headers: [("X-OpenRouter-Cache", "true")])).Cache);
        Assert.Equal("hit", (await AskAsync(customer, model)).Cache);
        Assert.Equal("refresh", (await AskAsync(customer, model, headers: [("x-aihub-cache", "refresh"), ("x-aihub-cache-ttl", "1")])).Cache);
        Assert.Equal(4, vendor.Requests.Count);

        // A second later it is gone.
        for (var tries = 0; (await AskAsync(customer, model, headers: [("x-aihub-cache", "on"), ("x-aihub-cache-ttl", "1")])).Cache == "hit"; tries++)
        {
            Assert.True(tries < 4, "An answer is given again after its time.");
            await Task.Delay(1_000);
        }
    }

    [Fact]
    public async Task Keys_and_organizations_want_it_by_default_and_requests_say_otherwise()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Whole);
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();
        Assert.Null((await AskAsync(customer, model, headers: [])).Cache);

        await ChangeAsync<ApiKeyView>($"auth/api-keys/{customer.Key.Id}", new ApiKeyChange(Cache: "on"), key => key.Cache == "on");
        var first = await UntilAsync(cache => cache is "miss");
        var again = await AskAsync(customer, model, headers: []);
        Assert.Equal("hit", again.Cache);
        Assert.Equal("bypass", (await AskAsync(customer, model, headers: [("x-aihub-cache", "off")])).Cache);
        Assert.Equal((UsageSource.Vendor, UsageSource.Cached), ((await RecordAsync(first)).Source, (await RecordAsync(again.Response)).Source));
        Assert.Equal("0", again.Response.Headers.GetValues("x-aihub-cost").Single());

        // The key's word goes before the organization's.
        await ChangeAsync<OrganizationView>($"organizations/{customer.OrganizationId}", new OrganizationChange(CachesAnswers: true), own => own.CachesAnswers);
        await ChangeAsync<ApiKeyView>($"auth/api-keys/{customer.Key.Id}", new ApiKeyChange(Cache: "off"), key => key.Cache == "off");
        await UntilAsync(cache => cache is null);
        await ChangeAsync<ApiKeyView>($"auth/api-keys/{customer.Key.Id}", new ApiKeyChange(Cache: "inherit"), key => key.Cache == "inherit");
        await UntilAsync(cache => cache is "hit");
        await ChangeAsync<OrganizationView>($"organizations/{customer.OrganizationId}", new OrganizationChange(CachesAnswers: false), own => !own.CachesAnswers);
        await UntilAsync(cache => cache is null);

        var made = await customer.Management.PostAsJsonAsync("auth/api-keys", new NewApiKey("caching", Cache: "on"), Json.Options);
        Assert.Equal("on", (await made.Content.ReadFromJsonAsync<CreatedApiKey>(Json.Options))!.Cache);
        var wrong = await customer.Management.PostAsJsonAsync("auth/api-keys", new NewApiKey("caching", Cache: "maybe"), Json.Options);
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);

        async Task ChangeAsync<T>(string path, object change, Func<T, bool> holds)
        {
            var response = await customer.Management.PatchAsync(path, JsonContent.Create(change, change.GetType(), options: Json.Options));
            Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
            Assert.True(holds((await response.Content.ReadFromJsonAsync<T>(Json.Options))!));
        }

        // Gateways hear of a change within a second.
        async Task<HttpResponseMessage> UntilAsync(Func<string?, bool> wanted)
        {
            for (var tries = 0; ; tries++)
            {
                var answer = await AskAsync(customer, model, headers: []);
                if (wanted(answer.Cache))
                {
                    return answer.Response;
                }

                Assert.True(tries < 100, $"The cache says {answer.Cache ?? "nothing"}.");
                await Task.Delay(100);
            }
        }
    }

    [Fact]
    public async Task An_answer_that_broke_off_is_not_kept()
    {
        await using var vendor = await ScriptedVendor.StreamingAsync(Pieces[0]);
        var model = await vendors.ServeAsync(vendor);
        var customer = await vendors.Hub.RegisterAsync();
        const string Body = "{\"model\":\"%\",\"stream\":true,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}";

        Assert.Contains("\"error\"", (await AskAsync(customer, model, Body)).Text);
        Assert.Equal("miss", (await AskAsync(customer, model, Body)).Cache);
        Assert.Equal(2, vendor.Requests.Count);
    }

    [Theory]
    [InlineData("""{"messages":[{"role":"user","content":"a"}],"temperature":1}""", """{ "temperature" : 1, "user":"x", "model":"y", "messages":[{"content":"a","role":"user"}] }""", true)]
    [InlineData("""{"messages":[{"role":"user","content":"a"}]}""", """{"messages":[{"role":"user","content":"a "}]}""", false)]
    [InlineData("""{"messages":[],"temperature":1}""", """{"messages":[],"temperature":1.0}""", false)]
    [InlineData("""{"messages":[],"tools":[{"user":"x"}]}""", """{"messages":[],"tools":[{"user":"y"}]}""", false)]
    public void Only_what_shapes_the_answer_tells_requests_apart(string one, string other, bool same) =>
        Assert.Equal(same, Hash(one) == Hash(other));

    private static string Hash(string json) => CanonicalRequest.Hash(System.Text.Encoding.UTF8.GetBytes(json), "scope");

    private static async Task<(HttpResponseMessage Response, string Text, string? Cache)> AskAsync(
        TestCustomer customer, string model, string body = "{\"model\":\"%\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}", (string Name, string Value)[]? headers = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions")
        {
            Content = new StringContent(body.Replace("%", model, StringComparison.Ordinal), System.Text.Encoding.UTF8, "application/json"),
        };
        foreach (var (name, value) in headers ?? [("x-aihub-cache", "on")])
        {
            request.Headers.Add(name, value);
        }

        var response = await customer.Api.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response, await response.Content.ReadAsStringAsync(), response.Headers.TryGetValues("x-aihub-cache", out var values) ? values.Single() : null);
    }

    private async Task<UsageRecord> RecordAsync(HttpResponseMessage response)
    {
        var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
        await using var db = vendors.Hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.Id == id);
    }
}
