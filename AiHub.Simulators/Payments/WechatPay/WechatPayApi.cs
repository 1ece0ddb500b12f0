using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using System.Text.Unicode;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments.WechatPay;

/// <summary>WeChat Pay's API v3: Native, H5, JSAPI, query, close, refunds, bills, certificates. Verifies the merchant's Authorization byte for byte and signs every answer.</summary>
public static partial class WechatPayApi
{
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(300);
    private static readonly JsonSerializerOptions Wire = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    public static void MapWechatPay(this WebApplication app)
    {
        var api = app.MapGroup("/payments/wechat/v3");
        api.MapPost("/pay/transactions/native", (Asked asked) => asked.AnswerAsync(body => Order(asked, body, "code_url")));
        api.MapPost("/pay/transactions/h5", (Asked asked) => asked.AnswerAsync(body => Order(asked, body, "h5_url")));
        api.MapPost("/pay/transactions/jsapi", (Asked asked) => asked.AnswerAsync(body => Order(asked, body, "prepay_id")));
        app.MapGet("/payments/wechat/connect/oauth2/authorize", (HttpRequest request, WechatSignIn people) => people.Authorize(request));
        app.MapGet("/payments/wechat/sns/oauth2/access_token", (HttpRequest request, WechatSignIn people) => people.AccessToken(request));
        api.MapGet("/certificates", (Asked asked) => asked.AnswerAsync(_ => Certificates(asked)));
        api.MapGet("/pay/transactions/out-trade-no/{number}", (Asked asked, string number) => asked.AnswerAsync(_ => Query(asked, number)));
        api.MapPost("/pay/transactions/out-trade-no/{number}/close", (Asked asked, string number) => asked.AnswerAsync(_ => Close(asked, number)));
        api.MapPost("/refund/domestic/refunds", (Asked asked) => asked.AnswerAsync(body => Refund(asked, body)));
        api.MapGet("/refund/domestic/refunds/{number}", (Asked asked, string number) => asked.AnswerAsync(_ => QueryRefund(asked, number)));
        api.MapGet("/bill/tradebill", (Asked asked) => asked.AnswerAsync(_ => Bill(asked, "bill_type", "ALL", day => WechatBill.Of(day, asked.Bills, asked.Party, asked.Now))));
        api.MapGet("/bill/fundflowbill", (Asked asked) => asked.AnswerAsync(_ => Bill(asked, "account_type", "BASIC", day => WechatBill.FundsOf(day, asked.Bills, asked.Now))));
        api.MapGet("/billdownload/file", (Asked asked, string? token) => asked.FileAsync(token));
    }

    /// <summary>The notice of a payment or a refund, its content sealed with the APIv3 key.</summary>
    public static Notice NoticeOf(Trade trade, TradeRefund? refund, PaymentOptions.WechatPayParty party, SimulatorClock clock, Action<JsonObject>? change = null)
    {
        var content = refund is null ? Transaction(trade, party) : RefundView(trade, refund);
        content["mchid"] = party.MerchantId;
        change?.Invoke(content);
        var id = Guid.CreateVersion7(clock.GetUtcNow()).ToString();
        var nonce = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 12);
        var body = new JsonObject
        {
            ["id"] = id,
            ["create_time"] = Rfc(clock.GetUtcNow()),
            ["resource_type"] = "encrypt-resource",
            ["event_type"] = refund is null ? "TRANSACTION.SUCCESS" : "REFUND.SUCCESS",
            ["summary"] = refund is null ? "支付成功" : "退款成功",
            ["resource"] = new JsonObject
            {
                ["original_type"] = refund is null ? "transaction" : "refund",
                ["algorithm"] = "AEAD_AES_256_GCM",
                ["ciphertext"] = Seal(party.ApiV3Key, nonce, "transaction", content.ToJsonString(Wire)),
                ["associated_data"] = "transaction",
                ["nonce"] = nonce,
            },
        }.ToJsonString(Wire);

