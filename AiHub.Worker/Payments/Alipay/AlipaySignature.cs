using System.Globalization;
using System.Numerics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AiHub.Worker.Payments.Alipay;

/// <summary>RSA2 as the v2 gateway wants it: SHA256withRSA over the sorted, un-encoded <c>name=value</c> pairs.</summary>
internal static class AlipaySignature
{
    private const string RsaSignatures = "1.2.840.113549.1.1";

    /// <summary>What a request signs: everything but <c>sign</c>, <c>sign_type</c> included, empty values left out.</summary>
    public static string RequestContent(IEnumerable<KeyValuePair<string, string>> parameters) => Content(parameters, withType: true);

    /// <summary>What a notice signs: here <c>sign_type</c> is left out too.</summary>
    public static string NoticeContent(IEnumerable<KeyValuePair<string, string>> parameters) => Content(parameters, withType: false);

    public static string Sign(RSA key, string content) =>
        Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static bool Verify(RSA key, string content, string? signature)
    {
        var bytes = new byte[1024];
        return !string.IsNullOrEmpty(signature)
            && Convert.TryFromBase64String(signature, bytes, out var written)
            && key.VerifyData(Encoding.UTF8.GetBytes(content), bytes.AsSpan(0, written), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>The key by which Alipay's answers and notices are verified.</summary>
    public static RSA TheirKey(AlipaySettings settings)
    {
        if (!settings.UsesCertificates)
        {
            return RsaKeys.Public(settings.AlipayPublicKey!);
        }

        using var certificate = X509Certificate2.CreateFromPem(settings.AlipayCertificate!);
        return certificate.GetRSAPublicKey() ?? throw new CryptographicException("Alipay's certificate holds no RSA key.");
    }

    /// <summary>The serial Alipay means: MD5 of the issuer's name and the decimal serial number.</summary>
    public static string CertificateSerial(string pem)
    {
        using var certificate = X509Certificate2.CreateFromPem(pem);
        return Serial(certificate);
    }

    /// <summary>The serials of the root file's RSA certificates; those for SM2 are not counted.</summary>
    public static string RootSerial(string pem)
    {
        var certificates = new X509Certificate2Collection();
        certificates.ImportFromPem(pem);
        return string.Join('_', certificates.Where(certificate => certificate.SignatureAlgorithm.Value?.StartsWith(RsaSignatures, StringComparison.Ordinal) ?? false).Select(Serial));
    }

    private static string Content(IEnumerable<KeyValuePair<string, string>> parameters, bool withType) => string.Join('&', parameters
        .Where(parameter => parameter.Key != "sign" && (withType || parameter.Key != "sign_type") && parameter.Value.Length > 0)
        .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
        .Select(parameter => $"{parameter.Key}={parameter.Value}"));

    private static string Serial(X509Certificate2 certificate)
    {
        var names = new List<string>();
        // The last of the encoded names first, whichever that is: as RFC 2253 writes them, and so Alipay's own SDKs.
        foreach (var part in certificate.IssuerName.EnumerateRelativeDistinguishedNames(reversed: true))
        {
            var oid = part.GetSingleElementType().Value;
            var name = oid switch { "2.5.4.3" => "CN", "2.5.4.6" => "C", "2.5.4.10" => "O", "2.5.4.11" => "OU", "2.5.4.7" => "L", "2.5.4.8" => "ST", _ => oid };
            names.Add($"{name}={part.GetSingleElementValue()}");
        }

        var number = new BigInteger(certificate.SerialNumberBytes.Span, isUnsigned: true, isBigEndian: true).ToString(CultureInfo.InvariantCulture);
        // MD5 identifies a certificate here, as Alipay defines it; it protects nothing.
#pragma warning disable CA5351
        return Convert.ToHexStringLower(MD5.HashData(Encoding.UTF8.GetBytes(string.Join(',', names) + number)));
#pragma warning restore CA5351
    }
}
