using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Domain.Access;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Chat;

/// <summary>Who gets in, and what everybody else is told.</summary>
public sealed class DoorTests : IAsyncLifetime
{
    private TestHub _hub = null!;

    public async Task InitializeAsync() => _hub = await TestHub.SharedAsync();

    public Task DisposeAsync() => Task.CompletedTask;

    [Theory]
    [InlineData(null, "missing_api_key")]
    [InlineData("Basic abc", "invalid_api_key")]
    [InlineData("Bearer sk-something-else", "invalid_api_key")]
    [InlineData("Bearer ai-hub-000000000000000000000000000000000000000000zz", "invalid_api_key")]
    public async Task Without_a_key_of_the_hub_nothing_opens(string? authorization, string code)
    {
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_hub.GatewayUrl, "/v1/chat/completions"));
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        var response = await http.SendAsync(request);

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        var error = await ErrorAsync(response);
        Assert.Equal(("invalid_request_error", null, code), ((string?)error["type"], (string?)error["param"], (string?)error["code"]));
        Assert.True(Guid.TryParse(response.Headers.GetValues("x-request-id").Single(), out _));
        if (authorization?.Length > 20)
        {
            Assert.DoesNotContain(authorization[7..], await response.Content.ReadAsStringAsync());
        }
    }

    [Fact]
    public async Task A_well_made_key_nobody_was_given_is_told_so_from_memory_too()
    {
        using var http = _hub.NewApiClient(ApiKeySecret.Generate());

        for (var i = 0; i < 2; i++)
        {
            var response = await http.GetAsync("models");

            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Contains("does not exist", (string?)(await ErrorAsync(response))["message"]);
        }
    }

    [Fact]
    public async Task A_revoked_key_is_refused_within_a_second_on_every_replica()
    {
        await using var hub = await TestHub.StartAsync();
        var second = hub.AddGateway();
        var customer = await hub.RegisterAsync();
        using var other = hub.NewApiClient(customer.Key.Key, second);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.OK, (await customer.Api.GetAsync("models")).StatusCode);
            Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("models")).StatusCode);
        }

        Assert.True((await customer.Management.DeleteAsync($"auth/api-keys/{customer.Key.Id}")).IsSuccessStatusCode);
        await Task.Delay(TimeSpan.FromSeconds(1));

        foreach (var replica in (HttpClient[])[customer.Api, other])
        {
            var response = await replica.GetAsync("models");
            Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            Assert.Equal("invalid_api_key", (string?)(await ErrorAsync(response))["code"]);
        }
    }

    [Fact]
    public async Task A_key_is_revoked_even_while_changes_cannot_be_heard()
    {
        await using var hub = await TestHub.StartAsync();
        var customer = await hub.RegisterAsync();
        Assert.Equal(HttpStatusCode.OK, (await customer.Api.GetAsync("models")).StatusCode);

        // Whatever listens is cut off again and again, and what is told meanwhile is heard by nobody.
        using var cutting = new CancellationTokenSource();
        var cutter = Task.Run(async () =>
        {
            while (!cutting.IsCancellationRequested)
            {
                await hub.Database.AsAdminAsync<long>("select count(pg_terminate_backend(pid)) from pg_stat_activity where application_name = 'hub-gateway-changes' and datname = current_database()");
                await Task.Delay(20);
            }
        });
        await Task.Delay(200);
        await hub.Database.AsAdminAsync<string>("alter table api_keys disable trigger tell_change; update api_keys set revoked_at = now() where true returning 'done'");
        await Task.Delay(TimeSpan.FromSeconds(1));
        var response = await customer.Api.GetAsync("models");
        await cutting.CancelAsync();
        await cutter;

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("revoked", (string?)(await ErrorAsync(response))["message"]);
    }

    [Fact]
    public async Task A_key_ends_at_the_moment_it_expires_though_it_is_known_by_heart()
    {
        var clock = new TestClock();
        await using var hub = await TestHub.StartAsync(new TestHubOptions(clock));
        var customer = await hub.RegisterAsync();
        await using (var db = hub.Database.OpenAsAdmin())
        {
            await db.ApiKeys.ExecuteUpdateAsync(set => set.SetProperty(key => key.ExpiresAt, clock.GetUtcNow().AddHours(1)));
        }

        await Task.Delay(500);
        Assert.Equal(HttpStatusCode.OK, (await customer.Api.GetAsync("models")).StatusCode);
        clock.Advance(TimeSpan.FromHours(1));
        var response = await customer.Api.GetAsync("models");

        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("expired", (string?)(await ErrorAsync(response))["message"]);
    }

    [Fact]
    public async Task The_models_are_those_that_could_be_called_now()
    {
        var customer = await _hub.RegisterAsync();

        var list = JsonNode.Parse(await customer.Api.GetStringAsync("models"))!;
        var ids = list["data"]!.AsArray().Select(model => (string)model!["id"]!).ToList();

        Assert.Equal("list", (string?)list["object"]);
        Assert.Contains("sim/echo", ids);
        Assert.DoesNotContain("openai/gpt-5.5", ids);
        var echo = JsonNode.Parse(await customer.Api.GetStringAsync("models/sim/echo"))!;
        Assert.Equal(("sim/echo", "model", "sim"), ((string?)echo["id"], (string?)echo["object"], (string?)echo["owned_by"]));
        Assert.Equal(JsonValueKind.Number, echo["created"]!.GetValueKind());
        var missing = await customer.Api.GetAsync("models/no/such");
        Assert.Equal(HttpStatusCode.NotFound, missing.StatusCode);
        Assert.Equal("model_not_found", (string?)(await ErrorAsync(missing))["code"]);
    }

    [Fact]
    public async Task It_answers_without_the_version_in_the_path_too()
    {
        var customer = await _hub.RegisterAsync();
        using var http = new HttpClient { BaseAddress = _hub.GatewayUrl, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) } };

        Assert.Equal(HttpStatusCode.OK, (await http.GetAsync("/models")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/v1/models"))).StatusCode);
    }

    [Theory]
    [InlineData("GET", "/v1/nothing", 404)]
    [InlineData("GET", "/v1/chat/completions", 405)]
    [InlineData("PUT", "/v1/models", 405)]
    public async Task What_does_not_exist_is_refused_in_the_same_shape(string method, string path, int status)
    {
        using var http = new HttpClient { BaseAddress = _hub.GatewayUrl };

        var response = await http.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("invalid_request_error", (string?)(await ErrorAsync(response))["type"]);
        Assert.True(response.Headers.Contains("x-request-id"));
    }

    [Fact]
    public async Task A_page_in_a_browser_may_call_with_the_key_it_was_given()
    {
        using var http = new HttpClient { BaseAddress = _hub.GatewayUrl };
        using var preflight = new HttpRequestMessage(HttpMethod.Options, "/v1/chat/completions")
        {
            Headers = { { "Origin", "https://app.example" }, { "Access-Control-Request-Method", "POST" }, { "Access-Control-Request-Headers", "authorization,content-type" } },
        };

        var allowed = await http.SendAsync(preflight);

        Assert.Equal(HttpStatusCode.NoContent, allowed.StatusCode);
        Assert.Equal("*", allowed.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var refused = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Headers = { { "Origin", "https://app.example" } }, Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        Assert.Equal("*", (await http.SendAsync(refused)).Headers.GetValues("Access-Control-Allow-Origin").Single());
    }

    internal static async Task<JsonObject> ErrorAsync(HttpResponseMessage response)
    {
        Assert.Equal("application/json", response.Content.Headers.ContentType?.MediaType);
        var body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!.AsObject();
        var error = Assert.Single(body).Value!.AsObject();
        Assert.Equal(["code", "message", "param", "type"], error.Select(member => member.Key).Order());
        return error;
    }
}
