using System.Net.Http.Json;
using AiHub.Tests.Hub;
using AiHub.Tests.Payments;

namespace AiHub.Tests.Portal;

/// <summary>Paying in through the portal, with the simulated channels behind it.</summary>
public sealed class BillingPageTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [BrowserFact]
    public async Task A_scanned_code_turns_the_open_page_to_paid_and_the_money_is_in_the_wallet()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN", Keyboard: true));
        await visitor.RegisterAsync("蓝海 Studio");
        await OrderAsync(visitor, "19.99");
        await visitor.Page.WaitForSelectorAsync(".qr");
        await visitor.JudgeAsync("order-open");

        await PayAsync(visitor, "sent");

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        Assert.Equal("已支付", await visitor.TextAsync("[data-figure=status]"));
        await visitor.JudgeAsync("order-paid");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥19.99", await visitor.TextAsync("[data-figure=available]"));
        Assert.Equal("¥19.99", await visitor.TextAsync("[data-figure=purchased]"));
        Assert.Equal("¥0.00", await visitor.TextAsync("[data-figure=granted]"));
        await visitor.JudgeAsync("billing");
        await visitor.ClickAsync(".side-switches button");
        await visitor.Page.WaitForSelectorAsync("html[lang=en]");
        await visitor.JudgeAsync("billing-en");
    }

    [BrowserFact]
    public async Task Without_scripts_and_with_the_notice_lost_asking_again_finds_the_payment()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN", Scripts: false));
        await visitor.RegisterAsync();
        await OrderAsync(visitor, "50001");
        await visitor.Page.WaitForSelectorAsync("#amount[aria-invalid=true]");
        Assert.Equal("50001", await visitor.Page.InputValueAsync("#amount"));
        await OrderAsync(visitor, "7.50");
        await visitor.Page.WaitForSelectorAsync(".qr");

        await PayAsync(visitor, "lost");
        await visitor.ClickAsync(visitor.Page.Locator(".order form button"));

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥7.50", await visitor.TextAsync("[data-figure=available]"));
        Assert.Equal(1, await visitor.Page.Locator("[data-order]").CountAsync());
    }

    private static async Task OrderAsync(Visitor visitor, string amount)
    {
        await visitor.GoAsync("/billing");
        await visitor.CheckAsync("input[value=wechat_pay]");
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
