using System.Net;
using System.Net.Http.Headers;
using System.Text;
using AiHub.Domain.Catalog;
using AiHub.Tests.Providers;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Chat;

/// <summary>While a vendor thinks, before its first word and between any two, the line shows a sign of life in each dialect's way.</summary>
public sealed class HeartbeatTests(HeartbeatTests.HastyHub vendors) : IClassFixture<HeartbeatTests.HastyHub>
{
    private const string Comment = ": keepalive";
    private const string Word = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{\"role\":\"assistant\",\"content\":\"one\"},\"finish_reason\":null}]}\n\n";
    private const string End = "data: {\"id\":\"c1\",\"object\":\"chat.completion.chunk\",\"created\":7,\"model\":\"m\",\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":1,\"total_tokens\":4}}\n\ndata: [DONE]\n\n";
    private const string Preview = "data: {\"type\":\"image_generation.partial_image\",\"b64_json\":\"AAAA\",\"partial_image_index\":0}\n\n";
    private const string Picture = "data: {\"type\":\"image_generation.completed\",\"b64_json\":\"AAAA\",\"usage\":{\"input_tokens\":3,\"output_tokens\":5,\"total_tokens\":8}}\n\n";

    [Theory]
    [InlineData("v1/chat/completions", Comment, "one", "data: [DONE]")]
    [InlineData("api/v1/chat/completions", Comment, "one", "data: [DONE]")]
    [InlineData("v1/completions", Comment, "one", "data: [DONE]")]
    [InlineData("v1/responses", Comment, "response.output_text.delta", "event: response.completed")]
    [InlineData("v1/messages", "event: ping", "text_delta", "event: message_stop")]
    [InlineData("v1/images/generations", Comment, "partial_image", "event: image_generation.completed")]
    public async Task A_waiting_line_is_kept_open(string path, string sign, string word, string end)
    {
        var (first, rest) = path.Contains("images", StringComparison.Ordinal) ? (Preview, Picture) : (Word, End);
        var (begins, goesOn) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            await begins.Task;
            await ScriptedVendor.WriteAsync(context, "text/event-stream", first);
            await goesOn.Task;
            await ScriptedVendor.WriteAsync(context, "text/event-stream", rest);
        });

        using var response = await AskAsync(path, vendor);
        Assert.Equal((HttpStatusCode.OK, "text/event-stream"), (response.StatusCode, response.Content.Headers.ContentType!.ToString()));
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        await ReadToAsync(lines, sign);
        await ReadToAsync(lines, sign);
        begins.SetResult();
        await ReadToAsync(lines, word);
        await ReadToAsync(lines, sign);
        goesOn.SetResult();
        await ReadToAsync(lines, end);

        Assert.Equal("", (await lines.ReadToEndAsync()).Split('\n').LastOrDefault(line => line.StartsWith("event: ", StringComparison.Ordinal)) ?? "");
    }

    [Theory]
    [InlineData("v1/chat/completions", "\"finish_reason\":\"error\"", "data: [DONE]")]
    [InlineData("api/v1/chat/completions", "\"finish_reason\":\"error\"", "data: [DONE]")]
    [InlineData("v1/completions", "\"error\":{", "data: [DONE]")]
    [InlineData("v1/responses", "event: response.failed", "response.completed")]
    [InlineData("v1/messages", "event: error", "message_stop")]
    [InlineData("v1/images/generations", "event: error", ".completed")]
    public async Task A_failure_after_a_sign_of_life_is_told_in_the_stream(string path, string told, string properEnd)
    {
        var begins = new TaskCompletionSource();
        await using var vendor = await ScriptedVendor.StartAsync(async context =>
        {
            await begins.Task;
            context.Response.StatusCode = 503;
            await ScriptedVendor.WriteAsync(context, "application/json", """{"error":{"message":"overloaded"}}""");
        });

        using var response = await AskAsync(path, vendor);
        begins.SetResult();
        var text = await response.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Contains(told, text, StringComparison.Ordinal);
        // Chat streams end with their mark even then, after the error; no other dialect has one for it.
        Assert.Equal(properEnd == "data: [DONE]", text.Contains(properEnd, StringComparison.Ordinal));
    }

    private async Task<HttpResponseMessage> AskAsync(string path, ScriptedVendor vendor)
    {
        var images = path.Contains("images", StringComparison.Ordinal);
        var model = await vendors.ServeAsync(one => one.Kind = images ? ModelKind.Image : ModelKind.Chat, vendor);
        var customer = await vendors.Hub.RegisterAsync();
        var content = path switch
        {
            "v1/completions" => "\"prompt\":\"hi\"",
            "v1/responses" => "\"input\":\"hi\"",
            _ when images => "\"prompt\":\"hi\",\"quality\":\"low\",\"partial_images\":1",
            _ => "\"max_tokens\":50,\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]",
        };
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(vendors.Hub.GatewayUrl, path))
        {
            Headers = { Authorization = new AuthenticationHeaderValue("Bearer", customer.Key.Key) },
            Content = new StringContent($"{{\"model\":\"{model}\",\"stream\":true,{content}}}", Encoding.UTF8, "application/json"),
        };
        return await customer.Api.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }

    private static async Task ReadToAsync(StreamReader lines, string wanted)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var read = new StringBuilder();
        while (await lines.ReadLineAsync(patience.Token) is { } line)
        {
            read.AppendLine(line);
            if (line.Contains(wanted, StringComparison.Ordinal))
            {
                return;
            }
        }

        Assert.Fail($"The stream ended without '{wanted}':\n{read}");
    }

    /// <summary>A hub whose timers ring a hundred times as soon, and that is patient with vendors all the same.</summary>
    public sealed class HastyHub : VendorHub
    {
        protected override IEnumerable<KeyValuePair<string, string?>> More =>
            ((IEnumerable<string>)["Connect", "FirstToken", "Idle", "Total"]).Select(name => KeyValuePair.Create($"Upstreams:Timeouts:{name}", (string?)"10:00:00"));

        protected override void Services(IServiceCollection services) => services.AddSingleton<TimeProvider>(new HastyClock());
    }

    private sealed class HastyClock : TimeProvider
    {
        private const int Times = 100;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            base.CreateTimer(callback, state, Sooner(dueTime), Sooner(period));

        private static TimeSpan Sooner(TimeSpan time) => time == Timeout.InfiniteTimeSpan ? time : time / Times;
    }
}
