using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Tests.Hub;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Payments;

/// <summary>Order, pay at the simulated channel, see the balance; and everything that can go wrong on the way.</summary>
public sealed class TopUpTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    public static TheoryData<string, string> ChannelsAndCurrencies => new()
    {
        { "alipay", "CNY" },
        { "wechat_pay", "CNY" },
        { "stripe", "USD" },
    };

    [Theory]
    [MemberData(nameof(ChannelsAndCurrencies))]
    public async Task What_is_paid_is_in_the_wallet_to_the_cent(string channel, string currency)
    {
        var customer = await fixture.Hub.RegisterAsync(currency);

        var order = await OrderAsync(customer, channel, currency, "19.99");
        Assert.Equal("pending", order.Status);
        Assert.NotNull((object?)order.RedirectUrl ?? order.QrCode);
        await PayAsync(channel, order);

        await PaidAsync(customer, order);
        Assert.Equal(new WalletView(currency, "19.99", "0", "0", "19.99"), await WalletAsync(customer));
        await AssertBooksAsync();
    }

    [Theory]
    [MemberData(nameof(ChannelsAndCurrencies))]
    public async Task A_notice_that_comes_five_times_is_credited_once(string channel, string currency)
    {
        var customer = await fixture.Hub.RegisterAsync(currency);
        var order = await OrderAsync(customer, channel, currency, "10.00");

        await PayAsync(channel, order, copies: 5);
        await PaidAsync(customer, order);
        await DeliveredAsync(channel, order, 5);

        Assert.Equal("10", (await WalletAsync(customer)).Purchased);
    }

    [Theory]
    [MemberData(nameof(ChannelsAndCurrencies))]
    public async Task A_payment_whose_notice_is_lost_is_found_by_asking(string channel, string currency)
    {
        var customer = await fixture.Hub.RegisterAsync(currency);
        var order = await OrderAsync(customer, channel, currency, "7.50");

        await PayAsync(channel, order, "lost");
        var checkedOrder = await (await customer.Management.PostAsync($"billing/orders/{order.Id}/check", null)).Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options);

        Assert.NotNull(checkedOrder);
        await PaidAsync(customer, order);
        Assert.Equal("7.5", (await WalletAsync(customer)).Purchased);
    }

    [Theory]
    [InlineData("alipay", "CNY", "other-amount")]
    [InlineData("alipay", "CNY", "other-merchant")]
    [InlineData("alipay", "CNY", "other-app")]
    [InlineData("alipay", "CNY", "tampered")]
    [InlineData("alipay", "CNY", "forged")]
    [InlineData("wechat_pay", "CNY", "other-amount")]
    [InlineData("wechat_pay", "CNY", "other-merchant")]
    [InlineData("wechat_pay", "CNY", "other-app")]
    [InlineData("wechat_pay", "CNY", "other-currency")]
    [InlineData("wechat_pay", "CNY", "tampered")]
    [InlineData("wechat_pay", "CNY", "forged")]
    [InlineData("wechat_pay", "CNY", "stale")]
    [InlineData("stripe", "USD", "other-amount")]
    [InlineData("stripe", "USD", "other-currency")]
    [InlineData("stripe", "USD", "tampered")]
    [InlineData("stripe", "USD", "forged")]
    public async Task A_notice_that_is_not_about_this_payment_credits_nothing(string channel, string currency, string notice)
    {
        var customer = await fixture.Hub.RegisterAsync(currency);
        var order = await OrderAsync(customer, channel, currency, "5.00");

        await PayAsync(channel, order, notice);
        await DeliveredAsync(channel, order, 1);
        await SettledAsync();

        Assert.Equal("0", (await WalletAsync(customer)).Purchased);
        Assert.Equal("pending", (await FindAsync(customer, order.Id)).Status);
    }

    [Fact]
    public async Task The_same_wish_with_the_same_key_is_one_order()
    {
        var customer = await fixture.Hub.RegisterAsync("CNY");

        var first = await AskAsync(customer, "alipay", "CNY", "12.34", "key-1");
        var again = await AskAsync(customer, "alipay", "CNY", "12.34", "key-1");
        var other = await AskAsync(customer, "alipay", "CNY", "12.35", "key-1");

        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK, HttpStatusCode.Conflict), (first.StatusCode, again.StatusCode, other.StatusCode));
        Assert.Equal((await ReadAsync(first)).Id, (await ReadAsync(again)).Id);
    }

    [Theory]
    [InlineData("0.99")]
    [InlineData("-1")]
    [InlineData("1.001")]
    [InlineData("1e3")]
    [InlineData("50001")]
    [InlineData("")]
    public async Task An_amount_nobody_can_pay_is_refused_with_the_field_named(string amount)
    {
        var customer = await fixture.Hub.RegisterAsync("CNY");

        var response = await AskAsync(customer, "alipay", "CNY", amount);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains("\"amount\"", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_currency_than_the_organization_s_is_refused()
    {
        var customer = await fixture.Hub.RegisterAsync("USD");

        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(customer, "stripe", "CNY", "10")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await AskAsync(customer, "alipay", "USD", "10")).StatusCode);
    }

    [Fact]
    public async Task Nobody_sees_or_refunds_another_organization_s_order()
    {
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var stranger = await fixture.Hub.RegisterAsync("CNY");
        var order = await OrderAsync(customer, "wechat_pay", "CNY", "10");

        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Management.GetAsync($"billing/orders/{order.Id}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.Management.PostAsync($"billing/orders/{order.Id}/check", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await RefundAsync(stranger, order.Id, "1")).StatusCode);
        Assert.Empty((await stranger.Management.GetFromJsonAsync<Page<PaymentOrderView>>("billing/orders", Json.Options))!.Data);
    }

    [Theory]
    [MemberData(nameof(ChannelsAndCurrencies))]
    public async Task Unspent_money_goes_back_in_parts_and_never_more_than_was_paid(string channel, string currency)
    {
        var customer = await fixture.Hub.RegisterAsync(currency);
        var order = await OrderAsync(customer, channel, currency, "20.00");
        Assert.Equal(HttpStatusCode.Conflict, (await RefundAsync(customer, order.Id, "1")).StatusCode);
        await PayAsync(channel, order);
        await PaidAsync(customer, order);

        Assert.Equal(HttpStatusCode.Created, (await RefundAsync(customer, order.Id, "5.00", "r1")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await RefundAsync(customer, order.Id, "5.00", "r1")).StatusCode);
        Assert.Equal(HttpStatusCode.Created, (await RefundAsync(customer, order.Id, "15.00", "r2")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await RefundAsync(customer, order.Id, "0.01", "r3")).StatusCode);

        await PaymentHub.PollAsync(async () => (await FindAsync(customer, order.Id)).Refunds.All(refund => refund.Status == "succeeded"));
        Assert.Equal("0", (await WalletAsync(customer)).Purchased);
        Assert.Equal("20", (await FindAsync(customer, order.Id)).Refunded);
        Assert.Equal(2000, (long)(await fixture.TradeAsync(Path(channel), order.OutTradeNo))["refunded_minor"]!);
        await AssertBooksAsync();
    }

    [Fact]
    public async Task A_partial_refund_s_notice_does_not_credit_again()
    {
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var order = await OrderAsync(customer, "alipay", "CNY", "20.00");
        await PayAsync("alipay", order);
        await PaidAsync(customer, order);
        await RefundAsync(customer, order.Id, "5.00");
        await PaymentHub.PollAsync(async () => (await FindAsync(customer, order.Id)).Refunds.All(refund => refund.Status == "succeeded"));

        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var number = (await db.PaymentRefunds.SingleAsync(refund => refund.OrderId == order.Id)).OutRefundNo;
        (await fixture.Sim.PostAsJsonAsync("alipay/refund-notice", new { out_trade_no = order.OutTradeNo, out_refund_no = number })).EnsureSuccessStatusCode();
        await DeliveredAsync("alipay", order, 2);
        await SettledAsync();

        Assert.Equal("15", (await WalletAsync(customer)).Purchased);
    }

    [Theory]
    [InlineData("stripe", "")]
    [InlineData("stripe", "t=abc")]
    [InlineData("stripe", "t=1,v1=00")]
    [InlineData("alipay", "")]
    [InlineData("wechat-pay", "")]
    public async Task A_post_that_nobody_signed_is_turned_away(string channel, string signature)
    {
        using var http = new HttpClient { BaseAddress = fixture.WorkerUrl };
        foreach (var body in (string[])["", "{}", "garbage", "{\"id\":\"evt_1\",\"type\":\"checkout.session.completed\"}", "trade_status=TRADE_SUCCESS&sign=AAAA&sign_type=RSA2&notify_id=1"])
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"webhooks/{channel}") { Content = new StringContent(body) };
            request.Headers.TryAddWithoutValidation("Stripe-Signature", signature);
            using var response = await http.SendAsync(request);

            Assert.NotEqual("success", await response.Content.ReadAsStringAsync());
            Assert.True(channel == "alipay" || (int)response.StatusCode is 400 or 401, $"{channel}: {response.StatusCode}");
        }
    }

    private static string Path(string channel) => channel.Replace('_', '-');

    private static Task<HttpResponseMessage> AskAsync(TestCustomer customer, string channel, string currency, string amount, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "billing/orders")
        {
            Content = JsonContent.Create(new NewPaymentOrder("top_up", channel, amount, currency), options: Json.Options),
        };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return customer.Management.SendAsync(request);
    }

    private static async Task<PaymentOrderView> ReadAsync(HttpResponseMessage response) => (await response.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!;

    private static async Task<PaymentOrderView> OrderAsync(TestCustomer customer, string channel, string currency, string amount)
    {
        var response = await AskAsync(customer, channel, currency, amount);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        var order = await ReadAsync(response);
        await PaymentHub.PollAsync(async () => (order = await FindAsync(customer, order.Id)).Status != "created");
        return order;
    }

    private static async Task<PaymentOrderView> FindAsync(TestCustomer customer, Guid id) =>
        (await customer.Management.GetFromJsonAsync<PaymentOrderView>($"billing/orders/{id}", Json.Options))!;

    private static async Task<WalletView> WalletAsync(TestCustomer customer) => (await customer.Management.GetFromJsonAsync<WalletView>("billing/wallet", Json.Options))!;

    private static Task<HttpResponseMessage> RefundAsync(TestCustomer customer, Guid order, string amount, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"billing/orders/{order}/refunds") { Content = JsonContent.Create(new NewRefund(amount, "not needed"), options: Json.Options) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return customer.Management.SendAsync(request);
    }

    /// <summary>Opens the payment page first where only that makes the trade, as a customer's browser would.</summary>
    private async Task PayAsync(string channel, PaymentOrderView order, string notice = "sent", int copies = 1)
    {
        if (channel == "alipay")
        {
            using var browser = new HttpClient();
            var page = await browser.GetAsync(order.RedirectUrl);
            Assert.True(page.StatusCode == HttpStatusCode.OK, await page.Content.ReadAsStringAsync());
        }

        var paid = await fixture.Sim.PostAsJsonAsync($"{Path(channel)}/pay", new { out_trade_no = order.OutTradeNo, notice, copies });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }

    private static Task PaidAsync(TestCustomer customer, PaymentOrderView order) =>
        PaymentHub.PollAsync(async () => (await FindAsync(customer, order.Id)).Status == "paid");

    /// <summary>Waits until that many notices of this order have been answered.</summary>
    private Task DeliveredAsync(string channel, PaymentOrderView order, int count) => PaymentHub.PollAsync(async () =>
    {
        var deliveries = (await fixture.Sim.GetFromJsonAsync<System.Text.Json.Nodes.JsonArray>($"{Path(channel)}/deliveries"))!;
        return deliveries.Count(delivery => (string?)delivery!["out_trade_no"] == order.OutTradeNo) >= count;
    });

    /// <summary>Waits until every notice that was kept has been acted upon.</summary>
    private Task SettledAsync() => PaymentHub.PollAsync(async () =>
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        return !await db.InboundNotices.AnyAsync(notice => notice.HandledAt == null && notice.ParkedAt == null);
    });

    private async Task AssertBooksAsync()
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from ledger_audit({fixture.Clock.GetUtcNow().ToUniversalTime()})").ToListAsync());
    }
}
