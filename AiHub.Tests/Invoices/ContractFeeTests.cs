using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Worker.Invoicing;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Tests.Invoices;

/// <summary>What contracts cost beside what is used. The fixture audits the books at the end.</summary>
public sealed class ContractFeeTests(LedgerFixture books) : PostpaidTests(books)
{
    private static readonly DateTimeOffset Start = Customer.Start;
    private static readonly TimeSpan Later = InvoiceRun.Grace + TimeSpan.FromMinutes(1);

    [Theory]
    // A whole month; the 17 days left of May; a month that ends in the middle; nothing before a month is over.
    [InlineData("month", 30_000, "2026-05-01", null, "2026-06-01", "2026-05-01 2026-06-01 30000")]
    [InlineData("month", 30_000, "2026-05-15", null, "2026-06-01", "2026-05-15 2026-06-01 16452")]
    [InlineData("month", 30_000, "2026-05-15", "2026-07-11", "2026-08-01", "2026-05-15 2026-06-01 16452, 2026-06-01 2026-07-01 30000, 2026-07-01 2026-07-11 9677")]
    [InlineData("month", 30_000, "2026-05-15", "2026-05-20", "2026-06-01", "2026-05-15 2026-05-20 4839")]
    [InlineData("month", 30_000, "2026-05-15", null, "2026-05-31", "")]
    [InlineData("month", 31, "2026-05-01", "2026-05-02", "2026-06-01", "2026-05-01 2026-05-02 1")]
    // A year when it begins, from its own first day; what is left of one whose end is known; a leap day comes back.
    [InlineData("year", 365_000, "2026-05-15", null, "2026-06-01", "2026-05-15 2027-05-15 365000")]
    [InlineData("year", 365_000, "2026-05-15", "2027-08-13", "2027-06-01", "2026-05-15 2027-05-15 365000, 2027-05-15 2027-08-13 89754")]
    [InlineData("year", 365_000, "2026-06-01", null, "2026-06-01", "")]
    [InlineData("year", 1_200, "2028-02-29", null, "2032-03-01", "2028-02-29 2029-02-28 1200, 2029-02-28 2030-02-28 1200, 2030-02-28 2031-02-28 1200, 2031-02-28 2032-02-29 1200, 2032-02-29 2033-02-28 1200")]
    public void A_period_is_due_when_its_month_is_over_or_its_year_begins_and_in_part_it_is_charged_by_the_day(
        string interval, long amount, string from, string? until, string day, string periods) =>
        Assert.Equal(periods, string.Join(", ", Fee(interval, amount, from, until).Due(Day(day)).Select(period => $"{period.StartsOn:yyyy-MM-dd} {period.EndsOn:yyyy-MM-dd} {period.AmountMinor}")));

    [Fact]
    public async Task A_contract_s_fee_has_a_line_of_its_own_beside_the_month_s_use_once_however_often_the_run_comes_or_dies()
    {
        var customer = await PostpaidAsync(100_000_000_000);
        Assert.Null(await AgreeAsync(customer, 30_000, PlanInterval.Month, "2026-05-15"));
        await UseAsync(customer, 20_000_000_000, Start);

        // A run that dies between the lines and their journal leaves nothing; those that race make one invoice.
        await using (var db = Books.Database.Open())
        {
            await Assert.ThrowsAsync<InvalidOperationException>(() => db.InOrganizationAsync<int>(customer.Id, async () =>
            {
                var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == Currency.CNY);
                var (draft, _) = InvoiceDraft.OfMonth(customer.Id, seller, [], await db.FeesDueAsync(Day("2026-06-01"), default), 0, 0, Start, May, "usage:died", Start);
                await db.FinalizeAsync(draft!, May, default);
                throw new InvalidOperationException("power cut");
            }, default));
        }

        await Task.WhenAll(RunAsync(May + Later), RunAsync(May + Later), RunAsync(May + Later));
        await RunAsync(May.AddDays(3));

