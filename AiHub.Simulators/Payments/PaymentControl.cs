using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using AiHub.Simulators.Payments.Alipay;
using AiHub.Simulators.Payments.Stripe;
using AiHub.Simulators.Payments.WechatPay;
using Microsoft.Extensions.Options;

namespace AiHub.Simulators.Payments;

/// <summary>The simulated channels, the page to pay on, and <c>/_sim/{channel}/…</c> to pay without one.</summary>
public static class PaymentControl
{
    public static void AddPaymentChannels(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<PaymentOptions>().BindConfiguration(PaymentOptions.Section);
        builder.Services.AddSingleton<TradeBook>();
        builder.Services.AddSingleton<StripeBook>();
        builder.Services.AddSingleton<BillBook>();
        builder.Services.AddSingleton<WechatSignIn>();
        builder.Services.AddSingleton<NoticeSender>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<NoticeSender>());
        builder.Services.AddSingleton<Cashier>();
    }

    public static void MapPaymentChannels(this WebApplication app)
    {
        app.MapAlipay();
        app.MapWechatPay();
        app.MapStripe();

        app.MapGet("/payments/pay/{channel}/{tradeNo}", (string channel, string tradeNo, TradeBook book) =>
            book.FindByTradeNo(channel, tradeNo) is { } trade ? PayPage.Of(trade) : TypedResults.NotFound());
        app.MapPost("/payments/pay/{channel}/{tradeNo}", (string channel, string tradeNo, TradeBook book, Cashier cashier) =>
        {
            if (book.FindByTradeNo(channel, tradeNo) is not { } trade)
            {
                return TypedResults.NotFound();
            }

            cashier.Pay(trade, new PayOrder(trade.OutTradeNo));
            return trade.ReturnUrl is { } back ? TypedResults.Redirect(back) : PayPage.Of(trade);
        }).DisableAntiforgery();

        var sim = app.MapGroup("/_sim/{channel:regex(^(alipay|wechat-pay|stripe)$)}");
        sim.MapPost("/pay", IResult (string channel, PayOrder order, TradeBook book, Cashier cashier) =>
            book.Find(channel, order.OutTradeNo) is not { } trade ? TypedResults.NotFound()
            : cashier.Pay(trade, order) ? TypedResults.Ok(View(trade)) : TypedResults.Conflict(View(trade)));
        // What a merchant does at the channel's own desk, without its programs.
        sim.MapPost("/refund", IResult (string channel, RefundOrder order, TradeBook book, SimulatorClock clock) =>
            book.Find(channel, order.OutTradeNo) is { } trade && trade.Refund(order.OutRefundNo, trade.AmountMinor, order.OutRefundNo, clock.GetUtcNow(), out _) is not null
                ? TypedResults.Ok(View(trade)) : TypedResults.NotFound());
        sim.MapPost("/refund-notice", IResult (string channel, RefundOrder order, TradeBook book, Cashier cashier) =>
            book.Find(channel, order.OutTradeNo) is { } trade && cashier.TellRefund(trade, order.OutRefundNo) ? TypedResults.Ok(View(trade)) : TypedResults.NotFound());
        sim.MapPost("/close", IResult (string channel, PayOrder order, TradeBook book) =>
        {
            if (book.Find(channel, order.OutTradeNo) is not { } trade)
            {
                return TypedResults.NotFound();
            }

            trade.Close();
            return TypedResults.Ok(View(trade));
        });
        app.MapPost("/_sim/stripe/dispute", IResult (DisputeOrder order, TradeBook book, StripeBook stripe, BillBook bills, NoticeSender sender, SimulatorClock clock) =>
        {
            if (book.Find(Channels.Stripe, order.OutTradeNo) is not { State: TradeState.Paid } trade)
            {
                return TypedResults.NotFound();
            }

            var (type, status) = order.What switch
            {
                "won" => ("charge.dispute.closed", "won"),
                "lost" => ("charge.dispute.closed", "lost"),
                _ => ("charge.dispute.funds_withdrawn", "needs_response"),
            };
            var id = $"dp_{trade.TradeNo[3..]}";
            if (order.What is "opened" or "won")
            {
                bills.Disputed(trade, id, order.What == "won", clock.GetUtcNow());
            }

            sender.Send(StripeApi.EventOf(type, StripeApi.Dispute(trade, id, status, clock.GetUtcNow()), trade.OutTradeNo, stripe.Party, clock), order.Copies);
            return TypedResults.Ok(View(trade));
        });
        app.MapPost("/_sim/stripe/cards", (CardOrder order, StripeBook stripe) =>
        {
            // All of them, or the one that was named.
            foreach (var card in stripe.Cards.Values.Where(card => order.Method is null || card.Method == order.Method))
            {
                if (order.Declined)
                {
                    stripe.Declined[card.Method] = true;
                }
                else
                {
                    stripe.Declined.TryRemove(card.Method, out _);
                }
            }

            return stripe.Cards.Values.Select(card => new { card.Customer, card.Method, declined = stripe.Declined.ContainsKey(card.Method) });
        });
        sim.MapPost("/bill", (string channel, BillChange change, BillBook bills, SimulatorClock clock) =>
        {
            bills.Change(channel, change, clock.GetUtcNow());
            return TypedResults.Ok();
        });
        sim.MapGet("/trades", (string channel, TradeBook book) => book.All.Where(trade => trade.Channel == channel).Select(View));
        sim.MapGet("/deliveries", (string channel, NoticeSender sender) => sender.Deliveries.Where(delivery => delivery.Channel == channel));
    }

    private static TradeView View(Trade trade) => new(
        trade.OutTradeNo, trade.TradeNo, trade.State.ToString().ToLowerInvariant(), trade.AmountMinor, trade.Currency, trade.RefundedMinor, trade.NotifyUrl);

    private sealed record TradeView(string OutTradeNo, string TradeNo, string State, long AmountMinor, string Currency, long RefundedMinor, string NotifyUrl);
}

