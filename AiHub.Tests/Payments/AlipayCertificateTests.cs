using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AiHub.Domain.Payments;
using AiHub.Simulators;
using AiHub.Simulators.Payments;
using AiHub.Simulators.Payments.Alipay;
using AiHub.Tests.Hub;
using AiHub.Worker.Payments;
using AiHub.Worker.Payments.Alipay;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Simulated = AiHub.Simulators.Payments.PaymentOptions;

namespace AiHub.Tests.Payments;

/// <summary>An application in certificate mode: it names its certificate and Alipay's root with every request, and believes what Alipay's certificate signed.</summary>
public sealed class AlipayCertificateTests : IDisposable
{
    private readonly TestClock _clock = new();
    private readonly RSA _merchant = RSA.Create(2048);
    private readonly RSA _alipay = RSA.Create(2048);
    private readonly X509Certificate2 _app;
    private readonly X509Certificate2 _theirs;
    private readonly ServiceHost<SimulatorClock> _simulators;
    private readonly HttpClient _http = new();

    public AlipayCertificateTests()
    {
        (_app, _theirs) = (Certificate(_merchant, "CN=AI Hub"), Certificate(_alipay, "CN=Ant Financial Certification Authority Class 1 R1, OU=Certification Authority, O=Ant Financial, C=CN"));
        _simulators = new ServiceHost<SimulatorClock>(
            new Dictionary<string, string?>
            {
                ["Simulators:Payments:Alipay:AppId"] = "2021000000000001",
                ["Simulators:Payments:Alipay:SellerId"] = "2088000000000001",
                ["Simulators:Payments:Alipay:MerchantPublicKey"] = _merchant.ExportSubjectPublicKeyInfoPem(),
                ["Simulators:Payments:Alipay:PrivateKey"] = _alipay.ExportPkcs8PrivateKeyPem(),
                ["Simulators:Payments:Alipay:AppCertificateSerial"] = AlipaySignature.CertificateSerial(_app.ExportCertificatePem()),
                ["Simulators:Payments:Alipay:RootSerial"] = AlipaySignature.RootSerial(_theirs.ExportCertificatePem()),
                ["Simulators:Payments:Alipay:CertificateSerial"] = AlipaySignature.CertificateSerial(_theirs.ExportCertificatePem()),
            },
            _clock);
    }

    [Fact]
    public async Task A_payment_goes_from_its_page_to_its_refund_with_certificates_alone()
    {
        using var channel = Channel(_app, _theirs);
        var order = Order();
        var opened = await channel.OpenAsync(order, default);
        foreach (var address in new[] { opened.RedirectUrl, opened.FrameUrl })
        {
            Assert.Equal(HttpStatusCode.OK, (await _http.GetAsync(address)).StatusCode);
        }

        Assert.Equal(ChannelOrderState.Waiting, (await channel.QueryAsync(order, default)).State);
        Assert.True((await _http.PostAsJsonAsync(new Uri(_simulators.Url, "_sim/alipay/pay"), new { out_trade_no = order.OutTradeNo, notice = "lost" })).IsSuccessStatusCode);
        Assert.Equal((ChannelOrderState.Paid, 1234L), await channel.QueryAsync(order, default) is var paid ? (paid.State, paid.Proof!.AmountMinor!.Value) : default);
        Assert.Equal(ChannelOrderState.Paid, (await channel.CloseAsync(order, default)).State);
        var refund = order.Refund(234, _clock.GetUtcNow());
        Assert.Equal(ChannelRefundState.Succeeded, await channel.RefundAsync(order, refund, default));
        Assert.Equal(ChannelRefundState.Succeeded, await channel.QueryRefundAsync(order, refund, default));

        var trade = _simulators.Services.GetRequiredService<TradeBook>().Find(Channels.Alipay, order.OutTradeNo)!;
        using var notice = AlipayGateway.NoticeOf(trade, null, Party, _clock.GetUtcNow()).Make();
        var body = await notice.Content!.ReadAsByteArrayAsync();
        Assert.Equal(NoticeKind.Paid, channel.Read(new HeaderDictionary(), body, _clock.GetUtcNow())!.Kind);
        using var other = Channel(_app, Certificate(RSA.Create(2048), "CN=Somebody else"));
        Assert.Null(other.Read(new HeaderDictionary(), body, _clock.GetUtcNow()));
    }

    [Fact]
    public async Task Another_certificate_than_the_application_s_is_refused_and_what_another_than_Alipay_s_signed_is_not_believed()
    {
        using var unknown = Channel(Certificate(_merchant, "CN=An older one"), _theirs);
        Assert.Equal(PaymentChannelFailure.Refused, (await Assert.ThrowsAsync<PaymentChannelException>(() => unknown.QueryAsync(Order(), default))).Failure);

        // The same key under another name: Alipay has changed its certificate, and somebody must look.
        using var renamed = Channel(_app, Certificate(_alipay, "CN=Another root"));
        Party.RootSerial = AlipaySignature.RootSerial(Certificate(_alipay, "CN=Another root").ExportCertificatePem());
        Assert.Equal(PaymentChannelFailure.Untrusted, (await Assert.ThrowsAsync<PaymentChannelException>(() => renamed.QueryAsync(Order(), default))).Failure);
    }

    public void Dispose()
    {
        _http.Dispose();
        _app.Dispose();
        _theirs.Dispose();
        _merchant.Dispose();
        _alipay.Dispose();
        _simulators.DisposeAsync().AsTask().GetAwaiter().GetResult();
    }

    private Simulated.AlipayParty Party => _simulators.Services.GetRequiredService<IOptions<Simulated>>().Value.Alipay;

    private static X509Certificate2 Certificate(RSA key, string name) => new CertificateRequest(name, key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
        .CreateSelfSigned(new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero), new DateTimeOffset(2040, 1, 1, 0, 0, 0, TimeSpan.Zero));

    private AlipayChannel Channel(X509Certificate2 app, X509Certificate2 theirs)
    {
        var settings = new AlipaySettings
        {
            Gateway = new Uri(_simulators.Url, "/payments/alipay/gateway.do").ToString(),
            AppId = "2021000000000001",
            SellerId = "2088000000000001",
            PrivateKey = _merchant.ExportPkcs8PrivateKeyPem(),
            AppCertificate = app.ExportCertificatePem(),
            AlipayCertificate = theirs.ExportCertificatePem(),
            AlipayRootCertificate = theirs.ExportCertificatePem(),
        };
        settings.Check();
        return new AlipayChannel(settings, new AiHub.Worker.Payments.PaymentOptions { PublicUrl = "https://hub.example.com", PortalUrl = "https://portal.example.com" }, _http, _clock);
    }

    private PaymentOrder Order() => TestOrders.Unkept(PaymentChannelId.Alipay, 1234, _clock.GetUtcNow());
}
