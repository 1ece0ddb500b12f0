using System.Security.Cryptography;

namespace AiHub.Worker.Payments;

/// <summary>RSA keys as merchants are handed them: PEM, or bare base64 of PKCS#8, PKCS#1 or a public key.</summary>
internal static class RsaKeys
{
    private const int LeastBits = 2048;

    /// <exception cref="CryptographicException">It is no such key, or a weak one.</exception>
    public static RSA Private(string text)
    {
        var key = RSA.Create();
        if (text.Contains("-----BEGIN", StringComparison.Ordinal))
        {
            key.ImportFromPem(text);
        }
        else
        {
            var bytes = Bytes(text);
            try
            {
                key.ImportPkcs8PrivateKey(bytes, out _);
            }
            catch (CryptographicException)
            {
                key.ImportRSAPrivateKey(bytes, out _);
            }
        }

        // Exporting fails for a public key in the private key's place.
        _ = key.ExportParameters(includePrivateParameters: true);
        return Strong(key);
    }

    /// <inheritdoc cref="Private"/>
    public static RSA Public(string text)
    {
        var key = RSA.Create();
        if (text.Contains("-----BEGIN", StringComparison.Ordinal))
        {
            key.ImportFromPem(text);
        }
        else
        {
            key.ImportSubjectPublicKeyInfo(Bytes(text), out _);
        }

        return Strong(key);
    }

    private static byte[] Bytes(string text)
    {
        try
        {
            return Convert.FromBase64String(string.Concat(text.Where(character => !char.IsWhiteSpace(character))));
        }
        catch (FormatException malformed)
        {
            throw new CryptographicException("The key is neither PEM nor base64.", malformed);
        }
    }

    private static RSA Strong(RSA key) =>
        key.KeySize >= LeastBits ? key : throw new CryptographicException($"The key has {key.KeySize} bits; {LeastBits} are the least.");
}
