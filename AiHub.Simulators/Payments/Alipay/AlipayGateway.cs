using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Unicode;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments.Alipay;

/// <summary>Alipay's gateway (v2): pages, query, close, refund. Verifies what the merchant signed and signs what it answers.</summary>
public static class AlipayGateway
{
    private static readonly TimeSpan Beijing = TimeSpan.FromHours(8);
    private static readonly JsonSerializerOptions Wire = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static void MapAlipay(this WebApplication app)
    {
        app.MapMethods("/payments/alipay/gateway.do", ["GET", "POST"], async (HttpContext http, IOptions<PaymentOptions> options, TradeBook book, BillBook bills, SimulatorClock clock) =>
        {
            var parameters = http.Request.Query.ToDictionary(value => value.Key, value => value.Value.ToString());
            if (http.Request.HasFormContentType)
            {
                foreach (var (name, value) in await http.Request.ReadFormAsync(http.RequestAborted))
                {
                    parameters[name] = value.ToString();
                }
            }

            return Answer(parameters, options.Value.Alipay, book, bills, http, clock.GetUtcNow());
        }).DisableAntiforgery();
        app.MapGet("/payments/alipay/bill", (string? token, BillBook bills) =>
            bills.File(token) is { } file ? TypedResults.Bytes(file, "application/octet-stream") : Results.NotFound());
    }

    /// <summary>The notice of a payment or a refund, signed as Alipay signs: without <c>sign</c> and <c>sign_type</c>.</summary>
    public static Notice NoticeOf(Trade trade, TradeRefund? refund, PaymentOptions.AlipayParty party, DateTimeOffset now, IReadOnlyDictionary<string, string>? changes = null)
    {
        var id = $"{now.UtcTicks}{Random.Shared.Next(100_000, 999_999)}";
        var form = new Dictionary<string, string>
        {
            ["notify_type"] = "trade_status_sync",
            ["notify_id"] = id,
            ["notify_time"] = Text(now),
            ["charset"] = "utf-8",
            ["version"] = "1.0",
            ["sign_type"] = "RSA2",
            ["app_id"] = party.AppId,
            ["seller_id"] = party.SellerId,
            ["trade_no"] = trade.TradeNo,
            ["out_trade_no"] = trade.OutTradeNo,
            ["trade_status"] = refund is not null && trade.RefundedMinor == trade.AmountMinor ? "TRADE_CLOSED" : "TRADE_SUCCESS",
            ["total_amount"] = Yuan(trade.AmountMinor),
            ["receipt_amount"] = Yuan(trade.AmountMinor),
            ["subject"] = "AI Hub 账户充值 100%+&=",
            ["buyer_id"] = "2088000000000001",
            ["gmt_create"] = Text(trade.CreatedAt),
            ["gmt_payment"] = Text(trade.PaidAt ?? now),
            ["fund_bill_list"] = """[{"amount":"1.00","fundChannel":"ALIPAYACCOUNT"}]""",
        };
        if (refund is not null)
        {
            form["refund_fee"] = Yuan(trade.RefundedMinor);
            form["gmt_refund"] = Text(refund.CreatedAt) + ".000";
            form["out_biz_no"] = refund.OutRefundNo;
        }

        foreach (var (name, value) in changes ?? new Dictionary<string, string>())
        {
            form[name] = value;
        }

        form["sign"] = Rsa.Sign(party.PrivateKey, Content(form, withType: false));
        return new Notice(
            Channels.Alipay,
            id,
            trade.OutTradeNo,
            trade.NotifyUrl,
            () => new HttpRequestMessage(HttpMethod.Post, trade.NotifyUrl) { Content = new FormUrlEncodedContent(form) },
            (status, body) => status == 200 && body == "success");
    }

    private static IResult Answer(Dictionary<string, string> parameters, PaymentOptions.AlipayParty party, TradeBook book, BillBook bills, HttpContext http, DateTimeOffset now)
    {
        var origin = $"{http.Request.Scheme}://{http.Request.Host}";
        var method = parameters.GetValueOrDefault("method") ?? "";
        var isPage = method is "alipay.trade.page.pay" or "alipay.trade.wap.pay";
        var wrong = Wrong(parameters, party, now);
        if (wrong is not null || JsonNode.Parse(parameters.GetValueOrDefault("biz_content") ?? "{}") is not JsonObject content)
        {
            var (code, sub, message) = wrong ?? ("40002", "isv.invalid-parameter", "参数无效");
            return isPage
                ? TypedResults.Content($"<!doctype html><meta charset=utf-8><h1>{sub}</h1>", "text/html; charset=utf-8", statusCode: 400)
                : Sign(party, method, Error(code, sub, message));
        }

        return method switch
        {
            "alipay.trade.page.pay" or "alipay.trade.wap.pay" => Page(parameters, content, method, book, http, origin, now),
            "alipay.trade.query" => Sign(party, method, Query(content, book, now)),
            "alipay.trade.close" => Sign(party, method, Close(content, book)),
            "alipay.trade.refund" => Sign(party, method, Refund(content, book, now)),
            "alipay.trade.fastpay.refund.query" => Sign(party, method, QueryRefund(content, book)),
            "alipay.data.dataservice.bill.downloadurl.query" => Sign(party, method, Bill(content, party, bills, origin, now)),
            _ => Sign(party, method, Error("40002", "isv.invalid-method", "不存在的方法名")),
        };
    }