/// <param name="Notice">What becomes of the notice: sent, lost, or wrong in a way a real channel's could be. See <see cref="Cashier"/>.</param>
/// <param name="Copies">How often it is sent.</param>
/// <param name="DelaySeconds">How late, by the simulators' clock.</param>
public sealed record PayOrder(string OutTradeNo, string Notice = "sent", int Copies = 1, double DelaySeconds = 0);

/// <param name="What">opened, won or lost.</param>
public sealed record DisputeOrder(string OutTradeNo, string What = "opened", int Copies = 1);

public sealed record CardOrder(bool Declined, string? Method = null);

public sealed record RefundOrder(string OutTradeNo, string OutRefundNo);

/// <summary>Plays the customer at the till, and the channel that tells of it.</summary>
public sealed class Cashier(StripeBook stripe, NoticeSender sender, SimulatorClock clock, IOptions<PaymentOptions> options)
{
    private readonly PaymentOptions _parties = options.Value;

    /// <returns>False when the order can no longer be paid.</returns>
    public bool Pay(Trade trade, PayOrder order)
    {
        if (!trade.Pay(clock.GetUtcNow()))
        {
            return false;
        }

        if (order.Notice != "lost")
        {
            sender.Send(NoticeOf(trade, order.Notice), order.Copies, TimeSpan.FromSeconds(order.DelaySeconds));
        }

        return true;
    }

    public bool TellRefund(Trade trade, string number)
    {
        if (trade.Refunds.Find(made => made.OutRefundNo == number) is not { } refund)
        {
            return false;
        }

        sender.Send(trade.Channel switch
        {
            Channels.Alipay => AlipayGateway.NoticeOf(trade, refund, _parties.Alipay, clock.GetUtcNow()),
            Channels.WechatPay => WechatPayApi.NoticeOf(trade, refund, _parties.WechatPay, clock),
            _ => StripeApi.NoticeOf("refund.updated", "", trade, refund, _parties.Stripe, clock),
        });
        return true;
    }

    /// <summary>
    /// <c>sent</c>: as it should be. Genuine but not ours: <c>other-amount</c>, <c>other-merchant</c>, <c>other-app</c>, <c>other-currency</c>,
    /// <c>other-order</c>. Not genuine: <c>tampered</c>, <c>forged</c>, <c>stale</c>.
    /// </summary>
    private Notice NoticeOf(Trade trade, string what) => trade.Channel switch
    {
        Channels.Alipay => AlipayNotice(trade, what),
        Channels.WechatPay => WechatNotice(trade, what),
        _ => StripeNotice(trade, what),
    };

