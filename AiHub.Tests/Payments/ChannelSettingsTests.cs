using System.Security.Cryptography;
using AiHub.Worker.Payments;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;

namespace AiHub.Tests.Payments;

/// <summary>A channel whose secrets are missing or weak stops the worker from starting: half a channel is worse than none.</summary>
public sealed class ChannelSettingsTests
{
    private static readonly Dictionary<string, string?> Whole = Settings();

    [Fact]
    public void Whole_settings_are_taken() => Assert.Equal(3, ChannelsOf(Whole));

    [Fact]
    public void WeChat_Pay_s_certificates_may_be_downloaded_instead_of_a_key()
    {
        var settings = new Dictionary<string, string?>(Whole) { ["Payments:WechatPay:DownloadCertificates"] = "true" };
        settings.Remove("Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001");

        Assert.Equal(3, ChannelsOf(settings));
    }

    [Fact]
    public void A_channel_that_is_not_named_is_not_there() => Assert.Equal(0, ChannelsOf(new Dictionary<string, string?> { ["Payments:PublicUrl"] = "https://hub.example.com" }));

    [Theory]
    [InlineData("Payments:PublicUrl", null)]
    [InlineData("Payments:PublicUrl", "hub.example.com")]
    [InlineData("Payments:PortalUrl", "")]
    [InlineData("Payments:Stripe:SecretKey", "")]
    [InlineData("Payments:Stripe:SecretKey", "pk_live_0123456789")]
    [InlineData("Payments:Stripe:WebhookSecret", "")]
    [InlineData("Payments:Stripe:WebhookSecret", null)]
    [InlineData("Payments:Stripe:WebhookSecret", "whsec_short")]
    [InlineData("Payments:Stripe:WebhookSecret", "secretsecretsecretsecretsecret")]
    [InlineData("Payments:Stripe:PreviousWebhookSecret", "old")]
    [InlineData("Payments:Alipay:AppId", "")]
    [InlineData("Payments:Alipay:SellerId", "")]
    [InlineData("Payments:Alipay:PrivateKey", "")]
    [InlineData("Payments:Alipay:PrivateKey", "not a key")]
    [InlineData("Payments:Alipay:PrivateKey", "weak")]
    [InlineData("Payments:Alipay:AlipayPublicKey", "")]
    [InlineData("Payments:Alipay:AlipayPublicKey", "AAAA")]
    [InlineData("Payments:WechatPay:MerchantId", "")]
    [InlineData("Payments:WechatPay:AppId", null)]
    [InlineData("Payments:WechatPay:CertificateSerial", "")]
    [InlineData("Payments:WechatPay:PrivateKey", "not a key")]
    [InlineData("Payments:WechatPay:PrivateKey", "weak")]
    [InlineData("Payments:WechatPay:ApiV3Key", "")]
    [InlineData("Payments:WechatPay:ApiV3Key", "short")]
    [InlineData("Payments:WechatPay:ApiV3Key", "00000000000000000000000000000000")]
    [InlineData("Payments:WechatPay:AppSecret", "short")]
    [InlineData("Payments:WechatPay:AppSecret", "00000000000000000000000000000000")]
    [InlineData("Payments:WechatPay:AppUrl", "http://api.weixin.qq.com")]
    [InlineData("Payments:WechatPay:ConnectUrl", "open.weixin.qq.com")]
    [InlineData("Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001", null)]
    [InlineData("Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001", "not a key")]
    public void What_is_missing_or_weak_stops_the_start_and_is_named(string setting, string? value)
    {
        using var weak = RSA.Create(1024);
        var settings = new Dictionary<string, string?>(Whole) { [setting] = value == "weak" ? weak.ExportPkcs8PrivateKeyPem() : value };
        if (value is null)
        {
            settings.Remove(setting);
        }

        var refused = Assert.Throws<PaymentSettingsException>(() => ChannelsOf(settings));

        Assert.Contains("Payments", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("BEGIN", refused.Message, StringComparison.Ordinal);
    }

    private static int ChannelsOf(Dictionary<string, string?> settings)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Configuration.AddInMemoryCollection(settings);
        builder.AddPayments();
        return builder.Services.Count(service => service.ServiceType == typeof(IPaymentChannel));
    }

    private static Dictionary<string, string?> Settings()
    {
        using var ours = RSA.Create(2048);
        using var theirs = RSA.Create(2048);
        return new Dictionary<string, string?>
        {
            ["Payments:PublicUrl"] = "https://hub.example.com",
            ["Payments:PortalUrl"] = "https://portal.example.com",
            ["Payments:Alipay:AppId"] = "2021000000000001",
            ["Payments:Alipay:SellerId"] = "2088000000000001",
            ["Payments:Alipay:PrivateKey"] = ours.ExportPkcs8PrivateKeyPem(),
            ["Payments:Alipay:AlipayPublicKey"] = theirs.ExportSubjectPublicKeyInfoPem(),
            ["Payments:WechatPay:MerchantId"] = "1900000001",
            ["Payments:WechatPay:AppId"] = "wx8888888888888888",
            ["Payments:WechatPay:AppSecret"] = "0123456789abcdef0123456789abcdef",
            ["Payments:WechatPay:CertificateSerial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            ["Payments:WechatPay:ApiV3Key"] = "0123456789abcdefghijklmnopqrstuv",
            ["Payments:WechatPay:PrivateKey"] = ours.ExportPkcs8PrivateKeyPem(),
            ["Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001"] = theirs.ExportSubjectPublicKeyInfoPem(),
            ["Payments:Stripe:SecretKey"] = "sk_test_0123456789abcdef",
            ["Payments:Stripe:WebhookSecret"] = "whsec_0123456789abcdef0123456789",
        };
    }
}
