using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using AiHub.Tests.Node;
using AiHub.Worker.Payments.Alipay;
using AiHub.Worker.Payments.WechatPay;
using Stripe;

namespace AiHub.Tests.Payments;

/// <summary>
/// What the channels' public SDKs have signed (<c>Node/payments.vectors.json</c>, made by <c>Node/payments.mjs</c>) is what we sign, is accepted by us,
/// and refused with one character changed. Where Node is at hand the SDKs judge us in turn.
/// </summary>
public sealed class InteropTests
{
    private static readonly JsonNode Vectors = JsonNode.Parse(System.IO.File.ReadAllText(VectorFile))!;
    private static readonly RSA Merchant = Key("merchant_private");
    private static readonly RSA Platform = Key("platform_private");
    private static readonly byte[] ApiV3Key = Encoding.UTF8.GetBytes(Text(Vectors["keys"]!["api_v3_key"]));

    private static string VectorFile => Path.Combine(AppContext.BaseDirectory, "Node", "payments.vectors.json");

    [Theory]
    [InlineData("request")]
    [InlineData("certificate_request")]
    public void An_Alipay_request_is_signed_as_its_SDK_signs_it(string name)
    {
        var request = Form(Vectors["alipay"]![name]!);

        Assert.Equal(request["sign"], AlipaySignature.Sign(Merchant, AlipaySignature.RequestContent(request)));
        Assert.True(AlipaySignature.Verify(Merchant, AlipaySignature.RequestContent(request), request["sign"]));
        RefusedTampered(request, changed => AlipaySignature.Verify(Merchant, AlipaySignature.RequestContent(changed), changed["sign"]));
    }

