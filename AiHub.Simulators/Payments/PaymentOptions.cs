namespace AiHub.Simulators.Payments;

/// <summary>
/// Who is who at the simulated channels: our merchant's public keys, and the channels' own private keys. Nobody ships them: the AppHost and the
/// tests make new ones for each run, so that they open nothing anywhere.
/// </summary>
public sealed class PaymentOptions
{
    public const string Section = "Simulators:Payments";

    public AlipayParty Alipay { get; set; } = new();
    public WechatPayParty WechatPay { get; set; } = new();
    public StripeParty Stripe { get; set; } = new();

    public sealed class AlipayParty
    {
        public string AppId { get; set; } = "";
        public string SellerId { get; set; } = "";

        /// <summary>Of an application in certificate mode, which names it and <see cref="RootSerial"/> with every request.</summary>
        public string? AppCertificateSerial { get; set; }
        public string? RootSerial { get; set; }

        /// <summary>Alipay's own certificate's, which then stands beside every signature.</summary>
        public string? CertificateSerial { get; set; }
        public string MerchantPublicKey { get; set; } = "";
        public string PrivateKey { get; set; } = "";
    }

    public sealed class WechatPayParty
    {
        public string MerchantId { get; set; } = "";
        public string AppId { get; set; } = "";
        public string AppSecret { get; set; } = "";
        public string MerchantSerial { get; set; } = "";
        public string MerchantPublicKey { get; set; } = "";
        public string PrivateKey { get; set; } = "";

        /// <summary>What <c>Wechatpay-Serial</c> calls the key.</summary>
        public string KeyId { get; set; } = "";
        public string ApiV3Key { get; set; } = "";

        /// <summary>The platform certificates there are (PEM), of a merchant in that mode; <see cref="KeyId"/> is then the serial of one.</summary>
        public List<string> Certificates { get; set; } = [];
    }

    public sealed class StripeParty
    {
        public string SecretKey { get; set; } = "";
        public string WebhookSecret { get; set; } = "";
        public string WebhookUrl { get; set; } = "";
    }
}
