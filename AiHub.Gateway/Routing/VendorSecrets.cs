using System.Security.Cryptography;
using AiHub.Domain.Catalog;
using AiHub.Gateway.Providers;
using Microsoft.AspNetCore.DataProtection;

namespace AiHub.Gateway.Routing;

/// <summary>
/// Seals the hub's keys at vendors before they are stored and opens them for a connector. A key is sealed together with its vendor and host, so a row
/// that was pointed at another host does not open.
/// </summary>
public sealed partial class VendorSecrets(IDataProtectionProvider protection, ILogger<VendorSecrets> logger)
{
    private const int Shown = 4;

    public VendorKey Seal(Vendor vendor, string pool, string name, string key, DateTimeOffset now)
    {
        var host = new Uri(vendor.BaseUrl).Host;
        return new VendorKey
        {
            Id = Guid.CreateVersion7(now),
            VendorId = vendor.Id,
            Pool = pool,
            Name = name,
            Protected = Protector(vendor.Id, host).Protect(key),
            LastFour = key[^Shown..],
            Host = host,
            CreatedAt = now,
        };
    }

    /// <returns>Null when it cannot be opened, or is another host's.</returns>
    public VendorSecret? Open(VendorKey key, Uri address)
    {
        if (!string.Equals(key.Host, address.Host, StringComparison.OrdinalIgnoreCase))
        {
            return null;
        }

        try
        {
            return new VendorSecret(Protector(key.VendorId, key.Host).Unprotect(key.Protected));
        }
        catch (CryptographicException failure)
        {
            LogUnreadable(failure, key.Id, key.VendorId);
            return null;
        }
    }

    /// <summary>Seals an organization's own key together with its organization, so that no other organization's row opens it.</summary>
    public string SealOwn(Guid organization, string vendor, string host, string key) => OwnProtector(organization, vendor, host).Protect(key);

    /// <returns>Null when it cannot be opened.</returns>
    public VendorSecret? OpenOwn(OwnVendorKey key)
    {
        try
        {
            return new VendorSecret(OwnProtector(key.OrganizationId, key.VendorId, key.Host).Unprotect(key.Protected));
        }
        catch (CryptographicException failure)
        {
            LogUnreadable(failure, key.Id, key.VendorId);
            return null;
        }
    }

    /// <summary>As much of a key as people may see.</summary>
    public static string LastFour(string key) => key[^Shown..];

    private IDataProtector OwnProtector(Guid organization, string vendor, string host) =>
        protection.CreateProtector("own-vendor-keys", organization.ToString(), vendor, host);

    private IDataProtector Protector(string vendor, string host) => protection.CreateProtector("vendor-keys", vendor, host);

    [LoggerMessage(LogLevel.Error, "Key {Key} of vendor {Vendor} cannot be opened and is not used; enter it anew.")]
    private partial void LogUnreadable(Exception failure, Guid key, string vendor);
}
