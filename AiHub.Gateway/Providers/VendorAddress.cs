using AiHub.Gateway.Dialects;

namespace AiHub.Gateway.Providers;

/// <summary>Where a vendor is asked to chat, and in which dialect, by the name its row gives for that.</summary>
internal static class VendorAddress
{
    private const string AzureVersion = "2025-04-01-preview";

    /// <summary>The dialects that are spoken.</summary>
    public static IReadOnlyList<string> Dialects { get; } = ["openai", "azure", "anthropic", "responses", "gemini"];

    /// <param name="name"><c>openai</c>, <c>azure</c>, <c>anthropic</c>, <c>responses</c> or <c>gemini</c>.</param>
    /// <exception cref="InvalidOperationException">Nobody speaks that.</exception>
    public static WireDialect Dialect(string name) => name switch
    {
        "openai" or "azure" => WireDialect.ChatCompletions,
        "anthropic" => WireDialect.Messages,
        "responses" => WireDialect.Responses,
        "gemini" => WireDialect.Gemini,
        _ => throw new InvalidOperationException($"There is no dialect '{name}'. There are: {string.Join(", ", Dialects)}."),
    };

    /// <param name="baseUrl">Without a slash at its end.</param>
    public static string ChatUrl(string baseUrl, string dialect, string model, VendorQuirks quirks)
    {
        var path = quirks.Path.Length > 0 ? quirks.Path : dialect switch
        {
            "azure" => "/openai/deployments/{model}/chat/completions?api-version={version}",
            "anthropic" => "/messages",
            "responses" => "/responses",
            "gemini" => "/models/{model}:generateContent",
            _ => "/chat/completions",
        };

        return baseUrl + path
            .Replace("{model}", Uri.EscapeDataString(model), StringComparison.Ordinal)
            .Replace("{version}", quirks.ApiVersion.Length > 0 ? quirks.ApiVersion : AzureVersion, StringComparison.Ordinal);
    }

    /// <summary>The quirks a dialect's name stands for.</summary>
    public static VendorQuirks Usual(string dialect, VendorQuirks quirks) =>
        dialect == "azure" && quirks.Auth.Length == 0 ? quirks with { Auth = "api-key" } : quirks;
}
