using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments.WechatPay;

/// <summary>WeChat Pay API v3: Native (a QR code) on the desktop, H5 on a phone, JSAPI within WeChat; query, close, refund and notices.</summary>
public sealed partial class WechatPayChannel : IPaymentChannel, IDisposable
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(300);
    private static readonly JsonSerializerOptions Wire = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private readonly WechatPaySettings _settings;
    private readonly PaymentOptions _options;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly RSA _own;
    private readonly WechatPayKeys _keys;

    public WechatPayChannel(WechatPaySettings settings, PaymentOptions options, HttpClient http, TimeProvider time)
    {
        (_settings, _options, _http, _time) = (settings, options, http, time);
        _own = RsaKeys.Private(settings.PrivateKey);
        _keys = new WechatPayKeys(settings);
    }

    public PaymentChannelId Id => PaymentChannelId.WechatPay;

    public IReadOnlyList<Currency> Currencies { get; } = [Currency.CNY];

    public string Merchant => _settings.MerchantId;

    public string? App => _settings.AppId;

    public IResult Acknowledged { get; } = TypedResults.NoContent();

    public IResult NotAcknowledged { get; } = TypedResults.Json(new { code = "FAIL", message = "签名错误" }, statusCode: StatusCodes.Status401Unauthorized);

    public async Task<OpenedOrder> OpenAsync(PaymentOrder order, CancellationToken ct)
    {
        var body = new JsonObject
        {
            ["appid"] = _settings.AppId,
            ["mchid"] = _settings.MerchantId,
            ["description"] = order.Purpose == PaymentPurpose.Subscription ? "AI Hub 套餐" : "AI Hub 账户充值",
            ["out_trade_no"] = order.OutTradeNo,
            ["time_expire"] = order.ExpiresAt.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
            ["notify_url"] = _options.NotifyUrl("wechat-pay"),
            ["amount"] = new JsonObject { ["total"] = order.AmountMinor, ["currency"] = nameof(Currency.CNY) },
        };
        if (order.Scene == PaymentScene.Mobile)
        {
            body["scene_info"] = new JsonObject { ["payer_client_ip"] = order.ClientAddress, ["h5_info"] = new JsonObject { ["type"] = "Wap" } };
        }

        if (order.Scene == PaymentScene.Wechat)
        {
            body["payer"] = new JsonObject { ["openid"] = order.PayerId };
        }

        var kind = order.Scene switch { PaymentScene.Mobile => "h5", PaymentScene.Wechat => "jsapi", _ => "native" };
        var answer = await CallAsync(HttpMethod.Post, $"/v3/pay/transactions/{kind}", body, ct);
        answer.Require();
        return new OpenedOrder((string?)answer.Body["h5_url"], (string?)answer.Body["code_url"], null, (string?)answer.Body["prepay_id"] is { } prepay ? Call(prepay) : null);
    }

    /// <summary>What a page within WeChat asks for the payment with: four lines, signed with the merchant's key.</summary>
    internal string Call(string prepayId)
    {
        var (timestamp, nonce, package) = (_time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(32), $"prepay_id={prepayId}");
        return new JsonObject
        {
            ["appId"] = _settings.AppId,
            ["timeStamp"] = timestamp,
            ["nonceStr"] = nonce,
            ["package"] = package,
            ["signType"] = "RSA",
            ["paySign"] = WechatPaySignature.Sign(_own, _settings.AppId, timestamp, nonce, package),
        }.ToJsonString(Wire);
    }

    public async Task<ChannelOrder> QueryAsync(PaymentOrder order, CancellationToken ct)
    {
        var answer = await CallAsync(HttpMethod.Get, $"/v3/pay/transactions/out-trade-no/{order.OutTradeNo}?mchid={_settings.MerchantId}", null, ct);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return ChannelOrder.Waiting;
        }

        answer.Require();
        return (string?)answer.Body["trade_state"] switch
        {
            "SUCCESS" => ChannelOrder.Paid(ProofOf(answer.Body)),
            // REFUND of an order that was never credited, for no other is asked about: money has gone back by another hand than the hub's, and how much
            // WeChat does not say here. Whoever reads the day's bill decides.
            "CLOSED" or "REVOKED" or "REFUND" => ChannelOrder.Closed,
            _ => ChannelOrder.Waiting,
        };
    }

    public async Task<ChannelOrder> CloseAsync(PaymentOrder order, CancellationToken ct)
    {
        var answer = await CallAsync(
            HttpMethod.Post, $"/v3/pay/transactions/out-trade-no/{order.OutTradeNo}/close", new JsonObject { ["mchid"] = _settings.MerchantId }, ct);
        if (answer.Status == HttpStatusCode.NoContent || answer.Status == HttpStatusCode.NotFound)
        {
            return ChannelOrder.Closed;
        }

        return answer.Code is "ORDERPAID" or "ORDER_CLOSED" ? await QueryAsync(order, ct) : throw answer.Failure();
    }

    public async Task<ChannelRefundState> RefundAsync(PaymentOrder order, Refund refund, CancellationToken ct)
    {
        var answer = await CallAsync(
            HttpMethod.Post,
            "/v3/refund/domestic/refunds",
            new JsonObject
            {
                ["out_trade_no"] = order.OutTradeNo,
                ["out_refund_no"] = refund.OutRefundNo,
                ["reason"] = refund.Reason,
                ["notify_url"] = _options.NotifyUrl("wechat-pay"),
                ["amount"] = new JsonObject { ["refund"] = refund.AmountMinor, ["total"] = order.AmountMinor, ["currency"] = nameof(Currency.CNY) },
            },
            ct);
        answer.Require();
        return RefundState(answer.Body);
    }

    public async Task<ChannelRefundState> QueryRefundAsync(PaymentOrder order, Refund refund, CancellationToken ct)
    {
        var answer = await CallAsync(HttpMethod.Get, $"/v3/refund/domestic/refunds/{refund.OutRefundNo}", null, ct);
        if (answer.Status == HttpStatusCode.NotFound)
        {
            return ChannelRefundState.Unknown;
        }

        answer.Require();
        return RefundState(answer.Body);
    }

    public InboundNotice? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        var text = Encoding.UTF8.GetString(body.Span);
        if (!IsTheirs(name => headers.TryGetValue(name, out var value) ? value.ToString() : null, text, now))
        {
            return null;
        }

        try
        {
            var notice = JsonNode.Parse(text);
            var resource = notice?["resource"];
            if ((string?)notice?["id"] is not { Length: > 0 } id
                || (string?)resource?["algorithm"] != "AEAD_AES_256_GCM"
                || (string?)resource["nonce"] is not { } nonce
                || (string?)resource["ciphertext"] is not { } ciphertext
                || WechatPaySignature.Open(_settings.ApiV3KeyBytes, nonce, ciphertext, (string?)resource["associated_data"]) is not { } plain
                || JsonNode.Parse(plain) is not JsonObject content)
            {
                return null;
            }

            var kind = (string?)notice["event_type"] switch
            {
                "TRANSACTION.SUCCESS" when (string?)content["trade_state"] == "SUCCESS" => NoticeKind.Paid,
                "REFUND.SUCCESS" => NoticeKind.Refunded,
                "REFUND.ABNORMAL" or "REFUND.CLOSED" => NoticeKind.RefundFailed,
                _ => NoticeKind.Other,
            };
            var proof = ProofOf(content);

            return new InboundNotice
            {
                Id = Guid.CreateVersion7(now),
                Channel = Id,
                EventId = id,
                Kind = kind,
                ReceivedAt = now,
                OutTradeNo = (string?)content["out_trade_no"],
                ChannelTradeNo = proof.ChannelTradeNo,
                OutRefundNo = (string?)content["out_refund_no"],
                Merchant = proof.Merchant,
                App = proof.App,
                Currency = proof.Currency,
                AmountMinor = proof.AmountMinor,
                PaidAt = proof.PaidAt,
                Body = body.ToArray(),
            };
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException or FormatException)
        {
            return null;
        }
    }

    public void Dispose()
    {
        _own.Dispose();
        _keys.Dispose();
        _downloading.Dispose();
    }

    private PaymentProof ProofOf(JsonObject transaction) => new(
        Id,
        (string?)transaction["mchid"],
        (string?)transaction["appid"],
        (string?)transaction["amount"]?["currency"],
        (long?)transaction["amount"]?["total"],
        (string?)transaction["transaction_id"],
        DateTimeOffset.TryParse((string?)transaction["success_time"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var paid) ? paid : null);

    private static ChannelRefundState RefundState(JsonObject refund) => (string?)refund["status"] switch
    {
        "SUCCESS" => ChannelRefundState.Succeeded,
        "PROCESSING" => ChannelRefundState.Processing,
        _ => ChannelRefundState.Failed,
    };

    private async Task<Answer> CallAsync(HttpMethod method, string path, JsonObject? content, CancellationToken ct)
    {
        var body = content?.ToJsonString(Wire) ?? "";
        using var request = new HttpRequestMessage(method, _settings.BaseUrl.TrimEnd('/') + path);
        Sign(request, body);
        if (content is not null)
        {
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }

        try
        {
            using var response = await _http.SendAsync(request, ct);
            var text = await response.Content.ReadAsStringAsync(ct);
            if ((int)response.StatusCode >= 500 || response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                throw new PaymentChannelException(PaymentChannelFailure.Unavailable, $"WeChat Pay answered {(int)response.StatusCode}.");
            }

            await KnowAsync(response.Headers.TryGetValues("Wechatpay-Serial", out var serials) ? serials.First() : null, ct);
            if (!IsTheirs(name => response.Headers.TryGetValues(name, out var values) ? values.First() : null, text, _time.GetUtcNow()))
            {
                throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The answer is not signed by WeChat Pay.");
            }

            return new Answer(response.StatusCode, text.Length == 0 ? [] : JsonNode.Parse(text)!.AsObject());
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "WeChat Pay cannot be reached.", failure);
        }
        catch (Exception malformed) when (malformed is JsonException or InvalidOperationException)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The answer is not WeChat Pay's: it is not JSON.", malformed);
        }
    }

    private void Sign(HttpRequestMessage request, string body)
    {
        var (timestamp, nonce) = (_time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(32));
        // What is signed is the path as the server sees it.
        var signature = WechatPaySignature.Sign(_own, request.Method.Method, request.RequestUri!.PathAndQuery, timestamp, nonce, body);
        request.Headers.Authorization = new AuthenticationHeaderValue(
            WechatPaySignature.Scheme,
            $"mchid=\"{_settings.MerchantId}\",nonce_str=\"{nonce}\",signature=\"{signature}\",timestamp=\"{timestamp}\",serial_no=\"{_settings.CertificateSerial}\"");
        request.Headers.Accept.ParseAdd("application/json");
        request.Headers.UserAgent.ParseAdd("AiHub/1.0");
        if (_keys.PublicKeyId is { } publicKey)
        {
            request.Headers.Add("Wechatpay-Serial", publicKey);
        }
    }

    // Deliberate probes are signed "WECHATPAY/SIGNTEST/…"; they fail here like any other wrong signature, as they should.
    private bool IsTheirs(Func<string, string?> header, string body, DateTimeOffset now) => IsSignedBy(_keys, header, body, now);

    private static bool IsSignedBy(WechatPayKeys keys, Func<string, string?> header, string body, DateTimeOffset now) =>
        header("Wechatpay-Serial") is { } serial
        && keys.Find(serial, now) is { } key
        && long.TryParse(header("Wechatpay-Timestamp"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)
        && Math.Abs(now.ToUnixTimeSeconds() - seconds) <= Tolerance.TotalSeconds
        && header("Wechatpay-Nonce") is { } nonce
        && WechatPaySignature.Verify(key, header("Wechatpay-Signature"), seconds.ToString(CultureInfo.InvariantCulture), nonce, body);

    private sealed record Answer(HttpStatusCode Status, JsonObject Body)
    {
        public string? Code => (string?)Body["code"];

        public void Require()
        {
            if ((int)Status >= 300)
            {
                throw Failure();
            }
        }

        public PaymentChannelException Failure() => new(
            Code is "SYSTEM_ERROR" or "FREQUENCY_LIMITED" ? PaymentChannelFailure.Unavailable : PaymentChannelFailure.Refused,
            $"WeChat Pay says {(string?)Body["message"]} ({Code}).");
    }
}
