using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Domain.Usage;
using AiHub.Tests.Hub;
using AiHub.Tests.Providers;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Chat;

/// <summary>Streams byte for byte: what the vendor wrote, what the client reads.</summary>
public sealed class StreamTests(VendorHub vendors) : IClassFixture<VendorHub>
{
    private const string Role = """{"id":"c1","object":"chat.completion.chunk","created":7,"model":"vendor-model-2026","choices":[{"index":0,"delta":{"role":"assistant","content":""},"finish_reason":null}],"x_vendor":{"kept":true}}""";
    private const string Word = """{"id":"c1","object":"chat.completion.chunk","created":7,"model":"vendor-model-2026","choices":[{"index":0,"delta":{"content":"你好 \"world\""},"logprobs":null,"finish_reason":null}]}""";
    private const string Stop = """{"id":"c1","object":"chat.completion.chunk","created":7,"model":"vendor-model-2026","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}""";
    private const string Usage = """{"id":"c1","object":"chat.completion.chunk","created":7,"model":"vendor-model-2026","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4,"total_tokens":15,"prompt_tokens_details":{"cached_tokens":3},"x":1}}""";

    [Fact]
    public async Task A_stream_reaches_the_client_as_the_vendor_wrote_it_without_the_usage_nobody_asked_for()
    {
        var (response, text) = await StreamAsync("", Role, Word, Stop, Usage);

        Assert.Equal(Events(Role, Word, Stop), text);
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.True(Guid.TryParse(response.Headers.GetValues("x-request-id").Single(), out _));
    }

    [Fact]
    public async Task Usage_comes_in_a_chunk_of_its_own_before_the_end_when_asked_for()
    {
        var (_, text) = await StreamAsync(""","stream_options":{"include_usage":true}""", Role, Word, Stop, Usage);

        Assert.Equal(Events(Role, Word, Stop, Usage), text);
    }

    [Fact]
    public async Task Usage_on_every_chunk_is_reported_once_and_the_last_counts()
    {
        var running = Word.Replace("]}", "],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":1}}");
        var final = Stop.Replace("]}", "],\"usage\":{\"prompt_tokens\":11,\"completion_tokens\":4}}");

        var (_, text) = await StreamAsync(""","stream_options":{"include_usage":true}""", Role, running, final);

