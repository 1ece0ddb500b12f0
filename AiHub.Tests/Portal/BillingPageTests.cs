using System.Globalization;
using System.Net.Http.Json;
using AiHub.Domain.Quotas;
using AiHub.Tests.Hub;
using AiHub.Tests.Payments;

namespace AiHub.Tests.Portal;

/// <summary>Paying in through the portal, with the simulated channels behind it.</summary>
public sealed class BillingPageTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    // More than fit on one page.
    private const int Calls = 28;

    [BrowserFact]
    public async Task A_scanned_code_turns_the_open_page_to_paid_and_the_money_is_in_the_wallet()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN"));
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
        await visitor.Page.ClickAsync(".side-switches button");
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
        await visitor.Page.Locator(".order form button").ClickAsync();

        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥7.50", await visitor.TextAsync("[data-figure=available]"));
        Assert.Equal(1, await visitor.Page.Locator("[data-order]").CountAsync());
    }

    [BrowserFact]
    public async Task The_movements_of_every_balance_sum_to_it_page_by_page()
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit("zh-CN", Scripts: false));
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/billing/movements?account=purchased");
        Assert.Equal(1, await visitor.Page.Locator(".empty").CountAsync());
        await OrderAsync(visitor, "19.99");
        await PayAsync(visitor, "lost");
        await visitor.Page.Locator(".order form button").ClickAsync();
        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        await fixture.Hub.MoveToPlanAsync(email, PlanIds.Developer);
        using var api = fixture.Hub.NewApiClient(await visitor.CreateKeyAsync("only"));
        for (var call = 0; call < Calls; call++)
        {
            await api.ChatAsync($"lorem 5 call {call}", "sim/lorem");
        }

        await visitor.GoAsync("/billing");
        await visitor.Page.ClickAsync("a.more[href='/billing/movements']");
        var all = await MovementsAsync(visitor);
        Assert.Equal(Calls, all.Count(row => row.Call));

        foreach (var (account, sum) in new[] { ("purchased", 19.99m), ("granted", 0m) })
        {
            await visitor.Page.ClickAsync($"a[href='/billing/movements?account={account}']");
            var own = await MovementsAsync(visitor);
            Assert.Equal((account, sum), (account, own.Sum(row => row.Amount)));
            Assert.Equal(own, all.Where(row => row.Account == account));
            Assert.Equal($"¥{sum:0.00}", await visitor.TextAsync($"[data-figure={account}]"));
        }

        await visitor.Page.ClickAsync("a[href='/billing/movements?account=plan']");
        var tokens = await MovementsAsync(visitor);
        Assert.Equal(Calls, tokens.Count(row => row.Amount < 0));
        Assert.Equal(tokens, all.Where(row => row.Account == "plan"));
        await visitor.GoAsync("/overview");
        Assert.Equal(tokens.Sum(row => row.Amount), decimal.Parse(await visitor.TextAsync("[data-figure=remaining]"), NumberStyles.Number, CultureInfo.InvariantCulture));
    }

    /// <summary>All of them, from the newest to the oldest, however many pages that takes.</summary>
    private static async Task<List<(string Id, string Account, decimal Amount, bool Call)>> MovementsAsync(Visitor visitor)
    {
        var all = new List<(string, string, decimal, bool)>();
        while (true)
        {
            var rows = await visitor.Page.Locator("[data-movement]").EvaluateAllAsync<string[][]>("rows => rows.map(row => [row.dataset.movement, row.dataset.account, row.dataset.amount, row.querySelector('a[href^=\"/logs/\"]') ? 'call' : ''])");
            all.AddRange(rows.Select(row => (row[0], row[1], decimal.Parse(row[2], CultureInfo.InvariantCulture), row[3].Length > 0)));
            if (await visitor.Page.Locator(".pager a[href*='cursor=']").CountAsync() == 0)
            {
                return all;
            }

            await visitor.Page.ClickAsync(".pager a[href*='cursor=']");
        }
    }

    private static async Task OrderAsync(Visitor visitor, string amount)
    {
        await visitor.GoAsync("/billing");
        await visitor.Page.CheckAsync("input[value=wechat_pay]");
        await visitor.Page.FillAsync("#amount", amount);
        await visitor.Page.ClickAsync("form.form button.primary");
    }

    private async Task PayAsync(Visitor visitor, string notice)
    {
        var number = await visitor.TextAsync(".order code");
        var paid = await fixture.Sim.PostAsJsonAsync("wechat-pay/pay", new { out_trade_no = number, notice, copies = 1 });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }
}
