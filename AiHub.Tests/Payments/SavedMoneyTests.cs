using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using AiHub.Contracts;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Tests.Hub;
using AiHub.Worker.Subscriptions;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Payments;

/// <summary>Money that comes and goes by other ways than an order somebody pays: refills, disputes, codes and contracts.</summary>
public sealed class SavedMoneyTests(PaymentHub fixture) : IClassFixture<PaymentHub>
{
    [Fact]
    public async Task A_wallet_that_runs_low_refills_itself_up_to_the_cap_and_stops_when_the_card_is_refused()
    {
        var customer = await WithCardAsync();
        var none = await customer.Management.PutAsJsonAsync("billing/auto-top-up", new AutoTopUpRequest("5", "10", "9"), Json.Options);
        Assert.Equal(HttpStatusCode.BadRequest, none.StatusCode);

        await SetAsync(customer, new AutoTopUpRequest("5", "10", "15"));
        await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => RefillAsync()));
        await PaymentHub.PollAsync(async () => (await WalletAsync(customer)).Purchased == "10");
        await RefillAsync();
        // A worker that found it due before, and comes to it only now.
        await using (var slow = fixture.Hub.Database.Open())
        {
            var card = await fixture.Hub.Database.AsAdminAsync<Guid>($"select id from payment_methods where organization_id = '{customer.OrganizationId}' and removed_at is null");
            await RefillRun.OrderAsync(slow, new DueTopUp(customer.OrganizationId, "USD", card, customer.UserId, "stripe", 1_000, false), fixture.Clock.GetUtcNow(), default);
        }

        Assert.Equal(1, await fixture.Hub.Database.AsAdminAsync<long>($"select count(*) from payment_orders where organization_id = '{customer.OrganizationId}' and purpose = 'auto_top_up'"));
        Assert.Null((await RefillOfAsync(customer)).StoppedAt);

        await SetAsync(customer, new AutoTopUpRequest("50", "10", "15"));
        await RefillAsync();
        Assert.Equal("cap_reached", (await RefillOfAsync(customer)).StopReason);

        await SetAsync(customer, new AutoTopUpRequest("50", "10", "100"));
        await DeclineAsync(customer);
        await RefillAsync();
        await PaymentHub.PollAsync(async () =>
        {
            await RefillAsync();
            return (await RefillOfAsync(customer)).StopReason == "declined";
        });

        Assert.Equal("10", (await WalletAsync(customer)).Purchased);
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Equal(2, await db.BillingMails.CountAsync(mail => mail.OrganizationId == customer.OrganizationId && mail.Kind == BillingMailKind.AutoTopUpStopped));
        Assert.Equal(HttpStatusCode.NoContent, (await customer.Management.DeleteAsync("billing/payment-methods")).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await customer.Management.PutAsJsonAsync("billing/auto-top-up", new AutoTopUpRequest("5", "10", "15"), Json.Options)).StatusCode);
        await AssertBooksAsync();
    }

    [Theory]
    [InlineData("won", "20")]
    [InlineData("lost", "0")]
    public async Task A_disputed_payment_is_set_aside_until_it_is_decided(string how, string left)
    {
        var customer = await fixture.Hub.RegisterAsync();
        var order = await TopUpAsync(customer, "20.00");

        await DisputeAsync(order, "opened", 3);
        await PaymentHub.PollAsync(async () => (await WalletAsync(customer)).Purchased == "0");
        Assert.Equal(HttpStatusCode.Conflict, (await customer.Management.PostAsJsonAsync($"billing/orders/{order.Id}/refunds", new NewRefund("1", "x"), Json.Options)).StatusCode);
        await DisputeAsync(order, how, 3);
        await PaymentHub.PollAsync(async () => (await DisputesAsync(customer))[0].Status == how);

        Assert.Equal(left, (await WalletAsync(customer)).Purchased);
        Assert.Single(await DisputesAsync(customer));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task What_was_spent_before_it_was_disputed_is_owed()
    {
        var customer = await fixture.Hub.RegisterAsync();
        var order = await TopUpAsync(customer, "29.00");
        Assert.Equal(HttpStatusCode.OK, (await customer.Management.PostAsJsonAsync("billing/subscription/change", new PlanChangeRequest("developer", Channel: "balance"), Json.Options)).StatusCode);

        await DisputeAsync(order, "opened", 1);
        await PaymentHub.PollAsync(async () => (await DisputesAsync(customer)).Count == 1);

        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var owed = await db.DunningCases.SingleAsync(row => row.OrganizationId == customer.OrganizationId);
        Assert.Equal(DunningReason.Dispute, owed.Reason);
        await DisputeAsync(order, "won", 1);
        await PaymentHub.PollAsync(async () => await db.DunningCases.AsNoTracking().AllAsync(row => row.OrganizationId != customer.OrganizationId || row.ClosedAt != null));
        await AssertBooksAsync();
    }

    [Theory]
    [InlineData("won")]
    [InlineData("lost")]
    public async Task What_is_owed_of_a_dispute_is_paid_by_the_next_top_ups_and_no_more_than_that(string how)
    {
        var customer = await fixture.Hub.RegisterAsync();
        var order = await TopUpAsync(customer, "29.00");
        Assert.Equal(HttpStatusCode.OK, (await customer.Management.PostAsJsonAsync("billing/subscription/change", new PlanChangeRequest("developer", Channel: "balance"), Json.Options)).StatusCode);
        await DisputeAsync(order, "opened", 1);
        await PaymentHub.PollAsync(async () => (await DisputesAsync(customer)).Count == 1);

        // A part before it is decided, and the rest after.
        await TopUpAsync(customer, "10.00");
        Assert.Equal("0", (await WalletAsync(customer)).Purchased);
        await DisputeAsync(order, how, 1);
        await PaymentHub.PollAsync(async () => (await DisputesAsync(customer))[0].Status == how);
        Assert.Equal(how == "won" ? "10" : "0", (await WalletAsync(customer)).Purchased);
        Assert.Equal(how == "won", await PaidUpAsync());
        await TopUpAsync(customer, "25.00");

        Assert.Equal(how == "won" ? "35" : "6", (await WalletAsync(customer)).Purchased);
        Assert.True(await PaidUpAsync());
        Assert.Equal(how == "won" ? 0 : 29_000_000_000m, 64_000_000_000m + await fixture.Hub.Database.AsAdminAsync<decimal>(
            $"select sum(entry.amount) from entries entry join accounts account on account.id = entry.account_id where account.kind = 'payments' and entry.organization_id = '{customer.OrganizationId}'"));
        await AssertBooksAsync();

        Task<bool> PaidUpAsync() => fixture.Hub.Database.AsAdminAsync<bool>($"select bool_and(closed_at is not null) from dunning_cases where organization_id = '{customer.OrganizationId}'");
    }

    [Theory]
    [InlineData("won", HttpStatusCode.Created)]
    [InlineData("lost", HttpStatusCode.Conflict)]
    public async Task What_a_bank_takes_back_is_not_refunded_as_well(string how, HttpStatusCode expected)
    {
        var customer = await fixture.Hub.RegisterAsync();
        var order = await TopUpAsync(customer, "20.00");
        await TopUpAsync(customer, "20.00");
        await DisputeAsync(order, "opened", 1);
        await PaymentHub.PollAsync(async () => (await WalletAsync(customer)).Purchased == "20");

        // There is money, and it is another order's.
        Assert.Equal(HttpStatusCode.Conflict, await RefundAsync("0.01"));
        await DisputeAsync(order, how, 1);
        await PaymentHub.PollAsync(async () => (await DisputesAsync(customer))[0].Status == how);
        Assert.Equal(expected, await RefundAsync("20.00"));
        await AssertBooksAsync();

        async Task<HttpStatusCode> RefundAsync(string amount) =>
            (await customer.Management.PostAsJsonAsync($"billing/orders/{order.Id}/refunds", new NewRefund(amount, "not needed"), Json.Options)).StatusCode;
    }

    [Fact]
    public async Task A_code_grants_once_and_guessing_is_slow()
    {
        var operatorAt = await OperatorAsync();
        var made = await operatorAt.Management.PostAsJsonAsync(
            "admin/code-batches", new NewCodeBatch("Spring", "USD", "10.00", 3, fixture.Clock.GetUtcNow().AddDays(30), GrantDays: 90), Json.Options);
        Assert.True(made.StatusCode == HttpStatusCode.Created, await made.Content.ReadAsStringAsync());
        var batch = (await made.Content.ReadFromJsonAsync<CreatedCodeBatch>(Json.Options))!;
        var (first, second) = (await fixture.Hub.RegisterAsync(), await fixture.Hub.RegisterAsync());

        Assert.Equal(HttpStatusCode.Created, await RedeemAsync(first, batch.Codes[0].ToLowerInvariant().Replace('-', ' ')));
        Assert.Equal(HttpStatusCode.NotFound, await RedeemAsync(first, batch.Codes[0]));
        Assert.Equal(HttpStatusCode.NotFound, await RedeemAsync(second, batch.Codes[0]));
        Assert.Equal(HttpStatusCode.Conflict, await RedeemAsync(first, batch.Codes[1]));
        Assert.Equal(HttpStatusCode.Conflict, await RedeemAsync(await fixture.Hub.RegisterAsync("CNY"), batch.Codes[1]));
        var racers = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => await RedeemAsync(await fixture.Hub.RegisterAsync(), batch.Codes[1])));
        Assert.Equal(1, racers.Count(status => status == HttpStatusCode.Created));
        Assert.Equal(("10", "0"), ((await WalletAsync(first)).Granted, (await WalletAsync(first)).Purchased));

        Assert.Equal(HttpStatusCode.OK, (await operatorAt.Management.PostAsync($"admin/code-batches/{batch.Batch.Id}/revoke", null)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, await RedeemAsync(second, batch.Codes[2]));
        var guesses = new List<HttpStatusCode>();
        for (var guess = 0; guess < 12; guess++)
        {
            guesses.Add(await RedeemAsync(second, $"ABCDE-FGHJK-LMNPQ-{guess:00000}"));
        }

        Assert.Contains(HttpStatusCode.TooManyRequests, guesses);
        var listed = (await operatorAt.Management.GetFromJsonAsync<Page<CodeBatchView>>("admin/code-batches", Json.Options))!.Data.Single(row => row.Id == batch.Batch.Id);
        Assert.Equal((2, true), (listed.Redeemed, listed.RevokedAt is not null));
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.DoesNotContain(await db.RedemptionCodes.Select(code => code.Hash).ToListAsync(), hash => batch.Codes.Any(code => hash.SequenceEqual(System.Text.Encoding.UTF8.GetBytes(code))));
        await AssertBooksAsync();
    }

    [Fact]
    public async Task A_contract_lets_calls_draw_on_credit_with_a_quota_of_its_own()
    {
        var operatorAt = await OperatorAsync();
        var customer = await fixture.Hub.RegisterAsync();
        var path = $"admin/organizations/{customer.OrganizationId}/contract";
        Assert.Equal(HttpStatusCode.Forbidden, (await customer.Management.PutAsJsonAsync(path, new ContractTerms("enterprise", "100"), Json.Options)).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await operatorAt.Management.PutAsJsonAsync(path, new ContractTerms("enterprise", "-1"), Json.Options)).StatusCode);

        Assert.Equal(HttpStatusCode.OK, (await operatorAt.Management.PutAsJsonAsync(path, new ContractTerms("enterprise", "100.00"), Json.Options)).StatusCode);
        var subscription = await SubscriptionAsync(customer);
        Assert.Equal(("enterprise", "contract", null), (subscription.Plan.Id, subscription.Collection, subscription.Plan.MonthlyTokens));
        await PaymentHub.PollAsync(async () => (await customer.ChatAsync("hello")).StatusCode == HttpStatusCode.OK);
        var refused = await customer.Management.PostAsJsonAsync("billing/subscription/change", new PlanChangeRequest("pro", Channel: "balance"), Json.Options);
        Assert.Equal("plan_by_contract", (string?)(await refused.Content.ReadFromJsonAsync<JsonNode>())!["code"]);

        Assert.Equal(HttpStatusCode.OK, (await operatorAt.Management.PutAsJsonAsync(path, new ContractTerms("developer", "100.00", 7_000_000), Json.Options)).StatusCode);
        Assert.Equal(7_000_000, (await customer.UsageAsync()).Quota.Limit);
        Assert.Equal(HttpStatusCode.NoContent, (await operatorAt.Management.DeleteAsync(path)).StatusCode);
        Assert.Equal("free", (await SubscriptionAsync(customer)).Plan.Id);
        Assert.Equal(HttpStatusCode.NotFound, (await operatorAt.Management.DeleteAsync(path)).StatusCode);
        await AssertBooksAsync();
    }

    private async Task RefillAsync()
    {
        await using var db = fixture.Hub.Database.Open();
        await RefillRun.RunOnceAsync(db, fixture.Clock.GetUtcNow(), default);
    }

    private static async Task SetAsync(TestCustomer customer, AutoTopUpRequest request)
    {
        var answer = await customer.Management.PutAsJsonAsync("billing/auto-top-up", request, Json.Options);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }

    private static async Task<AutoTopUpView> RefillOfAsync(TestCustomer customer) =>
        (await customer.Management.GetFromJsonAsync<Page<AutoTopUpView>>("billing/auto-top-up", Json.Options))!.Data.Single();

    private async Task<TestCustomer> OperatorAsync()
    {
        var person = await fixture.Hub.RegisterAsync();
        await fixture.Hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{person.UserId}', '2026-01-01') returning user_id");
        return person;
    }

    private static async Task<HttpStatusCode> RedeemAsync(TestCustomer customer, string code) =>
        (await customer.Management.PostAsJsonAsync("billing/redemptions", new CodeRedemption(code), Json.Options)).StatusCode;

    /// <summary>Has bought a plan by card once, so that the card is saved.</summary>
    private async Task<TestCustomer> WithCardAsync()
    {
        var customer = await fixture.Hub.RegisterAsync();
        var answer = await customer.Management.PostAsJsonAsync("billing/subscription/change", new PlanChangeRequest("developer", Channel: "stripe"), Json.Options);
        var change = (await answer.Content.ReadFromJsonAsync<PlanChangeView>(Json.Options))!;
        await PayAsync(await OpenedAsync(customer, change.Order!));
        await PaymentHub.PollAsync(async () => (await SubscriptionAsync(customer)).Method is not null);
        return customer;
    }

    private async Task DeclineAsync(TestCustomer customer)
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        var method = await db.PaymentMethods.SingleAsync(row => row.OrganizationId == customer.OrganizationId && row.RemovedAt == null);
        (await fixture.Sim.PostAsJsonAsync("stripe/cards", new { declined = true, method = method.MethodReference })).EnsureSuccessStatusCode();
    }

    private async Task<PaymentOrderView> TopUpAsync(TestCustomer customer, string amount)
    {
        var response = await customer.Management.PostAsJsonAsync("billing/orders", new NewPaymentOrder("top_up", "stripe", amount, "USD"), Json.Options);
        var order = await OpenedAsync(customer, (await response.Content.ReadFromJsonAsync<PaymentOrderView>(Json.Options))!);
        await PayAsync(order);
        await PaymentHub.PollAsync(async () => (await FindAsync(customer, order.Id)).Status == "paid");
        return order;
    }

    private async Task PayAsync(PaymentOrderView order)
    {
        var paid = await fixture.Sim.PostAsJsonAsync("stripe/pay", new { out_trade_no = order.OutTradeNo });
        Assert.True(paid.IsSuccessStatusCode, await paid.Content.ReadAsStringAsync());
    }

    private async Task DisputeAsync(PaymentOrderView order, string what, int copies) =>
        (await fixture.Sim.PostAsJsonAsync("stripe/dispute", new { out_trade_no = order.OutTradeNo, what, copies })).EnsureSuccessStatusCode();

    private static async Task<PaymentOrderView> OpenedAsync(TestCustomer customer, PaymentOrderView order)
    {
        await PaymentHub.PollAsync(async () => (order = await FindAsync(customer, order.Id)).Status != "created");
        Assert.True(order.Status == "pending", $"{order.Status}: {order.Failure}");
        return order;
    }

    private static async Task<PaymentOrderView> FindAsync(TestCustomer customer, Guid id) =>
        (await customer.Management.GetFromJsonAsync<PaymentOrderView>($"billing/orders/{id}", Json.Options))!;

    private static async Task<IReadOnlyList<DisputeView>> DisputesAsync(TestCustomer customer) =>
        (await customer.Management.GetFromJsonAsync<Page<DisputeView>>("billing/disputes", Json.Options))!.Data;

    private static async Task<SubscriptionView> SubscriptionAsync(TestCustomer customer) =>
        (await customer.Management.GetFromJsonAsync<SubscriptionView>("billing/subscription", Json.Options))!;

    private static async Task<WalletView> WalletAsync(TestCustomer customer) => (await customer.Management.GetFromJsonAsync<WalletView>("billing/wallet", Json.Options))!;

    private async Task AssertBooksAsync()
    {
        await using var db = fixture.Hub.Database.OpenAsAdmin();
        Assert.Empty(await db.Database.SqlQuery<string>($"select violation as \"Value\" from ledger_audit({fixture.Clock.GetUtcNow().ToUniversalTime()})").ToListAsync());
    }
}
