using System.Security.Cryptography;
using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Payments;

/// <summary>What must be true of the books of payments whatever channels and customers do at once, numbered as the billing rules number it.</summary>
public sealed class PaymentInvariantTests(LedgerFixture books) : IClassFixture<LedgerFixture>
{
    private const int Few = 8;
    private static readonly DateTimeOffset Now = Customer.Start;

    [Property(MaxTest = Few)]
    public async Task Invariant_24_whatever_is_told_in_whatever_order_and_at_once_the_order_ends_paid_and_credited_once(NonEmptyArray<byte> told, bool atOnce)
    {
        var customer = await books.CustomerAsync();
        var order = await OrderAsync(customer, 1_999);
        var genuine = order.Proof(Now);
        // Paid is told at some place among what else may be told about the same order.
        var tellings = told.Get.Take(8).Append((byte)0).Select<byte, Func<HubDb, Task>>(what => db => (what % 6) switch
        {
            0 or 1 => db.CreditAsync(order, genuine, Now.AddSeconds(what)),
            2 => db.ClosedAsync(order.Id, failed: what % 4 == 0, "Nobody paid.", Now.AddHours(1), Now.AddSeconds(what), default),
            3 => db.CheckAgainAsync(order.Id, Now.AddMinutes(1), "Not yet.", default),
            4 => db.OpenedAsync(order.Id, null, "weixin://pay", "reference", Now.AddMinutes(1), default),
            _ => db.CreditAsync(order, genuine with { AmountMinor = 2_000 }, Now),
        }).ToList();
        if (atOnce)
        {
            await Task.WhenAll(tellings.Select(TellAsync));
        }
        else
        {
            foreach (var telling in tellings)
            {
                await TellAsync(telling);
            }
        }

        Assert.Equal((PaymentOrderStatus.Paid, 19_990_000_000), (await StatusAsync(order), (await customer.BalancesAsync()).Purchased.Posted));
    }

    [Property(MaxTest = Few)]
    public async Task Invariant_25_all_refunds_together_never_exceed_what_was_paid_and_each_ends_once(NonEmptyArray<PositiveInt> amounts, byte failing)
    {
        var customer = await books.CustomerAsync();
        var order = await OrderAsync(customer, 5_000);
        await TellAsync(db => db.CreditAsync(order, order.Proof(Now), Now));
        // There is other money, so that nothing but the order's own amount is in the way.
        await customer.TopUpAsync(100_000_000_000);
        var refunds = amounts.Get.Take(10).Select(amount => order.Refund(1 + (amount.Get * 397 % 3_000), Now)).ToList();

        var refusals = await Task.WhenAll(refunds.Select(async refund =>
        {
            await using var db = books.Database.Open();
            return await db.InOrganizationAsync(customer.Id, () => db.OpenRefundAsync(refund, default), default);
        }));
        var opened = refunds.Where((_, index) => refusals[index] is null).ToList();
        Assert.InRange(opened.Sum(refund => refund.AmountMinor), refunds.Min(refund => refund.AmountMinor), 5_000);
        Assert.Equal((15_000 - opened.Sum(refund => refund.AmountMinor)) * 10_000_000, (await customer.BalancesAsync()).Purchased.Posted);

        // The channel's word comes twice and from two sides; the first one counts.
        await Task.WhenAll(opened.SelectMany((refund, index) => Enumerable.Repeat((refund, Fails: index % 8 == failing % 8), 2)).Select(end => TellAsync(
            db => db.RefundEndedAsync(end.refund.Id, !end.Fails, end.Fails ? "no" : null, Now, default))));
        var gone = opened.Where((_, index) => index % 8 != failing % 8).Sum(refund => refund.AmountMinor);
        Assert.Equal((15_000 - gone) * 10_000_000, (await customer.BalancesAsync()).Purchased.Posted);
    }

