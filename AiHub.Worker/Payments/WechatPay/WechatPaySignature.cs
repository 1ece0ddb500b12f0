using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>API v3 signs lines: a request its method, path, time, nonce and body; an answer or a notice its time, nonce and body.</summary>
internal static class WechatPaySignature
{
    public const string Scheme = "WECHATPAY2-SHA256-RSA2048";
    private const int TagBytes = 16;

    public static string Sign(RSA key, params string[] lines) =>
        Convert.ToBase64String(key.SignData(Encoding.UTF8.GetBytes(Lines(lines)), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static bool Verify(RSA key, string? signature, params string[] lines)
    {
        var bytes = new byte[1024];
        return !string.IsNullOrEmpty(signature)
            && Convert.TryFromBase64String(signature, bytes, out var written)
            && key.VerifyData(Encoding.UTF8.GetBytes(Lines(lines)), bytes.AsSpan(0, written), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
    }

    /// <summary>A public key, or a certificate that holds one.</summary>
    public static RSA PlatformKey(string pem)
    {
        if (!pem.Contains("BEGIN CERTIFICATE", StringComparison.Ordinal))
        {
            return RsaKeys.Public(pem);
        }

        using var certificate = X509Certificate2.CreateFromPem(pem);
        return certificate.GetRSAPublicKey() ?? throw new CryptographicException("The platform certificate holds no RSA key.");
    }

    /// <returns>Null when the tag does not fit: the bytes are then not what was sealed.</returns>
    public static string? Open(byte[] apiV3Key, string nonce, string ciphertext, string? associated)
    {
        try
        {
            var sealedBytes = Convert.FromBase64String(ciphertext);
            if (sealedBytes.Length < TagBytes)
            {
                return null;
            }

            using var gcm = new AesGcm(apiV3Key, TagBytes);
            var plain = new byte[sealedBytes.Length - TagBytes];
            gcm.Decrypt(Encoding.UTF8.GetBytes(nonce), sealedBytes.AsSpan(0, plain.Length), sealedBytes.AsSpan(plain.Length), plain, Encoding.UTF8.GetBytes(associated ?? ""));
            return Encoding.UTF8.GetString(plain);
        }
        catch (Exception failure) when (failure is CryptographicException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    private static string Lines(string[] lines) => string.Concat(lines.Select(line => line + "\n"));
}
