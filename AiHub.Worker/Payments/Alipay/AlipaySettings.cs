namespace AiHub.Worker.Payments.Alipay;

/// <summary>An application on Alipay's open platform, in public-key or in certificate mode.</summary>
public sealed class AlipaySettings
{
    public string Gateway { get; set; } = "https://openapi.alipay.com/gateway.do";
    public string AppId { get; set; } = "";

    /// <summary>The PID that receives the money (2088…).</summary>
    public string SellerId { get; set; } = "";

    /// <summary>The application's private key: PEM, or bare base64 as Alipay's tool writes it.</summary>
    public string PrivateKey { get; set; } = "";

    /// <summary>Alipay's public key, in public-key mode.</summary>
    public string? AlipayPublicKey { get; set; }

    /// <summary>In certificate mode: appCertPublicKey_….crt as text.</summary>
    public string? AppCertificate { get; set; }

    /// <summary>In certificate mode: alipayCertPublicKey_RSA2.crt as text.</summary>
    public string? AlipayCertificate { get; set; }

    /// <summary>In certificate mode: alipayRootCert.crt as text.</summary>
    public string? AlipayRootCertificate { get; set; }

    public bool UsesCertificates => !string.IsNullOrWhiteSpace(AppCertificate);

    /// <exception cref="PaymentSettingsException">Something is missing or weak.</exception>
    public void Check()
    {
        Require(AppId, nameof(AppId));
        Require(SellerId, nameof(SellerId));
        Require(PrivateKey, nameof(PrivateKey));
        using var own = RsaKeys.Private(PrivateKey);
        if (UsesCertificates)
        {
            Require(AlipayCertificate, nameof(AlipayCertificate));
            Require(AlipayRootCertificate, nameof(AlipayRootCertificate));
        }
        else
        {
            Require(AlipayPublicKey, nameof(AlipayPublicKey));
        }

        using var theirs = AlipaySignature.TheirKey(this);
        if (own.ExportSubjectPublicKeyInfo().AsSpan().SequenceEqual(theirs.ExportSubjectPublicKeyInfo()))
        {
            throw new PaymentSettingsException("Payments__Alipay__AlipayPublicKey is the application's own public key. Alipay's is shown beside it on the open platform.");
        }

        static void Require(string? value, string name)
        {
            if (string.IsNullOrWhiteSpace(value))
            {
                throw new PaymentSettingsException($"Alipay is configured but Payments__Alipay__{name} is not.");
            }
        }
    }
}
