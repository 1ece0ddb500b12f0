using System.Net.Http.Json;
using System.Text.RegularExpressions;
using AiHub.Portal;
using AiHub.Tests.Hub;
using AiHub.Tests.Payments;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>Paying in through the portal, with the simulated channels behind it.</summary>
public sealed class BillingPageTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_scanned_code_turns_the_open_page_to_paid_and_the_money_is_in_the_wallet(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "zh-CN"));
        await visitor.RegisterAsync("蓝海 Studio", "CNY");
        await OrderAsync(visitor, "19.99");
        await visitor.Page.WaitForSelectorAsync(".qr");
        await Assertions.Expect(visitor.Page.Locator("[data-countdown]")).ToHaveTextAsync(new Regex("[0-9]{2}:[0-9]{2}"));
        await visitor.JudgeAsync($"order-open-{language}");

        await PayAsync(visitor, "sent");

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        Assert.Equal(language == "en" ? "Paid" : "已支付", await visitor.TextAsync("[data-figure=status]"));
        await visitor.JudgeAsync($"order-paid-{language}");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥19.99", await visitor.TextAsync("[data-figure=available]"));
        Assert.Equal("¥19.99", await visitor.TextAsync("[data-figure=purchased]"));
        Assert.Equal("¥0.00", await visitor.TextAsync("[data-figure=granted]"));
        await visitor.JudgeAsync($"billing-{language}");
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Without_scripts_and_with_the_notice_lost_asking_again_finds_the_payment(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        await visitor.RegisterAsync(currency: "CNY");
        await OrderAsync(visitor, "50001");
        await visitor.Page.WaitForSelectorAsync("#amount[aria-invalid=true]");
        Assert.Equal("50001", await visitor.Page.InputValueAsync("#amount"));
        await OrderAsync(visitor, "7.50");
        await visitor.Page.WaitForSelectorAsync(".qr");

        await PayAsync(visitor, "lost");
        Assert.Equal(language == "en" ? "Check the payment again" : "重新查询支付结果", await visitor.TextAsync(".order form button"));
        await visitor.ClickAsync(visitor.Page.Locator(".order form button"));

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥7.50", await visitor.TextAsync("[data-figure=available]"));
        Assert.Equal(1, await visitor.Page.Locator("[data-order]").CountAsync());
    }

    [BrowserTheory]
    [InlineData("zh-CN", true)]
    [InlineData("en", true)]
    [InlineData("zh-CN", false)]
    public async Task Alipay_s_code_is_in_a_frame_of_the_page_and_paid_from_there(string language, bool scripts)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts));
        await visitor.RegisterAsync(currency: "CNY");
        await OrderAsync(visitor, "12.34", "alipay");
        var code = visitor.Page.FrameLocator(".pay-frame iframe").Locator("a svg");
        await code.WaitForAsync();
        Assert.Equal((200, 200), (await code.BoundingBoxAsync()) is { } box ? ((int)Math.Round(box.Width), (int)Math.Round(box.Height)) : default);
        Assert.StartsWith(fixture.Sim.BaseAddress!.GetLeftPart(UriPartial.Authority), await visitor.Page.GetAttributeAsync(".order a.button", "href"), StringComparison.Ordinal);
        if (scripts)
        {
            Assert.Matches("[0-9]{2}:[0-9]{2}", await visitor.TextAsync("[data-countdown]"));
        }

        await visitor.JudgeAsync($"order-alipay-{language}");
        var order = visitor.Page.Url;

        // Whoever scans or clicks it comes to the channel's own page.
        var channel = await visitor.Page.RunAndWaitForPopupAsync(() => code.ClickAsync());
        await channel.Locator("form button").ClickAsync();
        await PaymentHub.PollAsync(async () => ((string?)(await fixture.TradeAsync("alipay", await visitor.TextAsync(".order code")))["state"]) == "paid");
        if (!scripts)
        {
            await visitor.Page.Locator(".order form button").ClickAsync();
        }

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        Assert.Equal(0, await visitor.Page.Locator("iframe").CountAsync());
        await visitor.GoAsync("/billing");
        Assert.Equal("¥12.34", await visitor.TextAsync("[data-figure=available]"));
        await channel.CloseAsync();

        // Nowhere else may anything be framed, and here no more either.
        foreach (var path in new[] { "/billing", new Uri(order).AbsolutePath })
        {
            var answer = await visitor.Page.GotoAsync(path);
            Assert.DoesNotContain("frame-src", answer!.Headers["content-security-policy"], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("https://openapi.alipay.com/gateway.do?x=1", "https://openapi.alipay.com https://*.alipay.com")]
    [InlineData("https://openapi-sandbox.dl.alipaydev.com/gateway.do", "https://openapi-sandbox.dl.alipaydev.com https://*.alipaydev.com")]
    [InlineData("http://openapi.alipay.com/gateway.do", "http://openapi.alipay.com")]
    [InlineData("https://openapi-alipay.com/gateway.do", "https://openapi-alipay.com")]
    [InlineData("https://openapi.alipay.com.example/gateway.do", "https://openapi.alipay.com.example")]
    [InlineData("http://localhost:5083/payments/alipay/gateway.do", "http://localhost:5083")]
    public void A_frame_of_a_channel_may_go_on_to_the_channel_s_own_hosts_and_nowhere_else(string address, string sources) =>
        Assert.Equal(sources, PageHeaders.FrameSources(new Uri(address)));

    [BrowserFact]
    public async Task Only_the_page_that_shows_the_code_may_frame_and_only_the_channel_s_own_origin()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN"));
        await visitor.RegisterAsync(currency: "CNY");
        await OrderAsync(visitor, "5.00", "alipay");
        await visitor.Page.FrameLocator(".pay-frame iframe").Locator("a svg").WaitForAsync();

        var answer = (await visitor.Page.ReloadAsync())!;
        var origin = fixture.Sim.BaseAddress!.GetLeftPart(UriPartial.Authority);
        Assert.EndsWith($"; frame-src {origin}", answer.Headers["content-security-policy"], StringComparison.Ordinal);
        Assert.Equal("DENY", answer.Headers["x-frame-options"]);
        // The whole cashier is not to be framed; what is framed says nothing against it.
        using var browser = new HttpClient();
        var whole = await browser.GetAsync(await visitor.Page.GetAttributeAsync(".order a.button", "href"));
        Assert.Equal("SAMEORIGIN", whole.Headers.GetValues("X-Frame-Options").Single());
        var framed = await browser.GetAsync(await visitor.Page.GetAttributeAsync(".pay-frame iframe", "src"));
        Assert.False(framed.Headers.Contains("X-Frame-Options"));

        // Whatever follows is a document of its own, with its own headers.
        await visitor.Page.ClickAsync(".page-head a.button");
        await visitor.Page.WaitForURLAsync("**/billing");
        Assert.Equal("navigate", await visitor.Page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].type"));
        Assert.EndsWith("/billing", await visitor.Page.EvaluateAsync<string>("performance.getEntriesByType('navigation')[0].name"), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("zh-CN")]
    [InlineData("en")]
    public async Task Within_WeChat_the_page_learns_who_pays_and_asks_WeChat_for_the_payment(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"));
        await visitor.RegisterAsync(currency: "CNY");
        await visitor.Page.ExposeFunctionAsync("payInWechat", async (string package) =>
        {
            Assert.StartsWith("prepay_id=wx", package, StringComparison.Ordinal);
            await PayAsync(visitor, "sent");
        });
        await visitor.Page.AddInitScriptAsync("window.WeixinJSBridge = { invoke: (name, call, done) => name === 'getBrandWCPayRequest' && call.paySign && payInWechat(call.package).then(() => done({ err_msg: 'get_brand_wcpay_request:ok' })) }");

        await OrderAsync(visitor, "8.80");
        await visitor.Page.WaitForSelectorAsync("[data-wechat-pay]");
        Assert.Equal(0, await visitor.Page.Locator(".qr, iframe").CountAsync());
        await visitor.JudgeAsync($"order-wechat-{language}");
        await visitor.Page.ClickAsync("[data-wechat-pay]");
        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥8.80", await visitor.TextAsync("[data-figure=available]"));

        // A link from somebody else makes nothing: the state is not this browser's.
        await visitor.GoAsync("/billing/wechat?code=stolen&state=0123456789abcdef0123456789abcdef");
        await visitor.Page.WaitForSelectorAsync(".notice.warn");
        await visitor.GoAsync("/billing");
        Assert.Equal(1, await visitor.Page.Locator("[data-order]").CountAsync());
    }

    [BrowserFact]
    public async Task Within_WeChat_a_plan_and_an_invoice_are_paid_as_a_top_up_is()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN", UserAgent: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50"));
        var email = await visitor.RegisterAsync(currency: "CNY");
        var organization = await fixture.Hub.Database.AsAdminAsync<Guid>(
            $"select member.organization_id from memberships member join users person on person.id = member.user_id where person.email = '{email}'");

        await visitor.GoAsync("/billing/plan?plan=developer&interval=month");
        await visitor.CheckAsync("input[value=wechat_pay]");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("[data-wechat-pay]");
        await PayAsync(visitor, "sent");
        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");

        var invoice = await Invoices.InvoiceSetup.OpenAsync(fixture.Hub.Database, organization, fixture.Clock.GetUtcNow());
        await visitor.GoAsync($"/invoices/{invoice}");
        await visitor.CheckAsync("input[value=wechat_pay]");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("[data-wechat-pay]");
        await PayAsync(visitor, "sent");
        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");

        Assert.Equal(
            "invoice wechat, subscription wechat",
            await fixture.Hub.Database.AsAdminAsync<string>($"select string_agg(purpose || ' ' || scene, ', ' order by purpose) from payment_orders where organization_id = '{organization}' and status = 'paid'"));
        Assert.Equal("paid", await fixture.Hub.Database.AsAdminAsync<string>($"select status from invoices where id = '{invoice}'"));
        Assert.Equal("developer", await fixture.Hub.Database.AsAdminAsync<string>($"select plan_id from subscriptions where organization_id = '{organization}' and status = 'active'"));
    }

    private static async Task OrderAsync(Visitor visitor, string amount, string channel = "wechat_pay")
    {
        await visitor.GoAsync("/billing");
        await visitor.CheckAsync($"input[value={channel}]");
        await visitor.FillAsync("#amount", amount);
        await visitor.ClickAsync("form.form button.primary");
    }

    private async Task PayAsync(Visitor visitor, string notice)
    {
        var number = await visitor.TextAsync(".order code");
        var paid = await fixture.Sim.PostAsJsonAsync("wechat-pay/pay", new { out_trade_no = number, notice, copies = 1 });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }
}