    private static (string, string, string)? Wrong(Dictionary<string, string> parameters, PaymentOptions.AlipayParty party, DateTimeOffset now)
    {
        if (parameters.GetValueOrDefault("app_id") != party.AppId)
        {
            return ("40002", "isv.invalid-app-id", "无效的AppID参数");
        }

        if (parameters.GetValueOrDefault("sign_type") != "RSA2" || parameters.Values.Any(value => value.Length == 0)
            || !Rsa.Verify(party.MerchantPublicKey, Content(parameters, withType: true), parameters.GetValueOrDefault("sign")))
        {
            return ("40002", "isv.invalid-signature", "验签出错");
        }

        if (parameters.GetValueOrDefault("app_cert_sn") != party.AppCertificateSerial || parameters.GetValueOrDefault("alipay_root_cert_sn") != party.RootSerial)
        {
            return ("40002", "isv.invalid-app-cert-sn", "应用公钥证书或支付宝根证书的SN有误");
        }

        return parameters.GetValueOrDefault("version") == "1.0" && parameters.GetValueOrDefault("charset") == "utf-8"
            && Moment(parameters.GetValueOrDefault("timestamp")) is { } sent && (sent - now).Duration() < TimeSpan.FromDays(1)
                ? null
                : ("40002", "isv.invalid-timestamp", "非法的时间戳参数");
    }

    private static IResult Page(Dictionary<string, string> parameters, JsonObject content, string method, TradeBook book, HttpContext http, string origin, DateTimeOffset now)
    {
        var product = method == "alipay.trade.page.pay" ? "FAST_INSTANT_TRADE_PAY" : "QUICK_WAP_WAY";
        if ((string?)content["out_trade_no"] is not { Length: > 0 and <= 64 } number || !number.All(character => char.IsAsciiLetterOrDigit(character) || character == '_')
            || (string?)content["product_code"] != product
            || (string?)content["subject"] is not { Length: > 0 } subject || subject.AsSpan().ContainsAny("/=&")
            || Minor((string?)content["total_amount"]) is not { } amount || amount <= 0
            || Moment((string?)content["time_expire"]) is not { } expires
            || !TryCodeWidth(content, out var width))
        {
            return TypedResults.Content("<!doctype html><meta charset=utf-8><h1>isv.invalid-parameter</h1>", "text/html; charset=utf-8", statusCode: 400);
        }

        var trade = book.GetOrAdd(new Trade(
            Channels.Alipay, number, $"{now:yyyyMMdd}22001{Random.Shared.NextInt64(1_000_000_000, 9_999_999_999)}", amount, "CNY",
            parameters.GetValueOrDefault("notify_url") ?? "", now, expires)
        { ReturnUrl = parameters.GetValueOrDefault("return_url") });

        if (width is { } pixels)
        {
            return PayPage.Code(trade, origin, pixels);
        }

        // The whole cashier is in nobody's frame.
        http.Response.Headers.XFrameOptions = "SAMEORIGIN";
        return PayPage.Of(trade);
    }

    // qr_pay_mode 4 is a code alone, as wide as qrcode_width says; 2 is the page to jump to, as is none at all. The others are codes with things around them.
    private static bool TryCodeWidth(JsonObject content, out int? width)
    {
        width = null;
        switch ((string?)content["qr_pay_mode"])
        {
            case null or "2":
                return content["qrcode_width"] is null;
            case "4" when int.TryParse((string?)content["qrcode_width"], NumberStyles.None, CultureInfo.InvariantCulture, out var pixels) && pixels is >= 75 and <= 1000:
                width = pixels;
                return true;
            default:
                return false;
        }
    }

