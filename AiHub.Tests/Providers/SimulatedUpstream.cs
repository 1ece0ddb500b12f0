using System.Text;
using System.Text.Json.Nodes;
using AiHub.Gateway.Dialects.OpenAI;
using AiHub.Gateway.Providers;
using AiHub.Simulators;
using AiHub.Tests.Dialects.Anthropic;
using AiHub.Tests.Simulators;

namespace AiHub.Tests.Providers;

/// <summary>The hub's connector before one simulated vendor, asked as chat clients ask.</summary>
public sealed class SimulatedUpstream(SimulatorHost simulators, HandlerPool handlers, string dialect, Dictionary<string, string>? quirks = null)
{
    private static readonly Dictionary<string, string> Paths = new()
    {
        ["openai"] = "/vendors/openai/v1",
        ["azure"] = "/vendors/azure",
        ["anthropic"] = "/vendors/anthropic/v1",
        ["gemini"] = "/vendors/gemini/v1beta",
        ["responses"] = "/vendors/responses/v1",
    };

    public UpstreamTimeouts Timeouts { get; init; } = UpstreamTimeouts.Default;

    public string Key { get; init; } = SimulatorOptions.DevelopmentKey;

    public WireTarget Target(string model)
    {
        var known = VendorAddress.Usual(dialect, VendorQuirks.Of(quirks ?? [], model));
        var url = VendorAddress.ChatUrl(new Uri(simulators.Url, Paths[dialect]).ToString(), dialect, model, known);
        return new WireTarget($"sim-{dialect}", new Uri(url), model, new VendorSecret(Key), known, Timeouts, AllowPrivateNetwork: true)
        {
            Dialect = VendorAddress.Dialect(dialect),
            MaxOutputTokens = 4_096,
        };
    }

    public WireConnector Connector(string model) => new(Target(model), handlers, TimeProvider.System);

    public static HubExecutionSettings Settings(string request, bool requireParameters = false) =>
        new() { Request = ChatRequest.Parse(Encoding.UTF8.GetBytes(request)).Request!, RequireParameters = requireParameters };

    /// <summary>The assistant's message with its end and usage, streamed or in one piece: the same either way.</summary>
    public async Task<JsonObject> AskAsync(JsonObject request, bool stream, HubExecutionSettings? settings = null)
    {
        request["stream"] = stream;
        settings ??= Settings(request.ToJsonString());
        var connector = Connector((string)request["model"]!);
        if (stream)
        {
            var chunks = new List<string>();
            await foreach (var chunk in connector.GetStreamingChatMessageContentsAsync([], settings))
            {
                // What Azure's filter found is not for readers of an answer.
                if (((WireEvent)chunk).Facts is { Choices: > 0 } or { Usage.Exists: true })
                {
                    chunks.Add(Encoding.UTF8.GetString(chunk.ToByteArray()));
                }
            }

            return ChunkReader.Read(chunks);
        }

        var whole = (WireMessage)(await connector.GetChatMessageContentsAsync([], settings))[0];
        var answer = JsonNode.Parse(whole.Json.Span)!;
        var message = answer["choices"]![0]!["message"]!.DeepClone().AsObject();
        foreach (var name in (string[])["finish_reason", "native_finish_reason", "stop_reason"])
        {
            message[name] = answer["choices"]![0]![name]?.DeepClone();
        }

        message["usage"] = answer["usage"]?.DeepClone();
        return message;
    }

    /// <summary>The message as a client sends it back with its next request.</summary>
    public static JsonObject Said(JsonObject answer)
    {
        var said = answer.DeepClone().AsObject();
        foreach (var field in (string[])["finish_reason", "native_finish_reason", "stop_reason", "usage"])
        {
            said.Remove(field);
        }

        return said;
    }

    /// <summary>Bodies of the requests that contain this text, as the vendor received them.</summary>
    public async Task<IReadOnlyList<JsonObject>> ReceivedAsync(string contains)
    {
        var requests = (await simulators.ControlAsync($"vendors/requests?contains={Uri.EscapeDataString(contains)}")).AsArray();
        return [.. requests.Select(request => request!.AsObject())];
    }
}
