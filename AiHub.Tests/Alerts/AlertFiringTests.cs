using AiHub.Domain.Alerts;
using AiHub.Domain.Quotas;
using AiHub.Tests.Accounts;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Alerts;

/// <summary>A threshold is told of once per period, whoever notices it and however often.</summary>
public sealed class AlertFiringTests(LedgerFixture fixture) : IClassFixture<LedgerFixture>
{
    [Fact]
    public async Task A_quota_fires_each_threshold_once_in_a_period_and_again_in_the_next()
    {
        var customer = await fixture.CustomerAsync();
        var channel = await ChannelAsync(customer);
        await RuleAsync(customer, AlertKind.Quota, [50, 80, 100]);

        await UseAsync(customer, 4_999);
        await FireAsync(Customer.Start);
        Assert.Empty(await FiringsAsync(customer));

        await UseAsync(customer, 1);
        await FireAsync(Customer.Start);
        await FireAsync(Customer.Start);
        var first = Assert.Single(await FiringsAsync(customer));
        Assert.Equal((50, 5_000L, 10_000L, "TOK"), (first.Threshold, first.UsedAmount, first.OfAmount, first.Unit));
        Assert.Equal([(first.Id, channel)], await DeliveriesAsync(customer));

        // Two at once: both are written down, the higher one is told.
        await UseAsync(customer, 5_000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => FireAsync(Customer.Start)));
        var all = await FiringsAsync(customer);
        Assert.Equal([50, 80, 100], all.Select(firing => firing.Threshold).Order());
        Assert.Equal(
            new[] { first.Id, all.Single(firing => firing.Threshold == 100).Id }.Order(),
            (await DeliveriesAsync(customer)).Select(delivery => delivery.Firing).Order());

        var next = Customer.Start.AddMonths(1);
        await using (var db = fixture.Database.Open())
        {
            await AiHub.Worker.Quotas.PeriodRun.RunAsync(db, fixture.Ledger, next, (_, failure) => Assert.Fail(failure.Message), default);
        }

        await FireAsync(next);
        Assert.Equal(3, (await FiringsAsync(customer)).Count);
        await UseAsync(customer, 6_000, next);
        await FireAsync(next);
        Assert.Equal(4, (await FiringsAsync(customer)).Count);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_budget_fires_each_threshold_once_in_a_period_whether_it_refuses_or_not(bool hard)
    {
        var customer = await fixture.CustomerAsync(PlanIds.Developer);
        await ChannelAsync(customer);
        await customer.BudgetAsync(1_000, BudgetScope.Organization, period: BudgetPeriod.Day, hard: hard);
        var (fired, tomorrow) = (new List<int>(), Customer.Start.AddDays(1));
        foreach (var (used, at) in new[] { (499, Customer.Start), (1, Customer.Start), (299, Customer.Start), (1, Customer.Start), (150, Customer.Start), (50, Customer.Start), (500, tomorrow) })
        {
            await UseAsync(customer, used, at);
            await Task.WhenAll(FireAsync(at), FireAsync(at));
            fired.Add((await FiringsAsync(customer)).Count);
        }

        Assert.Equal([0, 1, 1, 2, 3, 4, 5], fired);
        var firings = (await FiringsAsync(customer)).OrderBy(firing => firing.FiredAt).ThenBy(firing => firing.Threshold).ToList();
        Assert.Equal([(50, 500L), (80, 800L), (95, 950L), (100, 1_000L), (50, 500L)], firings.Select(firing => (firing.Threshold, firing.UsedAmount)));
        Assert.All(firings, firing => Assert.Equal((AlertKind.Budget, 1_000L, "TOK"), (firing.Kind, firing.OfAmount, firing.Unit)));
        Assert.Equal(5, (await DeliveriesAsync(customer)).Count);
    }

