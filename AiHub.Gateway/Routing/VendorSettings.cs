using System.Globalization;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Dialects.Anthropic;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>
/// What configuration says about vendors: <c>Vendors:{id}:ApiKey|BaseUrl|Enabled|AllowPrivateNetwork</c>, and the environment variable a vendor's
/// row names for its key. Secrets are never in the database.
/// </summary>
public sealed class VendorSettings(IConfiguration configuration)
{
    private const string Simulated = "sim";

    /// <returns>Null when the vendor is switched off, or lacks what switches it on.</returns>
    public WireTarget? Target(Vendor vendor, string vendorModel)
    {
        var section = configuration.GetSection($"Vendors:{vendor.Id}");
        var key = First(section["ApiKey"], vendor.KeyVariable is { } variable ? configuration[variable] : null);
        var ready = vendor.Id == Simulated ? section["BaseUrl"] is { Length: > 0 } : key is not null || vendor.KeyVariable is null;
        if (!ready || !(section.GetValue<bool?>("Enabled") ?? vendor.Enabled))
        {
            return null;
        }

        var baseUrl = First(section["BaseUrl"], vendor.BaseUrl)!;
        if (!Uri.TryCreate(baseUrl.TrimEnd('/') + "/chat/completions", UriKind.Absolute, out var chatUrl) || chatUrl.Scheme is not ("https" or "http"))
        {
            throw new InvalidOperationException($"The base URL of vendor '{vendor.Id}' is not an http or https URL: '{baseUrl}'. Correct Vendors__{vendor.Id}__BaseUrl.");
        }

        return new WireTarget(
            vendor.Id,
            chatUrl,
            vendorModel,
            key is null ? null : new VendorSecret(key),
            Quirks(vendor.Quirks),
            Timeouts(section),
            // The simulators live beside the hub; naming their address is the permission to go there.
            section.GetValue<bool?>("AllowPrivateNetwork") ?? vendor.Id == Simulated);
    }

    /// <summary>Which kind of connector serves the vendor.</summary>
    public static string Connector(Vendor vendor) => vendor.Quirks.GetValueOrDefault("connector", ConnectorKinds.Wire);

    private static VendorQuirks Quirks(Dictionary<string, string> quirks) => new()
    {
        OutputLimitField = quirks.GetValueOrDefault("output_limit", VendorQuirks.None.OutputLimitField),
        ReportsStreamUsage = !quirks.TryGetValue("stream_options", out var options) || options != "false",
        Extras = quirks.TryGetValue("extras", out var extras) ? Enum.Parse<ChatExtras>(extras) : ChatExtras.None,
        SendsDone = !quirks.TryGetValue("done", out var done) || done != "false",
    };

    private UpstreamTimeouts Timeouts(IConfigurationSection vendor)
    {
        return new UpstreamTimeouts
        {
            Connect = Limit("Connect", UpstreamTimeouts.Default.Connect),
            FirstToken = Limit("FirstToken", UpstreamTimeouts.Default.FirstToken),
            Idle = Limit("Idle", UpstreamTimeouts.Default.Idle),
            Total = Limit("Total", UpstreamTimeouts.Default.Total),
        };

        TimeSpan Limit(string name, TimeSpan usual) =>
            First(vendor[$"Timeouts:{name}"], configuration[$"Upstreams:Timeouts:{name}"]) is { } text ? TimeSpan.Parse(text, CultureInfo.InvariantCulture) : usual;
    }

    private static string? First(string? first, string? second) => !string.IsNullOrWhiteSpace(first) ? first : !string.IsNullOrWhiteSpace(second) ? second : null;
}
