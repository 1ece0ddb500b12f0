using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using AiHub.Domain;
using AiHub.Domain.Payments;
using Microsoft.AspNetCore.WebUtilities;

namespace AiHub.Worker.Payments.Alipay;

/// <summary>
/// Alipay's open platform, v2 gateway: page and phone payment, query, close and refund. A trade begins to exist when the customer opens the
/// payment page, so "no such trade" means that nobody has paid yet.
/// </summary>
public sealed partial class AlipayChannel : IPaymentChannel, IDisposable
{
    private const string Success = "10000";

    /// <summary>The page is nothing but a QR code of the width that is asked for; the others bring more with them.</summary>
    private const string CodeAlone = "4";

    /// <summary>As wide as the portal's frame.</summary>
    private const string CodeWidth = "200";
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);
    private static readonly JsonSerializerOptions Wire = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private readonly AlipaySettings _settings;
    private readonly PaymentOptions _options;
    private readonly HttpClient _http;
    private readonly TimeProvider _time;
    private readonly RSA _own;
    private readonly RSA _theirs;
    private readonly string? _certificate;

    public AlipayChannel(AlipaySettings settings, PaymentOptions options, HttpClient http, TimeProvider time)
    {
        (_settings, _options, _http, _time) = (settings, options, http, time);
        _own = RsaKeys.Private(settings.PrivateKey);
        _theirs = AlipaySignature.TheirKey(settings);
        _certificate = settings.UsesCertificates ? AlipaySignature.CertificateSerial(settings.AlipayCertificate!) : null;
    }

    public PaymentChannelId Id => PaymentChannelId.Alipay;

    public IReadOnlyList<Currency> Currencies { get; } = [Currency.CNY];

    public string Merchant => _settings.SellerId;

    public string? App => _settings.AppId;

    public IResult Acknowledged { get; } = TypedResults.Text("success");

    public IResult NotAcknowledged { get; } = TypedResults.Text("failure");

    /// <summary>Only signs an address: Alipay hears of it when the customer goes there.</summary>
    public Task<OpenedOrder> OpenAsync(PaymentOrder order, CancellationToken ct)
    {
        var isMobile = order.Scene == PaymentScene.Mobile;
        return Task.FromResult(new OpenedOrder(
            PayUrl(order, isMobile, framed: false), null, null, FrameUrl: isMobile ? null : PayUrl(order, isMobile, framed: true)));
    }

    private string PayUrl(PaymentOrder order, bool isMobile, bool framed)
    {
        var (method, product) = isMobile ? ("alipay.trade.wap.pay", "QUICK_WAP_WAY") : ("alipay.trade.page.pay", "FAST_INSTANT_TRADE_PAY");
        var content = new JsonObject
        {
            ["out_trade_no"] = order.OutTradeNo,
            ["product_code"] = product,
            ["subject"] = order.Purpose == PaymentPurpose.Subscription ? "AI Hub 套餐" : "AI Hub 账户充值",
            ["total_amount"] = MinorUnits.ToText(order.AmountMinor),
            ["time_expire"] = Text(order.ExpiresAt),
        };
        if (framed)
        {
            (content["qr_pay_mode"], content["qrcode_width"]) = (CodeAlone, CodeWidth);
        }

        var parameters = Parameters(method, content);
        parameters["return_url"] = _options.ReturnUrl(order.Id);
        parameters["notify_url"] = _options.NotifyUrl("alipay");
        parameters["sign"] = AlipaySignature.Sign(_own, AlipaySignature.RequestContent(parameters));

        return QueryHelpers.AddQueryString(_settings.Gateway, parameters!);
    }

    public async Task<ChannelOrder> QueryAsync(PaymentOrder order, CancellationToken ct)
    {
        var answer = await CallAsync("alipay.trade.query", new JsonObject { ["out_trade_no"] = order.OutTradeNo }, ct);
        if (answer.SubCode == "ACQ.TRADE_NOT_EXIST")
        {
            return ChannelOrder.Waiting;
        }

        return answer.Require()["trade_status"]?.GetValue<string>() switch
        {
            "TRADE_SUCCESS" or "TRADE_FINISHED" => ChannelOrder.Paid(new PaymentProof(
                Id,
                // The gateway answers for the seller of the application that asked, and does not name it.
                _settings.SellerId,
                _settings.AppId,
                nameof(Currency.CNY),
                MinorUnits.Parse((string?)answer.Body["total_amount"]),
                (string?)answer.Body["trade_no"],
                Instant((string?)answer.Body["send_pay_date"]))),
            "TRADE_CLOSED" => ChannelOrder.Closed,
            _ => ChannelOrder.Waiting,
        };
    }

    public async Task<ChannelOrder> CloseAsync(PaymentOrder order, CancellationToken ct)
    {
        var answer = await CallAsync("alipay.trade.close", new JsonObject { ["out_trade_no"] = order.OutTradeNo }, ct);
        return answer.SubCode switch
        {
            null or "ACQ.TRADE_NOT_EXIST" => ChannelOrder.Closed,
            // Paid or already closed: which of them it is, the query tells.
            "ACQ.TRADE_STATUS_ERROR" or "ACQ.TRADE_HAS_SUCCESS" or "ACQ.TRADE_HAS_CLOSE" or "ACQ.REASON_TRADE_STATUS_INVALID" => await QueryAsync(order, ct),
            _ => throw answer.Failure(),
        };
    }

    public async Task<ChannelRefundState> RefundAsync(PaymentOrder order, Refund refund, CancellationToken ct)
    {
        var answer = await CallAsync(
            "alipay.trade.refund",
            new JsonObject
            {
                ["out_trade_no"] = order.OutTradeNo,
                ["refund_amount"] = MinorUnits.ToText(refund.AmountMinor),
                ["out_request_no"] = refund.OutRefundNo,
                ["refund_reason"] = refund.Reason,
            },
            ct);

        // Accepted is not refunded: only moved money is.
        return (string?)answer.Require()["fund_change"] == "Y" ? ChannelRefundState.Succeeded : await QueryRefundAsync(order, refund, ct);
    }

    public async Task<ChannelRefundState> QueryRefundAsync(PaymentOrder order, Refund refund, CancellationToken ct)
    {
        var answer = await CallAsync(
            "alipay.trade.fastpay.refund.query", new JsonObject { ["out_trade_no"] = order.OutTradeNo, ["out_request_no"] = refund.OutRefundNo }, ct);
        if (answer.SubCode == "ACQ.TRADE_NOT_EXIST")
        {
            return ChannelRefundState.Unknown;
        }

        return (string?)answer.Require()["refund_status"] == "REFUND_SUCCESS" ? ChannelRefundState.Succeeded : ChannelRefundState.Unknown;
    }

    public InboundNotice? Read(IHeaderDictionary headers, ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        if (Form(body) is not { } form
            || form.GetValueOrDefault("sign_type") is not "RSA2"
            || !AlipaySignature.Verify(_theirs, AlipaySignature.NoticeContent(form), form.GetValueOrDefault("sign"))
            || form.GetValueOrDefault("notify_id") is not { Length: > 0 } id)
        {
            return null;
        }

        // A refund tells of itself at the same address, with the status of the trade: a partial one says TRADE_SUCCESS once more.
        var isRefund = !string.IsNullOrEmpty(form.GetValueOrDefault("refund_fee")) || !string.IsNullOrEmpty(form.GetValueOrDefault("gmt_refund"));
        var kind = form.GetValueOrDefault("trade_status") switch
        {
            _ when isRefund => NoticeKind.Refunded,
            "TRADE_SUCCESS" or "TRADE_FINISHED" => NoticeKind.Paid,
            "TRADE_CLOSED" => NoticeKind.Closed,
            _ => NoticeKind.Other,
        };

        return new InboundNotice
        {
            Id = Guid.CreateVersion7(now),
            Channel = Id,
            EventId = id,
            Kind = kind,
            ReceivedAt = now,
            OutTradeNo = form.GetValueOrDefault("out_trade_no"),
            ChannelTradeNo = form.GetValueOrDefault("trade_no"),
            OutRefundNo = isRefund ? form.GetValueOrDefault("out_biz_no") : null,
            Merchant = form.GetValueOrDefault("seller_id"),
            App = form.GetValueOrDefault("app_id"),
            Currency = nameof(Currency.CNY),
            AmountMinor = MinorUnits.Parse(form.GetValueOrDefault("total_amount")),
            PaidAt = Instant(form.GetValueOrDefault("gmt_payment")),
            Body = body.ToArray(),
        };
    }

    public void Dispose()
    {
        _own.Dispose();
        _theirs.Dispose();
    }

    private Dictionary<string, string> Parameters(string method, JsonObject content)
    {
        var parameters = new Dictionary<string, string>
        {
            ["app_id"] = _settings.AppId,
            ["method"] = method,
            ["format"] = "JSON",
            ["charset"] = "utf-8",
            ["sign_type"] = "RSA2",
            ["timestamp"] = Text(_time.GetUtcNow()),
            ["version"] = "1.0",
            ["biz_content"] = content.ToJsonString(Wire),
        };
        if (_settings.UsesCertificates)
        {
            parameters["app_cert_sn"] = AlipaySignature.CertificateSerial(_settings.AppCertificate!);
            parameters["alipay_root_cert_sn"] = AlipaySignature.RootSerial(_settings.AlipayRootCertificate!);
        }

        return parameters;
    }

    private async Task<Answer> CallAsync(string method, JsonObject content, CancellationToken ct)
    {
        var parameters = Parameters(method, content);
        parameters["sign"] = AlipaySignature.Sign(_own, AlipaySignature.RequestContent(parameters));
        var body = parameters["biz_content"];
        parameters.Remove("biz_content");

        string text;
        try
        {
            using var form = new FormUrlEncodedContent(new Dictionary<string, string> { ["biz_content"] = body });
            using var response = await _http.PostAsync(QueryHelpers.AddQueryString(_settings.Gateway, parameters!), form, ct);
            text = await response.Content.ReadAsStringAsync(ct);
            if (!response.IsSuccessStatusCode)
            {
                throw new PaymentChannelException(PaymentChannelFailure.Unavailable, $"Alipay answered {(int)response.StatusCode}.");
            }
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is TaskCanceledException && !ct.IsCancellationRequested))
        {
            throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "Alipay cannot be reached.", failure);
        }

        return Verified(text, method.Replace('.', '_') + "_response");
    }

    // The signature covers the characters of the inner object as they came: written anew, they would differ.
    private Answer Verified(string text, string member)
    {
        try
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            var reader = new Utf8JsonReader(bytes);
            string? inner = null, signature = null, certificate = null;
            reader.Read();
            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var name = reader.GetString();
                reader.Read();
                var start = (int)reader.TokenStartIndex;
                if (name == "sign")
                {
                    signature = reader.GetString();
                }
                else if (name == "alipay_cert_sn")
                {
                    certificate = reader.GetString();
                }

                reader.Skip();
                if (name == member || (name == "error_response" && inner is null))
                {
                    inner = Encoding.UTF8.GetString(bytes.AsSpan(start, (int)reader.BytesConsumed - start));
                }
            }

            if (inner is null || !AlipaySignature.Verify(_theirs, inner, signature))
            {
                throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The answer is not signed by Alipay.");
            }

            if (certificate is not null && certificate != _certificate)
            {
                throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "Alipay signs with another certificate than the one that is configured: download it anew.");
            }

            return new Answer(JsonNode.Parse(inner)!.AsObject());
        }
        catch (JsonException malformed)
        {
            throw new PaymentChannelException(PaymentChannelFailure.Untrusted, "The answer is not Alipay's: it is not JSON.", malformed);
        }
    }

    private static Dictionary<string, string>? Form(ReadOnlyMemory<byte> body)
    {
        var form = new Dictionary<string, string>();
        try
        {
            foreach (var (name, values) in QueryHelpers.ParseQuery(new UTF8Encoding(false, throwOnInvalidBytes: true).GetString(body.Span)))
            {
                if (values.Count != 1)
                {
                    return null;
                }

                form[name] = values.ToString();
            }
        }
        catch (DecoderFallbackException)
        {
            return null;
        }

        return form;
    }

    private static string Text(DateTimeOffset instant) => instant.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Instant(string? text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) ? new DateTimeOffset(moment, Beijing) : null;

    private sealed record Answer(JsonObject Body)
    {
        private string? Code => (string?)Body["code"];

        public string? SubCode => Code == Success ? null : (string?)Body["sub_code"] ?? Code ?? "";

        public JsonObject Require() => Code == Success ? Body : throw Failure();

        public PaymentChannelException Failure() => new(
            // 20000 is the gateway's own trouble; SYSTEM_ERROR means that nobody knows yet.
            Code == "20000" || SubCode is "ACQ.SYSTEM_ERROR" or "aop.ACQ.SYSTEM_ERROR" ? PaymentChannelFailure.Unavailable : PaymentChannelFailure.Refused,
            $"Alipay says {(string?)Body["sub_msg"] ?? (string?)Body["msg"]} ({SubCode}).");
    }
}
