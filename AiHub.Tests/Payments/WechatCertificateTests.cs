using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using AiHub.Domain.Payments;
using AiHub.Simulators;
using AiHub.Simulators.Payments;
using AiHub.Simulators.Payments.WechatPay;
using AiHub.Tests.Hub;
using AiHub.Worker.Payments;
using AiHub.Worker.Payments.WechatPay;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Simulated = AiHub.Simulators.Payments.PaymentOptions;

namespace AiHub.Tests.Payments;

/// <summary>A merchant in platform-certificate mode: WeChat Pay's certificates are downloaded, and followed when they change.</summary>
public sealed class WechatCertificateTests : IDisposable
{
    private const string ApiV3Key = "0123456789abcdefghijklmnopqrstuv";

    private readonly TestClock _clock = new();
    private readonly RSA _merchant = RSA.Create(2048);
    private readonly ServiceHost<SimulatorClock> _simulators;
    private readonly HttpClient _http = new();
    private readonly WechatPayChannel _channel;

    public WechatCertificateTests()
    {
        _simulators = new ServiceHost<SimulatorClock>(
            new Dictionary<string, string?>
            {
                ["Simulators:Payments:WechatPay:MerchantId"] = "1900000001",
                ["Simulators:Payments:WechatPay:AppId"] = "wx8888888888888888",
                ["Simulators:Payments:WechatPay:MerchantSerial"] = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
                ["Simulators:Payments:WechatPay:MerchantPublicKey"] = _merchant.ExportSubjectPublicKeyInfoPem(),
                ["Simulators:Payments:WechatPay:ApiV3Key"] = ApiV3Key,
            },
            _clock);
        _channel = Channel(downloads: true);
    }

    private Simulated.WechatPayParty Party => _simulators.Services.GetRequiredService<IOptions<Simulated>>().Value.WechatPay;

    private static PaymentOrder Order { get; } = TestOrders.Unkept(PaymentChannelId.WechatPay, 100, DateTimeOffset.UnixEpoch);

    [Fact]
    public async Task Certificates_are_downloaded_when_they_are_needed_and_again_when_they_change()
    {
        SignWith(Certificate(), keep: false);
        Assert.Equal(ChannelOrder.Waiting, await _channel.QueryAsync(Order, default));
        Assert.NotNull(await ReadAsync(_channel));

        // A second certificate signs from now on; what the first has signed is still believed.
        var early = Notice();
        _clock.Advance(TimeSpan.FromMinutes(2));
        SignWith(Certificate(), keep: true);
        Assert.NotNull(await ReadAsync(_channel));
        Assert.NotNull(_channel.Read(early.Headers, early.Body, _clock.GetUtcNow()));
        Assert.Equal(ChannelOrder.Waiting, await _channel.QueryAsync(Order, default));
    }

    [Fact]
    public async Task A_name_nobody_knows_makes_us_ask_once_a_minute_and_proves_nothing()
    {
        SignWith(Certificate(), keep: false);
        Assert.NotNull(await ReadAsync(_channel));

        var (_, key) = Certificate();
        var forged = Notice(new Simulated.WechatPayParty { MerchantId = Party.MerchantId, AppId = Party.AppId, ApiV3Key = ApiV3Key, KeyId = "0102030405", PrivateKey = key.ExportPkcs8PrivateKeyPem() });
        await _channel.PrepareAsync(forged.Headers, default);
        Assert.Null(_channel.Read(forged.Headers, forged.Body, _clock.GetUtcNow()));

        // Within the minute a change is not seen yet; the channel repeats what is not acknowledged.
        SignWith(Certificate(), keep: true);
        Assert.Null(await ReadAsync(_channel));
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.NotNull(await ReadAsync(_channel));
        key.Dispose();
    }

