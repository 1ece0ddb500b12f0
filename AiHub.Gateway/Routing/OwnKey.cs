using AiHub.Domain;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;
using AiHub.Outbound;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Routing;

/// <summary>An organization's own key at a vendor, opened and ready for its calls.</summary>
/// <param name="BaseUrl">The organization's own endpoint; null for the vendor's.</param>
/// <param name="FeeBasisPoints">What the hub charges for calls with it, in ten-thousandths of the list price.</param>
public sealed record OwnKey(Guid Id, string VendorId, string Host, string? BaseUrl, OwnKeyUse Use, VendorSecret Secret, int FeeBasisPoints)
{
    public const int Whole = 10_000;

    /// <summary>Where a customer's endpoint is, its owner knows; the hub does not know under which law, and what is kept there.</summary>
    public bool IsElsewhere => BaseUrl is not null;

    public bool AllowPrivateNetwork { get; init; }

    /// <summary>Half to even, like every charge.</summary>
    public static Money Fee(Money listed, int basisPoints)
    {
        var (whole, rest) = Int128.DivRem((Int128)listed.Nanos * basisPoints, Whole);
        var twice = rest * 2;
        if (twice > Whole || (twice == Whole && Int128.IsOddInteger(whole)))
        {
            whole++;
        }

        return new Money(checked((long)whole), listed.Currency);
    }

    /// <returns>Null when the vendor, or its address, is not the one that the key was entered for.</returns>
    public WireTarget? Reach(ServedUpstream open)
    {
        if (open.Vendor.Id != VendorId)
        {
            return null;
        }

        if (BaseUrl is null)
        {
            return string.Equals(open.Target.ChatUrl.Host, Host, StringComparison.OrdinalIgnoreCase) ? open.Target with { Secret = Secret } : null;
        }

        return Uri.TryCreate(VendorAddress.ChatUrl(BaseUrl.TrimEnd('/'), open.Vendor.Dialect, open.Upstream.VendorModel, open.Target.Quirks), UriKind.Absolute, out var url)
            && string.Equals(url.Host, Host, StringComparison.OrdinalIgnoreCase)
                ? open.Target with { ChatUrl = url, Secret = Secret, AllowPrivateNetwork = AllowPrivateNetwork, OfCustomer = true }
                : null;
    }
}

/// <summary>Reads and opens the keys that organizations brought.</summary>
public sealed class OwnKeys(VendorSecrets secrets, GuardedHttp outbound, IConfiguration configuration)
{
    public const string FeeSetting = "OwnVendorKeys:FeeBasisPoints";

    /// <summary>What the hub charges for calls with them, in ten-thousandths of the list price.</summary>
    public int FeeBasisPoints { get; } = configuration.GetValue(FeeSetting, 0) is var fee and >= 0 and <= OwnKey.Whole
        ? fee
        : throw new InvalidOperationException($"{FeeSetting} must be between 0 and {OwnKey.Whole}.");

    /// <summary>The keys of the organization at work that are switched on.</summary>
    public async Task<IReadOnlyList<OwnKey>> OfOrganizationAsync(HubDb db, CancellationToken ct)
    {
        var rows = await db.OwnVendorKeys.AsNoTracking().Where(row => row.Enabled).OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(ct);
        return [.. rows.Select(Open).OfType<OwnKey>()];
    }

    /// <returns>Null when it cannot be opened.</returns>
    public OwnKey? Open(OwnVendorKey row) => secrets.OpenOwn(row) is { } secret ? With(row, secret) : null;

    public OwnKey With(OwnVendorKey row, VendorSecret secret) => new(row.Id, row.VendorId, row.Host, row.BaseUrl, row.Use, secret, FeeBasisPoints)
    {
        AllowPrivateNetwork = outbound.CustomersMayGoPrivate,
    };
}
