using System.ClientModel;
using System.ClientModel.Primitives;
using System.Reflection;
using System.Text.Json.Nodes;
using AiHub.Simulators;
using AiHub.Tests.Hub;
using OpenAI;
using OpenAI.Chat;
using Xunit.Sdk;

namespace AiHub.Tests.Sdk;

/// <summary>Who answers the SDK: what a client sees must be the same.</summary>
public enum Answering
{
    /// <summary>The simulated vendor itself, as OpenAI would.</summary>
    Vendor,

    /// <summary>The hub, with that vendor behind it.</summary>
    Hub,
}

/// <summary>Runs a theory against the vendor and, with the same expectations, through the hub.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VendorAndHubAttribute : DataAttribute
{
    public override IEnumerable<object[]> GetData(MethodInfo testMethod) => [[Answering.Vendor], [Answering.Hub]];
}

/// <summary>An address, a key and model names that an official SDK is pointed at.</summary>
public sealed class SdkTarget
{
    private readonly TestHub _hub;
    private readonly string _prefix;

    private SdkTarget(TestHub hub, Uri url, string key, string prefix) => (_hub, Url, Key, _prefix) = (hub, url, key, prefix);

    public Uri Url { get; }

    public string Key { get; }

    public static async Task<SdkTarget> OfAsync(Answering answering)
    {
        var hub = await TestHub.SharedAsync();

        return answering == Answering.Vendor
            ? new SdkTarget(hub, new Uri(hub.SimulatorsUrl, "/vendors/openai/v1"), SimulatorOptions.DevelopmentKey, string.Empty)
            : new SdkTarget(hub, new Uri(hub.GatewayUrl, "/v1"), (await hub.RegisterAsync()).Key.Key, "sim/");
    }

    public string Model(string name) => _prefix + name;

    public ChatClient Chat(string model, string? key = null) => Client(key).GetChatClient(Model(model));

    public OpenAIClient Client(string? key = null) =>
        new(new ApiKeyCredential(key ?? Key), new OpenAIClientOptions { Endpoint = Url, RetryPolicy = new ClientRetryPolicy(maxRetries: 0) });

    /// <summary>What the vendor wrote down about the one request that had this text in its body, once it is done with it.</summary>
    public async Task<(JsonNode Request, JsonNode Served)> ServedAsync(string text)
    {
        using var control = new HttpClient { BaseAddress = new Uri(_hub.SimulatorsUrl, "/_sim/") };
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        while (true)
        {
            // What was served is told last, so a request read after it is as it ended.
            var served = JsonNode.Parse(await control.GetStringAsync("vendors/served", patience.Token))!["answers"]!.AsArray();
            var requests = JsonNode.Parse(await control.GetStringAsync($"vendors/requests?contains={Uri.EscapeDataString(text)}", patience.Token))!.AsArray();
            if (requests is [{ } request] && served.SingleOrDefault(answer => (string?)answer!["request_id"] == (string?)request["request_id"]) is { } answer)
            {
                return (request, answer);
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }
}
