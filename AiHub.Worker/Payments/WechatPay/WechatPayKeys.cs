using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>WeChat Pay's keys by what it calls them: those that were configured, and certificates that were downloaded, while they are valid.</summary>
internal sealed class WechatPayKeys(WechatPaySettings settings) : IDisposable
{
    private readonly Dictionary<string, RSA> _configured =
        settings.PlatformKeys.ToDictionary(key => key.Key, key => WechatPaySignature.PlatformKey(key.Value), StringComparer.OrdinalIgnoreCase);

    private volatile IReadOnlyDictionary<string, Downloaded> _downloaded = new Dictionary<string, Downloaded>();

    public string? PublicKeyId => _configured.Keys.FirstOrDefault(id => id.StartsWith("PUB_KEY_ID_", StringComparison.Ordinal));

    public RSA? Find(string serial, DateTimeOffset now) =>
        _configured.GetValueOrDefault(serial) ?? (_downloaded.TryGetValue(serial, out var kept) && now >= kept.From && now < kept.Until ? kept.Key : null);

    /// <summary>Takes certificates in place of those that were downloaded before. The ones before stay until they end: what they signed may be on its way.</summary>
    public void Take(IEnumerable<string> pems)
    {
        var kept = new Dictionary<string, Downloaded>(_downloaded, StringComparer.OrdinalIgnoreCase);
        foreach (var pem in pems)
        {
            using var certificate = X509Certificate2.CreateFromPem(pem);
            kept[certificate.SerialNumber] = new Downloaded(
                certificate.GetRSAPublicKey() ?? throw new CryptographicException("The platform certificate holds no RSA key."), certificate.NotBefore.ToUniversalTime(), certificate.NotAfter.ToUniversalTime());
        }

        _downloaded = kept;
    }

    public void Dispose()
    {
        foreach (var key in _configured.Values.Concat(_downloaded.Values.Select(kept => kept.Key)))
        {
            key.Dispose();
        }
    }

    private sealed record Downloaded(RSA Key, DateTimeOffset From, DateTimeOffset Until);
}
