using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Simulators.Payments;
using AiHub.Simulators.Payments.Alipay;
using AiHub.Simulators.Payments.Stripe;
using AiHub.Simulators.Payments.WechatPay;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;
using Xunit.Abstractions;

namespace AiHub.Tests.Payments;

/// <summary>
/// Notices made here with the channels' own keys and then spoiled in every way there is; and genuine ones in any order, as often as one likes.
/// Nobody has paid at the simulated channels, so what is credited is credited by a notice and by nothing else.
/// </summary>
public sealed class ForgedNoticeTests(PaymentHub fixture, ITestOutputHelper output) : IClassFixture<PaymentHub>
{
    private const int Fewest = 300;
    private const int Letters = 290;

    private static readonly (string Channel, string Currency)[] All = [("alipay", "CNY"), ("wechat_pay", "CNY"), ("stripe", "USD")];

    [Fact]
    public async Task No_forged_notice_is_accepted_and_no_genuine_one_of_something_else_is_credited()
    {
        var (forged, accepted, foreign, credited) = (0, 0, 0, 0);
        foreach (var (channel, currency) in All)
        {
            var customer = await fixture.Hub.RegisterAsync(currency);
            var order = await OrderAsync(customer, channel, currency, "19.99");
            var genuine = await SentAsync(Genuine(channel, order));

            var before = forged;
            foreach (var forgery in Forgeries(channel, order, genuine))
            {
                forged++;
                var (status, answer) = await PostAsync(channel, forgery);
                if (Acknowledged(channel, status, answer))
                {
                    accepted++;
                    output.WriteLine($"{channel} accepted: {forgery.What}");
                }
            }

            output.WriteLine($"{channel}: {forged - before} forgeries.");
            Assert.True(forged - before >= Fewest, $"Only {forged - before} forgeries of {channel}.");
            foreach (var other in Foreign(channel, order))
            {
                foreign++;
                var (status, answer) = await PostAsync(channel, await SentAsync(other));
                Assert.True(Acknowledged(channel, status, answer), $"{channel}: a genuine notice was answered {status} {answer}");
            }

            await SettledAsync();
            credited += (await WalletAsync(customer)).Purchased == "0" ? 0 : 1;

            // The control: the very notice that was spoiled is good, and repeating it changes nothing.
            for (var copy = 0; copy < 5; copy++)
            {
                var (status, answer) = await PostAsync(channel, genuine);
                Assert.True(Acknowledged(channel, status, answer), $"{channel}: {status} {answer}");
            }

            await SettledAsync();
            Assert.Equal(("19.99", "paid"), ((await WalletAsync(customer)).Purchased, (await FindAsync(customer, order.Id)).Status));
        }

        output.WriteLine($"{forged} forgeries, {accepted} accepted; {foreign} genuine notices of something else, {credited} credited.");
        Assert.Equal((0, 0), (accepted, credited));
    }

    [Fact]
    public async Task Any_order_and_repetition_of_notices_ends_in_the_same_state()
    {
        var random = new Random(20261128);
        var (notices, rounds) = (0, 8);
        for (var round = 0; round < rounds; round++)
        {
            var customer = await fixture.Hub.RegisterAsync("CNY");
            var orders = new List<(string Channel, PaymentOrderView Order)>();
            foreach (var (channel, amount) in new[] { ("alipay", "1.01"), ("wechat_pay", "2.02"), ("alipay", "4.04") })
            {
                orders.Add((channel, await OrderAsync(customer, channel, "CNY", amount)));
            }

            var events = new List<(string Channel, Sent Notice)>();
            foreach (var (channel, order) in orders)
            {
                events.AddRange(Enumerable.Repeat((channel, await SentAsync(Genuine(channel, order))), random.Next(1, 4)));
                // Another notice of the same payment, of another id, and one that says less.
                events.Add((channel, await SentAsync(Genuine(channel, order))));
                if (channel == "alipay")
                {
                    events.Add((channel, await SentAsync(Genuine(channel, order, new Dictionary<string, string> { ["trade_status"] = "TRADE_FINISHED" }))));
                    events.Add((channel, await SentAsync(Genuine(channel, order, new Dictionary<string, string> { ["trade_status"] = "WAIT_BUYER_PAY" }))));
                }
            }

            var shuffled = events.ToArray();
            random.Shuffle(shuffled);
            notices += shuffled.Length;
            foreach (var burst in shuffled.Chunk(random.Next(1, 5)))
            {
                await Task.WhenAll(burst.Select(item => PostAsync(item.Channel, item.Notice)));
            }

            await SettledAsync();
            Assert.Equal("7.07", (await WalletAsync(customer)).Purchased);
            foreach (var (_, order) in orders)
            {
                Assert.Equal("paid", (await FindAsync(customer, order.Id)).Status);
            }
        }

        output.WriteLine($"{notices} notices in {rounds} orders of arrival, 0 double credits.");
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from ledger_audit({fixture.Clock.GetUtcNow().ToUniversalTime()})").ToListAsync());
    }

