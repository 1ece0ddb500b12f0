using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators;
using AiHub.Simulators.Vendors.OpenAI;
using static AiHub.Tests.Simulators.SimulatorHost;

namespace AiHub.Tests.Simulators;

public sealed class ControlTests : IDisposable
{
    private readonly SimulatorHost _simulators = new();

    [Fact]
    public async Task What_was_received_is_kept_byte_for_byte_and_without_the_key()
    {
        var body = Encoding.UTF8.GetBytes("{ \"model\" : \"echo\",\n\t\"messages\":[{\"role\":\"user\",\"content\":\"\\u4f60好 😀\"}], \"x\":1.0e+2 }");
        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions?beta=1") { Content = new ByteArrayContent(body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json");
        request.Headers.Add("X-Trace", "abc");
        using var response = await _simulators.Vendor.SendAsync(request);
        await response.Content.ReadAsByteArrayAsync();

        var text = (await _simulators.Control.GetStringAsync("vendors/requests"))!;
        var kept = Assert.Single(JsonNode.Parse(text)!.AsArray())!;

        Assert.Equal(body, Convert.FromBase64String((string)kept["body_base64"]!));
        Assert.Equal(Encoding.UTF8.GetString(body), (string?)kept["body"]);
        Assert.Equal(("POST", "/vendors/openai/v1/chat/completions?beta=1", "abc", 200), ((string?)kept["method"], (string?)kept["path"], (string?)kept["headers"]!["x-trace"], (int)kept["status"]!));
        Assert.Equal(response.Headers.GetValues("x-request-id").Single(), (string?)kept["request_id"]);
        Assert.Matches("^Bearer \\[redacted sha256:[0-9a-f]{12}\\]$", (string?)kept["headers"]!["authorization"]);
        Assert.DoesNotContain(SimulatorOptions.DevelopmentKey, text, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.NoContent, (await _simulators.Control.DeleteAsync("vendors/requests")).StatusCode);
        Assert.Empty((await _simulators.ControlAsync("vendors/requests")).AsArray());
    }

    [Fact]
    public async Task Requests_are_found_by_what_is_in_them()
    {
        await _simulators.CompleteAsync(Ask("echo", "needle"));
        await _simulators.CompleteAsync(Ask("echo", "hay"));

        Assert.Single((await _simulators.ControlAsync("vendors/requests?contains=needle")).AsArray());
    }

    [Fact]
    public async Task Only_so_much_is_kept()
    {
        using var host = SimulatorHost.With(("Simulators:KeptRequests", "3"), ("Simulators:KeptBytes", "1000"), ("Simulators:KeptAnswers", "2"));
        for (var call = 0; call < 5; call++)
        {
            await host.CompleteAsync(Ask("echo", $"call {call}"));
        }

        Assert.Equal([3, 4, 5], (await host.ControlAsync("vendors/requests")).AsArray().Select(request => (int)request!["number"]!));
        Assert.Equal([4, 5], (await host.ServedAsync()).Select(answer => (int)answer["number"]!));
        Assert.Equal(5, (int)(await host.ControlAsync("vendors/served"))["total"]!);

        await host.CompleteAsync(Ask("echo", new string('x', 990)));
        Assert.Equal([6], (await host.ControlAsync("vendors/requests")).AsArray().Select(request => (int)request!["number"]!));
    }

    [Fact]
    public async Task The_record_of_served_tokens_agrees_with_the_usage_that_was_sent()
    {
        var whole = await _simulators.CompleteAsync(Ask("reasoning", "hello world", ("user", "alice"), ("n", 2)));
        await _simulators.StreamAsync(Ask("echo", "one two three"));
        await _simulators.RefusedAsync(Ask("busy", "x"));

        var served = await _simulators.ServedAsync();

        Assert.Equal(3, served.Count);
        var usage = whole["usage"]!;
        Assert.Equal(
            ((string?)whole["id"], "reasoning", "alice", "completed", 200, (int)usage["prompt_tokens"]!, (int)usage["completion_tokens"]!, (int)usage["completion_tokens_details"]!["reasoning_tokens"]!, true),
            Entry(served[0]));
        var (_, model, _, outcome, status, prompt, completion, _, told) = Entry(served[1]);
        Assert.Equal(("echo", "completed", 200, 10, 3, false), (model, outcome, status, prompt, completion, told));
        Assert.Equal(((string?)null, "busy", (string?)null, "refused", 429, 0, 0, 0, false), Entry(served[2]));
        Assert.Equal([3], (await _simulators.ControlAsync("vendors/served?after=2"))["answers"]!.AsArray().Select(answer => (int)answer!["number"]!));
        Assert.Equal([1], (await _simulators.ControlAsync("vendors/served?limit=1"))["answers"]!.AsArray().Select(answer => (int)answer!["number"]!));
    }

    [Fact]
    public async Task A_caller_that_hangs_up_is_charged_for_what_it_got()
    {
        using var patience = new CancellationTokenSource();
        var response = await _simulators.SendAsync(Ask("fault-stall", "lorem 50", ("stream", true)), patience.Token);
        using (var reader = new StreamReader(await response.Content.ReadAsStreamAsync(patience.Token)))
        {
            // The opening chunk and four words, each with its empty line.
            for (var line = 0; line < 10; line++)
            {
                await reader.ReadLineAsync(patience.Token);
            }

            Assert.Empty(await _simulators.ServedAsync());
        }

        response.Dispose();
        var served = await SingleServedAsync();

        Assert.Equal("client_aborted", (string?)served["outcome"]);
        Assert.Equal(Tokens.Count("lorem ipsum dolor sit"), (int)served["completion_tokens"]!);
        Assert.False((bool)served["usage_sent"]!);
        Assert.True((bool)(await _simulators.ControlAsync("vendors/requests"))[0]!["client_aborted"]!);
    }

    [Fact]
    public async Task A_line_that_a_fault_cuts_is_not_held_against_the_caller()
    {
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => _simulators.StreamAsync(Ask("dies", "lorem 50")));
        var served = await SingleServedAsync();

        Assert.Equal(("cut", "dies"), ((string?)served["outcome"], (string?)served["fault"]));
        Assert.Equal(Tokens.Count("lorem ipsum dolor sit"), (int)served["completion_tokens"]!);
        Assert.False((bool)(await _simulators.ControlAsync("vendors/requests"))[0]!["client_aborted"]!);
    }

    [Fact]
    public async Task Faults_happen_in_order_as_often_as_they_were_ordered_and_to_the_model_they_were_ordered_for()
    {
        await OrderAsync(new { vendor = "openai", fault = "500", count = 2 });
        await OrderAsync(new { vendor = "openai", fault = "529", model = "lorem" });

        Assert.Equal(500, await StatusAsync("echo"));
        Assert.Equal(500, await StatusAsync("lorem"));
        Assert.Equal(200, await StatusAsync("echo"));
        Assert.Equal(529, await StatusAsync("lorem"));
        Assert.Equal(200, await StatusAsync("lorem"));
        Assert.Empty((await _simulators.ControlAsync("faults")).AsArray());
        Assert.Equal(["500", "500", null, "529", null], (await _simulators.ServedAsync()).Select(answer => (string?)answer["fault"]));
    }

    [Fact]
    public async Task Faults_can_be_called_off()
    {
        await OrderAsync(new { vendor = "openai", fault = "stall", count = 100 });
        Assert.Equal(100, (int)(await _simulators.ControlAsync("faults"))[0]!["count"]!);

        await _simulators.Control.DeleteAsync("faults");

        Assert.Equal(200, await StatusAsync("echo"));
    }

    [Theory]
    [InlineData("nobody", "500", 1)]
    [InlineData("openai", "earthquake", 1)]
    [InlineData("openai", "500", 0)]
    public async Task An_order_that_cannot_be_kept_is_refused(string vendor, string fault, int count)
    {
        using var response = await _simulators.Control.PostAsJsonAsync("faults", new { vendor, fault, count });

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.NotEmpty((string)JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!);
    }

    [Fact]
    public async Task The_clock_is_moved_set_and_put_right()
    {
        (await _simulators.Control.PostAsJsonAsync("clock", new { now = "2030-05-05T05:05:05Z" })).EnsureSuccessStatusCode();
        var set = (long)(await _simulators.CompleteAsync(Ask("echo", "x")))["created"]!;
        Assert.InRange(set, Seconds("2030-05-05T05:05:05Z"), Seconds("2030-05-05T05:06:05Z"));

        (await _simulators.Control.PostAsJsonAsync("clock", new { advance_seconds = 86_400 })).EnsureSuccessStatusCode();
        Assert.InRange((long)(await _simulators.CompleteAsync(Ask("echo", "x")))["created"]! - set, 86_400, 86_460);

        (await _simulators.Control.PostAsJsonAsync("clock", new { reset = true })).EnsureSuccessStatusCode();
        Assert.Equal(0, (double)(await _simulators.ControlAsync("clock"))["shift_seconds"]!);

        Assert.Equal(HttpStatusCode.BadRequest, (await _simulators.Control.PostAsJsonAsync("clock", new { })).StatusCode);
    }

    [Fact]
    public async Task The_help_names_every_model_and_every_fault()
    {
        var help = await _simulators.ControlAsync("");

        Assert.Equal(Faults.All.Keys, help["faults"]!.AsObject().Select(fault => fault.Key));
        Assert.Equal(["echo", "lorem", "slow", "busy", "dies", "tools", "reasoning"], help["models"]!.AsObject().Select(model => model.Key));
        Assert.Contains("POST /_sim/faults", help["endpoints"]!.AsObject().Select(endpoint => endpoint.Key));
    }

    public void Dispose() => _simulators.Dispose();

    private static long Seconds(string moment) => DateTimeOffset.Parse(moment, System.Globalization.CultureInfo.InvariantCulture).ToUnixTimeSeconds();

    private static (string? Id, string? Model, string? User, string? Outcome, int Status, int Prompt, int Completion, int Reasoning, bool Told) Entry(JsonNode answer) => (
        (string?)answer["id"],
        (string?)answer["model"],
        (string?)answer["user"],
        (string?)answer["outcome"],
        (int)answer["status"]!,
        (int)answer["prompt_tokens"]!,
        (int)answer["completion_tokens"]!,
        (int)answer["reasoning_tokens"]!,
        (bool)answer["usage_sent"]!);

    private async Task OrderAsync(object order) => (await _simulators.Control.PostAsJsonAsync("faults", order)).EnsureSuccessStatusCode();

    private async Task<int> StatusAsync(string model)
    {
        using var response = await _simulators.SendAsync(Ask(model, "lorem 3"));
        await response.Content.ReadAsByteArrayAsync();

        return (int)response.StatusCode;
    }

    // A line that broke tells the caller nothing, so the record may follow a moment later.
    private async Task<JsonNode> SingleServedAsync()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            if (await _simulators.ServedAsync() is [var served])
            {
                return served;
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }
}
