using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Usage;

namespace AiHub.Tests.Portal;

/// <summary>Where an organization stands, at a glance.</summary>
public sealed class OverviewPageTests
{
    [BrowserTheory]
    [InlineData("en")]
    [InlineData("zh-CN")]
    public async Task Quota_spend_pace_alerts_budgets_and_the_last_calls_stand_side_by_side(string language)
    {
        var (hub, portal) = await PortalHost.SharedAsync();
        await using var visitor = await Visitor.OpenAsync(portal.Url, new Visit(language, Scripts: false));
        var email = await visitor.RegisterAsync();
        using var api = hub.NewApiClient(await visitor.CreateKeyAsync("only"));
        await api.ChatAsync("one two three");
        await api.ChatAsync("lorem 5", "sim/lorem");
        await visitor.CreateBudgetAsync("100", "tokens", hard: false);
        var calls = await hub.CallsOfAsync(email);

        // As if the period had begun ten days ago.
        var organization = await hub.Database.AsAdminAsync<Guid>($"select organization_id from memberships join users on users.id = memberships.user_id where users.email = '{email}'");
        await hub.Database.AsAdminAsync<Guid>($"update periods set starts_at = starts_at - interval '10 days' where organization_id = '{organization}' returning id");
        await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into alert_firings (id, organization_id, kind, source_id, name, period, threshold, used_amount, of_amount, unit, fired_at)
             values (gen_random_uuid(), '{organization}', 'budget', gen_random_uuid(), 'Prototype', '2026', 80, 81, 100, 'TOK', now()) returning id
             """);
        var before = await PaceAsync();
        await visitor.GoAsync("/overview");
        var after = await PaceAsync();

        var used = calls.Sum(call => call.PlanTokensCharged);
        var quota = await visitor.TextAsync("section[aria-labelledby=quota]");
        Assert.Equal(Written(10_000 - used), await visitor.TextAsync("[data-figure=remaining]"));
        Assert.Contains(Written(used), quota, StringComparison.Ordinal);
        Assert.Contains(Enumerable.Range(0, (int)(before - after) + 1).Select(less => Written(before - less)), expected => quota.Contains(expected, StringComparison.Ordinal));
        Assert.Equal(2, await visitor.Page.Locator("section[aria-labelledby=spend] .tile-note .amount").CountAsync());
        Assert.Equal(calls.Sum(call => Number(call.Cost)), Number((await visitor.Page.Locator("section[aria-labelledby=spend] .tile-value .amount").GetAttributeAsync("title"))![1..]));
        Assert.Equal("2", await visitor.TextAsync("[data-figure=requests]"));
        Assert.Contains("Prototype", await visitor.TextAsync("section[aria-labelledby=alerts]"), StringComparison.Ordinal);
        Assert.Equal(1, await visitor.Page.Locator("section[aria-labelledby=tight] .budget-state").CountAsync());
        Assert.Equal(calls.Select(call => call.Id.ToString()), await visitor.Page.Locator("[data-call]").EvaluateAllAsync<string[]>("rows => rows.map(row => row.dataset.call)"));

        async Task<long> PaceAsync()
        {
            var starts = await hub.Database.AsAdminAsync<DateTime>($"select starts_at from periods where organization_id = '{organization}'");
            var ends = await hub.Database.AsAdminAsync<DateTime>($"select ends_at from periods where organization_id = '{organization}'");
            var spent = calls.Sum(call => call.PlanTokensCharged);
            return Pace.Of(new PeriodView(starts, ends), new QuotaView(10_000, spent, 0, 10_000 - spent, ends), hub.Clock.GetUtcNow())!.Value.ExpectedTokens;
        }
    }

    private static string Written(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    private static decimal Number(string text) => decimal.Parse(text, CultureInfo.InvariantCulture);
}
