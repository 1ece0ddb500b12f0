using System.Globalization;
using AiHub.Domain.Quotas;

namespace AiHub.Tests.Portal;

/// <summary>Every movement of a balance, to the last digit.</summary>
public sealed class MovementPageTests
{
    // More than fit on one page.
    private const int Calls = 28;

    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task The_movements_of_every_balance_sum_to_it_page_by_page(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        var email = await visitor.RegisterAsync();
        await visitor.GoAsync("/billing/movements?account=purchased");
        Assert.Equal(1, await visitor.Page.Locator(".empty").CountAsync());
        await hub.Database.AsAdminAsync<bool>(
            $"""
             select ledger_post(gen_random_uuid(), organization.id, 'top_up:' || gen_random_uuid(), 'top_up', 'payments', 'wallet_purchased', organization.currency, 19990000000, now(), now(), 'alipay 1')
             from organizations organization join memberships on memberships.organization_id = organization.id join users on users.id = memberships.user_id where users.email = '{email}'
             """);
        await hub.MoveToPlanAsync(email, PlanIds.Developer);
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("only"));
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
            Assert.Equal($"{(language == "en" ? "$" : "¥")}{sum.ToString("0.00", CultureInfo.InvariantCulture)}", await visitor.TextAsync($"[data-figure={account}]"));
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
}