    [Fact]
    public void Certificates_have_the_serials_Alipay_s_SDK_computes()
    {
        Assert.Equal(Text(Vectors["certificates"]!["app_serial"]), AlipaySignature.CertificateSerial(Text(Vectors["certificates"]!["app"])));
        Assert.Equal(Text(Vectors["certificates"]!["root_serial"]), AlipaySignature.RootSerial(Text(Vectors["certificates"]!["root"])));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_notice_Alipay_s_SDK_accepts_is_accepted_and_one_with_a_character_changed_is_not(int index)
    {
        var notice = Form(Vectors["alipay"]!["notices"]![index]!);

        Assert.Equal(notice["sign"], AlipaySignature.Sign(Platform, AlipaySignature.NoticeContent(notice)));
        Assert.True(AlipaySignature.Verify(Platform, AlipaySignature.NoticeContent(notice), notice["sign"]));
        RefusedTampered(notice, changed => AlipaySignature.Verify(Platform, AlipaySignature.NoticeContent(changed), changed["sign"]), "sign_type");
    }

    [Fact]
    public void An_answer_of_Alipay_is_verified_over_its_characters()
    {
        var (inner, sign) = (Text(Vectors["alipay"]!["response"]!["inner"]), Text(Vectors["alipay"]!["response"]!["sign"]));

        Assert.True(AlipaySignature.Verify(Platform, inner, sign));
        Assert.False(AlipaySignature.Verify(Platform, inner.Replace("\\/", "/", StringComparison.Ordinal), sign));
        Assert.False(AlipaySignature.Verify(Merchant, inner, sign));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_WeChat_Pay_request_is_signed_as_its_SDK_signs_it(int index)
    {
        var request = Vectors["wechat"]!["requests"]![index]!;
        string[] lines = [Text(request["method"]), Text(request["uri"]), Text(request["timestamp"]), Text(request["nonce"]), Text(request["body"])];

        Assert.Equal(Text(request["signature"]), WechatPaySignature.Sign(Merchant, lines));
        Assert.True(WechatPaySignature.Verify(Merchant, Text(request["signature"]), lines));
        for (var line = 0; line < lines.Length; line++)
        {
            string[] changed = [.. lines];
            changed[line] += "x";
            Assert.False(WechatPaySignature.Verify(Merchant, Text(request["signature"]), changed));
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_WeChat_Pay_notice_is_verified_and_opened_as_its_SDK_does_it(int index)
    {
        var notice = Vectors["wechat"]!["notices"]![index]!;
        string[] lines = [Text(notice["timestamp"]), Text(notice["nonce"]), Text(notice["body"])];
        var resource = JsonNode.Parse(lines[2])!["resource"]!;
        var (nonce, ciphertext, associated) = (Text(resource["nonce"]), Text(resource["ciphertext"]), (string?)resource["associated_data"]);

        Assert.Equal(Text(notice["signature"]), WechatPaySignature.Sign(Platform, lines));
        Assert.True(WechatPaySignature.Verify(Platform, Text(notice["signature"]), lines));
        Assert.False(WechatPaySignature.Verify(Platform, Text(notice["signature"]), lines[0], lines[1], lines[2].Replace("SUCCESS", "SUCCESs", StringComparison.Ordinal)));
        Assert.Equal(Text(notice["plain"]), WechatPaySignature.Open(ApiV3Key, nonce, ciphertext, associated));

        var bytes = Convert.FromBase64String(ciphertext);
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] ^= 1;
            Assert.Null(WechatPaySignature.Open(ApiV3Key, nonce, Convert.ToBase64String(bytes), associated));
            bytes[i] ^= 1;
        }

        Assert.Null(WechatPaySignature.Open(ApiV3Key, nonce, ciphertext, associated + "x"));
    }

    [Fact]
    public void An_empty_answer_of_WeChat_Pay_is_signed_over_its_empty_line()
    {
        var empty = Vectors["wechat"]!["empty"]!;

        Assert.True(WechatPaySignature.Verify(Platform, Text(empty["signature"]), Text(empty["timestamp"]), Text(empty["nonce"]), ""));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_Stripe_event_of_its_Node_SDK_is_accepted_and_nothing_else(int index)
    {
        var told = Vectors["stripe"]![index]!;
        var (payload, header, at) = (Text(told["payload"]), Text(told["header"]), (long)told["timestamp"]!);
        var secret = Text(Vectors["keys"]!["stripe_secret"]);

        Assert.StartsWith("evt_", EventUtility.ConstructEvent(payload, header, secret, 300, at + 300, throwOnApiVersionMismatch: false).Id, StringComparison.Ordinal);
        Assert.Throws<StripeException>(() => EventUtility.ConstructEvent(payload + " ", header, secret, 300, at, throwOnApiVersionMismatch: false));
        Assert.Throws<StripeException>(() => EventUtility.ConstructEvent(payload, header, secret + "0", 300, at, throwOnApiVersionMismatch: false));
        Assert.Throws<StripeException>(() => EventUtility.ConstructEvent(payload, header, secret, 300, at + 301, throwOnApiVersionMismatch: false));
    }

    [Fact]
    public void A_payment_within_WeChat_and_a_sealed_certificate_are_as_the_SDK_makes_them()
    {
        var call = Vectors["wechat"]!["jsapi"]!;
        Assert.Equal(Text(call["paySign"]), WechatPaySignature.Sign(Merchant, Text(call["appId"]), Text(call["timeStamp"]), Text(call["nonceStr"]), Text(call["package"])));

        var certificate = Vectors["wechat"]!["certificate"]!;
        Assert.Equal(Text(certificate["plain"]), WechatPaySignature.Open(ApiV3Key, Text(certificate["nonce"]), Text(certificate["ciphertext"]), Text(certificate["associated_data"])));
        Assert.Null(WechatPaySignature.Open(ApiV3Key, Text(certificate["nonce"]), Text(certificate["ciphertext"]), "certificatf"));
    }

    [NodeFact]
    public async Task The_SDKs_still_make_what_is_committed() => Assert.Equal("ok\n", await NodeClients.RunAsync("payments.mjs", "check", VectorFile));

    [NodeFact]
    public async Task The_SDKs_accept_what_we_sign_and_refuse_it_tampered_with()
    {
        const string tricky = "AI Hub 充值 50%+1&x=y “引号” 😀";
        const long at = 1_780_000_000;
        var request = new Dictionary<string, string>
        {
            ["app_id"] = "2021000000000001",
            ["method"] = "alipay.trade.query",
            ["charset"] = "utf-8",
            ["sign_type"] = "RSA2",
            ["timestamp"] = "2026-05-20 16:00:00",
            ["version"] = "1.0",
            ["notify_url"] = "https://hub.example.com/webhooks/alipay?a=1",
            ["biz_content"] = $$"""{"out_trade_no":"T1","subject":"{{tricky}}"}""",
        };
        request["sign"] = AlipaySignature.Sign(Merchant, AlipaySignature.RequestContent(request));
        var notice = new Dictionary<string, string>
        {
            ["app_id"] = "2021000000000001",
            ["sign_type"] = "RSA2",
            ["trade_status"] = "TRADE_SUCCESS",
            ["total_amount"] = "12.34",
            ["subject"] = tricky,
        };
        notice["sign"] = AlipaySignature.Sign(Platform, AlipaySignature.NoticeContent(notice));
        const string inner = """{"code":"10000","msg":"Success","total_amount":"19.99","subject":"中文\/"}""";
        var plain = $$"""{"out_trade_no":"T1","attach":"{{tricky}}"}""";
        var body = new JsonObject
        {
            ["id"] = "EV-1",
            ["event_type"] = "TRANSACTION.SUCCESS",
            ["resource"] = new JsonObject { ["ciphertext"] = Seal(plain, "0123456789ab", "transaction"), ["nonce"] = "0123456789ab", ["associated_data"] = "transaction" },
        }.ToJsonString();
        var secret = Text(Vectors["keys"]!["stripe_secret"]);
        const string payload = """{"id":"evt_9","object":"event","type":"x"}""";

        var signed = new
        {
            keys = Vectors["keys"],
            alipay = new { request, notices = new[] { notice }, response = new { inner, sign = AlipaySignature.Sign(Platform, inner) } },
            wechat = new
            {
                requests = new[]
                {
                    new { method = "POST", uri = "/v3/refund/domestic/refunds", timestamp = "1780000000", nonce = "abc", body, signature = WechatPaySignature.Sign(Merchant, "POST", "/v3/refund/domestic/refunds", "1780000000", "abc", body) },
                },
                notices = new[] { new { timestamp = "1780000000", nonce = "n1", body, plain, signature = WechatPaySignature.Sign(Platform, "1780000000", "n1", body) } },
            },
            stripe = new[] { new { payload, timestamp = at, header = $"t={at},v1={EventUtility.ComputeSignature(secret, $"{at}", payload)}" } },
        };
        var file = Path.GetTempFileName();
        try
        {
            await System.IO.File.WriteAllTextAsync(file, JsonSerializer.Serialize(signed, new JsonSerializerOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }));

            Assert.Equal("ok\n", await NodeClients.RunAsync("payments.mjs", "accept", file));
        }
        finally
        {
            System.IO.File.Delete(file);
        }
    }

    // As WeChat Pay seals: the tag follows the ciphertext.
    private static string Seal(string plain, string nonce, string associated)
    {
        using var gcm = new AesGcm(ApiV3Key, 16);
        var bytes = Encoding.UTF8.GetBytes(plain);
        var box = new byte[bytes.Length + 16];
        gcm.Encrypt(Encoding.UTF8.GetBytes(nonce), bytes, box.AsSpan(0, bytes.Length), box.AsSpan(bytes.Length), Encoding.UTF8.GetBytes(associated));
        return Convert.ToBase64String(box);
    }

    private static void RefusedTampered(Dictionary<string, string> signed, Func<Dictionary<string, string>, bool> accepts, params string[] unsigned)
    {
        foreach (var (name, value) in signed.Where(field => !unsigned.Contains(field.Key)))
        {
            var last = value[^1] == 'x' ? 'y' : 'x';
            Assert.False(accepts(new Dictionary<string, string>(signed) { [name] = value[..^1] + last }), name);
        }

        Assert.False(accepts(new Dictionary<string, string>(signed) { ["extra"] = "1" }));
    }

    private static Dictionary<string, string> Form(JsonNode form) => form.AsObject().ToDictionary(field => field.Key, field => Text(field.Value));

    private static string Text(JsonNode? node) => node!.GetValue<string>();

    private static RSA Key(string name)
    {
        var key = RSA.Create();
        key.ImportFromPem(Text(Vectors["keys"]![name]));
        return key;
    }
}