    private static JsonObject Query(JsonObject content, TradeBook book, DateTimeOffset now)
    {
        if (book.Find(Channels.Alipay, (string?)content["out_trade_no"]) is not { } trade)
        {
            return Error("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
        }

        var state = trade.State == TradeState.Waiting && now >= trade.ExpiresAt ? trade.Close() : trade.State;
        var answer = Success(trade);
        answer["trade_status"] = state switch
        {
            TradeState.Waiting => "WAIT_BUYER_PAY",
            TradeState.Paid when trade.RefundedMinor < trade.AmountMinor => "TRADE_SUCCESS",
            _ => "TRADE_CLOSED",
        };
        answer["total_amount"] = Yuan(trade.AmountMinor);
        if (trade.PaidAt is { } paid)
        {
            answer["send_pay_date"] = Text(paid);
        }

        return answer;
    }

    private static JsonObject Close(JsonObject content, TradeBook book) => book.Find(Channels.Alipay, (string?)content["out_trade_no"]) switch
    {
        null => Error("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在"),
        { State: TradeState.Closed } or { State: TradeState.Paid } => Error("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
        { } trade => trade.Close() == TradeState.Closed ? Success(trade) : Error("40004", "ACQ.TRADE_STATUS_ERROR", "交易状态不合法"),
    };

    private static JsonObject Refund(JsonObject content, TradeBook book, DateTimeOffset now)
    {
        if (book.Find(Channels.Alipay, (string?)content["out_trade_no"]) is not { } trade)
        {
            return Error("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
        }

        if ((string?)content["out_request_no"] is not { Length: > 0 } number || Minor((string?)content["refund_amount"]) is not { } amount)
        {
            return Error("40004", "ACQ.INVALID_PARAMETER", "参数无效");
        }

        if (trade.Refund(number, amount, number, now, out var isNew) is null)
        {
            return Error("40004", "ACQ.REFUND_AMT_NOT_EQUAL_TOTAL", "退款金额超限");
        }

        var answer = Success(trade);
        answer["fund_change"] = isNew ? "Y" : "N";
        answer["refund_fee"] = Yuan(trade.RefundedMinor);
        return answer;
    }

    private static JsonObject QueryRefund(JsonObject content, TradeBook book)
    {
        if (book.Find(Channels.Alipay, (string?)content["out_trade_no"]) is not { } trade)
        {
            return Error("40004", "ACQ.TRADE_NOT_EXIST", "交易不存在");
        }

        var answer = Success(trade);
        if (trade.Refunds.Find(refund => refund.OutRefundNo == (string?)content["out_request_no"]) is { } made)
        {
            answer["refund_status"] = "REFUND_SUCCESS";
            answer["refund_amount"] = Yuan(made.AmountMinor);
            answer["out_request_no"] = made.OutRefundNo;
        }

        return answer;
    }

    private static JsonObject Bill(JsonObject content, PaymentOptions.AlipayParty party, BillBook bills, string origin, DateTimeOffset now)
    {
        if ((string?)content["bill_type"] is not ("trade" or "signcustomer") || !DateOnly.TryParseExact((string?)content["bill_date"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
        {
            return Error("40004", "isp.invalid-arguments", "入参不合法");
        }

        var bill = (string?)content["bill_type"] == "trade" ? AlipayBill.Of(day, bills, party.SellerId, now) : AlipayBill.FundsOf(day, bills, party.SellerId, now);
        return bill is not { } file
            ? Error("40004", "isp.bill_not_exist", "账单不存在")
            : new JsonObject
            {
                ["code"] = "10000",
                ["msg"] = "Success",
                ["bill_download_url"] = $"{origin}/payments/alipay/bill?token={bills.Keep(bills.Fault(Channels.Alipay) == "tampered" ? [.. file[..^40]] : file)}",
            };
    }

    private static JsonObject Success(Trade trade) => new()
    {
        ["code"] = "10000",
        ["msg"] = "Success",
        ["out_trade_no"] = trade.OutTradeNo,
        ["trade_no"] = trade.TradeNo,
        // The real gateway escapes slashes, which a verifier must not undo.
        ["buyer_logon_id"] = "https://example.com/a/b",
    };

    private static JsonObject Error(string code, string sub, string message) => new()
    {
        ["code"] = code,
        ["msg"] = code == "40004" ? "Business Failed" : "Invalid Arguments",
        ["sub_code"] = sub,
        ["sub_msg"] = message,
    };

    private static IResult Sign(PaymentOptions.AlipayParty party, string method, JsonObject inner)
    {
        var text = inner.ToJsonString(Wire).Replace("/", "\\/", StringComparison.Ordinal);
        var name = (method.Length == 0 ? "error" : method.Replace('.', '_')) + "_response";
        var certificate = party.CertificateSerial is { } serial ? $"\"alipay_cert_sn\":\"{serial}\"," : "";
        return TypedResults.Content($"{{\"{name}\":{text},{certificate}\"sign\":\"{Rsa.Sign(party.PrivateKey, text)}\"}}", "text/html;charset=utf-8");
    }

    private static string Content(Dictionary<string, string> parameters, bool withType) => string.Join('&', parameters
        .Where(parameter => parameter.Key != "sign" && (withType || parameter.Key != "sign_type") && parameter.Value.Length > 0)
        .OrderBy(parameter => parameter.Key, StringComparer.Ordinal)
        .Select(parameter => $"{parameter.Key}={parameter.Value}"));

    private static string Yuan(long minor) => string.Create(CultureInfo.InvariantCulture, $"{minor / 100}.{minor % 100:00}");

    private static long? Minor(string? text) =>
        text is not null && text.Length - text.IndexOf('.', StringComparison.Ordinal) == 3 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var yuan)
            ? (long)(yuan * 100)
            : null;

    private static string Text(DateTimeOffset instant) => instant.ToOffset(Beijing).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);

    private static DateTimeOffset? Moment(string? text) =>
        DateTime.TryParseExact(text, "yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture, DateTimeStyles.None, out var moment) ? new DateTimeOffset(moment, Beijing) : null;
}