    [Fact]
    public async Task A_wallet_fires_once_each_time_it_falls_below_the_line()
    {
        var customer = await fixture.CustomerAsync();
        await RuleAsync(customer, AlertKind.Wallet, [0], below: 5_000);
        await customer.TopUpAsync(10_000);
        await FireAsync(Customer.Start);
        Assert.Empty(await FiringsAsync(customer));

        await customer.PostAsync("refund:1", "wallet_purchased", "payments", "USD", 6_000, null);
        await FireAsync(Customer.Start);
        await FireAsync(Customer.Start);
        Assert.Equal((4_000L, 5_000L, "USD"), Assert.Single(await FiringsAsync(customer)) is var low ? (low.UsedAmount, low.OfAmount, low.Unit) : default);

        await customer.TopUpAsync(1_000, "top-up:2");
        await FireAsync(Customer.Start);
        Assert.Single(await FiringsAsync(customer));
        await customer.PostAsync("refund:2", "wallet_purchased", "payments", "USD", 1, null);
        await FireAsync(Customer.Start);
        await FireAsync(Customer.Start);
        Assert.Equal(2, (await FiringsAsync(customer)).Count);
    }

    [Fact]
    public async Task A_rule_tells_the_channels_it_names_and_no_removed_one()
    {
        var customer = await fixture.CustomerAsync();
        var (named, other, removed) = (await ChannelAsync(customer), await ChannelAsync(customer), await ChannelAsync(customer, removed: true));
        await RuleAsync(customer, AlertKind.Quota, [1], channels: [named, removed]);
        await RuleAsync(customer, AlertKind.Quota, [2]);
        await UseAsync(customer, 1_000);

        await FireAsync(Customer.Start);

        Assert.Equal(new[] { named, named, other }.Order(), (await DeliveriesAsync(customer)).Select(delivery => delivery.Channel).Order());
    }

    private async Task FireAsync(DateTimeOffset now)
    {
        await using var db = fixture.Database.Open();
        await db.FireAlertsAsync(now, default);
    }

    private static async Task UseAsync(Customer customer, long tokens, DateTimeOffset? at = null) =>
        await customer.SettleAsync(await customer.HoldAsync(tokens, at: at), tokens, at: at);

    private async Task<Guid> ChannelAsync(Customer customer, bool removed = false)
    {
        await using var db = fixture.Database.OpenAsAdmin();
        var channel = new AlertChannel
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = customer.Id,
            Kind = AlertChannelKind.Email,
            Name = "finance",
            Target = "finance@example.com",
            Language = "en",
            CreatedAt = Customer.Start,
            RemovedAt = removed ? Customer.Start : null,
        };
        db.AlertChannels.Add(channel);
        await db.SaveChangesAsync();
        return channel.Id;
    }

    private async Task RuleAsync(Customer customer, AlertKind kind, int[] thresholds, long? below = null, Guid[]? channels = null)
    {
        await using var db = fixture.Database.OpenAsAdmin();
        db.AlertRules.Add(new AlertRule
        {
            Id = Guid.CreateVersion7(),
            OrganizationId = customer.Id,
            Kind = kind,
            Name = "low",
            Thresholds = thresholds,
            BelowNanos = below,
            ChannelIds = channels ?? [],
            CreatedAt = Customer.Start,
        });
        await db.SaveChangesAsync();
    }

    private async Task<List<AlertFiring>> FiringsAsync(Customer customer)
    {
        await using var db = fixture.Database.OpenAsAdmin();
        return await db.AlertFirings.AsNoTracking().Where(row => row.OrganizationId == customer.Id).ToListAsync();
    }

    private async Task<List<(Guid Firing, Guid Channel)>> DeliveriesAsync(Customer customer)
    {
        await using var db = fixture.Database.OpenAsAdmin();
        return [.. (await db.AlertDeliveries.AsNoTracking().Where(row => row.OrganizationId == customer.Id).ToListAsync()).Select(row => (row.FiringId, row.ChannelId))];
    }
}
