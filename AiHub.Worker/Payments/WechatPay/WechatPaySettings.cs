using System.Text;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>A merchant of WeChat Pay, API v3. Platform certificates and public keys are both accepted while a merchant moves from one to the other.</summary>
public sealed class WechatPaySettings
{
    private const int ApiKeyBytes = 32;
    private const int AppSecretLength = 32;

    public string BaseUrl { get; set; } = "https://api.mch.weixin.qq.com";
    public string MerchantId { get; set; } = "";
    public string AppId { get; set; } = "";

    /// <summary>The merchant certificate's private key (apiclient_key.pem).</summary>
    public string PrivateKey { get; set; } = "";

    /// <summary>The merchant certificate's serial number, in upper-case hexadecimal digits.</summary>
    public string CertificateSerial { get; set; } = "";

    /// <summary>The APIv3 key, 32 bytes: it opens what notices carry.</summary>
    public string ApiV3Key { get; set; } = "";

    /// <summary>WeChat Pay's keys by what <c>Wechatpay-Serial</c> calls them: <c>PUB_KEY_ID_…</c>, or a platform certificate's serial. PEM.</summary>
    public Dictionary<string, string> PlatformKeys { get; set; } = [];

    /// <summary>
    /// For merchants in platform-certificate mode: WeChat Pay's certificates are downloaded, and again when they change. Merchants in public-key mode cannot
    /// download any.
    /// </summary>
    public bool DownloadCertificates { get; set; }

    /// <summary>
    /// The secret of the app, for payments within WeChat: it buys what <c>snsapi_base</c> tells of who pays. Without it nobody is asked, and such payments are
    /// only open to callers that know the openid.
    /// </summary>
    public string? AppSecret { get; set; }

    /// <summary>Where WeChat's browsers go for the code.</summary>
    public string ConnectUrl { get; set; } = "https://open.weixin.qq.com";

    /// <summary>Where the code is good for an openid.</summary>
    public string AppUrl { get; set; } = "https://api.weixin.qq.com";

    public byte[] ApiV3KeyBytes => Encoding.UTF8.GetBytes(ApiV3Key);

    /// <exception cref="PaymentSettingsException">Something is missing or weak.</exception>
    public void Check()
    {
        Require(MerchantId, nameof(MerchantId));
        Require(AppId, nameof(AppId));
        Require(PrivateKey, nameof(PrivateKey));
        Require(CertificateSerial, nameof(CertificateSerial));
        Require(ApiV3Key, nameof(ApiV3Key));
        RsaKeys.Private(PrivateKey).Dispose();
        if (ApiV3KeyBytes.Length != ApiKeyBytes || ApiV3Key.Distinct().Count() < 8)
        {
            throw new PaymentSettingsException($"Payments__WechatPay__ApiV3Key must be {ApiKeyBytes} random characters, as set in the merchant platform.");
        }

        if (PlatformKeys.Count == 0 && !DownloadCertificates)
        {
            throw new PaymentSettingsException("WeChat Pay is configured but no key of its own is: set Payments__WechatPay__PlatformKeys__PUB_KEY_ID_…, or Payments__WechatPay__DownloadCertificates.");
        }

        if (AppSecret is not null)
        {
            if (AppSecret.Length != AppSecretLength || !AppSecret.All(char.IsAsciiHexDigit) || AppSecret.Distinct().Count() < 8)
            {
                throw new PaymentSettingsException($"Payments__WechatPay__AppSecret must be the {AppSecretLength} hexadecimal digits of the app's secret.");
            }

            // It goes along in the open: only what is encrypted, or never leaves the machine, may carry it.
            if (!Uri.TryCreate(AppUrl, UriKind.Absolute, out var url) || !(url.Scheme == Uri.UriSchemeHttps || url.IsLoopback) || !Uri.TryCreate(ConnectUrl, UriKind.Absolute, out _))
            {
                throw new PaymentSettingsException("Payments__WechatPay__AppUrl must be an https address, and ConnectUrl an address.");
            }
        }

        foreach (var pem in PlatformKeys.Values)
        {
            WechatPaySignature.PlatformKey(pem).Dispose();
        }

        static void Require(string value, string name)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                throw new PaymentSettingsException($"WeChat Pay is configured but Payments__WechatPay__{name} is not.");
            }
        }
    }
}