        var (invoice, lines) = Assert.Single(await InvoicesAsync(customer));
        Assert.Equal([(InvoiceLineKind.Usage, 2_000), (InvoiceLineKind.ContractFee, 16_452)], lines.Select(line => (line.Kind, line.AmountMinor)));
        Assert.Equal(("合同服务费（2026-05-15 至 2026-05-31）", "Contract fee, 2026-05-15 to 2026-05-31"), (lines[1].DescriptionZh, lines[1].DescriptionEn));
        // Taxed at the rate of the rest, inside the price in China.
        Assert.Equal((18_452, 1_044, 931), (invoice.TotalMinor, invoice.TaxMinor, lines[1].TaxMinor));

        Assert.Equal(-184_520_000_000, await customer.BookedAsync(AccountKind.Receivable, "CNY"));
        Assert.Equal(164_520_000_000, await customer.BookedAsync(AccountKind.SubscriptionRevenue, "CNY"));
        Assert.Equal(20_000_000_000, await customer.BookedAsync(AccountKind.UsageRevenue, "CNY"));
        Assert.Equal(0, (await customer.BalancesAsync()).Purchased.Posted);
        // The limit is for calls: the fee takes none of it.
        Assert.Equal(80_000_000_000, await CreditLeftAsync(customer));

        Assert.True(await OperateAsync(customer, (db, now) => db.PaidAsync(invoice.Id, "bank 1", now, default)));
        Assert.Equal((0, 100_000_000_000), (await customer.BookedAsync(AccountKind.Receivable, "CNY"), await CreditLeftAsync(customer)));

