using System.Text;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Accounts;
using AiHub.Worker.Invoicing;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using UglyToad.PdfPig;

namespace AiHub.Tests.Invoices;

/// <summary>Invoices over the real ledger. The fixture audits the books at the end: every invoice equals its lines and its journals.</summary>
public sealed class InvoiceTests(LedgerFixture books) : PostpaidTests(books)
{
    private static readonly DateTimeOffset Start = Customer.Start;
    private static readonly DateTimeOffset June = new(2026, 5, 31, 16, 0, 0, TimeSpan.Zero);
    private static readonly DateTimeOffset July = new(2026, 6, 30, 16, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Later = InvoiceRun.Grace + TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_top_up_gets_its_receipt_once_and_a_refund_its_credit_note()
    {
        var customer = await Books.CustomerAsync(currency: Currency.CNY);
        var order = await PayAsync(customer, 29_900);

        await Task.WhenAll(RunAsync(Start), RunAsync(Start), RunAsync(Start));
        await RunAsync(Start.AddDays(1));

        var (receipt, lines) = Assert.Single(await InvoicesAsync(customer));
        Assert.Equal((InvoiceKind.TopUp, InvoiceStatus.Paid, 28_208, 1_692, 29_900, 29_900), (receipt.Kind, receipt.Status, receipt.SubtotalMinor, receipt.TaxMinor, receipt.TotalMinor, receipt.PaidMinor));
        Assert.StartsWith("AIH-2026-", receipt.Number);
        Assert.Equal(29_900, Assert.Single(lines).AmountMinor);
        Assert.Equal(16_920_000_000, await customer.BookedAsync(AccountKind.TaxPayable, "CNY"));
        Assert.Equal(-16_920_000_000, await customer.BookedAsync(AccountKind.TaxIncluded, "CNY"));

        await RefundAsync(customer, order, 10_000);
        await Task.WhenAll(RunAsync(Start.AddDays(2)), RunAsync(Start.AddDays(2)));
        await RefundAsync(customer, order, 19_900);
        await RunAsync(Start.AddDays(3));

        await using var db = Books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            var notes = await db.CreditNotes.AsNoTracking().OrderBy(note => note.Sequence).ToListAsync();
            Assert.Equal([(10_000, 566), (19_900, 1_126)], notes.Select(note => (note.TotalMinor, note.TaxMinor)));
            Assert.All(notes, note => Assert.StartsWith("AIH-CN-2026-", note.Number));
            Assert.Equal(29_900, (await db.Invoices.AsNoTracking().SingleAsync()).CreditedMinor);
        }, default);
        Assert.Equal(0, await customer.BookedAsync(AccountKind.TaxPayable, "CNY"));
    }

    [Fact]
    public async Task A_postpaid_month_is_invoiced_once_and_the_limit_covers_used_and_invoiced_together()
    {
        var customer = await PostpaidAsync(100_000_000_000);
        await UseAsync(customer, 20_004_000_000, Start);
        await UseAsync(customer, 10_003_000_000, Start.AddHours(1), "deepseek/deepseek-v4-flash");
        await UseAsync(customer, 5_000_000_000, June.AddHours(3));

        await RunAsync(June.AddMinutes(30));
        Assert.Empty(await InvoicesAsync(customer));
        await Task.WhenAll(RunAsync(June + Later), RunAsync(June + Later), RunAsync(June + Later));
        await RunAsync(June.AddDays(3));

        var (invoice, lines) = Assert.Single(await InvoicesAsync(customer));
        Assert.Equal((InvoiceStatus.Finalized, 3_001, June), (invoice.Status, invoice.TotalMinor, invoice.PeriodEndsAt));
        Assert.Equal([(2_001, 20_004_000_000), (1_000, 10_003_000_000)], lines.Select(line => (line.AmountMinor, line.ExactNanos!.Value)));
        Assert.Equal(-30_010_000_000, await customer.BookedAsync(AccountKind.Receivable, "CNY"));
        Assert.Equal(-35_007_000_000 + 30_010_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        Assert.Equal(64_990_000_000 + 3_000_000, await CreditLeftAsync(customer));

        await OperateAsync(customer, (db, now) => db.PaidAsync(invoice.Id, "bank 1", now, default));
        Assert.Equal(InvoiceStatus.Paid, (await InvoicesAsync(customer)).Single().Invoice.Status);
        Assert.Equal(0, await customer.BookedAsync(AccountKind.Receivable, "CNY"));
        Assert.Equal(95_003_000_000, await CreditLeftAsync(customer));

        await RunAsync(July + Later);
        Assert.Equal([500, 3_001], (await InvoicesAsync(customer)).Select(pair => pair.Invoice.TotalMinor).Order());
    }

    [Fact]
    public async Task A_run_that_is_months_late_invoices_every_month_and_what_was_paid_in_advance_is_not_asked_for_again()
    {
        var customer = await PostpaidAsync(100_000_000_000);
        await customer.TopUpAsync(12_000_000_000, currency: Currency.CNY);
        await UseAsync(customer, 15_000_000_000, Start);
        await UseAsync(customer, 8_000_000_000, June.AddDays(1));

        await RunAsync(July.AddDays(70));

        var invoices = (await InvoicesAsync(customer)).OrderBy(pair => pair.Invoice.PeriodEndsAt).ToList();
        Assert.Equal([300, 800], invoices.Select(pair => pair.Invoice.TotalMinor));
        Assert.Equal([1_500, -1_200], invoices[0].Lines.Select(line => line.AmountMinor));
        Assert.Equal(0, (await customer.BalancesAsync()).Purchased.Posted);
        await using var db = Books.Database.Open();
        Assert.Equal(4, await db.InOrganizationAsync(customer.Id, () => db.UsageMonths.CountAsync(), default));
    }

    [Fact]
    public async Task What_is_voided_is_invoiced_anew_what_is_credited_is_owed_no_more_and_what_is_given_up_is_written_off()
    {
        var customer = await PostpaidAsync(50_000_000_000);
        await UseAsync(customer, 30_000_000_000, Start);
        await RunAsync(June + Later);
        var first = (await InvoicesAsync(customer)).Single().Invoice;

        Assert.True(await OperateAsync(customer, (db, now) => db.VoidAsync(first.Id, "wrong company", now, default)));
        Assert.False(await OperateAsync(customer, (db, now) => db.VoidAsync(first.Id, "again", now, default)));
        Assert.Equal(-30_000_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        await RunAsync(June + Later + Later);

        var (second, lines) = (await InvoicesAsync(customer)).Single(pair => pair.Invoice.Status == InvoiceStatus.Finalized);
        Assert.Equal((3_000, 20_000_000_000), (second.TotalMinor, await CreditLeftAsync(customer)));
        Assert.True(second.Sequence > first.Sequence);

        Assert.Null(await OperateAsync(customer, (db, now) => db.CreditAsync(
            Guid.CreateVersion7(), second.Id, CreditDisposition.Offset, null, "service credit", InvoiceBooks.Spread(1_000, lines, Nothing), now, default)));
        Assert.Equal(CreditRefusal.MoreThanLine, await OperateAsync(customer, (db, now) => db.CreditAsync(
            Guid.CreateVersion7(), second.Id, CreditDisposition.Offset, null, "too much", InvoiceBooks.Spread(2_500, lines, Nothing), now, default)));
        Assert.Equal(30_000_000_000, await CreditLeftAsync(customer));
        Assert.False(await OperateAsync(customer, (db, now) => db.VoidAsync(second.Id, "credited", now, default)));

        await RunAsync(second.DueAt!.Value.AddMinutes(1));
        Assert.Equal(InvoiceStatus.Overdue, (await InvoicesAsync(customer)).Single(pair => pair.Invoice.Id == second.Id).Invoice.Status);
        Assert.True(await OperateAsync(customer, (db, now) => db.GiveUpAsync(second.Id, "insolvent", now, default)));
        Assert.Equal(0, await customer.BookedAsync(AccountKind.Receivable, "CNY"));
        Assert.Equal(-20_000_000_000, await customer.BookedAsync(AccountKind.WriteOff, "CNY"));
    }

    [Fact]
    public async Task An_order_that_pays_an_invoice_pays_it_and_leaves_the_wallet_as_it_was()
    {
        var customer = await PostpaidAsync(50_000_000_000);
        await UseAsync(customer, 30_000_000_000, Start);
        await RunAsync(June + Later);
        var invoice = (await InvoicesAsync(customer)).Single().Invoice;

        var order = await PayAsync(customer, 3_000, invoice.Id);
        await RunAsync(June + Later + Later);

        Assert.Equal((InvoiceStatus.Paid, 3_000), ((await InvoicesAsync(customer)).Single().Invoice.Status, (await InvoicesAsync(customer)).Single().Invoice.PaidMinor));
        Assert.Equal(0, (await customer.BalancesAsync()).Purchased.Posted);
        Assert.Equal(50_000_000_000, await CreditLeftAsync(customer));
        Assert.NotEqual(Guid.Empty, order);
    }

    [Theory]
    [InlineData("paid")]
    [InlineData("void")]
    [InlineData("credited")]
    public async Task An_order_whose_invoice_no_longer_waits_for_it_fills_the_wallet_with_a_receipt_and_a_message(string meanwhile)
    {
        var customer = await PostpaidAsync(50_000_000_000);
        await UseAsync(customer, 30_000_000_000, Start);
        await RunAsync(June + Later);
        var invoice = (await InvoicesAsync(customer)).Single().Invoice;
        switch (meanwhile)
        {
            case "paid":
                await PayAsync(customer, 3_000, invoice.Id);
                break;
            case "void":
                Assert.True(await OperateAsync(customer, (db, now) => db.VoidAsync(invoice.Id, "wrong company", now, default)));
                break;
            default:
                var line = (await InvoicesAsync(customer)).Single().Lines[0];
                Assert.Null(await OperateAsync(customer, (db, now) => db.CreditAsync(Guid.CreateVersion7(), invoice.Id, CreditDisposition.Offset, null, "goodwill", [new CreditedLine(line.Id, 1_000, InvoiceTotals.RoundHalfEven((Int128)line.TaxMinor * 1_000, line.AmountMinor))], now, default)));
                break;
        }

        var before = (await customer.BalancesAsync()).Purchased.Posted;
        var order = await PayAsync(customer, 3_000, invoice.Id);
        await Task.WhenAll(RunAsync(June + Later + Later), RunAsync(June + Later + Later));

        // All of it is purchased balance, it has a receipt, and whoever pays is told once.
        Assert.Equal(before + 30_000_000_000, (await customer.BalancesAsync()).Purchased.Posted);
        var receipt = Assert.Single(await InvoicesAsync(customer), row => row.Invoice.OrderId == order).Invoice;
        Assert.Equal((InvoiceKind.TopUp, InvoiceStatus.Paid, 3_000L), (receipt.Kind, receipt.Status, receipt.TotalMinor));
        await using var db = Books.Database.OpenAsAdmin();
        var mail = await db.BillingMails.AsNoTracking().SingleAsync(row => row.OrganizationId == customer.Id);
        Assert.Equal((BillingMailKind.PaymentKept, invoice.Number, "3000"), (mail.Kind, mail.Values["invoice"], mail.Values["amount"]));
    }

    [Theory]
    [InlineData("update invoices set total_minor = total_minor + 1, subtotal_minor = subtotal_minor + 1 where organization_id = '{0}' returning id")]
    [InlineData("update invoices set buyer = '{{}}' where organization_id = '{0}' returning id")]
    [InlineData("update invoices set number = 'X', status = 'draft' where organization_id = '{0}' returning id")]
    [InlineData("delete from invoices where organization_id = '{0}' returning id")]
    [InlineData("update invoice_lines set amount_minor = 1 where organization_id = '{0}' returning id")]
    [InlineData("delete from invoice_lines where organization_id = '{0}' returning id")]
    [InlineData("insert into invoice_lines select gen_random_uuid(), invoice_id, organization_id, position + 1, kind, description_zh, description_en, quantity, input_tokens, output_tokens, amount_minor, tax_basis_points, tax_minor, exact_nanos from invoice_lines where organization_id = '{0}' returning id")]
    [InlineData("update invoice_documents set content = '' where organization_id = '{0}' returning id")]
    [InlineData("truncate invoice_lines cascade")]
    public async Task Nobody_changes_a_final_invoice(string sql)
    {
        var customer = await Books.CustomerAsync(currency: Currency.CNY);
        await PayAsync(customer, 1_000);
        await RunAsync(Start);

        var refused = await Assert.ThrowsAsync<PostgresException>(() => Books.Database.AsAdminAsync<object>(string.Format(null, sql, customer.Id)));

        Assert.True(refused.SqlState is "23001" or "42804" or "42601", $"{refused.SqlState} {refused.MessageText}");
        Assert.Equal("23001", refused.SqlState);
    }

    [Fact]
    public async Task Invariant_23_numbers_have_no_gap_however_many_finalize_at_once_and_however_many_roll_back()
    {
        var customers = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Books.CustomerAsync(currency: Currency.USD)));
        var random = new Random(20260520);
        var plans = Enumerable.Range(0, 90).Select(i => (Customer: customers[i % customers.Length], RollsBack: random.Next(3) == 0, Source: $"top_up:gap-{i}")).ToList();

        await Parallel.ForEachAsync(plans, new ParallelOptions { MaxDegreeOfParallelism = 12 }, async (plan, ct) =>
        {
            await using var db = Books.Database.Open();
            try
            {
                await db.InOrganizationAsync(plan.Customer.Id, async () =>
                {
                    var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == Currency.USD, ct);
                    var draft = InvoiceDraft.OfSubscription(plan.Customer.Id, seller, plan.Source, [new DraftLine(InvoiceLineKind.Subscription, "套餐", "Plan", 2_900)], null, null, null, Start);
                    await db.FinalizeAsync(draft, Start, ct);
                    if (plan.RollsBack)
                    {
                        throw new OperationCanceledException("changed my mind");
                    }
                }, ct);
            }
            catch (OperationCanceledException)
            {
            }
        });

        await using var admin = Books.Database.OpenAsAdmin();
        var numbers = await admin.Invoices.Where(invoice => invoice.LegalEntityId == "intl" && invoice.Year == 2026).Select(invoice => invoice.Sequence!.Value).OrderBy(number => number).ToListAsync();
        Assert.Equal(Enumerable.Range(1, plans.Count(plan => !plan.RollsBack)), numbers);
        Assert.InRange(numbers.Count, 1, plans.Count - 1);
    }

    [Theory]
    [InlineData("zh-CN", "账单", "购买方", "不含税金额", "合计")]
    [InlineData("en", "Invoice", "Bill to", "Net", "Total")]
    public async Task The_file_holds_the_names_and_totals_of_the_invoice_in_its_language(string language, params string[] words)
    {
        var customer = await PostpaidAsync(500_000_000_000);
        await using (var db = Books.Database.Open())
        {
            await db.InOrganizationAsync(customer.Id, async () =>
            {
                db.BillingProfiles.Add(new BillingProfile
                {
                    OrganizationId = customer.Id,
                    Name = "杭州镕鑫䶮科技有限公司",
                    Address = "浙江省杭州市西湖区文三路 123 号",
                    TaxId = "91330106MA27XG3R4H",
                    Email = "finance@example.com",
                    Language = language,
                    UpdatedAt = Start,
                });
                await db.SaveChangesAsync();
            }, default);
        }

        await UseAsync(customer, 123_456_000_000, Start, "deepseek/deepseek-v4-flash");
        await RunAsync(June + Later);

        await using var look = Books.Database.OpenAsAdmin();
        var invoice = await look.Invoices.AsNoTracking().SingleAsync(row => row.OrganizationId == customer.Id);
        var file = await look.InvoiceDocuments.AsNoTracking().SingleAsync(document => document.SubjectId == invoice.Id && document.Language == language);
        var mail = await look.InvoiceMails.AsNoTracking().SingleAsync(row => row.SubjectId == invoice.Id);
        Assert.Equal(("finance@example.com", language), (mail.Target, mail.Language));
        using var pdf = PdfDocument.Open(file.Content);
        var text = Squeezed(string.Concat(pdf.GetPages().Select(page => page.Text)));

        Assert.Equal((12_346, 11_647, 699), (invoice.TotalMinor, invoice.SubtotalMinor, invoice.TaxMinor));
        Assert.All([.. words, "杭州镕鑫䶮科技有限公司", "91330106MA27XG3R4H", "浙江省杭州市西湖区", invoice.Number!, "¥123.46", "¥116.47", "¥6.99", "2026-05-01", "2026-05-31", "6%"],
            expected => Assert.Contains(Squeezed(expected), text, StringComparison.Ordinal));
        Assert.InRange(file.Content.Length, 5_000, 400_000);
    }

    private static readonly ILookup<Guid, CreditedLine> Nothing = Array.Empty<CreditedLine>().ToLookup(line => line.Line);

    private static string Squeezed(string text) => new(text.Normalize(NormalizationForm.FormKC).Where(letter => !char.IsWhiteSpace(letter)).ToArray());

    private async Task<int> RunAsync(DateTimeOffset now)
    {
        await using var db = Books.Database.Open();
        var failures = new List<Exception>();
        var made = await InvoiceRun.RunAsync(db, now, (_, failure) => failures.Add(failure), default);
        // Two runs that make the same file at once: one of them finds it there.
        Assert.DoesNotContain(failures, failure => failure is not DbUpdateException { InnerException: PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } });
        return made;
    }

    private async Task<Guid> PayAsync(Customer customer, long minor, Guid? invoice = null)
    {
        var order = Guid.CreateVersion7(Start);
        await Books.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_orders (id, organization_id, user_id, purpose, channel, scene, status, client_address, currency, amount_minor, out_trade_no, created_at, expires_at, checks, invoice_id)
             select '{order}', id, '{customer.OwnerId}', '{(invoice is null ? "top_up" : "invoice")}', 'alipay', 'desktop', 'created', '127.0.0.1', currency, {minor}, '{order:N}', '{Start:O}', '{Start.AddHours(1):O}', 0,
                    {(invoice is null ? "null" : $"'{invoice}'")}::uuid
             from organizations where id = '{customer.Id}' returning id
             """);
        Assert.Equal("credited", await Books.Database.AsAdminAsync<string>(
            $"select payment_credit('{order}', 'alipay', 'm', 'm', null, null, (select currency from organizations where id = '{customer.Id}'), {minor}, 't{order:N}', '{Start:O}', gen_random_uuid(), '{Start:O}')"));
        return order;
    }

    private async Task RefundAsync(Customer customer, Guid order, long minor)
    {
        var refund = Guid.CreateVersion7(Start);
        await using var db = Books.Database.Open();
        await db.InOrganizationAsync(customer.Id, async () =>
        {
            Assert.Equal("accepted", await db.Database.SqlQuery<string>(
                $"select payment_refund({refund}, {customer.Id}, {order}, {customer.OwnerId}, {minor}, {refund.ToString("N")}, null, 'not needed', {Start}) as \"Value\"").SingleAsync());
            Assert.True(await db.Database.SqlQuery<bool>($"select refund_ended({refund}, true, null, {Guid.CreateVersion7()}, {Start}) as \"Value\"").SingleAsync());
        }, default);
    }
}
