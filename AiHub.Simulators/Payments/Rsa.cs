using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;

namespace AiHub.Simulators.Payments;

/// <summary>SHA256 with RSA, as Alipay and WeChat Pay sign. Keys are PEM.</summary>
internal static class Rsa
{
    private static readonly ConcurrentDictionary<string, RSA> Keys = new();

    public static string Sign(string privateKey, string content) =>
        Convert.ToBase64String(Key(privateKey).SignData(Encoding.UTF8.GetBytes(content), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1));

    public static bool Verify(string publicKey, string content, string? signature)
    {
        try
        {
            return !string.IsNullOrEmpty(signature)
                && Key(publicKey).VerifyData(Encoding.UTF8.GetBytes(content), Convert.FromBase64String(signature), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private static RSA Key(string pem) => Keys.GetOrAdd(pem, text =>
    {
        var key = RSA.Create();
        key.ImportFromPem(text);
        return key;
    });
}
