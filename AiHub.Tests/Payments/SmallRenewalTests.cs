using AiHub.Domain;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Worker.Invoicing;
using AiHub.Worker.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Payments;

/// <summary>Terms that cost less than a card pays at once. The fixture audits the books at the end.</summary>
public sealed class SmallRenewalTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private const long Fee = 20;

    [Fact]
    public async Task A_renewal_below_Stripe_s_minimum_takes_the_minimum_once_and_the_rest_of_it_pays_the_terms_after()
    {
        await books.Database.AsAdminAsync<string>($"update plans set usd_nanos = {Fee * 10_000_000} where id = 'developer' returning id");
        var customer = await books.CustomerAsync();
        var ends = await SubscribeAsync(customer);

        // Nothing in the wallet: the card pays half a dollar, of which the term takes its 20 cents.
        await RenewAsync(ends.AddMinutes(1));
        await RenewAsync(ends.AddMinutes(2));
        var order = Assert.Single(await OpenAsync(customer));
        Assert.Equal((50, PaymentPurpose.Subscription, PaymentChannelId.Stripe), (order.AmountMinor, order.Purpose, order.Channel));
        await using (var db = books.Database.Open())
        {
            Assert.Equal(CreditOutcome.Credited, await db.CreditAsync(order, order.Proof(ends.AddMinutes(3)), ends.AddMinutes(3)));
            await InvoiceRun.InvoiceAsync(db, ends.AddMinutes(4), (_, failure) => throw failure, default);
        }

        Assert.Equal(300_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        Assert.Equal(
            [(InvoiceLineKind.Subscription, Fee), (InvoiceLineKind.TopUp, 30)],
            await LinesAsync(customer, order.Id));

        // The next term finds its fee in the wallet and leaves the card alone; the one after finds too little again.
        var second = await PaidThroughAsync(customer);
        Assert.True(second > ends);
        await RenewAsync(second.AddMinutes(1));
        Assert.Empty(await OpenAsync(customer));
        Assert.Equal(100_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        var third = await PaidThroughAsync(customer);
        Assert.True(third > second);
        await RenewAsync(third.AddMinutes(1));
        Assert.Equal(50, Assert.Single(await OpenAsync(customer)).AmountMinor);
    }

    private async Task<DateTimeOffset> SubscribeAsync(Customer customer)
    {
        await using var db = books.Database.Open();
        var plan = await db.Plans.AsNoTracking().SingleAsync(row => row.Id == PlanIds.Developer);
        var (subscription, zone) = await db.InOrganizationAsync(
            customer.Id,
            async () => (await db.Subscriptions.AsNoTracking().SingleAsync(row => row.Status == SubscriptionStatus.Active), await db.Organizations.Select(row => row.TimeZone).SingleAsync()),
            default);
        var quote = PlanChange.Start(plan, PlanInterval.Month, plan.Price(Currency.USD, PlanInterval.Month)!.Value, zone, Customer.Start);
        var charge = SubscriptionCharge.Of(quote, subscription.Quoted, customer.OwnerId, plan.Id, PlanInterval.Month, Collection.Automatic, Currency.USD, Customer.Start, Customer.Start);
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            db.SubscriptionCharges.Add(charge);
            await db.SaveChangesAsync();
        }, default);
        var order = await db.OrderAsync(customer, Currency.USD, Fee, Customer.Start, PaymentPurpose.Subscription, charge, saves: true);
        await db.CreditAsync(order, order.Proof(Customer.Start), Customer.Start);
        await db.SaveMethodAsync(order.Id, new ChannelMethod($"cus_{customer.Id:N}", $"pm_{order.Id:N}", "visa", "4242"), Customer.Start, default);
        return await PaidThroughAsync(customer);
    }

    private async Task RenewAsync(DateTimeOffset now)
    {
        await using var db = books.Database.Open();
        await RenewalRun.RunAsync(db, now, (_, failure) => throw failure, default);
    }

    private async Task<List<PaymentOrder>> OpenAsync(Customer customer)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, () => db.PaymentOrders.AsNoTracking().Where(row => row.Status == PaymentOrderStatus.Created).ToListAsync(), default);
    }

    private async Task<DateTimeOffset> PaidThroughAsync(Customer customer)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(customer.Id, () => db.Subscriptions.Where(row => row.Status == SubscriptionStatus.Active).Select(row => row.PaidThrough!.Value).SingleAsync(), default);
    }

    private async Task<List<(InvoiceLineKind, long)>> LinesAsync(Customer customer, Guid order)
    {
        await using var db = books.Database.Open();
        return await db.InOrganizationAsync(
            customer.Id,
            async () => (await db.InvoiceLines.AsNoTracking().Where(line => db.Invoices.Any(invoice => invoice.Id == line.InvoiceId && invoice.OrderId == order)).OrderBy(line => line.Position).ToListAsync())
                .ConvertAll(line => (line.Kind, line.AmountMinor)),
            default);
    }
}
