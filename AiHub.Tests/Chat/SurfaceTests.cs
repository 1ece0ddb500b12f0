using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Tests.Providers;

namespace AiHub.Tests.Chat;

/// <summary>Every dialect has its own paths, errors and headers.</summary>
public sealed class SurfaceTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    private const string Answer = """{"id":"c1","object":"chat.completion","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},"finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":1,"total_tokens":6}}""";

    [Theory]
    [InlineData("v1/messages")]
    [InlineData("messages")]
    [InlineData("v1/v1/messages")]
    [InlineData("anthropic/v1/messages")]
    public async Task Messages_are_answered_where_clients_look_for_them(string path)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key, "x-api-key");

        var response = await http.PostAsync(path, Json($$"""{"model":"{{await vendors.ServeAsync(vendor)}}","max_tokens":5,"top_k":4,"messages":[{"role":"user","content":"hi"}]}"""));

        Assert.Equal("hello", (string?)(await ReadAsync(response))["content"]![0]!["text"]);
        Assert.Equal("top_k", response.Headers.GetValues("x-aihub-dropped-params").Single());
        Assert.Equal(response.Headers.GetValues("x-request-id").Single(), response.Headers.GetValues("request-id").Single());
        Assert.True(DateTimeOffset.TryParse(response.Headers.GetValues("anthropic-ratelimit-requests-reset").Single(), out _));
        Assert.Contains("x-aihub-cost", response.Headers.Select(header => header.Key));
        Assert.True(double.Parse(response.Headers.GetValues("x-aihub-overhead-ms").Single(), System.Globalization.CultureInfo.InvariantCulture) >= 0);
    }

    [Theory]
    [InlineData(503, 529, "overloaded_error")]
    [InlineData(401, 502, "api_error")]
    public async Task A_vendor_that_fails_is_told_in_anthropics_words(int vendorStatus, int status, string type)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync("""{"error":{"message":"no"}}""", vendorStatus);
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key, "x-api-key");

        var response = await http.PostAsync("v1/messages", Json($$"""{"model":"{{await vendors.ServeAsync(vendor)}}","max_tokens":5,"messages":[{"role":"user","content":"hi"}]}"""));

        var body = await ReadAsync(response);
        Assert.Equal((status, "error", type), ((int)response.StatusCode, (string?)body["type"], (string?)body["error"]!["type"]));
        Assert.Equal(response.Headers.GetValues("request-id").Single(), (string?)body["request_id"]);
        Assert.NotEmpty(response.Headers.GetValues("x-aihub-provider").Single());
    }

    [Theory]
    [InlineData("v1/messages", 402, "billing_error")]
    [InlineData("api/v1/chat/completions", 402, "payment_required")]
    [InlineData("v1/chat/completions", 429, "insufficient_quota")]
    public async Task A_spent_quota_is_refused_for_good_in_each_dialects_way(string path, int status, string word)
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key);
        var text = string.Join(' ', Enumerable.Repeat("word", 12_000));

        var response = await http.PostAsync(path, Json($$"""{"model":"{{await vendors.ServeAsync(vendor)}}","max_tokens":5,"messages":[{"role":"user","content":"{{text}}"}]}"""));

        Assert.Equal(status, (int)response.StatusCode);
        Assert.Contains(word, await response.Content.ReadAsStringAsync());
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        Assert.Empty(vendor.Requests);
    }

    [Fact]
    public async Task Openrouters_errors_have_numbers_for_codes()
    {
        using var http = Client("ai-hub-wrong");

        var response = await http.PostAsync("api/v1/chat/completions", Json("""{"model":"m","messages":[{"role":"user","content":"hi"}]}"""));

        var error = (await ReadAsync(response))["error"]!;
        Assert.Equal((401, 401, "authentication"), ((int)response.StatusCode, (int)error["code"]!, (string?)error["metadata"]!["error_type"]));
        Assert.StartsWith("gen-", response.Headers.GetValues("X-Generation-Id").Single());
    }

    [Fact]
    public async Task A_model_is_shown_by_itself_as_it_is_in_the_list()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key);
        var model = await vendors.ServeAsync(vendor);

        var listed = (await ReadAsync(await http.GetAsync("api/v1/models")))["data"]!.AsArray().Single(one => (string?)one!["id"] == model);
        var shown = (await ReadAsync(await http.GetAsync($"api/v1/models/{model}")))["data"];
        var unknown = await http.GetAsync("api/v1/models/nobody/nothing");

        Assert.True(JsonNode.DeepEquals(listed, shown));
        Assert.Equal((404, 404), ((int)unknown.StatusCode, (int)(await ReadAsync(unknown))["error"]!["code"]!));
    }

    [Fact]
    public async Task Routing_fields_are_for_the_hub_and_reach_no_vendor()
    {
        await using var vendor = await ScriptedVendor.AnsweringAsync(Answer);
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key);
        var model = await vendors.ServeAsync(vendor);

        foreach (var path in (string[])["v1/chat/completions", "api/v1/chat/completions"])
        {
            var response = await http.PostAsync(path, Json($$"""{"model":"{{model}}","provider":{"allow_fallbacks":true},"route":"fallback","seed":3,"messages":[{"role":"user","content":"hi"}]}"""));

            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            Assert.True(vendor.Requests.TryDequeue(out var sent));
            Assert.Equal(["messages", "model", "seed"], JsonNode.Parse(sent.Body)!.AsObject().Select(member => member.Key).Order());
        }
    }

    [Theory]
    [InlineData("v1/dashboard/billing/subscription", "hard_limit_usd")]
    [InlineData("dashboard/billing/subscription", "hard_limit_usd")]
    [InlineData("v1/dashboard/billing/usage?start_date=2026-01-01&end_date=2026-02-01", "total_usage")]
    [InlineData("dashboard/billing/usage", "total_usage")]
    public async Task Balance_tools_are_told_what_there_is(string path, string figure)
    {
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key);

        Assert.Equal(0m, (decimal)(await ReadAsync(await http.GetAsync(path)))[figure]!);
    }

    /// <summary>Wherever clients look for a surface, and in which words its errors are.</summary>
    public static TheoryData<string, string> Paths()
    {
        var data = new TheoryData<string, string>();
        foreach (var prefix in (string[])["v1/", "", "v1/v1/"])
        {
            foreach (var path in (string[])["chat/completions", "completions", "responses", "embeddings", "images/generations", "images/edits", "audio/speech", "audio/transcriptions", "moderations", "rerank"])
            {
                data.Add(prefix + path, "openai");
            }
        }

        foreach (var prefix in (string[])["v1/", "", "v1/v1/", "anthropic/v1/", "anthropic/"])
        {
            data.Add($"{prefix}messages", "anthropic");
            data.Add($"{prefix}messages/count_tokens", "anthropic");
        }

        foreach (var path in (string[])["chat/completions", "embeddings"])
        {
            data.Add($"api/v1/{path}", "openrouter");
        }

        return data;
    }

    [Theory, MemberData(nameof(Paths))]
    public async Task Every_surface_is_where_its_clients_look_and_answers_their_questions_about_it(string path, string dialect)
    {
        using var http = Client("ai-hub-wrong");
        using var preflight = new HttpRequestMessage(HttpMethod.Options, path) { Headers = { { "Origin", "https://app.example" }, { "Access-Control-Request-Method", "POST" } } };
        Assert.Equal("*", (await http.SendAsync(preflight)).Headers.GetValues("Access-Control-Allow-Origin").Single());

        var asked = await http.SendAsync(new HttpRequestMessage(HttpMethod.Options, path));
        Assert.Equal((204, "POST"), ((int)asked.StatusCode, string.Join(",", asked.Content.Headers.Allow)));

        foreach (var (method, status) in new Dictionary<HttpMethod, int> { [HttpMethod.Post] = 401, [HttpMethod.Get] = 405 })
        {
            var refused = await http.SendAsync(new HttpRequestMessage(method, path) { Content = method == HttpMethod.Post ? Json("{}") : null });
            Assert.Equal(status, (int)refused.StatusCode);
            var body = await ReadAsync(refused);
            switch (dialect)
            {
                case "anthropic":
                    Assert.Equal(("error", refused.Headers.GetValues("request-id").Single()), ((string?)body["type"], (string?)body["request_id"]));
                    Assert.Equal(["message", "type"], body["error"]!.AsObject().Select(member => member.Key).Order());
                    break;
                case "openrouter":
                    Assert.Equal(status, (int)body["error"]!["code"]!);
                    break;
                default:
                    Assert.Equal(["code", "message", "param", "type"], body["error"]!.AsObject().Select(member => member.Key).Order());
                    Assert.Equal(System.Text.Json.JsonValueKind.String, body["error"]!["code"]!.GetValueKind());
                    break;
            }
        }
    }

    [Theory]
    [InlineData("v1/models")]
    [InlineData("models")]
    [InlineData("v1/v1/models")]
    [InlineData("anthropic/v1/models")]
    [InlineData("api/v1/models")]
    public async Task A_list_of_models_may_be_asked_about_without_its_body(string path)
    {
        var customer = await vendors.Hub.RegisterAsync();
        using var http = Client(customer.Key.Key);

        var head = await http.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));

        Assert.Equal((200, "application/json"), ((int)head.StatusCode, head.Content.Headers.ContentType?.MediaType));
        Assert.Empty(await head.Content.ReadAsByteArrayAsync());
    }

    private HttpClient Client(string key, string header = "Authorization")
    {
        var http = new HttpClient { BaseAddress = vendors.Hub.GatewayUrl };
        if (header == "Authorization")
        {
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }
        else
        {
            http.DefaultRequestHeaders.Add(header, key);
        }

        return http;
    }

    private static StringContent Json(string body) => new(body, Encoding.UTF8, "application/json");

    private static async Task<JsonNode> ReadAsync(HttpResponseMessage response) => JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
}
