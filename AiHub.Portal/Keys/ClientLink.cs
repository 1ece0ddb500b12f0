using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace AiHub.Portal.Keys;

/// <summary>
/// A link that hands an address and a key to a program on the visitor's own machine. The key is in the link and nowhere else: none of them leads to
/// a web site, whose server would read it.
/// </summary>
public sealed record ClientLink(string Id, string Name, string Address)
{
    private const string Provider = "ai-hub";
    private const string ProviderName = "AI Hub";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="baseUrl">Of the API, with its <c>/v1</c>.</param>
    public static IReadOnlyList<ClientLink> All(Uri baseUrl, string key, string model)
    {
        var v1 = baseUrl.ToString().TrimEnd('/');
        var root = v1.EndsWith("/v1", StringComparison.Ordinal) ? v1[..^3] : v1;

        return
        [
            // These add /v1 themselves.
            new("cherry-studio", "Cherry Studio", "cherrystudio://providers/api-keys?v=1&data=" + Encoded(new { id = Provider, name = ProviderName, type = "openai", baseUrl = root, apiKey = key })),
            new("chatbox", "Chatbox", "chatbox://provider/import?config=" + Encoded(new
            {
                id = Provider,
                name = ProviderName,
                type = "openai",
                urls = new { website = root },
                settings = new { apiHost = root, apiPath = "/v1/chat/completions", apiKey = key, models = new[] { new { modelId = model, nickname = model, type = "chat" } } },
            })),
            new("deepchat", "DeepChat", "deepchat://provider/install?v=1&data=" + Encoded(new { id = Provider, name = ProviderName, type = "openai-completions", baseUrl = v1, apiKey = key })),
            new("aionui", "AionUI", "aionui://provider/add?v=1&data=" + Encoded(new { platform = "custom", name = ProviderName, baseUrl = v1, apiKey = key })),
            new("cc-switch-claude", "CC Switch · Claude Code", CcSwitch("claude", root, root, key, model)),
            new("cc-switch-codex", "CC Switch · Codex", CcSwitch("codex", v1, root, key, model)),
            new("opencat", "OpenCat", $"opencat://team/join?domain={Uri.EscapeDataString(root)}&token={Uri.EscapeDataString(key)}"),
        ];
    }

    private static string CcSwitch(string app, string endpoint, string homepage, string key, string model) =>
        $"ccswitch://v1/import?resource=provider&app={app}&name={Uri.EscapeDataString(ProviderName)}&homepage={Uri.EscapeDataString(homepage)}"
        + $"&endpoint={Uri.EscapeDataString(endpoint)}&apiKey={Uri.EscapeDataString(key)}&model={Uri.EscapeDataString(model)}&enabled=true";

    private static string Encoded(object config) => Uri.EscapeDataString(Convert.ToBase64String(Encoding.UTF8.GetBytes(JsonSerializer.Serialize(config, Json))));
}
