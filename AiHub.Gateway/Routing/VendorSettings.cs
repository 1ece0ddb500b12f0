using System.Collections.Frozen;
using System.Globalization;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;

namespace AiHub.Gateway.Routing;

/// <summary>
/// What configuration says about vendors: <c>Vendors:{id}:ApiKey|BaseUrl|Enabled|AllowPrivateNetwork</c>, and the environment variable a vendor's
/// row names for its key. Keys that operators entered go before it, each to the host it was entered for.
/// </summary>
public sealed class VendorSettings(IConfiguration configuration, VendorSecrets secrets)
{
    private const string Simulated = "sim";

    private static readonly Lazy<FrozenDictionary<string, Uri>> Shipped = new(() =>
        CatalogData.Shipped().Vendors.ToFrozenDictionary(vendor => vendor.Id, vendor => new Uri(vendor.BaseUrl)));

    /// <summary>How an endpoint can be reached: once with each key it may use.</summary>
    /// <returns>Nothing when the vendor is switched off, or lacks what switches it on.</returns>
    public IEnumerable<(string Credential, WireTarget Target)> Targets(Vendor vendor, Upstream upstream, IEnumerable<VendorKey> keys, long? maxOutputTokens)
    {
        var pool = keys.Where(key => key.VendorId == vendor.Id && key.Pool == upstream.KeyPool).ToList();
        if (Target(vendor, upstream.VendorModel, upstream, pool.Count > 0, maxOutputTokens) is not { } target)
        {
            yield break;
        }

        if (pool.Count == 0 && upstream.KeyPool == VendorKey.DefaultPool)
        {
            yield return (vendor.Id, target);
        }

        // A pool whose keys are all switched off is not one that needs none.
        foreach (var key in pool.Where(key => key.Enabled))
        {
            if (secrets.Open(key, target.ChatUrl) is { } secret)
            {
                yield return (key.Id.ToString(), target with { Secret = secret });
            }
        }
    }

    /// <summary>How an endpoint is reached by whoever brings a key of their own.</summary>
    /// <returns>Null when the vendor is switched off.</returns>
    public WireTarget? OpenTarget(Vendor vendor, Upstream upstream, long? maxOutputTokens) =>
        Target(vendor, upstream.VendorModel, upstream, hasKeys: true, maxOutputTokens) is { } target ? target with { Secret = null } : null;

    /// <summary>Where a vendor is, as the hub is configured.</summary>
    public string AddressOf(Vendor vendor) => BaseUrl(vendor, configuration[$"Vendors:{vendor.Id}:BaseUrl"] ?? (vendor.Id == Simulated ? SimulatorsUrl : null));

    private WireTarget? Target(Vendor vendor, string vendorModel, Upstream upstream, bool hasKeys, long? maxOutputTokens)
    {
        var section = configuration.GetSection($"Vendors:{vendor.Id}");
        var baseUrl = First(upstream.BaseUrl, BaseUrl(vendor, section["BaseUrl"]))!;
        var key = MayHaveConfiguredKey(section, vendor, upstream, baseUrl)
            ? First(section["ApiKey"], vendor.KeyVariable is { } variable ? configuration[variable] : null)
                ?? (IsSimulated(vendor) ? configuration[$"Vendors:{Simulated}:ApiKey"] : null)
            : null;
        var ready = IsSimulated(vendor) ? SimulatorsUrl is { Length: > 0 } : hasKeys || key is not null || vendor.KeyVariable is null;
        if (!ready || !(section.GetValue<bool?>("Enabled") ?? vendor.Enabled))
        {
            return null;
        }

        var quirks = VendorAddress.Usual(vendor.Dialect, VendorQuirks.Of(vendor.Quirks, vendorModel));
        if (!Uri.TryCreate(VendorAddress.ChatUrl(baseUrl.TrimEnd('/'), vendor.Dialect, vendorModel, quirks), UriKind.Absolute, out var chatUrl) || chatUrl.Scheme is not ("https" or "http"))
        {
            throw new InvalidOperationException($"The base URL of vendor '{vendor.Id}' is not an http or https URL: '{baseUrl}'. Correct Vendors__{vendor.Id}__BaseUrl.");
        }

        return new WireTarget(
            vendor.Id,
            chatUrl,
            vendorModel,
            key is null ? null : new VendorSecret(key),
            quirks,
            Timeouts(section),
            // The simulators live beside the hub; naming their address is the permission to go there.
            section.GetValue<bool?>("AllowPrivateNetwork") ?? (vendor.AllowPrivateNetwork || IsSimulated(vendor)))
        {
            Dialect = VendorAddress.Dialect(vendor.Dialect),
            MaxOutputTokens = maxOutputTokens,
        };
    }

    private static bool IsSimulated(Vendor vendor) => vendor.Id == Simulated || vendor.Id.StartsWith($"{Simulated}-", StringComparison.Ordinal);

    // Wherever the simulators are, each vendor they play has a path of its own there. One whose row names another address is not theirs.
    private string BaseUrl(Vendor vendor, string? configured) =>
        First(configured, null) is { } chosen ? chosen
        : vendor.Id != Simulated && Uri.TryCreate(vendor.BaseUrl, UriKind.Absolute, out var own) && own.Authority == Shipped.Value[Simulated].Authority
            && Uri.TryCreate(SimulatorsUrl, UriKind.Absolute, out var simulators) ? new Uri(simulators, own.AbsolutePath).ToString()
        : vendor.BaseUrl;

    private string? SimulatorsUrl => configuration[$"Vendors:{Simulated}:BaseUrl"];

    // A configured key was meant for the address configured, or shipped, with it; one that was entered since is another place.
    private static bool MayHaveConfiguredKey(IConfigurationSection section, Vendor vendor, Upstream upstream, string baseUrl) =>
        (!vendor.Managed && !upstream.Managed)
        || (Uri.TryCreate(baseUrl, UriKind.Absolute, out var address)
            && address.Host == (Uri.TryCreate(section["BaseUrl"], UriKind.Absolute, out var configured) ? configured.Host : Shipped.Value.GetValueOrDefault(vendor.Id)?.Host));

    /// <summary>Which kind of connector serves the vendor.</summary>
    public static string Connector(Vendor vendor) => vendor.Quirks.GetValueOrDefault("connector", ConnectorKinds.Wire);

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
