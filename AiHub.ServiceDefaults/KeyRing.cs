using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.Configuration;

namespace AiHub.ServiceDefaults;

/// <summary>The certificate that the services' shared key rings are sealed with where they are stored.</summary>
public sealed class KeyRingOptions
{
    public const string Section = "KeyRing";

    /// <summary>A PFX file with its private key. Unset: the keys lie as they are in PostgreSQL (gateway and worker) and Redis (portal).</summary>
    public string? Certificate { get; init; }

    public string? CertificatePassword { get; init; }

    /// <summary>The certificate before this one, with the same password: it still opens what it sealed.</summary>
    public string? PreviousCertificate { get; init; }
}

public static class KeyRing
{
    /// <summary>Seals the ring's keys with the configured certificate, so that a copy of the database alone opens nothing.</summary>
    public static IDataProtectionBuilder SealKeys(this IDataProtectionBuilder ring, IConfiguration configuration)
    {
        var options = configuration.GetSection(KeyRingOptions.Section).Get<KeyRingOptions>() ?? new KeyRingOptions();
        if (options.Certificate is null)
        {
            return ring;
        }

        ring.ProtectKeysWithCertificate(Load(options.Certificate));
        return options.PreviousCertificate is { } previous ? ring.UnprotectKeysWithAnyCertificate(Load(options.Certificate), Load(previous)) : ring;

        X509Certificate2 Load(string path) => X509CertificateLoader.LoadPkcs12FromFile(path, options.CertificatePassword);
    }
}
