using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Simulators;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Simulators;

/// <summary>The simulators alone, on a real socket, with what a test needs to talk to them.</summary>
public sealed class SimulatorHost : IDisposable
{
    public const int HugeBytes = 3_000_000;

    private readonly ServiceHost<SimulatorClock> _host;

    public SimulatorHost()
        : this(clock: null, [])
    {
    }

    private SimulatorHost(TimeProvider? clock, params (string Key, string Value)[] settings)
    {
        var all = settings.ToDictionary(setting => setting.Key, string? (setting) => setting.Value);
        all["Simulators:HugeBytes"] = $"{HugeBytes}";
        _host = new ServiceHost<SimulatorClock>(all, clock);
        Vendor = new HttpClient { BaseAddress = new Uri(_host.Url, "/vendors/openai/v1/") };
        Vendor.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", SimulatorOptions.DevelopmentKey);
        Control = new HttpClient { BaseAddress = new Uri(_host.Url, "/_sim/") };
    }

    public static SimulatorHost With(params (string Key, string Value)[] settings) => new(clock: null, settings);

    public static SimulatorHost With(TimeProvider clock, params (string Key, string Value)[] settings) => new(clock, settings);

    public Uri Url => _host.Url;

    public HttpClient Vendor { get; }

    public HttpClient Control { get; }

    /// <summary>A chat request of one user message, with more members or with some replaced.</summary>
    public static JsonObject Ask(string model, string text, params (string Name, JsonNode? Value)[] members)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["messages"] = new JsonArray(new JsonObject { ["role"] = "user", ["content"] = text }),
        };
        foreach (var (name, value) in members)
        {
            body[name] = value;
        }

        return body;
    }

    public async Task<JsonObject> CompleteAsync(JsonObject body)
    {
        using var response = await SendAsync(body);

        return (await JsonNode.ParseAsync(await response.EnsureSuccessStatusCode().Content.ReadAsStreamAsync()))!.AsObject();
    }

    /// <summary>The data of each event, <c>[DONE]</c> included.</summary>
    public async Task<IReadOnlyList<string>> StreamAsync(JsonObject body)
    {
        body["stream"] = true;
        using var response = await SendAsync(body);

        return [.. (await response.EnsureSuccessStatusCode().Content.ReadAsStringAsync())
            .Split("\n\n", StringSplitOptions.RemoveEmptyEntries)
            .Select(sent => sent["data: ".Length..])];
    }

    public async Task<(int Status, JsonObject Error)> RefusedAsync(JsonObject body)
    {
        using var response = await SendAsync(body);

        return ((int)response.StatusCode, (await JsonNode.ParseAsync(await response.Content.ReadAsStreamAsync()))!["error"]!.AsObject());
    }

    public Task<HttpResponseMessage> SendAsync(JsonObject body, CancellationToken ct = default) =>
        Vendor.SendAsync(Post(body), HttpCompletionOption.ResponseHeadersRead, ct);

    public async Task<JsonNode> ControlAsync(string path) => (await JsonNode.ParseAsync(await Control.GetStreamAsync(path)))!;

    public async Task<IReadOnlyList<JsonNode>> ServedAsync() => [.. (await ControlAsync("vendors/served"))["answers"]!.AsArray().Select(answer => answer!)];

    public void Dispose()
    {
        Vendor.Dispose();
        Control.Dispose();
        _host.Dispose();
    }

    public static HttpRequestMessage Post(JsonObject body) =>
        new(HttpMethod.Post, "chat/completions") { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };

    /// <summary>What the events' deltas say together, of one choice.</summary>
    public static string TextOf(IEnumerable<string> events, string member = "content", int choice = 0) => string.Concat(events.Where(data => data != "[DONE]")
        .SelectMany(data => JsonNode.Parse(data)!["choices"]!.AsArray())
        .Where(one => (int)one!["index"]! == choice)
        .Select(one => (string?)one!["delta"]![member]));

    public static string Canonical(JsonNode json) => JsonSerializer.Serialize(json);
}