    [Fact]
    public async Task While_keys_change_the_old_certificate_and_the_new_key_are_both_believed_and_nothing_under_the_other_s_name()
    {
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var (before, after) = (await OrderAsync(customer, "wechat_pay", "CNY", "1.00"), await OrderAsync(customer, "wechat_pay", "CNY", "2.00"));
        var mixed = new PaymentOptions.WechatPayParty
        {
            MerchantId = fixture.Parties.WechatPay.MerchantId,
            AppId = fixture.Parties.WechatPay.AppId,
            ApiV3Key = fixture.Parties.WechatPay.ApiV3Key,
            KeyId = fixture.Parties.WechatPay.KeyId,
            PrivateKey = fixture.WechatBefore.PrivateKey,
        };

        var wrong = await PostAsync("wechat_pay", await SentAsync(WechatPayApi.NoticeOf(TradeOf("wechat_pay", before), null, mixed, fixture.SimulatorClock)));
        var old = await PostAsync("wechat_pay", await SentAsync(WechatPayApi.NoticeOf(TradeOf("wechat_pay", before), null, fixture.WechatBefore, fixture.SimulatorClock)));
        var current = await PostAsync("wechat_pay", await SentAsync(Genuine("wechat_pay", after)));

        Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.NoContent, HttpStatusCode.NoContent), (wrong.Status, old.Status, current.Status));
        await SettledAsync();
        Assert.Equal("3", (await WalletAsync(customer)).Purchased);
    }

    private sealed record Sent(string What, byte[] Body, string MediaType, IReadOnlyList<(string Name, string Value)> Headers)
    {
        public string Text => Encoding.UTF8.GetString(Body);

        public Sent With(string what, string? body = null, params (string Name, string? Value)[] headers) => this with
        {
            What = what,
            Body = body is null ? Body : Encoding.UTF8.GetBytes(body),
            Headers = [.. Headers.Where(header => headers.All(changed => changed.Name != header.Name)), .. headers.Where(changed => changed.Value is not null).Select(changed => (changed.Name, changed.Value!))],
        };

        public string Header(string name) => Headers.First(header => header.Name == name).Value;
    }

    private static async Task<Sent> SentAsync(Notice notice)
    {
        using var request = notice.Make();
        return new Sent(
            "genuine", await request.Content!.ReadAsByteArrayAsync(), request.Content.Headers.ContentType!.ToString(),
            [.. request.Headers.Select(header => (header.Key, header.Value.First()))]);
    }

    private IEnumerable<Sent> Forgeries(string channel, PaymentOrderView order, Sent genuine)
    {
        var random = new Random(channel.GetHashCode(StringComparison.Ordinal));
        foreach (var body in (string[])["", "{}", "null", "[]", "garbage", "sign=&sign_type=RSA2", new string('x', 70_000)])
        {
            yield return genuine.With($"body {body[..Math.Min(8, body.Length)]}", body);
        }

        // A byte of the body changed, at many places. Form fields are changed by their values: how a byte is escaped means nothing.
        var text = genuine.Text;
        if (channel == "alipay")
        {
            var fields = text.Split('&');
            for (var i = 0; i < fields.Length; i++)
            {
                var (name, value) = (fields[i].Split('=')[0], fields[i].Split('=')[1]);
                if (name == "sign_type")
                {
                    continue;
                }

                yield return genuine.With($"{name} changed", string.Join('&', fields.Select((field, at) => at == i ? $"{name}=9{value}" : field)));
                yield return genuine.With($"{name} cut", string.Join('&', fields.Select((field, at) => at == i ? $"{name}=" : field)));
                yield return genuine.With($"{name} left out", string.Join('&', fields.Where((_, at) => at != i)));
                yield return genuine.With($"{name} twice", $"{text}&{name}=9{value}");
            }

            // One letter of a value, anywhere; of the signature's base64 none of the last, which are half a byte each.
            var values = fields.Select(field => field.Split('=')).Where(field => field[0] != "sign_type" && field[1].Length > 0).ToList();
            for (var i = 0; i < Letters; i++)
            {
                var field = values[random.Next(values.Count)];
                var letters = Uri.UnescapeDataString(field[1].Replace('+', ' ')).ToCharArray();
                var place = random.Next(field[0] == "sign" ? letters.Length - 4 : letters.Length);
                letters[place] = letters[place] == '7' ? '8' : '7';
                yield return genuine.With($"{field[0]}, letter {place}", string.Join('&', fields.Select(part => part.Split('=')[0] == field[0] ? $"{field[0]}={Uri.EscapeDataString(new string(letters))}" : part)));
            }

            yield return genuine.With("a field added", text + "&refund_fee=0.01");
            yield return genuine.With("its own key", Encoding.UTF8.GetString(Forger(channel, order)));
        }
        else
        {
            for (var i = 0; i < Letters; i++)
            {
                var bytes = genuine.Body.ToArray();
                bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(7));
                yield return genuine with { What = $"byte {i} changed", Body = bytes };
            }

            yield return genuine.With("a blank more", text + " ");
            yield return genuine.With("its own key", Encoding.UTF8.GetString(Forger(channel, order)));
        }

        // The signature itself.
        var signatures = channel switch { "stripe" => "Stripe-Signature", "wechat_pay" => "Wechatpay-Signature", _ => null };
        if (signatures is { } name_)
        {
            var signature = genuine.Header(name_);
            yield return genuine.With("no signature", null, (name_, null));
            foreach (var value in (string[])["", " ", "AAAA", "t=abc", "t=,v1=", "v1=" + new string('0', 64), "WECHATPAY/SIGNTEST/" + signature, signature.ToUpperInvariant(), signature[..^4], signature + "00"])
            {
                yield return value == signature ? genuine.With("signature", text + " ") : genuine.With($"signature {value[..Math.Min(12, value.Length)]}", channel == "stripe" && value == signature + "00" ? text + " " : null, (name_, value));
            }
        }

        if (channel == "stripe")
        {
            foreach (var secret in (string[])["", "whsec_", "null", PaymentHub.StripeSecret[..^1], PaymentHub.StripeSecret + "0", PaymentHub.StripeSecret.ToUpperInvariant()])
            {
                foreach (var age in (int[])[0, 60, -60])
                {
                    yield return genuine.With($"secret {secret.Length}, {age} s", null, ("Stripe-Signature", Signed(secret, text, age)));
                }
            }

            foreach (var age in (int[])[301, 400, 3_600, 86_400, 100_000_000])
            {
                yield return genuine.With($"{age} s old", null, ("Stripe-Signature", Signed(PaymentHub.StripeSecret, text, age)));
            }
        }
        else if (channel == "wechat_pay")
        {
            foreach (var (what, header, value) in new (string, string, string?)[]
            {
                ("no serial", "Wechatpay-Serial", null), ("another serial", "Wechatpay-Serial", "PUB_KEY_ID_0000000002"), ("empty serial", "Wechatpay-Serial", ""),
                ("no nonce", "Wechatpay-Nonce", null), ("another nonce", "Wechatpay-Nonce", "0"), ("no timestamp", "Wechatpay-Timestamp", null),
                ("another timestamp", "Wechatpay-Timestamp", "1"), ("a later timestamp", "Wechatpay-Timestamp", "9999999999"), ("a timestamp in words", "Wechatpay-Timestamp", "now"),
            })
            {
                yield return genuine.With(what, null, (header, value));
            }

            foreach (var age in (int[])[301, 400, 3_600, 86_400, -301, -3_600])
            {
                using var stale = WechatPayApi.Signed("http://localhost/", text, fixture.Parties.WechatPay, fixture.Clock.GetUtcNow() - TimeSpan.FromSeconds(age));
                yield return genuine.With($"{age} s old", null, [.. stale.Headers.Select(header => (header.Key, (string?)header.Value.First()))]);
            }

            // The tag that is not checked by some: sealed with another key, and signed as it should be.
            var other = new PaymentOptions.WechatPayParty
            {
                MerchantId = fixture.Parties.WechatPay.MerchantId,
                AppId = fixture.Parties.WechatPay.AppId,
                ApiV3Key = "vutsrqponmlkjihgfedcba9876543210",
                KeyId = fixture.Parties.WechatPay.KeyId,
                PrivateKey = fixture.Parties.WechatPay.PrivateKey,
            };
            using var sealedOtherwise = WechatPayApi.NoticeOf(TradeOf(channel, order), null, other, fixture.SimulatorClock).Make();
            yield return genuine.With("another APIv3 key", sealedOtherwise.Content!.ReadAsStringAsync().GetAwaiter().GetResult(), [.. sealedOtherwise.Headers.Select(header => (header.Key, (string?)header.Value.First()))]);
            foreach (var at in Enumerable.Range(0, 20))
            {
                var node = JsonNode.Parse(text)!;
                var cipher = Convert.FromBase64String((string)node["resource"]!["ciphertext"]!);
                cipher[^(at + 1)] ^= 1;
                node["resource"]!["ciphertext"] = Convert.ToBase64String(cipher);
                var changed = node.ToJsonString();
                using var signed = WechatPayApi.Signed("http://localhost/", changed, fixture.Parties.WechatPay, fixture.Clock.GetUtcNow());
                yield return genuine.With($"byte {at} of the seal changed, signed anew", changed, [.. signed.Headers.Select(header => (header.Key, (string?)header.Value.First()))]);
            }
        }
    }

    /// <summary>Genuine, and about another amount, merchant, app, currency or order.</summary>
    private IEnumerable<Notice> Foreign(string channel, PaymentOrderView order)
    {
        var minor = TradeOf(channel, order).AmountMinor;
        if (channel == "alipay")
        {
            foreach (var (name, value) in new[]
            {
                ("total_amount", Yuan(minor + 1)), ("total_amount", Yuan(minor - 1)), ("total_amount", "0.00"), ("seller_id", "2088999999999999"), ("app_id", "2021000000000000"),
                ("out_trade_no", Another(order)), ("trade_status", "WAIT_BUYER_PAY"),
            })
            {
                yield return Genuine(channel, order, new Dictionary<string, string> { [name] = value });
            }

            yield break;
        }

        foreach (var change in channel == "wechat_pay"
            ? (Action<JsonObject>[])
            [
                content => content["amount"]!["total"] = minor + 1, content => content["amount"]!["total"] = minor - 1, content => content["amount"]!["currency"] = "USD",
                content => content["mchid"] = "1999999999", content => content["appid"] = "wx0000000000000000", content => content["out_trade_no"] = Another(order),
                content => content["trade_state"] = "NOTPAY",
            ]
            :
            [
                session => session["amount_total"] = minor + 1, session => session["amount_total"] = minor - 1, session => session["currency"] = "cny",
                session => session["client_reference_id"] = Another(order), session => session["payment_status"] = "unpaid", session => session["mode"] = "setup",
            ])
        {
            yield return Genuine(channel, order, change: change);
        }
    }

    // One that begins with another character, whatever it begins with.
    private static string Another(PaymentOrderView order) => (order.OutTradeNo[0] == '0' ? '1' : '0') + order.OutTradeNo[1..];

    private Notice Genuine(string channel, PaymentOrderView order, IReadOnlyDictionary<string, string>? fields = null, Action<JsonObject>? change = null)
    {
        var trade = TradeOf(channel, order);
        return channel switch
        {
            "alipay" => AlipayGateway.NoticeOf(trade, null, fixture.Parties.Alipay, fixture.Clock.GetUtcNow(), fields),
            "wechat_pay" => WechatPayApi.NoticeOf(trade, null, fixture.Parties.WechatPay, fixture.SimulatorClock, change),
            _ => StripeApi.NoticeOf("checkout.session.completed", "cs_test_1", trade, null, fixture.Parties.Stripe, fixture.SimulatorClock, change),
        };
    }

    private byte[] Forger(string channel, PaymentOrderView order)
    {
        using var key = RSA.Create(2048);
        var pem = key.ExportPkcs8PrivateKeyPem();
        var (alipay, wechat) = (fixture.Parties.Alipay, fixture.Parties.WechatPay);
        var notice = channel switch
        {
            "alipay" => AlipayGateway.NoticeOf(TradeOf(channel, order), null, new PaymentOptions.AlipayParty { AppId = alipay.AppId, SellerId = alipay.SellerId, PrivateKey = pem }, fixture.Clock.GetUtcNow()),
            "wechat_pay" => WechatPayApi.NoticeOf(
                TradeOf(channel, order), null,
                new PaymentOptions.WechatPayParty { MerchantId = wechat.MerchantId, AppId = wechat.AppId, ApiV3Key = wechat.ApiV3Key, KeyId = wechat.KeyId, PrivateKey = pem }, fixture.SimulatorClock),
            _ => Genuine(channel, order, change: session => session["amount_total"] = 1),
        };
        using var request = notice.Make();
        return request.Content!.ReadAsByteArrayAsync().GetAwaiter().GetResult();
    }

    private static Trade TradeOf(string channel, PaymentOrderView order)
    {
        var minor = Domain.Payments.MinorUnits.Parse(order.Amount)!.Value;
        var trade = new Trade(channel.Replace('_', '-'), order.OutTradeNo, $"pi_{order.OutTradeNo}", minor, order.Currency, "http://localhost/", order.CreatedAt, order.ExpiresAt.AddDays(1));
        trade.Pay(order.CreatedAt);
        return trade;
    }

    private string Signed(string secret, string body, int age)
    {
        var timestamp = (fixture.Clock.GetUtcNow().ToUnixTimeSeconds() - age).ToString(System.Globalization.CultureInfo.InvariantCulture);
        return $"t={timestamp},v1={Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(secret), Encoding.UTF8.GetBytes($"{timestamp}.{body}")))}";
    }

    private static string Yuan(long minor) => Domain.Payments.MinorUnits.ToText(minor);

    private async Task<(HttpStatusCode Status, string Answer)> PostAsync(string channel, Sent sent)
    {
        using var http = new HttpClient { BaseAddress = fixture.WorkerUrl };
        using var request = new HttpRequestMessage(HttpMethod.Post, $"webhooks/{channel.Replace('_', '-')}") { Content = new ByteArrayContent(sent.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", sent.MediaType);
        foreach (var (name, value) in sent.Headers)
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await http.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync());
    }

    private static bool Acknowledged(string channel, HttpStatusCode status, string answer) => channel == "alipay" ? answer == "success" : (int)status is >= 200 and < 300;

    private static async Task<PaymentOrderView> OrderAsync(TestCustomer customer, string channel, string currency, string amount)
    {
        var response = await customer.Management.PostAsJsonAsync("billing/orders", new NewPaymentOrder("top_up", channel, amount, currency), Json.Options);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        var order = (await response.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!;
        await PaymentHub.PollAsync(async () => (order = await FindAsync(customer, order.Id)).Status != "created");
        return order;
    }

    private static async Task<PaymentOrderView> FindAsync(TestCustomer customer, Guid id) =>
        (await customer.Management.GetFromJsonAsync<PaymentOrderView>($"billing/orders/{id}", Json.Options))!;

    private static async Task<WalletView> WalletAsync(TestCustomer customer) => (await customer.Management.GetFromJsonAsync<WalletView>("billing/wallet", Json.Options))!;

    private Task SettledAsync() => PaymentHub.PollAsync(async () =>
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        return !await db.InboundNotices.AnyAsync(notice => notice.HandledAt == null && notice.ParkedAt == null);
    });
}
