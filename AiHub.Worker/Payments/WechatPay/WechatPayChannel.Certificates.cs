using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>
/// Platform certificates, for merchants that have no public key of WeChat Pay's. The list is sealed with the APIv3 key, which only WeChat Pay and we
/// have, and signed by one of the certificates in it: both are checked before any of them is believed.
/// </summary>
public sealed partial class WechatPayChannel
{
    /// <summary>Whoever signs with a name nobody knows makes us ask once in this time, not each time.</summary>
    private static readonly TimeSpan Rarely = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _downloading = new(1);
    private DateTimeOffset _asked;

    public Task PrepareAsync(IHeaderDictionary headers, CancellationToken ct) => KnowAsync(headers["Wechatpay-Serial"].ToString(), ct);

    private async Task KnowAsync(string? serial, CancellationToken ct)
    {
        if (!_settings.DownloadCertificates || string.IsNullOrEmpty(serial) || _keys.Find(serial, _time.GetUtcNow()) is not null)
        {
            return;
        }

        await _downloading.WaitAsync(ct);
        try
        {
            var now = _time.GetUtcNow();
            if (_keys.Find(serial, now) is null && now - _asked >= Rarely)
            {
                _asked = now;
                _keys.Take(await CertificatesAsync(ct));
            }
        }
        catch (Exception failure) when (failure is PaymentChannelException or HttpRequestException or IOException or JsonException or CryptographicException or InvalidOperationException
            || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            // Then the signature is one nobody can check, and counts as none.
        }
        finally
        {
            _downloading.Release();
        }
    }

    private async Task<IReadOnlyList<string>> CertificatesAsync(CancellationToken ct)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, _settings.BaseUrl.TrimEnd('/') + "/v3/certificates");
        Sign(request, "");
        using var response = await _http.SendAsync(request, ct);
        var text = await response.Content.ReadAsStringAsync(ct);
        if (response.StatusCode != HttpStatusCode.OK)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, $"WeChat Pay answered {(int)response.StatusCode} for its certificates.");
        }

        var pems = Certificates(text);
        using var offered = new WechatPayKeys(new WechatPaySettings());
        offered.Take(pems);
        return IsSignedBy(offered, name => response.Headers.TryGetValues(name, out var values) ? values.First() : null, text, _time.GetUtcNow())
            ? pems
            : throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The certificates are not signed by WeChat Pay.");
    }

    // {"data":[{"serial_no":"…","effective_time":"…","expire_time":"…","encrypt_certificate":{"algorithm":"AEAD_AES_256_GCM","nonce":"…","associated_data":"certificate","ciphertext":"…"}}]}
    private List<string> Certificates(string text) =>
    [
        .. (JsonNode.Parse(text)?["data"] as JsonArray ?? throw new JsonException("There is no list of certificates.")).Select(entry =>
            entry?["encrypt_certificate"] is { } sealedOne && (string?)sealedOne["algorithm"] == "AEAD_AES_256_GCM"
            && WechatPaySignature.Open(_settings.ApiV3KeyBytes, (string?)sealedOne["nonce"] ?? "", (string?)sealedOne["ciphertext"] ?? "", (string?)sealedOne["associated_data"]) is { } pem
                ? pem
                : throw new CryptographicException("A certificate cannot be opened with the APIv3 key.")),
    ];
}