        return new Notice(Channels.WechatPay, id, trade.OutTradeNo, trade.NotifyUrl, () => Signed(trade.NotifyUrl, body, party, clock.GetUtcNow()), (status, _) => status is 200 or 204);
    }

    public static HttpRequestMessage Signed(string url, string body, PaymentOptions.WechatPayParty party, DateTimeOffset now)
    {
        var (timestamp, nonce) = (now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(32));
        var request = new HttpRequestMessage(HttpMethod.Post, url) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.Add("Wechatpay-Timestamp", timestamp);
        request.Headers.Add("Wechatpay-Nonce", nonce);
        request.Headers.Add("Wechatpay-Serial", party.KeyId);
        request.Headers.Add("Wechatpay-Signature-Type", "WECHATPAY2-SHA256-RSA2048");
        request.Headers.TryAddWithoutValidation("Wechatpay-Signature", Rsa.Sign(party.PrivateKey, $"{timestamp}\n{nonce}\n{body}\n"));
        return request;
    }

    private static (int, JsonObject?) Order(Asked asked, JsonObject body, string answer)
    {
        var party = asked.Party;
        if ((string?)body["mchid"] != party.MerchantId || (string?)body["appid"] != party.AppId)
        {
            return Error(400, "APPID_MCHID_NOT_MATCH", "appid和mch_id不匹配");
        }

        if ((string?)body["out_trade_no"] is not { } number || !Number().IsMatch(number)
            || (string?)body["description"] is not { Length: > 0 and <= 127 }
            || (string?)body["notify_url"] is not { } notify || !Uri.TryCreate(notify, UriKind.Absolute, out var url) || url.Query.Length > 0
            || body["amount"] is not JsonObject amount || amount["total"] is not JsonValue value || !value.TryGetValue<long>(out var total) || total <= 0
            || (string?)amount["currency"] != "CNY"
            || !DateTimeOffset.TryParse((string?)body["time_expire"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var expires) || expires <= asked.Now
            || (answer == "h5_url" && (string?)body["scene_info"]?["payer_client_ip"] is null)
            || (answer == "prepay_id" && (string?)body["payer"]?["openid"] is not { Length: > 0 and <= 128 }))
        {
            return Error(400, "PARAM_ERROR", "参数错误");
        }

        var trade = asked.Book.GetOrAdd(new Trade(
            Channels.WechatPay, number, $"42000{Random.Shared.NextInt64(100_000_000_000, 999_999_999_999)}{asked.Now:yyyyMMdd}", total, "CNY", notify, asked.Now, expires));
        if (trade.AmountMinor != total)
        {
            return Error(400, "OUT_TRADE_NO_USED", "商户订单号重复");
        }

        if (trade.State != TradeState.Waiting)
        {
            return trade.State == TradeState.Paid ? Error(400, "ORDERPAID", "该订单已支付") : Error(400, "ORDER_CLOSED", "该订单已关闭");
        }

        return (200, new JsonObject
        {
            [answer] = answer switch
            {
                "code_url" => $"weixin://wxpay/bizpayurl?pr={trade.TradeNo}",
                "prepay_id" => $"wx{trade.TradeNo}",
                _ => $"{asked.Origin}/payments/pay/{Channels.WechatPay}/{trade.TradeNo}",
            },
        });
    }

    private static (int, JsonObject?) Query(Asked asked, string number)
    {
        if (asked.Request.Query["mchid"] != asked.Party.MerchantId)
        {
            return Error(400, "PARAM_ERROR", "参数错误");
        }

        if (asked.Book.Find(Channels.WechatPay, number) is not { } trade)
        {
            return Error(404, "ORDER_NOT_EXIST", "订单不存在");
        }

        return (200, trade.State switch
        {
            TradeState.Paid => Transaction(trade, asked.Party),
            var state => new JsonObject
            {
                ["appid"] = asked.Party.AppId,
                ["mchid"] = asked.Party.MerchantId,
                ["out_trade_no"] = number,
                ["trade_state"] = state == TradeState.Closed ? "CLOSED" : "NOTPAY",
                ["trade_state_desc"] = state == TradeState.Closed ? "订单已关闭" : "订单未支付",
                ["amount"] = new JsonObject { ["total"] = trade.AmountMinor, ["currency"] = "CNY" },
            },
        });
    }

    private static (int, JsonObject?) Close(Asked asked, string number) => asked.Book.Find(Channels.WechatPay, number) switch
    {
        null => Error(404, "ORDER_NOT_EXIST", "订单不存在"),
        { } trade => trade.Close() == TradeState.Paid ? Error(400, "ORDERPAID", "该订单已支付") : (204, null),
    };

    private static (int, JsonObject?) Refund(Asked asked, JsonObject body)
    {
        if (asked.Book.Find(Channels.WechatPay, (string?)body["out_trade_no"]) is not { } trade)
        {
            return Error(404, "RESOURCE_NOT_EXISTS", "订单不存在");
        }

        if ((string?)body["out_refund_no"] is not { } number || !Number().IsMatch(number) || (long?)body["amount"]?["total"] != trade.AmountMinor
            || (string?)body["amount"]?["currency"] != "CNY" || (long?)body["amount"]?["refund"] is not { } amount)
        {
            return Error(400, "PARAM_ERROR", "参数错误");
        }

        return trade.Refund(number, amount, $"5030{Random.Shared.NextInt64(100_000_000_000, 999_999_999_999)}", asked.Now, out _) is { } refund
            ? (200, RefundView(trade, refund))
            : Error(403, "NOT_ENOUGH", "退款金额超过可退金额");
    }

    private static (int, JsonObject?) QueryRefund(Asked asked, string number) =>
        asked.Book.All.Where(trade => trade.Channel == Channels.WechatPay).SelectMany(trade => trade.Refunds.Select(refund => (trade, refund)))
            .FirstOrDefault(made => made.refund.OutRefundNo == number) is { refund: { } refund, trade: { } trade }
            ? (200, RefundView(trade, refund))
            : Error(404, "RESOURCE_NOT_EXISTS", "退款单不存在");

    private static (int, JsonObject?) Certificates(Asked asked)
    {
        // Merchants that have a public key have no certificates.
        if (asked.Party.Certificates.Count == 0)
        {
            return Error(404, "RESOURCE_NOT_EXISTS", "无可用的平台证书，请在商户平台-API安全申请使用微信支付公钥");
        }

        return (200, new JsonObject
        {
            ["data"] = new JsonArray([.. asked.Party.Certificates.Select(certificate =>
            {
                using var kept = X509Certificate2.CreateFromPem(certificate);
                var nonce = RandomNumberGenerator.GetString("abcdefghijklmnopqrstuvwxyz0123456789", 12);
                return new JsonObject
                {
                    ["serial_no"] = kept.SerialNumber,
                    ["effective_time"] = Rfc(kept.NotBefore),
                    ["expire_time"] = Rfc(kept.NotAfter),
                    ["encrypt_certificate"] = new JsonObject
                    {
                        ["algorithm"] = "AEAD_AES_256_GCM",
                        ["nonce"] = nonce,
                        ["associated_data"] = "certificate",
                        ["ciphertext"] = Seal(asked.Party.ApiV3Key, nonce, "certificate", certificate),
                    },
                };
            })]),
        });
    }

    private static (int, JsonObject?) Bill(Asked asked, string parameter, string only, Func<DateOnly, byte[]?> of)
    {
        var query = asked.Request.Query;
        if (!DateOnly.TryParseExact(query["bill_date"], "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day)
            || query[parameter] is var kind && kind != only && kind.Count > 0
            || query["tar_type"] is var packed && packed != "GZIP" && packed.Count > 0)
        {
            return Error(400, "INVALID_REQUEST", "参数错误");
        }

        if (of(day) is not { } bill)
        {
            return Error(400, "NO_STATEMENT_EXIST", "账单文件不存在");
        }

        // The vendor's own choice of hash: of the bill itself, packed or not.
#pragma warning disable CA5350
        var hash = Convert.ToHexStringLower(SHA1.HashData(bill));
#pragma warning restore CA5350
        var file = asked.Bills.Fault(Channels.WechatPay) switch
        {
            "tampered" => Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(bill).Replace("`SUCCESS", "`REFUND ", StringComparison.Ordinal)),
            "short" => bill[..^20],
            _ => bill,
        };
        return (200, new JsonObject
        {
            ["hash_type"] = "SHA1",
            ["hash_value"] = hash,
            ["download_url"] = $"{asked.Origin}/payments/wechat/v3/billdownload/file?token={asked.Bills.Keep(packed == "GZIP" ? Packed(file) : file)}",
        });
    }

    private static byte[] Packed(byte[] file)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(file);
        }

        return packed.ToArray();
    }

    private static JsonObject Transaction(Trade trade, PaymentOptions.WechatPayParty party) => new()
    {
        ["appid"] = party.AppId,
        ["mchid"] = party.MerchantId,
        ["out_trade_no"] = trade.OutTradeNo,
        ["transaction_id"] = trade.TradeNo,
        ["trade_type"] = "NATIVE",
        // After any refund, also a partial one, the order says REFUND.
        ["trade_state"] = trade.Refunds.Count > 0 ? "REFUND" : "SUCCESS",
        ["trade_state_desc"] = "支付成功",
        ["bank_type"] = "OTHERS",
        ["success_time"] = Rfc(trade.PaidAt!.Value),
        ["payer"] = new JsonObject { ["openid"] = WechatSignIn.OpenId },
        ["amount"] = new JsonObject { ["total"] = trade.AmountMinor, ["payer_total"] = trade.AmountMinor, ["currency"] = "CNY", ["payer_currency"] = "CNY" },
    };

    private static JsonObject RefundView(Trade trade, TradeRefund refund) => new()
    {
        ["refund_id"] = refund.Id,
        ["out_refund_no"] = refund.OutRefundNo,
        ["transaction_id"] = trade.TradeNo,
        ["out_trade_no"] = trade.OutTradeNo,
        ["channel"] = "ORIGINAL",
        ["user_received_account"] = "零钱",
        ["success_time"] = Rfc(refund.CreatedAt),
        ["create_time"] = Rfc(refund.CreatedAt),
        ["status"] = "SUCCESS",
        ["refund_status"] = "SUCCESS",
        ["amount"] = new JsonObject { ["total"] = trade.AmountMinor, ["refund"] = refund.AmountMinor, ["currency"] = "CNY" },
    };

    private static (int, JsonObject?) Error(int status, string code, string message) => (status, new JsonObject { ["code"] = code, ["message"] = message });

    private static string Seal(string key, string nonce, string associated, string plain)
    {
        using var gcm = new AesGcm(Encoding.UTF8.GetBytes(key), 16);
        var bytes = Encoding.UTF8.GetBytes(plain);
        var (cipher, tag) = (new byte[bytes.Length], new byte[16]);
        gcm.Encrypt(Encoding.UTF8.GetBytes(nonce), bytes, cipher, tag, Encoding.UTF8.GetBytes(associated));
        return Convert.ToBase64String([.. cipher, .. tag]);
    }

    private static string Rfc(DateTimeOffset instant) => instant.ToOffset(TimeSpan.FromHours(8)).ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^[0-9A-Za-z_\-|*]{6,64}$")]
    private static partial Regex Number();

    [GeneratedRegex("^WECHATPAY2-SHA256-RSA2048 mchid=\"(?<mchid>[^\"]*)\",nonce_str=\"(?<nonce>[^\"]*)\",signature=\"(?<signature>[^\"]*)\",timestamp=\"(?<timestamp>[0-9]*)\",serial_no=\"(?<serial>[^\"]*)\"$")]
    private static partial Regex Authorization();

    /// <summary>One request, and who may have sent it.</summary>
    public sealed class Asked(HttpContext http, IOptions<PaymentOptions> options, TradeBook book, BillBook bills, SimulatorClock clock)
    {
        public BillBook Bills => bills;


        public PaymentOptions.WechatPayParty Party => options.Value.WechatPay;

        public TradeBook Book => book;

        public DateTimeOffset Now => clock.GetUtcNow();

        public HttpRequest Request => http.Request;

        public string Origin => $"{http.Request.Scheme}://{http.Request.Host}";

        public static ValueTask<Asked> BindAsync(HttpContext http) => ValueTask.FromResult(new Asked(
            http,
            http.RequestServices.GetRequiredService<IOptions<PaymentOptions>>(),
            http.RequestServices.GetRequiredService<TradeBook>(),
            http.RequestServices.GetRequiredService<BillBook>(),
            http.RequestServices.GetRequiredService<SimulatorClock>()));

        /// <summary>A file, for whoever signs the request for it; it is not signed itself.</summary>
        public async Task FileAsync(string? token)
        {
            if (Wrong("") is not null)
            {
                http.Response.StatusCode = StatusCodes.Status401Unauthorized;
            }
            else if (bills.File(token) is { } file)
            {
                http.Response.ContentType = "application/octet-stream";
                await http.Response.Body.WriteAsync(file, http.RequestAborted);
            }
            else
            {
                http.Response.StatusCode = StatusCodes.Status404NotFound;
            }
        }

        public async Task AnswerAsync(Func<JsonObject, (int Status, JsonObject? Body)> answer)
        {
            using var reader = new StreamReader(http.Request.Body, Encoding.UTF8);
            var body = await reader.ReadToEndAsync(http.RequestAborted);
            var (status, content) = Wrong(body) ?? answer(body.Length == 0 ? [] : JsonNode.Parse(body)!.AsObject());
            var text = content?.ToJsonString(Wire) ?? "";
            var (timestamp, nonce) = (Now.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture), RandomNumberGenerator.GetHexString(32));
            http.Response.StatusCode = status;
            http.Response.Headers["Wechatpay-Timestamp"] = timestamp;
            http.Response.Headers["Wechatpay-Nonce"] = nonce;
            http.Response.Headers["Wechatpay-Serial"] = Party.KeyId;
            http.Response.Headers["Wechatpay-Signature"] = Rsa.Sign(Party.PrivateKey, $"{timestamp}\n{nonce}\n{text}\n");
            if (content is not null)
            {
                http.Response.ContentType = "application/json; charset=utf-8";
                await http.Response.WriteAsync(text, http.RequestAborted);
            }
        }

        private (int, JsonObject?)? Wrong(string body)
        {
            var request = http.Request;
            var path = request.Path.Value! + request.QueryString;
            if (string.IsNullOrEmpty(request.Headers.UserAgent) || !request.Headers.Accept.ToString().Contains("application/json", StringComparison.Ordinal))
            {
                return Error(400, "PARAM_ERROR", "Http头Accept或User-Agent缺失");
            }

            var match = Authorization().Match(request.Headers.Authorization.ToString());
            return match.Success
                && match.Groups["mchid"].Value == Party.MerchantId
                && match.Groups["serial"].Value == Party.MerchantSerial
                && Math.Abs(Now.ToUnixTimeSeconds() - long.Parse(match.Groups["timestamp"].Value, CultureInfo.InvariantCulture)) <= Tolerance.TotalSeconds
                && Rsa.Verify(
                    Party.MerchantPublicKey,
                    $"{request.Method}\n{path}\n{match.Groups["timestamp"].Value}\n{match.Groups["nonce"].Value}\n{body}\n",
                    match.Groups["signature"].Value)
                    ? null
                    : Error(401, "SIGN_ERROR", "错误的签名，验签失败");
        }
    }
}
