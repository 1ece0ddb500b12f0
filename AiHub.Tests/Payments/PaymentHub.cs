using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using AiHub.Simulators;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.Tests.Payments;

/// <summary>A hub whose worker is joined to the three simulated channels, with keys made for this run.</summary>
public sealed class PaymentHub : IAsyncLifetime
{
    public const string StripeSecret = "whsec_0123456789abcdef0123456789";
    private const string AppSecret = "0123456789abcdef0123456789abcdef";
    private const string ApiV3Key = "0123456789abcdefghijklmnopqrstuv";

    private readonly RSA _alipayMerchant = RSA.Create(2048);
    private readonly RSA _alipay = RSA.Create(2048);
    private readonly RSA _wechatMerchant = RSA.Create(2048);
    private readonly RSA _wechat = RSA.Create(2048);
    private readonly RSA _wechatBefore = RSA.Create(2048);
    private readonly X509Certificate2 _wechatCertificate;
    private ServiceHost<SimulatorClock> _simulators = null!;

    public PaymentHub() => _wechatCertificate = new CertificateRequest("CN=Tenpay.com Root CA", _wechatBefore, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        .CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));

    /// <summary>WeChat Pay as it signed before it moved to a public key, by its platform certificate.</summary>
    public AiHub.Simulators.Payments.PaymentOptions.WechatPayParty WechatBefore => new()
    {
        MerchantId = Parties.WechatPay.MerchantId,
        AppId = Parties.WechatPay.AppId,
        ApiV3Key = ApiV3Key,
        KeyId = _wechatCertificate.SerialNumber,
        PrivateKey = _wechatBefore.ExportPkcs8PrivateKeyPem(),
    };

    public TestClock Clock { get; } = new();

    public TestHub Hub { get; private set; } = null!;

    public Uri WorkerUrl { get; private set; } = null!;

    /// <summary>Steers the simulated channels.</summary>
    public HttpClient Sim { get; private set; } = null!;

    /// <summary>Who is who at the simulated channels, their keys included: for tests that make notices themselves.</summary>
    public AiHub.Simulators.Payments.PaymentOptions Parties { get; private set; } = null!;

    /// <summary>What the simulated channels' bills say otherwise than what happened.</summary>
    public AiHub.Simulators.Payments.BillBook Bills => _simulators.Services.GetRequiredService<AiHub.Simulators.Payments.BillBook>();

    /// <summary>Makes a payment known to a simulated channel, as if it had been asked to open it.</summary>
    public void Trade(string channel, string outTradeNo, long amountMinor, string currency)
    {
        var (now, id) = (SimulatorClock.GetUtcNow(), Guid.CreateVersion7().ToString("N"));
        var notify = new Uri(WorkerUrl, $"webhooks/{channel}").ToString();
        var trade = _simulators.Services.GetRequiredService<AiHub.Simulators.Payments.TradeBook>().GetOrAdd(
            new AiHub.Simulators.Payments.Trade(channel, outTradeNo, (channel == "stripe" ? "pi_" : "") + id, amountMinor, currency, notify, now, now.AddHours(1)));
        if (channel == "stripe")
        {
            _simulators.Services.GetRequiredService<AiHub.Simulators.Payments.Stripe.StripeBook>().Sessions["cs_test_" + id] = trade;
        }
    }

    public SimulatorClock SimulatorClock => _simulators.Services.GetRequiredService<SimulatorClock>();

    public async Task InitializeAsync()
    {
        var port = FreePort();
        Parties = new ConfigurationBuilder().AddInMemoryCollection(Simulated(port)).Build().GetSection(AiHub.Simulators.Payments.PaymentOptions.Section).Get<AiHub.Simulators.Payments.PaymentOptions>()!;
        WorkerUrl = new Uri($"http://127.0.0.1:{port}");
        _simulators = new ServiceHost<SimulatorClock>(Simulated(port), Clock);
        Sim = new HttpClient { BaseAddress = new Uri(_simulators.Url, "/_sim/") };
        Hub = await TestHub.StartAsync(new TestHubOptions(Clock, Settings: Configured(port)));
        Hub.AddWorker(port);
        await PollAsync(async () =>
        {
            await using var db = Hub.Database.OpenAsAdmin();
            return await db.PaymentChannels.CountAsync() == 3;
        });
    }

    public async Task DisposeAsync()
    {
        await Hub.DisposeAsync();
        await _simulators.DisposeAsync();
    }

    public static Task PollAsync(Func<Task<bool>> holds) => Eventually.HappensAsync(holds, "what the worker or a channel does");

    public async Task<JsonNode> TradeAsync(string channel, string outTradeNo) =>
        (await Sim.GetFromJsonAsync<JsonArray>($"{channel}/trades"))!.First(trade => (string?)trade!["out_trade_no"] == outTradeNo)!;

    private Dictionary<string, string?> Simulated(int port) => new()
    {
        ["Simulators:Payments:Alipay:AppId"] = "2021000000000001",
        ["Simulators:Payments:Alipay:SellerId"] = "2088000000000001",
        ["Simulators:Payments:Alipay:MerchantPublicKey"] = _alipayMerchant.ExportSubjectPublicKeyInfoPem(),
        ["Simulators:Payments:Alipay:PrivateKey"] = _alipay.ExportPkcs8PrivateKeyPem(),
        ["Simulators:Payments:WechatPay:MerchantId"] = "1900000001",
        ["Simulators:Payments:WechatPay:AppId"] = "wx8888888888888888",
        ["Simulators:Payments:WechatPay:AppSecret"] = AppSecret,
        ["Simulators:Payments:WechatPay:MerchantSerial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        ["Simulators:Payments:WechatPay:MerchantPublicKey"] = _wechatMerchant.ExportSubjectPublicKeyInfoPem(),
        ["Simulators:Payments:WechatPay:PrivateKey"] = _wechat.ExportPkcs8PrivateKeyPem(),
        ["Simulators:Payments:WechatPay:KeyId"] = "PUB_KEY_ID_0000000001",
        ["Simulators:Payments:WechatPay:ApiV3Key"] = ApiV3Key,
        ["Simulators:Payments:Stripe:SecretKey"] = "sk_test_0123456789abcdef",
        ["Simulators:Payments:Stripe:WebhookSecret"] = StripeSecret,
        ["Simulators:Payments:Stripe:WebhookUrl"] = $"http://127.0.0.1:{port}/webhooks/stripe",
    };

    private Dictionary<string, string?> Configured(int port) => new()
    {
        ["Payments:PublicUrl"] = $"http://127.0.0.1:{port}",
        ["Payments:PortalUrl"] = "http://127.0.0.1:1/portal",
        ["Payments:Alipay:Gateway"] = new Uri(_simulators.Url, "/payments/alipay/gateway.do").ToString(),
        ["Payments:Alipay:AppId"] = "2021000000000001",
        ["Payments:Alipay:SellerId"] = "2088000000000001",
        // As Alipay's own tool writes it: bare base64, PKCS#1.
        ["Payments:Alipay:PrivateKey"] = Convert.ToBase64String(_alipayMerchant.ExportRSAPrivateKey()),
        ["Payments:Alipay:AlipayPublicKey"] = Convert.ToBase64String(_alipay.ExportSubjectPublicKeyInfo()),
        ["Payments:WechatPay:BaseUrl"] = new Uri(_simulators.Url, "/payments/wechat").ToString(),
        ["Payments:WechatPay:MerchantId"] = "1900000001",
        ["Payments:WechatPay:AppId"] = "wx8888888888888888",
        ["Payments:WechatPay:AppSecret"] = AppSecret,
        ["Payments:WechatPay:ConnectUrl"] = new Uri(_simulators.Url, "/payments/wechat").ToString(),
        ["Payments:WechatPay:AppUrl"] = new Uri(_simulators.Url, "/payments/wechat").ToString(),
        ["Payments:WechatPay:CertificateSerial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
        ["Payments:WechatPay:ApiV3Key"] = ApiV3Key,
        ["Payments:WechatPay:PrivateKey"] = _wechatMerchant.ExportPkcs8PrivateKeyPem(),
        ["Payments:WechatPay:PlatformKeys:PUB_KEY_ID_0000000001"] = _wechat.ExportSubjectPublicKeyInfoPem(),
        [$"Payments:WechatPay:PlatformKeys:{_wechatCertificate.SerialNumber}"] = _wechatCertificate.ExportCertificatePem(),
        ["Payments:Stripe:ApiBase"] = new Uri(_simulators.Url, "/payments/stripe").ToString(),
        ["Payments:Stripe:SecretKey"] = "sk_test_0123456789abcdef",
        ["Payments:Stripe:WebhookSecret"] = StripeSecret,
    };

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }
}
