using System.Security.Cryptography;
using Microsoft.Extensions.Configuration;

namespace AiHub.AppHost;

/// <summary>
/// Joins the worker to the simulated payment channels. Every run makes new keys for both sides, so that there is nothing to keep secret; whoever
/// configures a real channel (<c>Payments:{channel}</c>) on the AppHost gets that one instead.
/// </summary>
internal static class SimulatedPayments
{
    private const string AppId = "2021000000000001";
    private const string SellerId = "2088000000000001";
    private const string MerchantId = "1900000001";
    private const string WechatAppId = "wx8888888888888888";
    private const string MerchantSerial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1";
    private const string PlatformKeyId = "PUB_KEY_ID_0000000001";

    public static void WithSimulatedPayments(this IResourceBuilder<ProjectResource> worker, IResourceBuilder<ProjectResource> simulators, IResourceBuilder<ProjectResource> portal)
    {
        var configuration = worker.ApplicationBuilder.Configuration;
        if (configuration.GetSection("Payments").GetChildren().Any())
        {
            foreach (var (key, value) in configuration.GetSection("Payments").AsEnumerable())
            {
                if (value is not null)
                {
                    worker.WithEnvironment(key.Replace(":", "__"), value);
                }
            }

            return;
        }

        var apiV3Key = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var appSecret = RandomNumberGenerator.GetHexString(32, lowercase: true);
        var (stripeKey, stripeSecret) = ($"sk_test_{RandomNumberGenerator.GetHexString(32)}", $"whsec_{RandomNumberGenerator.GetHexString(32)}");
        using var alipayMerchant = RSA.Create(2048);
        using var alipay = RSA.Create(2048);
        using var wechatMerchant = RSA.Create(2048);
        using var wechat = RSA.Create(2048);

        worker.WithEnvironment("Payments__PublicUrl", worker.GetEndpoint("http"))
            .WithEnvironment("Payments__PortalUrl", portal.GetEndpoint("http"))
            .WithEnvironment("Payments__Alipay__Gateway", $"{simulators.GetEndpoint("http")}/payments/alipay/gateway.do")
            .WithEnvironment("Payments__Alipay__AppId", AppId)
            .WithEnvironment("Payments__Alipay__SellerId", SellerId)
            .WithEnvironment("Payments__Alipay__PrivateKey", alipayMerchant.ExportPkcs8PrivateKeyPem())
            .WithEnvironment("Payments__Alipay__AlipayPublicKey", alipay.ExportSubjectPublicKeyInfoPem())
            .WithEnvironment("Payments__WechatPay__BaseUrl", $"{simulators.GetEndpoint("http")}/payments/wechat")
            .WithEnvironment("Payments__WechatPay__MerchantId", MerchantId)
            .WithEnvironment("Payments__WechatPay__AppId", WechatAppId)
            .WithEnvironment("Payments__WechatPay__AppSecret", appSecret)
            .WithEnvironment("Payments__WechatPay__ConnectUrl", $"{simulators.GetEndpoint("http")}/payments/wechat")
            .WithEnvironment("Payments__WechatPay__AppUrl", $"{simulators.GetEndpoint("http")}/payments/wechat")
            .WithEnvironment("Payments__WechatPay__CertificateSerial", MerchantSerial)
            .WithEnvironment("Payments__WechatPay__ApiV3Key", apiV3Key)
            .WithEnvironment("Payments__WechatPay__PrivateKey", wechatMerchant.ExportPkcs8PrivateKeyPem())
            .WithEnvironment($"Payments__WechatPay__PlatformKeys__{PlatformKeyId}", wechat.ExportSubjectPublicKeyInfoPem())
            .WithEnvironment("Payments__Stripe__ApiBase", $"{simulators.GetEndpoint("http")}/payments/stripe")
            .WithEnvironment("Payments__Stripe__SecretKey", stripeKey)
            .WithEnvironment("Payments__Stripe__WebhookSecret", stripeSecret);

        simulators.WithEnvironment("Simulators__Payments__Alipay__AppId", AppId)
            .WithEnvironment("Simulators__Payments__Alipay__SellerId", SellerId)
            .WithEnvironment("Simulators__Payments__Alipay__MerchantPublicKey", alipayMerchant.ExportSubjectPublicKeyInfoPem())
            .WithEnvironment("Simulators__Payments__Alipay__PrivateKey", alipay.ExportPkcs8PrivateKeyPem())
            .WithEnvironment("Simulators__Payments__WechatPay__MerchantId", MerchantId)
            .WithEnvironment("Simulators__Payments__WechatPay__AppId", WechatAppId)
            .WithEnvironment("Simulators__Payments__WechatPay__AppSecret", appSecret)
            .WithEnvironment("Simulators__Payments__WechatPay__MerchantSerial", MerchantSerial)
            .WithEnvironment("Simulators__Payments__WechatPay__MerchantPublicKey", wechatMerchant.ExportSubjectPublicKeyInfoPem())
            .WithEnvironment("Simulators__Payments__WechatPay__PrivateKey", wechat.ExportPkcs8PrivateKeyPem())
            .WithEnvironment("Simulators__Payments__WechatPay__KeyId", PlatformKeyId)
            .WithEnvironment("Simulators__Payments__WechatPay__ApiV3Key", apiV3Key)
            .WithEnvironment("Simulators__Payments__Stripe__SecretKey", stripeKey)
            .WithEnvironment("Simulators__Payments__Stripe__WebhookSecret", stripeSecret)
            .WithEnvironment("Simulators__Payments__Stripe__WebhookUrl", $"{worker.GetEndpoint("http")}/webhooks/stripe");
    }
}
