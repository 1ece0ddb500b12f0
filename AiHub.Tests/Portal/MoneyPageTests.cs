using System.Net.Http.Json;
using AiHub.Tests.Hub;
using AiHub.Tests.Invoices;
using AiHub.Tests.Payments;
using AiHub.Worker.Subscriptions;
using Microsoft.Playwright;

namespace AiHub.Tests.Portal;

/// <summary>Cards, codes, refunds, disputes, plans and invoices through the portal: what customers do, and what operators do about it.</summary>
public sealed class MoneyPageTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_card_is_saved_by_a_top_up_refills_the_wallet_and_is_removed(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "zh-CN"));
        await visitor.RegisterAsync("蓝海 Studio", "CNY");
        await visitor.GoAsync("/billing/card");
        Assert.Equal(1, await visitor.Page.Locator("[data-card=none]").CountAsync());
        Assert.Equal(0, await visitor.Page.Locator("#below").CountAsync());
        await visitor.JudgeAsync($"card-none-{language}");

        await visitor.ClickAsync("form:has(.presets) button.primary");
        await visitor.Page.WaitForSelectorAsync(".order code");
        await PayAsync(visitor);
        await PaymentHub.PollAsync(async () =>
        {
            await visitor.GoAsync("/billing/card");
            return await visitor.Page.Locator("[data-card='4242']").CountAsync() == 1;
        });

        await SetAsync(visitor, "5", "10", "9");
        await visitor.Page.WaitForSelectorAsync("#cap[aria-invalid=true]");
        Assert.Equal(("5", "10"), (await visitor.Page.InputValueAsync("#below"), await visitor.Page.InputValueAsync("#amount")));
        await visitor.JudgeAsync($"card-refused-{language}");
        await SetAsync(visitor, "50", "10", "15");
        await visitor.Page.WaitForURLAsync("**?done=set");
        await PaymentHub.PollAsync(async () =>
        {
            await RefillAsync();
            await visitor.GoAsync("/billing/card");
            return await visitor.Page.Locator("[data-last=paid]").CountAsync() == 1;
        });
        // Ten of the fifteen are taken: the next ten would be too many, and it stops.
        await PaymentHub.PollAsync(async () =>
        {
            await RefillAsync();
            await visitor.GoAsync("/billing/card");
            return await visitor.Page.Locator("#auto-top-up + p + .badge.bad, .card-head .badge.bad").CountAsync() == 1;
        });
        Assert.Contains(language == "en" ? "The limit of the month" : "上限", await visitor.TextAsync("section[aria-labelledby=auto-top-up] .notice.bad"), StringComparison.Ordinal);
        await visitor.JudgeAsync($"card-stopped-{language}");
        await SetAsync(visitor, "1", "10", "500");
        await visitor.Page.WaitForURLAsync("**?done=set");
        await visitor.JudgeAsync($"card-on-{language}");

        await visitor.AskedAsync("section[aria-labelledby=auto-top-up] .danger-row > button");
        await visitor.Page.WaitForURLAsync("**?done=ended");
        await visitor.AskedAsync("section[aria-labelledby=saved-card] .card-head > button");
        await visitor.Page.WaitForURLAsync("**?done=removed");
        Assert.Equal(1, await visitor.Page.Locator("[data-card=none]").CountAsync());
    }

    [BrowserTheory]
    [InlineData("zh-CN", "en")]
    [InlineData("en", "zh-CN")]
    public async Task Codes_are_shown_once_granted_once_and_revoked(string language, string deskLanguage)
    {
        var name = $"Spring 2026 {language}";
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var desk = await OperatorAsync(portal.Url, new Visit(deskLanguage, Scripts: false, Keyboard: deskLanguage == "en"));
        await desk.GoAsync("/admin/finance/codes");
        await desk.FillAsync("#name", name);
        await desk.SelectOptionAsync("#currency", "CNY");
        await desk.FillAsync("#amount", "12.50");
        await desk.FillAsync("#count", "many");
        await desk.ClickAsync("form.form button.primary");
        await desk.Page.WaitForSelectorAsync("#count[aria-invalid=true]");
        Assert.Equal((name, "12.50", "CNY"), (await desk.Page.InputValueAsync("#name"), await desk.Page.InputValueAsync("#amount"), await desk.Page.InputValueAsync("#currency")));
        await desk.JudgeAsync($"codes-refused-{deskLanguage}");
        await desk.FillAsync("#count", "3");
        await desk.FillAsync("#grant-days", "90");
        await desk.ClickAsync("form.form button.primary");
        var codes = (await desk.Page.InputValueAsync("#codes")).Split('\n');
        Assert.Equal(3, codes.Length);
        await desk.JudgeAsync($"codes-made-{deskLanguage}");
        var file = await desk.Page.GetAttributeAsync("a[download]", "href");
        var csv = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(file!.Split("base64,")[1]));
        Assert.Equal(codes, csv.TrimStart('\uFEFF').Split("\r\n", StringSplitOptions.RemoveEmptyEntries)[1..].Select(line => line.Split(',')[0]));
        await desk.GoAsync("/admin/finance/codes");
        Assert.DoesNotContain(codes[0], await desk.Page.ContentAsync(), StringComparison.Ordinal);

        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "zh-CN"));
        await visitor.RegisterAsync("蓝海 Studio", "CNY");
        await visitor.GoAsync("/billing/granted");
        await visitor.JudgeAsync($"granted-none-{language}");
        await RedeemAsync(visitor, "ABCDE-FGHJK-LMNPQ-RSTUV");
        await visitor.Page.WaitForSelectorAsync(".notice.bad");
        Assert.Equal("ABCDE-FGHJK-LMNPQ-RSTUV", await visitor.Page.InputValueAsync("#code"));
        await RedeemAsync(visitor, codes[0].ToLowerInvariant());
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        Assert.Equal("¥12.50", await visitor.TextAsync("[data-figure=granted]"));
        Assert.Equal(1, await visitor.Page.Locator("[data-lot]").CountAsync());
        Assert.Contains(name, await visitor.TextAsync("[data-lot]"), StringComparison.Ordinal);
        await visitor.JudgeAsync($"granted-{language}");
        await RedeemAsync(visitor, codes[1]);
        await visitor.Page.WaitForSelectorAsync(".notice.bad");

        await desk.GoAsync("/admin/finance/codes");
        Assert.Contains("1 / 3", await desk.TextAsync($"[data-batch='{name}']"), StringComparison.Ordinal);
        await desk.AskedAsync($"[data-batch='{name}'] td.actions > button");
        await desk.Page.WaitForURLAsync("**?done=revoked");
        Assert.Equal(1, await desk.Page.Locator($"[data-batch='{name}'] .badge.bad").CountAsync());
        await desk.JudgeAsync($"codes-{deskLanguage}");
    }

    [BrowserTheory]
    [InlineData("zh-CN", "en", "Paid")]
    [InlineData("en", "zh-CN", "已支付")]
    public async Task An_order_is_found_asked_about_and_refunded_in_parts_and_its_owner_sees_it(string language, string deskLanguage, string paidWord)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "zh-CN"));
        await visitor.RegisterAsync("蓝海 Studio", "CNY");
        await visitor.GoAsync("/billing");
        await visitor.CheckAsync("input[value=wechat_pay]");
        await visitor.FillAsync("#amount", "20");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync(".qr");
        var (number, order) = (await visitor.TextAsync(".order code"), new Uri(visitor.Page.Url).Segments[^1]);
        await using var desk = await OperatorAsync(portal.Url, new Visit(deskLanguage, Keyboard: deskLanguage == "en"));
        await desk.GoAsync("/admin/finance/orders");
        await desk.FillAsync("#q", number);
        await desk.ClickAsync("form.filter-form button");
        await desk.Page.WaitForURLAsync("**q=*");
        await desk.CountIsAsync(1, "[data-order]");
        await desk.JudgeAsync($"hub-orders-{deskLanguage}");
        await desk.GoAsync("/admin/finance/orders?q=nobody-at-all");
        await desk.CountIsAsync(0, "[data-order]");
        await desk.GoAsync($"/admin/finance/orders/{order}");

        var paid = await fixture.Sim.PostAsJsonAsync("wechat-pay/pay", new { out_trade_no = number, notice = "lost", copies = 1 });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
        await desk.ClickAsync(".page-head form button");
        await desk.Page.WaitForURLAsync("**?done=checked");
        await Assertions.Expect(desk.Page.Locator("[data-figure=status]")).ToHaveTextAsync(paidWord);

        await RefundAsync(desk, "20.01", "too much");
        await desk.Page.WaitForSelectorAsync(".notice.bad");
        Assert.Equal(("20.01", "too much"), (await desk.Page.InputValueAsync("#amount"), await desk.Page.InputValueAsync("#reason")));
        await RefundAsync(desk, "x", "no number");
        await desk.Page.WaitForSelectorAsync("#amount[aria-invalid=true]");
        // The Enter key asks too: nothing is sent without the question.
        await desk.FillAsync("#amount", "7.50");
        await desk.Page.PressAsync("#amount", "Enter");
        await desk.FillAsync("#reason", "goodwill");
        await desk.CountIsAsync(0, "[data-refund]");
        await RefundAsync(desk, "7.50", "goodwill");
        await desk.Page.WaitForURLAsync("**?done=refund");
        await Assertions.Expect(desk.Page.Locator("[data-figure=refunded]")).ToHaveTextAsync("¥7.50");
        await PaymentHub.PollAsync(async () =>
        {
            await desk.GoAsync($"/admin/finance/orders/{order}");
            return await desk.Page.Locator("[data-refund=succeeded]").CountAsync() == 1;
        });
        await desk.JudgeAsync($"hub-order-{deskLanguage}");

        await visitor.GoAsync($"/billing/orders/{order}");
        Assert.Contains("goodwill", await visitor.TextAsync("section[aria-labelledby=refunds] tbody tr"), StringComparison.Ordinal);
        await visitor.FillAsync("#refund-amount", "12.50");
        await visitor.FillAsync("#refund-reason", "不再需要");
        await visitor.JudgeAsync($"order-refund-{language}");
        await visitor.AskedAsync("section[aria-labelledby=refund] form > button");
        await visitor.Page.WaitForURLAsync("**?done=refund");
        await visitor.CountIsAsync(2, "section[aria-labelledby=refunds] tbody tr");
        await visitor.CountIsAsync(0, "#refund-amount");
        await visitor.GoAsync("/billing");
        Assert.Equal("¥0.00", await visitor.TextAsync("[data-figure=available]"));
    }

    [BrowserTheory]
    [InlineData("en", "won")]
    [InlineData("zh-CN", "lost")]
    public async Task A_dispute_shows_to_its_customer_and_to_operators_until_it_is_decided(string language, string how)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var email = await visitor.RegisterAsync($"Disputed {how}");
        await visitor.GoAsync("/billing");
        await visitor.CheckAsync("input[value=stripe]");
        await visitor.FillAsync("#amount", "30");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync(".order code");
        var number = await PayAsync(visitor);
        await visitor.Page.WaitForSelectorAsync("[data-status=paid]");
        (await fixture.Sim.PostAsJsonAsync("stripe/dispute", new { out_trade_no = number, what = "opened", copies = 1 })).EnsureSuccessStatusCode();
        await PaymentHub.PollAsync(async () =>
        {
            await visitor.GoAsync("/billing");
            return await visitor.Page.Locator("[data-dispute=open]").CountAsync() == 1;
        });
        await visitor.JudgeAsync($"billing-dispute-{language}");

        await visitor.BecomeOperatorAsync(fixture.Hub, email);
        await visitor.GoAsync("/admin/finance/disputes?status=open");
        var row = visitor.Page.Locator("[data-dispute=open]", new PageLocatorOptions { HasText = $"Disputed {how}" });
        Assert.Equal(1, await row.CountAsync());
        // Evidence may be handed in for nine days; near the end the page says how long is left.
        Assert.Equal(0, await row.Locator(".badge.bad").CountAsync());
        await fixture.Hub.Database.AsAdminAsync<Guid>($"update disputes set evidence_due_at = evidence_due_at - interval '8 days' where organization_id = (select organization_id from payment_orders where out_trade_no = '{number}') returning id");
        await visitor.GoAsync("/admin/finance/disputes");
        Assert.Contains(language == "en" ? "Days left: 1" : "剩余 1 天", await row.InnerTextAsync(), StringComparison.Ordinal);
        await visitor.JudgeAsync($"disputes-{language}");
        (await fixture.Sim.PostAsJsonAsync("stripe/dispute", new { out_trade_no = number, what = how, copies = 1 })).EnsureSuccessStatusCode();
        await PaymentHub.PollAsync(async () =>
        {
            await visitor.GoAsync($"/admin/finance/disputes?status={how}");
            return await visitor.Page.Locator($"[data-dispute={how}]", new PageLocatorOptions { HasText = $"Disputed {how}" }).CountAsync() == 1;
        });
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Invoices_are_paid_credited_voided_and_written_off_by_operators(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        var customer = await fixture.Hub.RegisterAsync("CNY");
        var invoices = new List<Guid>();
        for (var made = 0; made < 3; made++)
        {
            invoices.Add(await InvoiceSetup.OpenAsync(fixture.Hub.Database, customer.OrganizationId, fixture.Clock.GetUtcNow()));
        }

        await using var desk = await OperatorAsync(portal.Url, new Visit(language, Scripts: false, Keyboard: language == "zh-CN"));
        await desk.GoAsync($"/admin/finance/invoices?q={customer.OrganizationId}&status=finalized");
        Assert.Equal(3, await desk.Page.Locator("[data-invoice]").CountAsync());
        await desk.JudgeAsync($"hub-invoices-{language}");

        await desk.GoAsync($"/admin/finance/invoices/{invoices[0]}");
        await CreditAsync(desk, "5.01");
        await desk.Page.WaitForSelectorAsync(".notice.bad");
        Assert.Equal("5.01", await desk.Page.InputValueAsync("#amount"));
        await CreditAsync(desk, "2");
        await desk.Page.WaitForURLAsync("**?done=credited");
        Assert.Equal("¥3.00", await desk.TextAsync("[data-figure=due]"));
        Assert.Equal(0, await desk.Page.Locator("#void-reason").CountAsync());
        await desk.JudgeAsync($"hub-invoice-{language}");
        await desk.AskedAsync("section[aria-labelledby=mark-paid] form > button");
        await desk.Page.WaitForSelectorAsync("#reference[aria-invalid=true]");
        await desk.FillAsync("#reference", "2026012900001");
        await desk.AskedAsync("section[aria-labelledby=mark-paid] form > button");
        await desk.Page.WaitForURLAsync("**?done=paid");
        Assert.Equal(language == "en" ? "Paid" : "已支付", await desk.TextAsync("[data-figure=status]"));

        foreach (var (invoice, action, field, state) in new[] { (invoices[1], "void", "#void-reason", language == "en" ? "Void" : "已作废"), (invoices[2], "uncollectible", "#give-up-reason", language == "en" ? "Written off" : "已核销") })
        {
            await desk.GoAsync($"/admin/finance/invoices/{invoice}");
            await desk.FillAsync(field, "抬头有误");
            await desk.AskedAsync($"form:has({field}) > button");
            await desk.Page.WaitForURLAsync($"**?done={action}");
            Assert.Equal(state, await desk.TextAsync("[data-figure=status]"));
            Assert.Equal(0, await desk.Page.Locator("main form").CountAsync());
        }
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_seller_is_changed_for_the_invoices_to_come(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var desk = await OperatorAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        await desk.GoAsync("/admin/finance/sellers");
        await desk.JudgeAsync($"sellers-{language}");
        await desk.ClickAsync(desk.Page.Locator("[data-seller] a").Last);
        await desk.Page.WaitForSelectorAsync("#tax-rate");
        await desk.FillAsync("#bank", "First Bank, IBAN 1");
        await desk.FillAsync("#tax-rate", "101");
        await desk.ClickAsync("form.form button.primary");
        await desk.Page.WaitForSelectorAsync("#tax-rate[aria-invalid=true]");
        Assert.Equal("First Bank, IBAN 1", await desk.Page.InputValueAsync("#bank"));
        await desk.JudgeAsync($"seller-{language}");
        await desk.FillAsync("#tax-rate", "0");
        await desk.ClickAsync("form.form button.primary");
        await desk.Page.WaitForURLAsync("**?done=saved");
        Assert.Contains("IBAN 1", await desk.Page.Locator("[data-seller]").Last.InnerTextAsync(), StringComparison.Ordinal);
    }

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task A_plan_says_how_it_goes_on_when_it_ends_and_what_to_do_when_it_is_overdue(string language)
    {
        var (free, reminded) = language == "en" ? ("Free", "7, 3 and 1") : ("免费", "7、3、1");
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "en"));
        var email = await visitor.RegisterAsync("Blue Sea Studio");
        var organization = await fixture.Hub.Database.AsAdminAsync<Guid>($"select organization_id from memberships join users on users.id = memberships.user_id where users.email = '{email}'");
        var now = fixture.Clock.GetUtcNow();
        await fixture.Hub.Database.AsAdminAsync<bool>(
            $"select ledger_post('{Guid.CreateVersion7(now)}', '{organization}', 'test', 'test', 'payments', 'wallet_purchased', (select currency from organizations where id = '{organization}'), 2000000000000, '{now:O}', '{now:O}')");
        await visitor.GoAsync("/billing/plan?plan=pro&interval=month");
        await visitor.CheckAsync("input[value=balance]");
        await visitor.ClickAsync("[data-quote] form button.primary");
        await visitor.Page.WaitForURLAsync("**/billing/plan");
        Assert.Equal(0, await visitor.Page.Locator("[data-overdue]").CountAsync());

        await visitor.AskedAsync("section[aria-labelledby=plan-state] button.danger");
        await visitor.Page.WaitForSelectorAsync("[data-figure=plan-next]:has-text('" + free + "')");
        await visitor.JudgeAsync($"plan-canceled-{language}");
        await visitor.ClickAsync("form[action='/billing/plan/resume'] button");
        await visitor.Page.WaitForSelectorAsync("[data-figure=plan-next]:has-text('" + reminded + "')");
        await visitor.GoAsync("/billing/plan?plan=developer&interval=month");
        await visitor.JudgeAsync($"plan-downgrade-{language}");
        await visitor.ClickAsync("[data-quote] form button.primary");
        await visitor.Page.WaitForSelectorAsync("[data-figure=plan-next]:has-text('" + (language == "en" ? "Developer" : "开发者") + "')");
        await visitor.ClickAsync("form[action='/billing/plan/resume'] button");
        await visitor.Page.WaitForSelectorAsync("[data-figure=plan-next]:has-text('" + reminded + "')");

        await PaidThroughAsync(now.AddDays(5), "prepaid");
        await visitor.GoAsync("/billing");
        Assert.Equal(1, await visitor.Page.Locator("[data-overdue=soon]").CountAsync());
        await visitor.JudgeAsync($"plan-ends-soon-{language}");
        await PaidThroughAsync(now.AddDays(-1), "prepaid");
        await visitor.GoAsync("/billing");
        Assert.Contains(language == "en" ? "Becomes the free plan" : "转为免费套餐", await visitor.TextAsync("[data-overdue=subscription]"), StringComparison.Ordinal);
        await visitor.JudgeAsync($"plan-grace-{language}");

        // An overdue invoice is told of day by day until nothing goes through.
        await PaidThroughAsync(now.AddDays(20), "prepaid");
        var dunning = Guid.CreateVersion7(now);
        await fixture.Hub.Database.AsAdminAsync<Guid>(
            $"insert into dunning_cases (id, organization_id, reason, subject_id, since, stage, attempts) values ('{dunning}', '{organization}', 'invoice', '{dunning}', '{now.AddDays(-4):O}', 'reminded', 0) returning id");
        await visitor.GoAsync("/billing/plan");
        Assert.Contains(language == "en" ? "An invoice is overdue" : "有账单已逾期", await visitor.TextAsync("[data-overdue=invoice]"), StringComparison.Ordinal);
        Assert.Contains(language == "en" ? "New calls are refused" : "停止接受新调用", await visitor.TextAsync("[data-overdue=invoice]"), StringComparison.Ordinal);
        await visitor.JudgeAsync($"plan-overdue-{language}");
        await fixture.Hub.Database.AsAdminAsync<Guid>($"update organizations set standing = 'restricted' where id = '{organization}' returning id");
        await visitor.GoAsync("/billing/plan");
        Assert.Equal(1, await visitor.Page.Locator(".notice.bad [data-overdue=invoice]").CountAsync());
        await visitor.JudgeAsync($"plan-restricted-{language}");

        Task<Guid> PaidThroughAsync(DateTimeOffset through, string collection) => fixture.Hub.Database.AsAdminAsync<Guid>(
            $"update subscriptions set paid_through = '{through:O}', collection = '{collection}' where organization_id = '{organization}' and status = 'active' returning id");
    }

    private async Task<Visitor> OperatorAsync(Uri portal, Visit visit)
    {
        var desk = await Visitor.OpenAsync(portal, visit);
        await desk.BecomeOperatorAsync(fixture.Hub, await desk.RegisterAsync());
        return desk;
    }

    /// <summary>Pays the order of the page at the simulated channel.</summary>
    private async Task<string> PayAsync(Visitor visitor)
    {
        var number = await visitor.TextAsync(".order code");
        await PaymentHub.PollAsync(async () => (await fixture.Sim.PostAsJsonAsync("stripe/pay", new { out_trade_no = number })).IsSuccessStatusCode);
        return number;
    }

    private async Task RefillAsync()
    {
        await using var db = fixture.Hub.Database.Open();
        await RefillRun.RunOnceAsync(db, fixture.Clock.GetUtcNow(), default);
    }

    private static async Task SetAsync(Visitor visitor, string below, string amount, string cap)
    {
        await visitor.FillAsync("#below", below);
        await visitor.FillAsync("#amount", amount);
        await visitor.FillAsync("#cap", cap);
        await visitor.ClickAsync("form:has(#below) button.primary");
    }

    private static async Task RedeemAsync(Visitor visitor, string code)
    {
        await visitor.FillAsync("#code", code);
        await visitor.ClickAsync("form:has(#code) button.primary");
    }

    private static async Task RefundAsync(Visitor desk, string amount, string reason)
    {
        await desk.FillAsync("#amount", amount);
        await desk.FillAsync("#reason", reason);
        await desk.AskedAsync("section[aria-labelledby=refunds] form > button");
    }

    private static async Task CreditAsync(Visitor desk, string amount)
    {
        await desk.FillAsync("#amount", amount);
        await desk.FillAsync("#credit-reason", "服务补偿");
        await desk.AskedAsync("section[aria-labelledby=credit] form > button");
    }
}