        Assert.Equal(
            Events(Role, Word, Stop, """{"id":"c1","object":"chat.completion.chunk","created":7,"model":"vendor-model-2026","choices":[],"usage":{"prompt_tokens":11,"completion_tokens":4}}"""),
            text);
    }

    [Fact]
    public async Task Null_usage_is_taken_out_wherever_it_stands()
    {
        var (_, text) = await StreamAsync("", Role.Replace("{\"id\"", "{\"usage\":null,\"id\""), Word.Replace("]}", "], \"usage\" : null }"), Stop.Replace("\"created\"", "\"usage\":null,\"created\""), Usage);

        Assert.Equal(Events(Role, Word.Replace("]}", "] }"), Stop), text);
    }

    [Fact]
    public async Task What_typed_clients_would_break_on_is_put_right()
    {
        var (_, text) = await StreamAsync(
            "",
            """{"choices":[{"delta":{"tool_calls":[{"id":"a","type":"function","function":{"name":"f","arguments":{"x":1}}}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"id":"b","type":"function","function":{"name":"g","arguments":null}}]}}]}""",
            """{"choices":[{"delta":{"tool_calls":[{"function":{"arguments":"{}"}}]},"finish_reason":""}]}""",
            """{"id":"c","object":"chat.completion.chunk","created":"7","model":"m","choices":[{"index":0,"delta":{"role":""},"finish_reason":"stop"}]}""");

        var chunks = Data(text).Select(json => JsonNode.Parse(json)!).ToList();
        Assert.Equal(4, chunks.Count);
        Assert.All(chunks, chunk => Assert.Equal("chat.completion.chunk", (string?)chunk["object"]));
        Assert.All(chunks, chunk => Assert.True(chunk["created"]!.GetValue<long>() > 0));
        Assert.All(chunks.Take(3), chunk => Assert.StartsWith("chatcmpl-", (string?)chunk["id"]));
        Assert.All(chunks, chunk => Assert.True(chunk["choices"]![0]!.AsObject().ContainsKey("finish_reason")));
        Assert.Equal("""{"role":"assistant","tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"f","arguments":"{\u0022x\u0022:1}"}}]}""", chunks[0]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("""{"tool_calls":[{"index":1,"id":"b","type":"function","function":{"name":"g","arguments":""}}]}""", chunks[1]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("""{"tool_calls":[{"index":1,"function":{"arguments":"{}"}}]}""", chunks[2]["choices"]![0]!["delta"]!.ToJsonString());
        Assert.Equal("tool_calls", (string?)chunks[3]["choices"]![0]!["finish_reason"]);
    }

    [Fact]
    public async Task An_end_openai_does_not_have_keeps_its_own_word_beside_one_that_clients_know()
    {
        var (_, text) = await StreamAsync("", Role, Word, Stop.Replace("\"stop\"", "\"eos_token\""), Usage);

        var end = JsonNode.Parse(Data(text)[2])!["choices"]![0]!;
        Assert.Equal(("stop", "eos_token"), ((string?)end["finish_reason"], (string?)end["native_finish_reason"]));
    }

    [Fact]
    public async Task A_stream_that_breaks_off_says_so_in_the_one_shape_all_clients_understand()
    {
        var read = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            await ScriptedVendor.WriteAsync(context, "text/event-stream", Events(Role, Word)[..^"data: [DONE]\n\n".Length]);
            await read.Task;
            context.Abort();
        });
        var customer = await vendors.Hub.RegisterAsync();
        var model = await vendors.ServeAsync(vendor);

        using var response = await SendAsync(customer, model, "");
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("data: " + Role, await reader.ReadLineAsync());
        read.SetResult();
        var rest = (await reader.ReadToEndAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal("data: [DONE]", rest[^1]);
        var failure = JsonNode.Parse(rest[^2]["data: ".Length..])!;
        Assert.Equal(("c1", "chat.completion.chunk", 7L, "vendor-model-2026"), ((string?)failure["id"], (string?)failure["object"], (long)failure["created"]!, (string?)failure["model"]));
        Assert.Equal("""[{"index":0,"delta":{"content":""},"finish_reason":"error","native_finish_reason":"error"}]""", failure["choices"]!.ToJsonString());
        Assert.Equal(("server_error", 502, "provider_unavailable"), ((string?)failure["error"]!["type"], (int)failure["error"]!["code"]!, (string?)failure["error"]!["metadata"]!["error_type"]));

        var record = await RecordAsync(response);
        Assert.Equal((UsageStatus.Failed, "upstream_truncated", 0L, 0L), (record.Status, record.ErrorCode, record.Tokens.Total, record.PlanTokensCharged));
        Assert.Equal(10_000, (await customer.UsageAsync()).Quota.Remaining);
    }

    private async Task<(HttpResponseMessage Response, string Text)> StreamAsync(string members, params string[] chunks)
    {
        await using var vendor = await ScriptedVendor.StreamingAsync([.. chunks.Select(chunk => $"data: {chunk}\n\n"), "data: [DONE]\n\n"]);
        var response = await SendAsync(await vendors.Hub.RegisterAsync(), await vendors.ServeAsync(vendor), members);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return (response, await response.Content.ReadAsStringAsync());
    }

    private static Task<HttpResponseMessage> SendAsync(TestCustomer customer, string model, string members) => customer.Api.SendAsync(
        new HttpRequestMessage(HttpMethod.Post, "chat/completions")
        {
            Content = new StringContent($$"""{"model":"{{model}}","stream":true,"messages":[{"role":"user","content":"hi"}]{{members}}}""", Encoding.UTF8, "application/json"),
        },
        HttpCompletionOption.ResponseHeadersRead);

    private async Task<UsageRecord> RecordAsync(HttpResponseMessage response)
    {
        var id = Guid.Parse(response.Headers.GetValues("x-request-id").Single());
        await using var db = vendors.Hub.Database.OpenAsAdmin();
        return await db.UsageRecords.SingleAsync(record => record.Id == id);
    }

    private static string Events(params string[] chunks) => string.Concat(chunks.Select(chunk => $"data: {chunk}\n\n")) + "data: [DONE]\n\n";

    private static string[] Data(string text) => [.. text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).SkipLast(1).Select(line => line["data: ".Length..])];
}
