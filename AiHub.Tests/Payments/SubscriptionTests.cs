using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Tenancy;
using AiHub.Tests.Hub;
using AiHub.Worker.Quotas;
using AiHub.Worker.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Payments;

/// <summary>Choosing a plan, paying it, and what becomes of those who do not. Time passes by the test's clock; the runs are asked to look.</summary>
public sealed class SubscriptionTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [Fact]
    public async Task A_plan_begins_when_its_checkout_is_paid_and_an_upgrade_costs_what_was_shown()
    {
        var customer = await RegisterAsync("USD");
        var bought = await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "stripe"));
        Assert.Equal(("awaiting_payment", "free", "29", "subscription"), (bought.Outcome, bought.Subscription.Plan.Id, bought.Quote.Due, bought.Order!.Purpose));

        await PayAsync("stripe", await OpenedAsync(customer, bought.Order));
        await BecomesAsync(customer, "developer");
        var subscription = await SubscriptionAsync(customer);
        Assert.Equal(("active", "automatic", "month"), (subscription.Status, subscription.Collection, subscription.Interval));
        Assert.Equal(1_000_000, (await customer.UsageAsync()).Quota.Limit);
        Assert.Equal("0", (await WalletAsync(customer)).Purchased);
        await PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).Method is { Brand: "visa", LastFour: "4242" });

        var preview = await PreviewAsync(customer, new PlanChangePreview("pro"));
        Assert.Equal(("at_once", 2), (preview.Timing, preview.Lines.Count));
        var upgraded = await ChangeAsync(customer, new PlanChangeRequest("pro", Channel: "stripe", ProrationAt: preview.ProrationAt));
        Assert.Equal((preview.Due, preview.Due), (upgraded.Quote.Due, decimal.Parse(upgraded.Order!.Amount, System.Globalization.CultureInfo.InvariantCulture).ToString("0.##", System.Globalization.CultureInfo.InvariantCulture)));
        Assert.Equal("developer", (await SubscriptionAsync(customer)).Plan.Id);
        await PayAsync("stripe", await OpenedAsync(customer, upgraded.Order), copies: 5);
        await BecomesAsync(customer, "pro");

        Assert.Equal(1_000_000 + preview.Tokens, (await customer.UsageAsync()).Quota.Limit);
        Assert.Equal(subscription.PaidThrough, (await SubscriptionAsync(customer)).PaidThrough);
        var charges = (await customer.Management.GetFromJsonAsync<Page<SubscriptionChargeView>>("billing/subscription/charges", Json.Options))!.Data;
        Assert.Equal([("upgrade", preview.Due), ("start", "29")], charges.Select(charge => (charge.Kind, charge.Amount)));
        Assert.Equal(preview.Lines, charges[0].Lines);
        await AssertBooksAsync();
    }

    [Fact]
    public async Task The_saved_card_pays_the_next_term_and_its_tokens_come_once()
    {
        var customer = await OnDeveloperAsync();
        var first = (await SubscriptionAsync(customer)).PaidThrough!.Value;

        fixture.Clock.AdvanceTo(first.AddMinutes(1));
        await customer.SignInAsync();
        await LookAsync();
        await PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).PaidThrough > first);
        await LookAsync();
        await LookAsync();

        Assert.Equal(("active", "developer"), await StateAsync(customer));
        Assert.Equal(1_000_000, (await customer.UsageAsync()).Quota.Limit);
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Equal(2, await db.Periods.CountAsync(period => period.OrganizationId == customer.OrganizationId && period.GrantedTokens == 1_000_000));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task A_card_that_is_declined_is_told_restricted_suspended_and_paying_undoes_it_all()
    {
        var customer = await OnDeveloperAsync();
        var due = (await SubscriptionAsync(customer)).PaidThrough!.Value;
        await DeclineAsync(customer, true);

        fixture.Clock.AdvanceTo(due.AddMinutes(1));
        await LookAsync();
        await PaymentHub.PollAsync(() => FailedAsync(customer, 1));
        await LookAsync();
        await customer.SignInAsync();
        Assert.Equal(("past_due", "developer"), await StateAsync(customer));
        Assert.Equal(["payment_failed"], await MailsAsync(customer));

        await StageAsync(due.AddDays(3).AddMinutes(1), "payment_reminder", customer, "good");
        await StageAsync(due.AddDays(7).AddMinutes(1), "restricted", customer, "restricted");
        await StageAsync(due.AddDays(14).AddMinutes(1), "suspended", customer, "suspended");
        var refused = await customer.ChatAsync("hello");
        await PaymentHub.PollAsync(async () => (refused = await customer.ChatAsync("hello")).StatusCode == HttpStatusCode.Forbidden);

        await customer.SignInAsync();
        await DeclineAsync(customer, false);
        await SignAsync();
        var paid = await RenewAsync(customer, "stripe");
        await PayAsync("stripe", await OpenedAsync(customer, paid.Order!));
        await PaymentHub.PollAsync(async () => (await StateAsync(customer)) == ("active", "developer"));

        Assert.Equal("good", (await SubscriptionAsync(customer)).Standing);
        Assert.True((await SubscriptionAsync(customer)).PaidThrough > fixture.Clock.GetUtcNow().AddDays(27));
        await PaymentHub.PollAsync(async () => (await customer.ChatAsync("hello")).StatusCode == HttpStatusCode.OK);
        Assert.Contains("recovered", await MailsAsync(customer));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task What_costs_less_than_the_channel_collects_is_refused_before_there_is_an_order()
    {
        var customer = await OnDeveloperAsync();
        // Minutes before the term ends an upgrade costs a few cents.
        fixture.Clock.AdvanceTo((await SubscriptionAsync(customer)).PaidThrough!.Value.AddMinutes(-20));
        await customer.SignInAsync();
        await SignAsync();
        var preview = await PreviewAsync(customer, new PlanChangePreview("pro"));
        Assert.InRange(Amount(preview.Due), 0.01m, 0.49m);

        var change = await PostAsync(customer, "change", new PlanChangeRequest("pro", Channel: "stripe", ProrationAt: preview.ProrationAt));
        Assert.Equal((HttpStatusCode.Conflict, "amount_below_minimum"), (change.StatusCode, await CodeAsync(change)));
        Assert.Contains("0.5", await change.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.DoesNotContain((await customer.Management.GetFromJsonAsync<Page<SubscriptionChargeView>>("billing/subscription/charges", Json.Options))!.Data, charge => charge.Kind == "upgrade");

        var invoice = await Invoices.InvoiceSetup.OpenAsync(fixture.Hub.Database, customer.OrganizationId, fixture.Clock.GetUtcNow(), 490_000_000);
        var pay = await customer.Management.PostAsJsonAsync($"billing/invoices/{invoice}/pay", new InvoicePayment("stripe"), Json.Options);
        Assert.Equal((HttpStatusCode.Conflict, "amount_below_minimum"), (pay.StatusCode, await CodeAsync(pay)));

        var enough = await Invoices.InvoiceSetup.OpenAsync(fixture.Hub.Database, customer.OrganizationId, fixture.Clock.GetUtcNow(), 500_000_000);
        Assert.Equal(HttpStatusCode.Created, (await customer.Management.PostAsJsonAsync($"billing/invoices/{enough}/pay", new InvoicePayment("stripe"), Json.Options)).StatusCode);
        Assert.Equal([0.5m, 29m], (await customer.Management.GetFromJsonAsync<Page<PaymentOrderView>>("billing/orders", Json.Options))!.Data.Select(order => Amount(order.Amount)));

        static decimal Amount(string text) => decimal.Parse(text, System.Globalization.CultureInfo.InvariantCulture);

        static async Task<string?> CodeAsync(HttpResponseMessage answer) => (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["code"];
    }

    [Fact]
    public async Task A_prepaid_plan_reminds_waits_three_days_and_becomes_the_free_one()
    {
        var customer = await RegisterAsync("CNY");
        var bought = await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "alipay"));
        await PayAsync("alipay", await OpenedAsync(customer, bought.Order!));
        await BecomesAsync(customer, "developer");
        var end = (await SubscriptionAsync(customer)).PaidThrough!.Value;
        Assert.Equal("prepaid", (await SubscriptionAsync(customer)).Collection);

        foreach (var (days, told) in new[] { (7, 1), (3, 2), (1, 3) })
        {
            // Not a minute before.
            fixture.Clock.AdvanceTo(end.AddDays(-days).AddMinutes(-1));
            await LookAsync();
            Assert.Equal(told - 1, (await MailsAsync(customer)).Count);
            fixture.Clock.AdvanceTo(end.AddDays(-days).AddMinutes(1));
            await LookAsync();
            await LookAsync();
            Assert.Equal(told, (await MailsAsync(customer)).Count);
        }

        Assert.Equal(["renewal_reminder", "renewal_reminder", "renewal_reminder"], await MailsAsync(customer));
        fixture.Clock.AdvanceTo(end.AddDays(2));
        await LookAsync();
        await customer.SignInAsync();
        Assert.Equal(("past_due", "developer"), await StateAsync(customer));
        fixture.Clock.AdvanceTo(end.AddDays(3).AddMinutes(1));
        await LookAsync();

        await customer.SignInAsync();
        Assert.Equal(("active", "free"), await StateAsync(customer));
        Assert.Equal(10_000, (await customer.UsageAsync()).Quota.Limit);
        Assert.Equal(["renewal_reminder", "renewal_reminder", "renewal_reminder", "grace_began", "fell_to_free"], await MailsAsync(customer));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task A_term_paid_in_advance_or_in_the_grace_period_follows_the_one_before_it()
    {
        var customer = await RegisterAsync("CNY");
        await TopUpAsync(customer, "700");
        Assert.Equal("applied", (await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "balance"))).Outcome);
        var first = (await SubscriptionAsync(customer)).PaidThrough!.Value;

        Assert.Equal("applied", (await RenewAsync(customer, "balance")).Outcome);
        var second = (await SubscriptionAsync(customer)).PaidThrough!.Value;
        Assert.True(second > first.AddDays(27));
        fixture.Clock.AdvanceTo(second.AddDays(1));
        await customer.SignInAsync();
        await LookAsync();
        Assert.Equal("past_due", (await SubscriptionAsync(customer)).Status);
        Assert.Equal("applied", (await RenewAsync(customer, "balance")).Outcome);
        await LookAsync();

        Assert.Equal("103", (await WalletAsync(customer)).Purchased);
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var periods = await db.Periods.Where(period => period.OrganizationId == customer.OrganizationId && period.GrantedTokens == 1_000_000).OrderBy(period => period.Sequence).ToListAsync();
        Assert.Equal([0, 1, 2], periods.Select(period => period.Sequence));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task Down_and_out_wait_for_the_end_of_the_term_and_can_be_called_off()
    {
        var customer = await RegisterAsync("CNY");
        await TopUpAsync(customer, "2000");
        await ChangeAsync(customer, new PlanChangeRequest("pro", Channel: "balance"));
        var end = (await SubscriptionAsync(customer)).PaidThrough!.Value;

        Assert.Equal(("scheduled", "0"), await OutcomeAsync(new PlanChangeRequest("developer")));
        Assert.Equal(("pro", "developer", "month"), await NextAsync());
        Assert.Equal(HttpStatusCode.OK, (await customer.Management.PostAsync("billing/subscription/resume", null)).StatusCode);
        Assert.Equal(("pro", null, null), await NextAsync());
        Assert.Equal(HttpStatusCode.OK, (await customer.Management.PostAsync("billing/subscription/cancel", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await customer.Management.PostAsync("billing/subscription/cancel", null)).StatusCode);
        Assert.Equal(("pro", "free", "month"), await NextAsync());

        fixture.Clock.AdvanceTo(end.AddMinutes(-1));
        await LookAsync();
        await customer.SignInAsync();
        Assert.Equal("pro", (await SubscriptionAsync(customer)).Plan.Id);
        fixture.Clock.AdvanceTo(end.AddMinutes(1));
        await LookAsync();
        Assert.Equal("free", (await SubscriptionAsync(customer)).Plan.Id);
        await AssertBooksAsync();

        async Task<(string, string)> OutcomeAsync(PlanChangeRequest request)
        {
            var change = await ChangeAsync(customer, request);
            return (change.Outcome, change.Quote.Due);
        }

        async Task<(string, string?, string?)> NextAsync()
        {
            var subscription = await SubscriptionAsync(customer);
            return (subscription.Plan.Id, subscription.NextPlanId, subscription.NextInterval);
        }
    }

    [Fact]
    public async Task Money_for_a_change_that_has_been_overtaken_stays_in_the_wallet()
    {
        var customer = await RegisterAsync("CNY");
        var developer = await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "wechat_pay"));
        var pro = await ChangeAsync(customer, new PlanChangeRequest("pro", Channel: "wechat_pay"));
        await PayAsync("wechat_pay", await OpenedAsync(customer, pro.Order!));
        await BecomesAsync(customer, "pro");
        await PayAsync("wechat_pay", await OpenedAsync(customer, developer.Order!));

        await PaymentHub.PollAsync(async () => (await WalletAsync(customer)).Purchased == "199");
        Assert.Equal("pro", (await SubscriptionAsync(customer)).Plan.Id);
        await AssertBooksAsync();
    }

    [Fact]
    public async Task The_same_wish_with_the_same_key_is_one_change()
    {
        var customer = await RegisterAsync("CNY");
        await TopUpAsync(customer, "1000");

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostAsync(customer, "change", new PlanChangeRequest("developer", Channel: "balance"), "once")));

        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.OK or HttpStatusCode.Conflict, answer.StatusCode.ToString()));
        Assert.Contains(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal("801", (await WalletAsync(customer)).Purchased);
        Assert.Equal(HttpStatusCode.OK, (await PostAsync(customer, "change", new PlanChangeRequest("developer", Channel: "balance"), "once")).StatusCode);
        Assert.Equal("801", (await WalletAsync(customer)).Purchased);
    }

    [Fact]
    public async Task The_same_key_at_once_is_one_order_also_where_a_channel_collects()
    {
        var customer = await RegisterAsync("CNY");

        var answers = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => PostAsync(customer, "change", new PlanChangeRequest("developer", Channel: "alipay"), "once")));

        Assert.All(answers, answer => Assert.True(answer.IsSuccessStatusCode, answer.StatusCode.ToString()));
        var orders = (await customer.Management.GetFromJsonAsync<Page<PaymentOrderView>>("billing/orders", Json.Options))!.Data;
        var order = Assert.Single(orders);
        foreach (var answer in answers)
        {
            Assert.Equal(order.Id, (await answer.Content.ReadFromJsonAsync<PlanChangeView>(Json.Options))!.Order!.Id);
        }

        Assert.Equal(HttpStatusCode.Conflict, (await PostAsync(customer, "change", new PlanChangeRequest("pro", Channel: "alipay"), "once")).StatusCode);
    }

    [Fact]
    public async Task A_plan_its_next_term_and_an_invoice_are_paid_within_WeChat()
    {
        var customer = await RegisterAsync("CNY");
        foreach (var (channel, scene, openId, code, field) in new[]
        {
            ("alipay", "wechat", "o1", null, "scene"), ("balance", "wechat", "o1", null, "scene"), ("wechat_pay", "wechat", null, null, "open_id"), ("wechat_pay", "wechat", "o1", "c1", "open_id"),
            ("wechat_pay", "desktop", "o1", null, "open_id"), ("wechat_pay", (string?)null, "o1", (string?)"c1", "open_id"),
        })
        {
            foreach (var refused in new[]
            {
                await PostAsync(customer, "change", new PlanChangeRequest("developer", Channel: channel, Scene: scene, OpenId: openId, WechatCode: code)),
                await PostAsync(customer, "renew", new RenewalRequest(channel, scene, openId, code)),
            })
            {
                Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
                Assert.Contains($"\"{field}\"", await refused.Content.ReadAsStringAsync(), StringComparison.Ordinal);
            }
        }

        var bought = await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "wechat_pay", Scene: "wechat", OpenId: "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"));
        await PayWithinAsync(bought.Order!);
        await BecomesAsync(customer, "developer");
        var first = (await SubscriptionAsync(customer)).PaidThrough!.Value;

        var renewal = await PostAsync(customer, "renew", new RenewalRequest("wechat_pay", "wechat", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"));
        Assert.Equal(HttpStatusCode.Created, renewal.StatusCode);
        await PayWithinAsync((await renewal.Content.ReadFromJsonAsync<PlanChangeView>(Json.Options))!.Order!);
        await PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).PaidThrough > first);

        var invoice = await Invoices.InvoiceSetup.OpenAsync(fixture.Hub.Database, customer.OrganizationId, fixture.Clock.GetUtcNow());
        Assert.Equal(HttpStatusCode.BadRequest, (await customer.Management.PostAsJsonAsync($"billing/invoices/{invoice}/pay", new InvoicePayment("wechat_pay", "wechat"), Json.Options)).StatusCode);
        var payment = await customer.Management.PostAsJsonAsync($"billing/invoices/{invoice}/pay", new InvoicePayment("wechat_pay", "wechat", "oUpF8uMuAJO_M2pxb1Q9zNjWeS6o"), Json.Options);
        await PayWithinAsync((await payment.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!);
        await PaymentHub.PollAsync(async () => (await customer.Management.GetFromJsonAsync<InvoiceView>($"billing/invoices/{invoice}", Json.Options))!.Status == "paid");
        await AssertBooksAsync();

        async Task PayWithinAsync(PaymentOrderView order)
        {
            order = await OpenedAsync(customer, order);
            Assert.Equal((null, null), (order.QrCode, order.RedirectUrl));
            Assert.StartsWith("prepay_id=wx", order.Wechat!.Package, StringComparison.Ordinal);
            await PayAsync("wechat_pay", order);
        }
    }

    [Theory]
    [InlineData("enterprise", "plan_not_sold")]
    [InlineData("nothing", "plan_not_sold")]
    [InlineData("free", "plan_unchanged")]
    [InlineData("pro", "balance_too_low")]
    public async Task What_cannot_be_is_refused_with_its_reason(string plan, string code)
    {
        var customer = await RegisterAsync("CNY");

        var answer = await PostAsync(customer, "change", new PlanChangeRequest(plan, Channel: "balance"));

        Assert.Equal((HttpStatusCode.Conflict, code), (answer.StatusCode, (string?)(await answer.Content.ReadFromJsonAsync<JsonNode>())!["code"]));
        Assert.Equal("free", (await SubscriptionAsync(customer)).Plan.Id);
    }

    // Channels are open while a worker has lately said so; months pass here faster than that.
    private async Task<TestCustomer> RegisterAsync(string currency)
    {
        await SignAsync();
        return await fixture.Hub.RegisterAsync(currency);
    }

    private Task SignAsync() => fixture.Hub.Database.AsAdminAsync<string>($"update payment_channels set seen_at = '{fixture.Clock.GetUtcNow():O}' returning id");

    private async Task<TestCustomer> OnDeveloperAsync()
    {
        var customer = await RegisterAsync("USD");
        var bought = await ChangeAsync(customer, new PlanChangeRequest("developer", Channel: "stripe"));
        await PayAsync("stripe", await OpenedAsync(customer, bought.Order!));
        await BecomesAsync(customer, "developer");
        await PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).Method is not null);
        return customer;
    }

    /// <summary>Lets the runs look once, as they do every few seconds.</summary>
    private async Task LookAsync()
    {
        var now = fixture.Clock.GetUtcNow();
        await using var db = fixture.Hub.Database.Open();
        await RenewalRun.RunAsync(db, now, (organization, failure) => Assert.Fail($"{organization}: {failure}"), default);
        await DunningRun.RunOnceAsync(db, now, default);
        await using var ledger = new Domain.Accounts.Ledger(fixture.Hub.Database.AppConnectionString, fixture.Clock, Microsoft.Extensions.Logging.Abstractions.NullLogger<Domain.Accounts.Ledger>.Instance);
        await PeriodRun.RunAsync(db, ledger, now, (organization, failure) => Assert.Fail($"{organization}: {failure}"), default);
    }

    private async Task StageAsync(DateTimeOffset at, string mail, TestCustomer customer, string standing)
    {
        fixture.Clock.AdvanceTo(at);
        await LookAsync();
        Assert.Contains(mail, await MailsAsync(customer));
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Equal(Enum.Parse<PaymentStanding>(standing, true), (await db.Organizations.SingleAsync(row => row.Id == customer.OrganizationId)).Standing);
    }

    private async Task<List<string>> MailsAsync(TestCustomer customer)
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var kinds = await db.BillingMails.Where(mail => mail.OrganizationId == customer.OrganizationId).OrderBy(mail => mail.CreatedAt).Select(mail => mail.Kind).ToListAsync();
        return kinds.ConvertAll(kind => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString()));
    }

    private async Task<bool> FailedAsync(TestCustomer customer, int count)
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        return await db.PaymentOrders.CountAsync(order => order.OrganizationId == customer.OrganizationId && order.Status == Domain.Payments.PaymentOrderStatus.Failed) >= count;
    }

    private async Task DeclineAsync(TestCustomer customer, bool declined)
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var method = await db.PaymentMethods.SingleAsync(row => row.OrganizationId == customer.OrganizationId && row.RemovedAt == null);
        (await fixture.Sim.PostAsJsonAsync("stripe/cards", new { declined, method = method.MethodReference })).EnsureSuccessStatusCode();
    }

    private async Task TopUpAsync(TestCustomer customer, string amount)
    {
        var response = await customer.Management.PostAsJsonAsync("billing/orders", new NewPaymentOrder("top_up", "wechat_pay", amount, "CNY"), Json.Options);
        var order = (await response.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!;
        await PayAsync("wechat_pay", await OpenedAsync(customer, order));
        await PaymentHub.PollAsync(async () => (await WalletAsync(customer)).Purchased == amount);
    }

    private static async Task<PaymentOrderView> OpenedAsync(TestCustomer customer, PaymentOrderView order)
    {
        await PaymentHub.PollAsync(async () => (order = (await customer.Management.GetFromJsonAsync<PaymentOrderView>($"billing/orders/{order.Id}", Json.Options))!).Status != "created");
        Assert.True(order.Status == "pending", $"{order.Status}: {order.Failure}");
        return order;
    }

    private async Task PayAsync(string channel, PaymentOrderView order, int copies = 1)
    {
        if (channel == "alipay")
        {
            using var browser = new HttpClient();
            Assert.Equal(HttpStatusCode.OK, (await browser.GetAsync(order.RedirectUrl)).StatusCode);
        }

        var paid = await fixture.Sim.PostAsJsonAsync($"{channel.Replace('_', '-')}/pay", new { out_trade_no = order.OutTradeNo, copies });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }

    private static Task BecomesAsync(TestCustomer customer, string plan) => PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).Plan.Id == plan);

    private static async Task<(string, string)> StateAsync(TestCustomer customer)
    {
        var subscription = await SubscriptionAsync(customer);
        return (subscription.Status, subscription.Plan.Id);
    }

    private static async Task<SubscriptionView> SubscriptionAsync(TestCustomer customer) =>
        (await customer.Management.GetFromJsonAsync<SubscriptionView>("billing/subscription", Json.Options))!;

    private static async Task<WalletView> WalletAsync(TestCustomer customer) => (await customer.Management.GetFromJsonAsync<WalletView>("billing/wallet", Json.Options))!;

    private static async Task<PlanQuoteView> PreviewAsync(TestCustomer customer, PlanChangePreview preview)
    {
        var answer = await PostAsync(customer, "preview", preview);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<PlanQuoteView>(Json.Options))!;
    }

    private static async Task<PlanChangeView> ChangeAsync(TestCustomer customer, PlanChangeRequest change)
    {
        var answer = await PostAsync(customer, "change", change);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<PlanChangeView>(Json.Options))!;
    }

    private static async Task<PlanChangeView> RenewAsync(TestCustomer customer, string channel)
    {
        var answer = await PostAsync(customer, "renew", new RenewalRequest(channel));
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
        return (await answer.Content.ReadFromJsonAsync<PlanChangeView>(Json.Options))!;
    }

    private static Task<HttpResponseMessage> PostAsync<T>(TestCustomer customer, string what, T body, string? key = null)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"billing/subscription/{what}") { Content = JsonContent.Create(body, options: Json.Options) };
        if (key is not null)
        {
            request.Headers.Add("Idempotency-Key", key);
        }

        return customer.Management.SendAsync(request);
    }

    private async Task AssertBooksAsync()
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from ledger_audit({fixture.Clock.GetUtcNow().ToUniversalTime()})").ToListAsync());
    }
}
