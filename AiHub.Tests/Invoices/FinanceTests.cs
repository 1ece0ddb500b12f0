using System.Globalization;
using System.Net;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Domain.Usage;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Accounts;
using AiHub.Tests.Management;
using AiHub.Tests.Payments;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;

namespace AiHub.Tests.Invoices;

/// <summary>Invoices, fapiao and finance at the management API: what customers and operators see and do.</summary>
public sealed class FinanceTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    /// <summary>What the services may do across organizations for finance and fapiao; each asks for an operator, but for what runs use.</summary>
    public static readonly string[] Granted = ["fapiao_due", "fapiao_provided", "finance_bill_accept", "finance_bill_again", "finance_bill_lines", "finance_bill_sums", "finance_bills", "finance_channel_fees", "finance_close", "finance_disputes", "finance_models", "finance_orders", "finance_payments", "finance_receivables", "finance_revenue"];

    // A day that no other test looks at.
    private static readonly DateTimeOffset At = new(2026, 3, 10, 8, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task A_customer_reads_its_invoices_and_an_operator_settles_them()
    {
        var customer = await hub.RegisterAsync("CNY");
        var invoice = await InvoiceSetup.OpenAsync(hub, customer);
        var worker = await OperatorAsync();

        var seen = await customer.ReadAsync<InvoiceView>($"billing/invoices/{invoice}");
        Assert.Equal(("usage", "finalized", "4.72", "0.28", "5", "5"), (seen.Kind, seen.Status, seen.Subtotal, seen.Tax, seen.Total, seen.Due));
        Assert.Equal(invoice, Assert.Single((await customer.ReadAsync<Page<InvoiceView>>("billing/invoices")).Data).Id);
        Assert.Equal("document_not_ready", (await customer.GetAsync($"billing/invoices/{invoice}/pdf")).Problem.Code);
        (await customer.GetAsync($"billing/invoices/{invoice}/pdf?language=fr")).IsInvalid("language", FieldText.OneOf, "zh-CN, en");
        Assert.Equal("invoice_not_found", (await customer.GetAsync($"billing/invoices/{Guid.CreateVersion7()}")).Problem.Code);

        Assert.Contains((await worker.ReadAsync<Page<HubInvoiceView>>("admin/finance/invoices?status=finalized")).Data, row => row.Id == invoice && row.Due == "5");
        Assert.Contains((await worker.ReadAsync<Page<Receivable>>("admin/finance/receivables")).Data, row => row.OrganizationId == customer.OrganizationId && row.Open == "5");

        var credited = (await worker.PostAsync($"admin/finance/invoices/{invoice}/credit-notes", new NewCreditNote("2.00", "offset", "service credit"))).Read<InvoiceView>();
        Assert.Equal(("3", "2"), (credited.Due, Assert.Single(credited.CreditNotes).Total));
        Assert.Equal("credit_not_possible", (await worker.PostAsync($"admin/finance/invoices/{invoice}/credit-notes", new NewCreditNote("3.01", "offset", "too much"))).Problem.Code);
        (await worker.PostAsync($"admin/finance/invoices/{invoice}/credit-notes", new NewCreditNote("x", "offset", "none"))).IsInvalid("amount", FieldText.Amount);
        Assert.Equal("invoice_not_open", (await worker.PostAsync($"admin/finance/invoices/{invoice}/void", new InvoiceReason("credited"))).Problem.Code);

        Assert.Equal("paid", (await worker.PostAsync($"admin/finance/invoices/{invoice}/paid", new InvoiceTransfer("bank 1"))).Read<InvoiceView>().Status);
        Assert.Equal("invoice_not_open", (await worker.PostAsync($"admin/finance/invoices/{invoice}/paid", new InvoiceTransfer("bank 1"))).Problem.Code);
        Assert.Equal("invoice_not_open", (await customer.PostAsync($"billing/invoices/{invoice}/pay", new InvoicePayment("alipay"))).Problem.Code);
        var bank = Assert.Single((await worker.ReadAsync<Page<ChannelTotals>>("admin/finance/payments")).Data, row => row is { Channel: "bank", Currency: "CNY" });
        Assert.Equal(("3", "0", "3"), (bank.Paid, bank.Refunded, bank.Net));

        var voided = await InvoiceSetup.OpenAsync(hub, customer);
        Assert.Equal("void", (await worker.PostAsync($"admin/finance/invoices/{voided}/void", new InvoiceReason("wrong company"))).Read<InvoiceView>().Status);
        var lost = await InvoiceSetup.OpenAsync(hub, customer);
        Assert.Equal("uncollectible", (await worker.PostAsync($"admin/finance/invoices/{lost}/uncollectible", new InvoiceReason("insolvent"))).Read<InvoiceView>().Status);
        Assert.Equal("invoice_not_found", (await worker.PostAsync($"admin/finance/invoices/{Guid.CreateVersion7()}/void", new InvoiceReason("none"))).Problem.Code);
    }

    [Fact]
    public async Task Buyer_and_seller_are_what_the_next_invoice_says()
    {
        var customer = await hub.RegisterAsync("USD");
        var worker = await OperatorAsync();
        Assert.Equal(customer.Email, (await customer.ReadAsync<BillingProfileView>("billing/profile")).Email);
        var profile = new BillingProfileView("Acme Ltd", "1 Main Street", "EU123", "finance@example.com", "en");

        Assert.Equal(profile, (await customer.PutAsync("billing/profile", profile)).Read<BillingProfileView>());
        Assert.Equal(profile, await customer.ReadAsync<BillingProfileView>("billing/profile"));

        var entity = (await worker.ReadAsync<Page<LegalEntityView>>("admin/finance/legal-entities")).Data.Single(row => row.Currency == "USD");
        var change = new LegalEntityChange("AI Hub Inc.", "", "", "", "IBAN 1", "UTC", "Sales tax", "8.25", false, 30);
        Assert.Equal(("AI Hub Inc.", "8.25", false, 30), (await worker.PutAsync($"admin/finance/legal-entities/{entity.Id}", change)).Read<LegalEntityView>() is var changed
            ? (changed.Name, changed.TaxRate, changed.TaxInclusive, changed.PaymentDays) : default);
        Assert.Equal("invoice_not_found", (await worker.PutAsync("admin/finance/legal-entities/none", change)).Problem.Code);
        (await worker.PutAsync($"admin/finance/legal-entities/{entity.Id}", change with { TaxRate = "101", TimeZone = "Mars" })).IsInvalid("tax_rate", FieldText.Range, 0, 100);

        // Tax on top: what is owed is more than what was used, and the ledger owes the tax.
        var invoice = await customer.ReadAsync<InvoiceView>($"billing/invoices/{await InvoiceSetup.OpenAsync(hub, customer)}");
        Assert.Equal(("5", "0.41", "5.41", "Sales tax", false), (invoice.Subtotal, invoice.Tax, invoice.Total, invoice.TaxName, invoice.TaxInclusive));
        await using var db = hub.Database.OpenAsAdmin();
        var kept = await db.Invoices.AsNoTracking().SingleAsync(row => row.Id == invoice.Id);
        Assert.Contains("Acme Ltd", kept.Buyer);
        Assert.Contains("AI Hub Inc.", kept.Seller);
        await worker.PutAsync($"admin/finance/legal-entities/{entity.Id}", change with { TaxRate = "0" });
        await AssertBooksAsync();
    }

    [Fact]
    public async Task A_fapiao_goes_from_request_to_number_to_red_number()
    {
        var customer = await hub.RegisterAsync("CNY");
        var worker = await OperatorAsync();
        var (_, paid) = (await InvoiceSetup.OpenAsync(hub, customer, 300_000_000_000), await worker.ReadAsync<Page<HubInvoiceView>>("admin/finance/invoices"));
        var invoice = paid.Data.First(row => row.OrganizationId == customer.OrganizationId);
        Assert.Equal("0", (await customer.ReadAsync<FapiaoBalance>("billing/fapiao/balance")).Invoiceable);
        await worker.PostAsync($"admin/finance/invoices/{invoice.Id}/paid", new InvoiceTransfer("bank 2"));
        Assert.Equal("300", (await customer.ReadAsync<FapiaoBalance>("billing/fapiao/balance")).Invoiceable);

        var company = new NewFapiaoTitle("company", "=杭州示例科技有限公司", "91350100m000100y43", "finance@example.com");
        (await customer.PostAsync("billing/fapiao/titles", company with { TaxId = "91350100M000100Y42" })).IsInvalid("tax_id", FieldText.SocialCreditCode);
        (await customer.PostAsync("billing/fapiao/titles", company with { Kind = "personal" })).IsInvalid("tax_id", FieldText.OfCompany);
        var title = (await customer.PostAsync("billing/fapiao/titles", company)).Read<FapiaoTitleView>();
        Assert.Equal("91350100M000100Y43", title.TaxId);

        (await customer.PostAsync("billing/fapiao", new NewFapiao(title.Id, "special", "10"))).IsInvalid("title_id", FieldText.SpecialTitle);
        Assert.Equal("fapiao_exceeded", (await customer.PostAsync("billing/fapiao", new NewFapiao(title.Id, "general", "300.01"))).Problem.Code);
        Assert.Equal("fapiao_not_found", (await customer.PostAsync("billing/fapiao", new NewFapiao(Guid.CreateVersion7(), "general", "1"))).Problem.Code);
        var request = (await customer.PostAsync("billing/fapiao", new NewFapiao(title.Id, "general", "299.00"))).Read<FapiaoView>();
        Assert.Equal(("submitted", "299", "16.92"), (request.Status, request.Amount, request.Tax));
        Assert.Equal("1", (await customer.ReadAsync<FapiaoBalance>("billing/fapiao/balance")).Invoiceable);

        Assert.Contains("reverse that first", (await worker.PostAsync($"admin/finance/invoices/{invoice.Id}/credit-notes", new NewCreditNote("2.00", "to_wallet", "goodwill"))).Problem.Detail, StringComparison.Ordinal);

        var csv = (await worker.GetAsync("admin/finance/fapiao/export")).Text;
        Assert.Contains($"{request.Id},issue,general,company,'=杭州示例科技有限公司,91350100M000100Y43", csv, StringComparison.Ordinal);
        Assert.Contains("299,282.08,16.92,6,", csv, StringComparison.Ordinal);
        var import = new FapiaoImport([new FapiaoImportLine(request.Id, "26332000000000000123"), new FapiaoImportLine(Guid.CreateVersion7(), "26332000000000000124")]);
        var progress = Guid.CreateVersion7();
        Assert.Equal((1, 1), (await worker.PostAsync($"admin/finance/fapiao/import?progress={progress}", import)).Read<FapiaoImported>() is var imported ? (imported.Imported, imported.Skipped.Count) : default);
        Assert.Equal(new ImportProgress(2, 2), (await worker.GetAsync($"admin/imports/{progress}")).Read<ImportProgress>());
        Assert.Equal(0, (await worker.PostAsync("admin/finance/fapiao/import", import)).Read<FapiaoImported>().Imported);

        var issued = Assert.Single((await customer.ReadAsync<Page<FapiaoView>>("billing/fapiao")).Data);
        Assert.Equal(("issued", "26332000000000000123"), (issued.Status, issued.Number));
        Assert.Equal("fapiao_not_issued", (await worker.PostAsync($"admin/finance/fapiao/{request.Id}/reject", new FapiaoReason("late"))).Problem.Code);
        Assert.Equal("red_pending", (await customer.PostAsync($"billing/fapiao/{request.Id}/reverse", new FapiaoReason("wrong company"))).Read<FapiaoView>().Status);
        Assert.Equal("fapiao_not_issued", (await customer.PostAsync($"billing/fapiao/{request.Id}/reverse", new FapiaoReason("again"))).Problem.Code);
        await worker.PostAsync("admin/finance/fapiao/import", new FapiaoImport([new FapiaoImportLine(request.Id, "26332000000000000999")]));
        Assert.Equal("300", (await customer.ReadAsync<FapiaoBalance>("billing/fapiao/balance")).Invoiceable);
        Assert.Equal("to_wallet", Assert.Single((await worker.PostAsync($"admin/finance/invoices/{invoice.Id}/credit-notes", new NewCreditNote("2.00", "to_wallet", "goodwill"))).Read<InvoiceView>().CreditNotes).Disposition);
        Assert.Equal("298", (await customer.ReadAsync<FapiaoBalance>("billing/fapiao/balance")).Invoiceable);
        Assert.Equal(("reversed", "26332000000000000999"), Assert.Single((await worker.ReadAsync<Page<HubFapiaoView>>("admin/finance/fapiao?status=reversed")).Data) is var red ? (red.Status, red.RedNumber) : default);

        Assert.Equal(HttpStatusCode.NoContent, (await customer.DeleteAsync($"billing/fapiao/titles/{title.Id}")).Status);
        Assert.Empty((await customer.ReadAsync<Page<FapiaoTitleView>>("billing/fapiao/titles")).Data);
        Assert.Equal("fapiao_not_available", (await (await hub.RegisterAsync("USD")).GetAsync("billing/fapiao/balance")).Problem.Code);
    }

    [Fact]
    public async Task What_a_vendor_gets_is_its_price_as_recorded_with_the_call_whatever_the_customer_pays()
    {
        await using var ledger = new Ledger(hub.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(hub.Database, ledger, PlanIds.Enterprise, Currency.USD, At);
        var worker = await OperatorAsync();
        await customer.TopUpAsync(100_000_000_000);
        var model = $"sim/margin-{Guid.CreateVersion7():N}";
        foreach (var (nanos, vendorNanos, ownKey, source) in new (long, long, Guid?, UsageSource)[]
        {
            // Agreed with the customer at less than the vendor asks; with a key of its own, where the hub has its fee; from the cache; and of a
            // vendor that asks nothing.
            (7_000_000_000, 10_000_000_000, null, UsageSource.Vendor), (1_000_000_000, 20_000_000_000, Guid.CreateVersion7(), UsageSource.Vendor),
            (2_000_000_000, 0, null, UsageSource.Cached), (5_000_000_000, 0, null, UsageSource.Vendor),
        })
        {
            var hold = (await customer.AskAsync(10, nanos: nanos, at: At)).Hold!;
            await ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 10, nanos, At, model, vendorNanos, ownKey, source), At), default);
        }

        await worker.PostAsync("admin/finance/vendor-terms", new NewVendorTerms("sim", "80", At.AddDays(-1)));
        var row = Assert.Single((await worker.ReadAsync<Page<ModelMargin>>("admin/finance/models?from=2026-03-10&to=2026-03-10")).Data, row => row.ModelId == model);
        Assert.Equal(("15", "8", "7"), (row.ListPrice, row.VendorCost, row.Margin));
    }

    [Fact]
    public async Task A_refund_that_failed_is_no_payment_and_a_dispute_that_was_lost_counts_with_its_channel()
    {
        await using var ledger = new Ledger(hub.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        // A day that no other test looks at.
        var at = new DateTimeOffset(2026, 2, 11, 4, 0, 0, TimeSpan.Zero);
        var customer = await Customer.OpenAsync(hub.Database, ledger, PlanIds.Free, Currency.USD, at);
        await using var db = hub.Database.Open();
        var orders = new[] { await db.OrderAsync(customer, Currency.USD, 5_000, at), await db.OrderAsync(customer, Currency.USD, 700, at) };
        foreach (var order in orders)
        {
            await db.CreditAsync(order, order.Proof(at), at);
        }

        foreach (var (minor, succeeds) in new[] { (1_000L, false), (200L, true) })
        {
            var refund = orders[0].Refund(minor, at);
            Assert.Null(await db.InOrganizationAsync(customer.Id, () => db.OpenRefundAsync(refund, default), default));
            await db.RefundEndedAsync(refund.Id, succeeds, succeeds ? null : "no", at, default);
        }

        Assert.Equal("opened", await db.OpenDisputeAsync(PaymentChannelId.Stripe, orders[1].Proof(at).ChannelTradeNo, $"dp_{customer.Id:N}", "USD", 700, "fraudulent", null, at, default));
        Assert.Equal("lost", await db.CloseDisputeAsync($"dp_{customer.Id:N}", false, at, default));

        var worker = await OperatorAsync();
        var channel = Assert.Single((await worker.ReadAsync<Page<ChannelTotals>>("admin/finance/payments?from=2026-02-11&to=2026-02-11")).Data);
        Assert.Equal(("stripe", 2, "57", 2, "9", "48"), (channel.Channel, channel.PaidCount, channel.Paid, channel.RefundedCount, channel.Refunded, channel.Net));
        Assert.Equal("1", (await worker.GetAsync("admin/finance/export?report=payments&from=2026-02-11&to=2026-02-11")).Header("x-aihub-rows"));
    }

    [Fact]
    public async Task Every_figure_of_finance_is_the_sum_of_the_ledger_s_entries()
    {
        await using var ledger = new Ledger(hub.Database.AppConnectionString, TimeProvider.System, NullLogger<Ledger>.Instance);
        var customer = await Customer.OpenAsync(hub.Database, ledger, PlanIds.Enterprise, Currency.USD);
        var worker = await OperatorAsync();
        await customer.TopUpAsync(50_000_000_000);
        await customer.GrantMoneyAsync(3_000_000_000);
        foreach (var nanos in new long[] { 7_000_000_001, 5_500_000_000 })
        {
            var hold = (await customer.AskAsync(10, nanos: nanos)).Hold!;
            await ledger.SettleAsync(new Settlement(hold.Id, customer.Usage(hold, 10, nanos), Customer.Start), default);
        }

        await worker.PostAsync("admin/finance/vendor-terms", new NewVendorTerms("sim", "80", new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero)));
        const string range = "from=2026-05-20&to=2026-05-20";
        var day = Assert.Single((await worker.ReadAsync<Page<RevenueRow>>($"admin/finance/revenue?{range}&by=organization")).Data, row => row.Key == customer.Id.ToString());

        Assert.Equal(await BookedAsync(customer, "usage_revenue"), day.Usage);
        Assert.Equal(await BookedAsync(customer, "promotion"), day.Promotions);
        Assert.Equal(("12.500000001", "-3", "9.500000001"), (day.Usage, day.Promotions, day.Net));
        foreach (var by in new[] { "day", "plan" })
        {
            var rows = (await worker.ReadAsync<Page<RevenueRow>>($"admin/finance/revenue?{range}&by={by}")).Data;
            Assert.Equal(12.500000001m, rows.Where(row => row.Currency == "USD").Sum(row => decimal.Parse(row.Usage, CultureInfo.InvariantCulture)));
        }

        var model = Assert.Single((await worker.ReadAsync<Page<ModelMargin>>($"admin/finance/models?{range}")).Data);
        Assert.Equal(("sim/echo", 2, "12.500000001", "12.500000001", "10.000000001", "2.5"), (model.ModelId, model.Calls, model.ListPrice, model.Charged, model.VendorCost, model.Margin));
        Assert.Equal("80", (await worker.ReadAsync<Page<VendorTermsView>>("admin/finance/vendor-terms")).Data[0].CostPercent);
        Assert.Equal("vendor_not_found", (await worker.PostAsync("admin/finance/vendor-terms", new NewVendorTerms("nobody", "80"))).Problem.Code);
        (await worker.PostAsync("admin/finance/vendor-terms", new NewVendorTerms("sim", "x"))).IsInvalid("cost_percent", FieldText.Range, 0, 200);

        foreach (var (report, expected) in new[] { ("revenue", "2026-05-20,USD,12.500000001"), ("models", "sim/echo,sim,USD,2,12.500000001"), ("payments", "channel,currency"), ("receivables", "organization_id,organization") })
        {
            var csv = await worker.GetAsync($"admin/finance/export?report={report}&{range}");
            Assert.True(csv.Status == HttpStatusCode.OK && csv.Text.Contains(expected, StringComparison.Ordinal), csv.Text);
        }

        (await worker.GetAsync("admin/finance/export?report=gossip")).IsInvalid("report", FieldText.OneOf, "revenue, payments, receivables, models");
        (await worker.GetAsync("admin/finance/revenue?by=mood")).IsInvalid("by", FieldText.OneOf, "day, plan, organization");
        (await worker.GetAsync("admin/finance/models?from=yesterday")).IsInvalid("from", FieldText.Date);
    }

    [Fact]
    public async Task Operators_see_every_order_and_nobody_else_does()
    {
        var customer = await hub.RegisterAsync("USD");
        var worker = await OperatorAsync();
        var order = Guid.CreateVersion7();
        var now = hub.Clock.GetUtcNow();
        await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_orders (id, organization_id, user_id, purpose, channel, scene, status, client_address, currency, amount_minor, out_trade_no, created_at, expires_at, checks)
             values ('{order}', '{customer.OrganizationId}', '{customer.UserId}', 'top_up', 'stripe', 'desktop', 'created', '127.0.0.1', 'USD', 1234, '{order:N}', '{now:O}', '{now.AddHours(1):O}', 0)
             returning id
             """);

        var seen = Assert.Single((await worker.ReadAsync<Page<HubOrderView>>("admin/finance/orders?channel=stripe&status=created")).Data, row => row.Id == order);
        Assert.Equal(("12.34", "0", customer.OrganizationId), (seen.Amount, seen.Refunded, seen.OrganizationId));
        Assert.DoesNotContain((await worker.ReadAsync<Page<HubOrderView>>("admin/finance/orders?status=paid")).Data, row => row.Id == order);
        Assert.Equal("operator_required", (await customer.GetAsync("admin/finance/orders")).Problem.Code);
    }

    private async Task<Visitor> OperatorAsync()
    {
        var visitor = await hub.RegisterAsync();
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{visitor.UserId}', '2026-01-01') returning user_id");
        return visitor;
    }

    private Task<string> BookedAsync(Customer customer, string kind) => hub.Database.AsAdminAsync<string>(
        $"""
         select trim_scale(sum(entry.amount) / 1000000000.0)::text from entries entry join accounts account on account.id = entry.account_id
         where entry.organization_id = '{customer.Id}' and account.kind = '{kind}' and account.unit = 'USD'
         """);

    private async Task AssertBooksAsync()
    {
        await using var db = hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from invoice_audit()").ToListAsync());
    }
}