    private Notice AlipayNotice(Trade trade, string what)
    {
        var changes = what switch
        {
            "other-amount" => new Dictionary<string, string> { ["total_amount"] = $"{(trade.AmountMinor + 1) / 100}.{(trade.AmountMinor + 1) % 100:00}" },
            "other-merchant" => new Dictionary<string, string> { ["seller_id"] = "2088999999999999" },
            "other-app" => new Dictionary<string, string> { ["app_id"] = "2021000000000000" },
            "other-order" => new Dictionary<string, string> { ["out_trade_no"] = "0" + trade.OutTradeNo[1..] },
            _ => null,
        };
        var party = what == "forged" ? new PaymentOptions.AlipayParty { AppId = _parties.Alipay.AppId, SellerId = _parties.Alipay.SellerId, PrivateKey = OtherKey() } : _parties.Alipay;
        var notice = AlipayGateway.NoticeOf(trade, null, party, clock.GetUtcNow(), changes);
        return what == "tampered" ? Changed(notice, body => body.Replace("total_amount=", "total_amount=9", StringComparison.Ordinal)) : notice;
    }

    private Notice WechatNotice(Trade trade, string what)
    {
        Action<JsonObject>? change = what switch
        {
            "other-amount" => content => content["amount"]!["total"] = trade.AmountMinor - 1,
            "other-merchant" => content => content["mchid"] = "1999999999",
            "other-app" => content => content["appid"] = "wx0000000000000000",
            "other-currency" => content => content["amount"]!["currency"] = "USD",
            "other-order" => content => content["out_trade_no"] = "0" + trade.OutTradeNo[1..],
            _ => null,
        };
        var party = _parties.WechatPay;
        var forger = new PaymentOptions.WechatPayParty { MerchantId = party.MerchantId, AppId = party.AppId, ApiV3Key = party.ApiV3Key, KeyId = party.KeyId, PrivateKey = what == "forged" ? OtherKey() : party.PrivateKey };
        var notice = WechatPayApi.NoticeOf(trade, null, forger, clock, change);
        return what switch
        {
            "tampered" => Changed(notice, body => body.Replace("\"ciphertext\":\"", "\"ciphertext\":\"A", StringComparison.Ordinal)),
            "stale" => notice with
            {
                Make = () =>
                {
                    using var fresh = notice.Make();
                    using var reader = new StreamReader(fresh.Content!.ReadAsStream());
                    return WechatPayApi.Signed(notice.Url, reader.ReadToEnd(), forger, clock.GetUtcNow() - TimeSpan.FromSeconds(301));
                },
            },
            _ => notice,
        };
    }

    private Notice StripeNotice(Trade trade, string what)
    {
        Action<JsonObject>? change = what switch
        {
            "other-amount" => session => session["amount_total"] = trade.AmountMinor + 1,
            "other-currency" => session => session["currency"] = trade.Currency == "USD" ? "cny" : "usd",
            "other-order" => session => session["client_reference_id"] = "0" + trade.OutTradeNo[1..],
            _ => null,
        };
        var session = stripe.Sessions.First(kept => kept.Value == trade).Key;
        var party = what == "forged" ? new PaymentOptions.StripeParty { WebhookSecret = "whsec_somebody_elses_secret_0000", WebhookUrl = _parties.Stripe.WebhookUrl } : _parties.Stripe;
        var notice = StripeApi.NoticeOf("checkout.session.completed", session, trade, null, party, clock, change);
        return what switch
        {
            "tampered" => Changed(notice, body => body.Replace("\"amount_total\":", "\"amount_total\":9", StringComparison.Ordinal)),
            "stale" => Changed(notice, body => body, header: old => old.Replace("t=", "t=1", StringComparison.Ordinal)),
            _ => notice,
        };
    }

    private static Notice Changed(Notice notice, Func<string, string> body, Func<string, string>? header = null) => notice with
    {
        Make = () =>
        {
            var request = notice.Make();
            using var reader = new StreamReader(request.Content!.ReadAsStream());
            var type = request.Content.Headers.ContentType!;
            request.Content = new StringContent(body(reader.ReadToEnd()), Encoding.UTF8);
            request.Content.Headers.ContentType = type;
            if (header is not null && request.Headers.TryGetValues("Stripe-Signature", out var values))
            {
                var signature = values.Single();
                request.Headers.Remove("Stripe-Signature");
                request.Headers.TryAddWithoutValidation("Stripe-Signature", header(signature));
            }

            return request;
        },
    };

    private static string OtherKey()
    {
        using var key = RSA.Create(2048);
        return key.ExportPkcs8PrivateKeyPem();
    }
}