        await RunAsync(May.AddMonths(2).AddDays(1));
        Assert.Equal([16_452, 30_000, 30_000], (await InvoicesAsync(customer)).SelectMany(pair => pair.Lines).Where(line => line.Kind == InvoiceLineKind.ContractFee).Select(line => line.AmountMinor).Order());
    }

    [Fact]
    public async Task What_was_paid_in_advance_for_calls_does_not_pay_the_fee_and_a_customer_without_credit_is_invoiced_too()
    {
        var customer = await Books.CustomerAsync(PlanIds.Enterprise, Currency.CNY);
        await customer.TopUpAsync(900_000_000_000, currency: Currency.CNY);
        Assert.Null(await AgreeAsync(customer, 365_000, PlanInterval.Year, "2026-05-15", "2027-05-15"));
        await UseAsync(customer, 20_000_000_000, Start);

        await RunAsync(May + Later);
        await RunAsync(May.AddMonths(13));

        var (invoice, lines) = Assert.Single(await InvoicesAsync(customer));
        Assert.Equal((InvoiceKind.Usage, 365_000, 365_000), (invoice.Kind, invoice.TotalMinor, Assert.Single(lines).AmountMinor));
        Assert.Equal(880_000_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        await using var db = Books.Database.Open();
        // Once all of it is charged nobody looks any more.
        Assert.DoesNotContain(await db.MonthsToInvoiceAsync(May.AddYears(3), Guid.Empty, 1_000, default), due => due.OrganizationId == customer.Id);
    }

    [Fact]
    public async Task A_voided_fee_is_charged_anew_and_a_credited_one_gives_back_what_it_had_earned()
    {
        var customer = await PostpaidAsync(50_000_000_000);
        Assert.Null(await AgreeAsync(customer, 30_000, PlanInterval.Month, "2026-05-01"));
        await UseAsync(customer, 10_000_000_000, Start);
        await RunAsync(May + Later);
        var first = (await InvoicesAsync(customer)).Single().Invoice;

        Assert.True(await OperateAsync(customer, (db, now) => db.VoidAsync(first.Id, "wrong company", now, default)));
        Assert.Equal(0, await customer.BookedAsync(AccountKind.SubscriptionRevenue, "CNY"));
        await RunAsync(May + Later + Later);

        var (second, lines) = (await InvoicesAsync(customer)).Single(pair => pair.Invoice.Status == InvoiceStatus.Finalized);
        Assert.Equal(31_000, second.TotalMinor);
        var nothing = Array.Empty<CreditedLine>().ToLookup(line => line.Line);
        Assert.Null(await OperateAsync(customer, (db, now) => db.CreditAsync(
            Guid.CreateVersion7(), second.Id, CreditDisposition.Offset, null, "service credit", InvoiceBooks.Spread(11_000, lines, nothing), now, default)));

        Assert.Equal((200_000_000_000, 0), (await customer.BookedAsync(AccountKind.SubscriptionRevenue, "CNY"), await customer.BookedAsync(AccountKind.UsageRevenue, "CNY")));
        // The use was given back, all of it; the limit is whole again.
        Assert.Equal(50_000_000_000, await CreditLeftAsync(customer));
    }

    [Fact]
    public async Task Another_fee_begins_where_no_invoice_has_been_and_a_contract_that_ends_is_charged_until_the_day_before()
    {
        var customer = await PostpaidAsync(50_000_000_000);
        Assert.Null(await AgreeAsync(customer, 30_000, PlanInterval.Month, "2026-05-01"));
        await RunAsync(May + Later);

        Assert.Equal(Day("2026-06-01"), await AgreeAsync(customer, 60_000, PlanInterval.Month, "2026-05-20"));
        Assert.Null(await AgreeAsync(customer, 60_000, PlanInterval.Month, "2026-06-16"));
        Assert.Null(await AgreeAsync(customer, 60_000, PlanInterval.Month, "2026-06-16", "2027-01-01"));
        await OperateAsync(customer, async (db, _) =>
        {
            await db.EndContractFeeAsync(customer.Id, new DateTimeOffset(2026, 7, 10, 20, 0, 0, TimeSpan.Zero), default);
            return true;
        });
        await RunAsync(May.AddMonths(4));

        // 15 days of June at the old price and 15 at the new; it ended on 11 July in Shanghai.
        Assert.Equal([30_000, 15_000, 30_000, 19_355], (await InvoicesAsync(customer)).OrderBy(pair => pair.Invoice.PeriodEndsAt).SelectMany(pair => pair.Lines).Select(line => line.AmountMinor));
        // Charged until its end it is over; what is agreed anew begins after it.
        Assert.Equal(Day("2026-07-11"), await AgreeAsync(customer, 60_000, PlanInterval.Month, "2026-06-16"));
        Assert.Null(await AgreeAsync(customer, 60_000, PlanInterval.Month, "2026-10-01"));
        var refused = await Assert.ThrowsAsync<PostgresException>(() => Books.Database.AsAdminAsync<Guid>($"update contract_fees set amount_minor = 1 where organization_id = '{customer.Id}' returning id"));
        Assert.Equal("23001", refused.SqlState);

        // Nobody but an operator agrees one.
        await using var db = Books.Database.Open();
        var stranger = await Assert.ThrowsAsync<PostgresException>(() => db.InOrganizationAsync(
            customer.Id, () => db.SetContractFeeAsync(customer.Id, 1, PlanInterval.Month, Day("2026-09-01"), null, Start, default), default));
        Assert.Equal(PostgresErrorCodes.InsufficientPrivilege, stranger.SqlState);
    }

    private static DateTimeOffset May => new(2026, 5, 31, 16, 0, 0, TimeSpan.Zero);

    private static DateOnly Day(string text) => DateOnly.ParseExact(text, "yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture);

    private static ContractFee Fee(string interval, long amount, string from, string? until) => new()
    {
        Id = Guid.CreateVersion7(),
        OrganizationId = Guid.Empty,
        AmountMinor = amount,
        Interval = Enum.Parse<PlanInterval>(interval, ignoreCase: true),
        StartsOn = Day(from),
        EndsOn = until is null ? null : Day(until),
        CreatedAt = Start,
    };

    private Task<DateOnly?> AgreeAsync(Customer customer, long minor, PlanInterval interval, string from, string? until = null) => OperateAsync(customer, (db, now) =>
        db.SetContractFeeAsync(customer.Id, minor, interval, Day(from), until is null ? null : Day(until), now, default));

    private async Task RunAsync(DateTimeOffset now)
    {
        await using var db = Books.Database.Open();
        await InvoiceRun.InvoiceAsync(db, now, (_, failure) => throw failure, default);
    }
}