    [Fact]
    public async Task Certificates_that_are_sealed_or_signed_by_somebody_else_are_not_believed()
    {
        var (pem, key) = Certificate();
        SignWith((pem, key), keep: false);
        Party.ApiV3Key = "vutsrqponmlkjihgfedcba9876543210";
        Assert.Equal(PaymentChannelFailure.Untrusted, (await Assert.ThrowsAsync<PaymentChannelException>(() => _channel.QueryAsync(Order, default))).Failure);

        Party.ApiV3Key = ApiV3Key;
        var (_, other) = Certificate();
        Party.PrivateKey = other.ExportPkcs8PrivateKeyPem();
        _clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Equal(PaymentChannelFailure.Untrusted, (await Assert.ThrowsAsync<PaymentChannelException>(() => _channel.QueryAsync(Order, default))).Failure);

        // Who is not told to download does not.
        using var without = Channel(downloads: false);
        Party.PrivateKey = key.ExportPkcs8PrivateKeyPem();
        Assert.Equal(PaymentChannelFailure.Untrusted, (await Assert.ThrowsAsync<PaymentChannelException>(() => without.QueryAsync(Order, default))).Failure);
        other.Dispose();
    }

    [Fact]
    public async Task A_certificate_that_has_ended_signs_nothing()
    {
        SignWith(Certificate(days: 1), keep: false);
        Assert.NotNull(await ReadAsync(_channel));

        _clock.Advance(TimeSpan.FromDays(2));
        Assert.Null(await ReadAsync(_channel));
    }

    public void Dispose()
    {
        _channel.Dispose();
        _http.Dispose();
        _merchant.Dispose();
        _simulators.Dispose();
    }

    private WechatPayChannel Channel(bool downloads) => new(
        new WechatPaySettings
        {
            BaseUrl = new Uri(_simulators.Url, "/payments/wechat").ToString(),
            MerchantId = "1900000001",
            AppId = "wx8888888888888888",
            CertificateSerial = "5157F09EFDC096DE15EBE81A47057A7232F1B8E1",
            ApiV3Key = ApiV3Key,
            PrivateKey = _merchant.ExportPkcs8PrivateKeyPem(),
            DownloadCertificates = downloads,
        },
        new AiHub.Worker.Payments.PaymentOptions { PublicUrl = "http://127.0.0.1:1" },
        _http,
        _clock);

    private void SignWith((string Pem, RSA Key) certificate, bool keep)
    {
        using var kept = X509Certificate2.CreateFromPem(certificate.Pem);
        Party.Certificates = keep ? [.. Party.Certificates, certificate.Pem] : [certificate.Pem];
        (Party.KeyId, Party.PrivateKey) = (kept.SerialNumber, certificate.Key.ExportPkcs8PrivateKeyPem());
    }

    private (string Pem, RSA Key) Certificate(int days = 1000)
    {
        var key = RSA.Create(2048);
        var now = _clock.GetUtcNow();
        using var made = new CertificateRequest("CN=Tenpay.com Root CA", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSelfSigned(now.AddDays(-1), now.AddDays(days));
        return (made.ExportCertificatePem(), key);
    }

    private async Task<InboundNotice?> ReadAsync(WechatPayChannel channel)
    {
        var (headers, body) = Notice();
        await channel.PrepareAsync(headers, default);
        return channel.Read(headers, body, _clock.GetUtcNow());
    }

    private (HeaderDictionary Headers, byte[] Body) Notice(Simulated.WechatPayParty? party = null)
    {
        var now = _clock.GetUtcNow();
        var trade = new Trade("wechat-pay", "T20260131", "4200000000000000000000000000", 100, "CNY", "http://127.0.0.1:1/webhooks/wechat-pay", now, now.AddHours(1));
        trade.Pay(now);
        using var request = WechatPayApi.NoticeOf(trade, null, party ?? Party, _simulators.Services.GetRequiredService<SimulatorClock>()).Make();
        var headers = new HeaderDictionary();
        foreach (var (name, values) in request.Headers)
        {
            headers[name] = values.ToArray();
        }

        using var body = new MemoryStream();
        request.Content!.ReadAsStream().CopyTo(body);
        return (headers, body.ToArray());
    }
}
