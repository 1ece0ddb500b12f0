using System.Net.Http.Json;
using System.Text;
using AiHub.Tests.Payments;
using UglyToad.PdfPig;

namespace AiHub.Tests.Portal;

/// <summary>Receipts, fapiao and finance through the portal, with the worker that makes them.</summary>
public sealed class InvoicePageTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task What_was_paid_has_a_receipt_to_keep_and_finance_sees_it(string language)
    {
        await using var portal = await PortalHost.StartAsync(fixture.Hub);
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Keyboard: language == "zh-CN"));
        var email = await visitor.RegisterAsync("蓝海 Studio", "CNY");
        await visitor.GoAsync("/billing");
        await visitor.CheckAsync("input[value=wechat_pay]");
        await visitor.FillAsync("#amount", "29.90");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync(".qr");
        var paid = await fixture.Sim.PostAsJsonAsync("wechat-pay/pay", new { out_trade_no = await visitor.TextAsync(".order code"), notice = "sent", copies = 1 });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());

        await visitor.GoAsync("/invoices/details");
        await visitor.FillAsync("#name", "杭州蓝海科技有限公司");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync(".notice.good");
        await visitor.JudgeAsync($"invoice-details-{language}");
        await PaymentHub.PollAsync(async () =>
        {
            await visitor.GoAsync("/invoices");
            return await visitor.Page.Locator("[data-invoice]").CountAsync() == 1;
        });
        await visitor.JudgeAsync($"invoices-{language}");
        await visitor.ClickAsync("[data-invoice] a");
        Assert.Equal(language == "en" ? "Paid" : "已支付", await visitor.TextAsync("[data-figure=status]"));
        Assert.Equal("¥29.90", await visitor.TextAsync("[data-figure=total]"));
        await visitor.JudgeAsync($"invoice-{language}");
        var href = await visitor.Page.GetAttributeAsync("[data-file='zh-CN']", "href");
        await PaymentHub.PollAsync(async () => (await FileAsync(visitor, portal.Url, href!)).Length > 0);
        using (var pdf = PdfDocument.Open(await FileAsync(visitor, portal.Url, href!)))
        {
            var text = new string(string.Concat(pdf.GetPages().Select(page => page.Text)).Normalize(NormalizationForm.FormKC).Where(letter => !char.IsWhiteSpace(letter)).ToArray());
            Assert.Contains("充值收据", text, StringComparison.Ordinal);
            Assert.Contains("¥29.90", text, StringComparison.Ordinal);
        }

        await visitor.GoAsync("/fapiao");
        Assert.Equal("¥0.00", await visitor.TextAsync("[data-figure=invoiceable]"));
        await visitor.JudgeAsync($"fapiao-{language}");
        await visitor.GoAsync("/fapiao/titles/new");
        await visitor.FillAsync("#name", "杭州蓝海科技有限公司");
        await visitor.FillAsync("#tax-id", "91350100M000100Y42");
        await visitor.FillAsync("#email", "finance@example.com");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#tax-id[aria-invalid=true]");
        await visitor.JudgeAsync($"fapiao-title-{language}");
        await visitor.FillAsync("#tax-id", "91350100M000100Y43");
        await visitor.ClickAsync("form.form button.primary");
        await visitor.Page.WaitForSelectorAsync("#title");

        await fixture.Hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) select id, created_at from users where email = '{email}' returning user_id");
        await visitor.GoAsync("/admin/finance");
        // The hub is both languages' customer's.
        Assert.Contains((await visitor.TextAsync("[data-channel=wechat_pay] td")).Trim(), new[] { "¥29.90", "¥59.80" });
        Assert.True(await visitor.Page.Locator("[data-order]").CountAsync() > 0);
        await visitor.JudgeAsync($"finance-{language}");
    }

    private static async Task<byte[]> FileAsync(Visitor visitor, Uri portal, string href)
    {
        var response = await visitor.Page.APIRequest.GetAsync(new Uri(portal, href).ToString());
        return response.Headers["content-type"] == "application/pdf" ? await response.BodyAsync() : [];
    }
}