    [Property(MaxTest = 40)]
    public Property Invariant_26_a_payment_that_is_not_the_order_s_in_every_field_credits_nothing() => Prop.ForAll(
        Gen.Choose(1, 31).ToArbitrary(),
        Gen.Elements(-1L, 1, 100, -1_999, long.MaxValue - 1_999).ToArbitrary(),
        (fields, difference) =>
        {
            CheckAsync().GetAwaiter().GetResult();

            async Task CheckAsync()
            {
                var customer = await books.CustomerAsync();
                var order = await OrderAsync(customer, 1_999);
                var proof = order.Proof(Now);
                proof = new PaymentProof(
                    (fields & 1) != 0 ? PaymentChannelId.Alipay : proof.Channel,
                    (fields & 2) != 0 ? null : proof.Merchant,
                    (fields & 4) != 0 ? "another app" : proof.App,
                    (fields & 8) != 0 ? "CNY" : proof.Currency,
                    (fields & 16) != 0 ? proof.AmountMinor + difference : proof.AmountMinor,
                    proof.ChannelTradeNo, proof.PaidAt);

                await TellAsync(async db => Assert.Equal(CreditOutcome.Mismatch, await db.CreditAsync(order, proof, Now)));
                Assert.Equal((PaymentOrderStatus.Created, 0), (await StatusAsync(order), (await customer.BalancesAsync()).Purchased.Posted));
            }
        });

    [Property(MaxTest = Few)]
    public async Task Invariant_29_what_is_booked_with_a_channel_is_what_its_bill_says_last_however_often_it_writes_it(NonEmptyArray<NonEmptyArray<sbyte>> versions, bool atOnce)
    {
        var bill = Guid.CreateVersion7();
        var day = new DateTimeOffset(1990, 1, 1, 0, 0, 0, TimeSpan.Zero).AddDays(RandomNumberGenerator.GetInt32(10_000));
        await books.Database.AsAdminAsync<Guid>(
            $"""
             insert into channel_bills (id, channel, day, starts_at, ends_at, status, differences, attempts)
             values ('{bill}', 'alipay', '{day:yyyy-MM-dd}', '{day:O}', '{day.AddDays(1):O}', 'waiting', 0, 0) returning id
             """);
        // A number for each line: the fee in fen, or less of it given back; every third line is a payout, which has no fee.
        var written = versions.Get.Take(6).Select(version => version.Get.Take(8).Select((fen, index) => index % 3 == 2
            ? new BillLine($"payout:{index}", BillLineKind.Payout, "CNY", fen, 0, "CNY", day)
            : new BillLine($"line:{index}", BillLineKind.Other, "CNY", 100, fen * 10_000_000L, index % 3 == 1 ? "USD" : "CNY", day)).ToArray()).ToList();

        foreach (var lines in written)
        {
            Task Compare() => TellAsync(db => db.CompareBillAsync(bill, lines, Now, default));
            await (atOnce ? Task.WhenAll(Compare(), Compare(), Compare()) : Compare());
            await Compare();
        }

        await using var admin = books.Database.OpenAsAdmin();
        var entries = await (
            from journal in admin.ChannelJournals.AsNoTracking()
            where journal.BillId == bill
            join entry in admin.ChannelEntries.AsNoTracking() on journal.Id equals entry.JournalId
            select new { journal.Reference, entry.Account, entry.Unit, entry.Amount }).ToListAsync();
        Assert.Equal(
            written[^1].SelectMany(line => line.Kind == BillLineKind.Payout
                ? [(line.Reference, ChannelAccount.Bank, line.Currency, -line.AmountMinor * 10_000_000L)]
                : new[] { (line.Reference, ChannelAccount.Fees, line.FeeCurrency, line.FeeNanos) }).Where(line => line.Item4 != 0).Order(),
            entries.Where(entry => entry.Account != ChannelAccount.Clearing).GroupBy(entry => (entry.Reference, entry.Account, entry.Unit))
                .Select(line => (line.Key.Reference, line.Key.Account, line.Key.Unit, line.Sum(entry => entry.Amount))).Where(line => line.Item4 != 0).Order());
        Assert.All(entries.GroupBy(entry => entry.Unit), unit => Assert.Equal(0, unit.Sum(entry => entry.Amount)));
        Assert.Empty(await admin.Database.SqlQuery<string>($"select violation as \"Value\" from bill_audit()").ToListAsync());
    }

    private async Task<PaymentOrder> OrderAsync(Customer customer, long amountMinor)
    {
        await using var db = books.Database.Open();
        return await db.OrderAsync(customer, Currency.USD, amountMinor, Now);
    }

    private async Task TellAsync(Func<HubDb, Task> tell)
    {
        await using var db = books.Database.Open();
        await tell(db);
    }

    private async Task<PaymentOrderStatus> StatusAsync(PaymentOrder order)
    {
        await using var db = books.Database.OpenAsAdmin();
        return await db.PaymentOrders.Where(row => row.Id == order.Id).Select(row => row.Status).SingleAsync();
    }
}
