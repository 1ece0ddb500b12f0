using System.Globalization;
using AiHub.Tests.Hub;

namespace AiHub.Tests.Portal;

/// <summary>Channels' bills beside the books, on the operator's desk.</summary>
public sealed class BillPageTests
{
    [BrowserTheory]
    [InlineData("en", false)]
    [InlineData("zh-CN", true)]
    public async Task A_bill_that_differs_is_looked_into_exported_and_accepted(string language, bool scripts)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: scripts, Keyboard: scripts));
        await desk.BecomeOperatorAsync(hub, await desk.RegisterAsync());
        // Long ago, and a day for each language: nobody else has a bill of it.
        var day = new DateOnly(2025, 3, language == "en" ? 4 : 5);
        await hub.Database.AddBillAsync("alipay", day);
        var key = $"alipay/{day:yyyy-MM-dd}";

        await desk.GoAsync($"/admin/finance/bills?from={day:yyyy-MM-dd}&to={day:yyyy-MM-dd}&status=differs");
        await desk.CountIsAsync(1, $"[data-bill='{key}'][data-status=differs]");
        Assert.Contains("1 / 2", await desk.TextAsync($"[data-bill='{key}']"), StringComparison.Ordinal);
        Assert.Contains("¥119.66", await desk.TextAsync($"[data-bill='{key}']"), StringComparison.Ordinal);
        await desk.JudgeAsync($"bills-{language}");

        await desk.ClickAsync($"[data-bill='{key}'] th a");
        await desk.CountIsAsync(1, "[data-line]");
        await desk.CountIsAsync(1, "[data-line=missing_here]");
        await desk.JudgeAsync($"bill-{language}");
        var file = await desk.Page.APIRequest.GetAsync(new Uri(portal.Url, (await desk.Page.GetAttributeAsync("a[href$='.csv']", "href"))!).ToString());
        Assert.Equal("text/csv; charset=utf-8", file.Headers["content-type"]);
        Assert.Contains("payment,missing_here,", await file.TextAsync(), StringComparison.Ordinal);
        Assert.Equal("2", file.Headers["x-aihub-rows"]);

        await desk.ClickAsync("[data-line] td.actions > button");
        await desk.FillAsync("[popover]:popover-open input[name=reason]", "Paid out by hand");
        await desk.ClickAsync("[popover]:popover-open .primary");
        await desk.Page.WaitForURLAsync("**?done=accepted");
        await desk.CountIsAsync(0, "[data-line]");
        await desk.CountIsAsync(1, "[data-figure=status].good");
        await desk.GoAsync($"/admin/finance/bills/{key}?lines=all");
        await desk.CountIsAsync(2, "[data-line]");
        Assert.Contains("Paid out by hand", await desk.TextAsync("[data-line=missing_here]"), StringComparison.Ordinal);

        await desk.ClickAsync(".head-actions form button");
        await desk.Page.WaitForURLAsync("**?done=again");
    }

    [BrowserFact]
    public async Task Every_table_of_finance_says_how_long_it_is_and_tells_how_far_its_download_has_come()
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var desk = await Visitor.OpenAsync(portal.Url, new Visit("en"));
        await desk.BecomeOperatorAsync(hub, await desk.RegisterAsync());
        var day = new DateOnly(2025, 3, 6);
        await hub.Database.AddBillAsync("alipay", day);

        foreach (var (page, tables) in new[] { ("/admin/finance", 5), ($"/admin/finance/bills/alipay/{day:yyyy-MM-dd}", 1) })
        {
            await desk.GoAsync(page);
            var links = desk.Page.Locator("a[data-download]");
            Assert.Equal((page, tables), (page, await links.CountAsync()));
            for (var i = 0; i < tables; i++)
            {
                var href = (await links.Nth(i).GetAttributeAsync("href"))!;
                var plain = await desk.Page.APIRequest.GetAsync(new Uri(portal.Url, href).ToString());
                var lines = (await plain.TextAsync()).Split("\r\n", StringSplitOptions.RemoveEmptyEntries).Length - 1;
                Assert.Equal((href, lines.ToString(CultureInfo.InvariantCulture)), (href, plain.Headers["x-aihub-rows"]));
            }
        }

        var file = await desk.Page.RunAndWaitForDownloadAsync(() => desk.Page.ClickAsync("a[data-download]"));
        Assert.Equal("alipay-2025-03-06.csv", file.SuggestedFilename);
        Assert.Equal(2, await desk.Page.Locator(".download progress").EvaluateAsync<int>("bar => bar.value"));

        await desk.Page.RouteAsync("**/*.csv", _ => Task.CompletedTask);
        await desk.Page.ClickAsync("a[data-download]");
        await desk.Page.ClickAsync("[data-download-stop]");
        await desk.Page.WaitForSelectorAsync("a[data-download]:not([aria-disabled])");
        Assert.Equal(0, await desk.Page.Locator("[data-download-stop]:visible").CountAsync());
    }
}

public static class BillRows
{
    /// <summary>A bill of which one line is as the books say and one is not.</summary>
    public static async Task AddBillAsync(this TestDatabase database, string channel, DateOnly day)
    {
        if (await database.AsAdminAsync<bool>($"select exists (select from channel_bills where channel = '{channel}' and day = '{day:yyyy-MM-dd}')"))
        {
            return;
        }

        var (bill, at) = (Guid.CreateVersion7(), new DateTimeOffset(day.ToDateTime(new TimeOnly(4, 0)), TimeSpan.Zero));
        await database.AsAdminAsync<Guid>(
            $"""
             insert into channel_bills (id, channel, day, starts_at, ends_at, status, differences, attempts, next_attempt_at, compared_at)
             values ('{bill}', '{channel}', '{day:yyyy-MM-dd}', '{at.AddHours(-12):O}', '{at.AddHours(12):O}', 'differs', 1, 1, null, '{at.AddDays(1):O}');
             insert into channel_bill_lines (id, bill_id, reference, kind, verdict, currency, amount_minor, our_amount_minor, fee_nanos, fee_currency, occurred_at, out_trade_no, channel_trade_no)
             values ('{Guid.CreateVersion7()}', '{bill}', 'line 1', 'payment', 'matched', 'CNY', 10000, 10000, 300000000, 'CNY', '{at:O}', '{bill:N}', '2025030422001{bill:N}'),
                    ('{Guid.CreateVersion7()}', '{bill}', 'line 2', 'payment', 'missing_here', 'CNY', 2000, null, 40000000, 'CNY', '{at.AddMinutes(1):O}', null, '2025030422002{bill:N}')
             ;
             select '{bill}'::uuid from bill_book('{bill}', '{at.AddDays(1):O}')
             """);
    }
}
