using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators.Vendors.OpenAI;
using static AiHub.Tests.Simulators.SimulatorHost;

namespace AiHub.Tests.Simulators;

/// <summary>That each fault does on the wire what its name says.</summary>
public sealed class FaultTests(SimulatorHost simulators) : IClassFixture<SimulatorHost>
{
    // For answers that do not end by themselves.
    private static readonly TimeSpan AWhile = TimeSpan.FromSeconds(4);

    private const string Few = "lorem ipsum dolor 模";

    private const string All = "lorem ipsum dolor 模拟供应商 é 😀 sit amet consectetur 模拟供应商 é 😀 adipiscing elit sed 模拟供应商 é 😀 "
        + "do eiusmod tempor 模拟供应商 é 😀 incididunt ut labore 模拟供应商 é 😀";

    [Theory]
    [InlineData("reset-before-headers", WireEnd.Reset, "")]
    [InlineData("reset-mid-stream", WireEnd.Reset, Few)]
    [InlineData("dies", WireEnd.Reset, Few)]
    [InlineData("stall-before-headers", WireEnd.Open, "")]
    [InlineData("stall", WireEnd.Open, Few)]
    [InlineData("ends-early", WireEnd.Complete, Few)]
    public async Task A_stream_breaks_off(string fault, WireEnd end, string delivered)
    {
        var answer = await AskAsync(fault, patience: end == WireEnd.Open ? AWhile : null);

        Assert.Equal(end, answer.End);
        Assert.Equal(delivered, TextOf(Events(answer)));
        Assert.DoesNotContain("[DONE]", answer.Body, StringComparison.Ordinal);
        Assert.DoesNotContain("\"finish_reason\":\"", answer.Body, StringComparison.Ordinal);
        Assert.Equal(delivered.Length > 0, answer.Head.StartsWith("HTTP/1.1 200", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("reset-before-headers", WireEnd.Reset)]
    [InlineData("reset-mid-stream", WireEnd.Reset)]
    [InlineData("stall-before-headers", WireEnd.Open)]
    [InlineData("stall", WireEnd.Open)]
    [InlineData("ends-early", WireEnd.Complete)]
    [InlineData("broken-sse", WireEnd.Complete)]
    [InlineData("garbage-frame", WireEnd.Complete)]
    public async Task A_document_breaks_off(string fault, WireEnd end)
    {
        var answer = await AskAsync(fault, stream: false, patience: end == WireEnd.Open ? AWhile : null);

        Assert.Equal(end, answer.End);
        Assert.ThrowsAny<System.Text.Json.JsonException>(() => JsonNode.Parse(answer.Body));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Drip_sends_single_bytes(bool stream)
    {
        var answer = await AskAsync("drip", stream, patience: AWhile);

        Assert.NotEmpty(answer.Chunks);
        Assert.All(answer.Chunks, chunk => Assert.Single(chunk));
        Assert.InRange(answer.Chunks.Count, 1, 10);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Split_utf8_sends_characters_in_two_writes(bool stream)
    {
        var answer = await AskAsync("split-utf8", stream);

        var split = answer.Chunks.Count(chunk => (chunk[0] & 0xC0) == 0x80);
        // Five times: five ideographs, one é, one emoji.
        Assert.Equal(35, split);
        Assert.Equal(All, stream ? TextOf(Events(answer)) : (string?)JsonNode.Parse(answer.Body)!["choices"]![0]!["message"]!["content"]);
    }

    [Fact]
    public async Task Broken_sse_has_one_line_without_a_field()
    {
        var lines = (await AskAsync("broken-sse")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        var broken = Assert.Single(lines, line => !line.StartsWith("data: ", StringComparison.Ordinal));
        Assert.NotNull(JsonNode.Parse(broken));
        Assert.Equal("data: [DONE]", lines[^1]);
    }

    [Fact]
    public async Task A_garbage_frame_is_no_JSON_and_the_stream_goes_on()
    {
        var frames = Frames(await AskAsync("garbage-frame"));

        Assert.Single(frames, frame => frame != "[DONE]" && !IsJson(frame));
        Assert.Equal("[DONE]", frames[^1]);
    }

    [Fact]
    public async Task A_single_newline_separates_nothing()
    {
        var body = (await AskAsync("single-newline")).Body;

        Assert.DoesNotContain("\n\n", body, StringComparison.Ordinal);
        Assert.EndsWith("data: [DONE]\n", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Crlf_ends_every_line()
    {
        var body = (await AskAsync("crlf")).Body;

        Assert.Equal(body.Count(character => character == '\n'), body.Split("\r\n").Length - 1);
        Assert.Equal(All, TextOf(body.Split("\r\n\r\n", StringSplitOptions.RemoveEmptyEntries).Select(frame => frame["data: ".Length..])));
    }

    [Fact]
    public async Task No_space_follows_the_field()
    {
        var lines = (await AskAsync("no-space")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.All(lines, line => Assert.True(line.StartsWith("data:{", StringComparison.Ordinal) || line == "data:[DONE]"));
    }

    [Fact]
    public async Task Comments_stand_between_events()
    {
        var lines = (await AskAsync("comments")).Body.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        Assert.Equal(lines.Count(line => line.StartsWith("data: ", StringComparison.Ordinal)), lines.Count(line => line.StartsWith(':')));
    }

    [Fact]
    public async Task Missing_done_is_all_that_is_missing()
    {
        var frames = Frames(await AskAsync("missing-done"));

        Assert.DoesNotContain("[DONE]", frames);
        Assert.Equal("stop", (string?)JsonNode.Parse(frames[^1])!["choices"]![0]!["finish_reason"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_missing_finish_reason_is_not_even_null(bool stream)
    {
        var answer = await AskAsync("missing-finish-reason", stream);

        Assert.DoesNotContain("finish_reason", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_unknown_finish_reason_comes_once(bool stream)
    {
        var answer = await AskAsync("unknown-finish-reason", stream);

        Assert.Equal(2, answer.Body.Split("insufficient_system_resource").Length);
        Assert.DoesNotContain("\"stop\"", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Created_is_a_string(bool stream)
    {
        var answer = await AskAsync("created-as-string", stream);

        Assert.All(stream ? Events(answer) : [answer.Body], json => Assert.Equal(System.Text.Json.JsonValueKind.String, JsonNode.Parse(json)!["created"]!.GetValueKind()));
    }

    [Fact]
    public async Task Empty_choices_come_first_or_are_all()
    {
        Assert.Empty(JsonNode.Parse(Frames(await AskAsync("empty-choices"))[0])!["choices"]!.AsArray());
        Assert.Empty(JsonNode.Parse((await AskAsync("empty-choices", stream: false)).Body)!["choices"]!.AsArray());
    }

    [Fact]
    public async Task Usage_on_every_chunk_grows_to_the_true_figure()
    {
        var used = Events(await AskAsync("usage-on-every-chunk")).Select(data => (int)JsonNode.Parse(data)!["usage"]!["completion_tokens"]!).ToArray();
        var whole = await simulators.CompleteAsync(Ask("fault-no-space", "hi"));

        Assert.Equal(used.Order(), used);
        Assert.Equal(0, used[0]);
        Assert.Equal((int)whole["usage"]!["completion_tokens"]!, used[^1]);
    }

    [Theory]
    [InlineData("no-usage", true, 0)]
    [InlineData("no-usage", false, 0)]
    [InlineData("usage-null", false, 1)]
    public async Task Usage_is_missing_although_it_was_asked_for(string fault, bool stream, int nulls)
    {
        var body = (await AskAsync(fault, stream, usage: stream)).Body;

        Assert.Equal(nulls, body.Split("\"usage\"").Length - 1);
        Assert.DoesNotContain("prompt_tokens", body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Usage_null_comes_even_in_the_chunk_that_is_for_usage()
    {
        var last = JsonNode.Parse(Events(await AskAsync("usage-null", usage: true)).Last())!.AsObject();

        Assert.Empty(last["choices"]!.AsArray());
        Assert.True(last.ContainsKey("usage"));
        Assert.Null(last["usage"]);
    }

    [Fact]
    public async Task An_error_comes_in_band()
    {
        var middle = Frames(await AskAsync("error-in-band"));
        var first = Frames(await AskAsync("error-in-band-first"));
        var document = await AskAsync("error-in-band", stream: false);

        Assert.Equal(Few, TextOf(middle.SkipLast(1)));
        Assert.Equal("server_error", (string?)JsonNode.Parse(middle[^1])!["error"]!["code"]);
        Assert.Equal("server_error", (string?)JsonNode.Parse(Assert.Single(first))!["error"]!["code"]);
        Assert.StartsWith("HTTP/1.1 200", document.Head, StringComparison.Ordinal);
        Assert.Equal("server_error", (string?)JsonNode.Parse(document.Body)!["error"]!["code"]);
    }

    [Fact]
    public async Task Html_comes_with_status_200()
    {
        var answer = await AskAsync("html");

        Assert.StartsWith("HTTP/1.1 200", answer.Head, StringComparison.Ordinal);
        Assert.Contains("text/html", answer.Head, StringComparison.Ordinal);
        Assert.StartsWith("<!DOCTYPE html>", answer.Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_huge_body_is_huge_and_still_right(bool stream)
    {
        using var response = await simulators.SendAsync(Ask("fault-huge-body", "hi", ("stream", stream)));
        var body = await response.Content.ReadAsStringAsync();

        Assert.InRange(body.Length, HugeBytes, HugeBytes + 1000);
        Assert.NotNull(JsonNode.Parse(stream ? body["data: ".Length..body.IndexOf('\n', StringComparison.Ordinal)] : body));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_gzip_bomb_is_small_until_it_is_opened(bool stream)
    {
        using var response = await simulators.SendAsync(Ask("fault-gzip-bomb", "hi", ("stream", stream)));
        var packed = await response.Content.ReadAsByteArrayAsync();

        Assert.Equal(["gzip"], response.Content.Headers.ContentEncoding);
        Assert.InRange(packed.Length, 1, HugeBytes / 100);
        using var unpacked = new MemoryStream();
        await using (var zip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress))
        {
            await zip.CopyToAsync(unpacked);
        }

        Assert.InRange(unpacked.Length, HugeBytes, HugeBytes + 1000);
        Assert.StartsWith(stream ? "data: {" : "{", Encoding.UTF8.GetString(unpacked.GetBuffer(), 0, 7), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("busy", 429, "requests", "rate_limit_exceeded", true)]
    [InlineData("429-storm", 429, "requests", "rate_limit_exceeded", false)]
    [InlineData("quota", 429, "insufficient_quota", "insufficient_quota", false)]
    [InlineData("500", 500, "server_error", null, false)]
    [InlineData("503", 503, "service_unavailable_error", null, false)]
    [InlineData("529", 529, "overloaded_error", null, false)]
    [InlineData("bad-key", 401, "invalid_request_error", "invalid_api_key", false)]
    [InlineData("arrears", 402, "unknown_error", "invalid_request_error", false)]
    [InlineData("context-length", 400, "invalid_request_error", "context_length_exceeded", false)]
    public async Task A_refusal_has_its_status_and_its_code(string fault, int status, string type, string? code, bool retryAfter)
    {
        foreach (var stream in (bool[])[true, false])
        {
            using var response = await simulators.SendAsync(Ask($"fault-{fault}", "hi", ("stream", stream)));

            Assert.Equal((HttpStatusCode)status, response.StatusCode);
            Assert.Equal(retryAfter, response.Headers.Contains("retry-after"));
            var error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
            Assert.Equal((type, code), ((string?)error["type"], (string?)error["code"]));
        }
    }

    [Fact]
    public void Every_fault_is_a_model() => Assert.Superset(Faults.All.Keys.Select(name => $"fault-{name}").ToHashSet(), SimulatedModel.All.Keys.ToHashSet());

    private Task<WireAnswer> AskAsync(string fault, bool stream = true, bool usage = false, TimeSpan? patience = null) => WireTap.AskAsync(
        simulators.Url,
        usage
            ? Ask($"fault-{fault}", "hi", ("stream", stream), ("stream_options", new JsonObject { ["include_usage"] = true }))
            : Ask($"fault-{fault}", "hi", ("stream", stream)),
        patience);

    private static List<string> Frames(WireAnswer answer) =>
        [.. answer.Body.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(frame => frame["data: ".Length..])];

    private static IEnumerable<string> Events(WireAnswer answer) => Frames(answer).Where(frame => frame != "[DONE]");

    private static bool IsJson(string text)
    {
        try
        {
            return JsonNode.Parse(text) is not null;
        }
        catch (System.Text.Json.JsonException)
        {
            return false;
        }
    }
}
