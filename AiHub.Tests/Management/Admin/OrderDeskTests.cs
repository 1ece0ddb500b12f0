using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using AiHub.Tests.Invoices;

namespace AiHub.Tests.Management.Admin;

/// <summary>Single orders, disputes, invoices and granted money at the management API.</summary>
public sealed class OrderDeskTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task Any_order_is_read_and_refunded_in_parts_once_by_operators_alone()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync("USD"));
        var path = $"admin/finance/orders/{await PaidOrderAsync(customer)}";
        var half = new NewRefund("4.00", "goodwill");

        (await customer.GetAsync(path)).Is(ProblemKind.OperatorRequired);
        (await customer.PostAsync($"{path}/refunds", half)).Is(ProblemKind.OperatorRequired);
        (await desk.GetAsync($"admin/finance/orders/{Guid.CreateVersion7()}")).Is(ProblemKind.OrderNotFound);
        (await desk.PostAsync($"admin/finance/orders/{Guid.CreateVersion7()}/check", null)).Is(ProblemKind.OrderNotFound);
        (await desk.PostAsync($"{path}/refunds", half with { Amount = "0" })).IsInvalid("amount", FieldText.Amount);
        (await desk.PostAsync($"{path}/refunds", half with { Amount = "10.01" })).Is(ProblemKind.RefundNotPossible, Language.En, "All refunds and disputes together would exceed what was paid.");

        var first = await RefundAsync(desk, path, half, "wish-1");
        var again = await RefundAsync(desk, path, half, "wish-1");
        Assert.Equal((HttpStatusCode.Created, HttpStatusCode.OK), (first.Status, again.Status));
        var order = again.Read<HubOrderDetail>();
        Assert.Equal(("10", "4", "paid"), (order.Order.Amount, order.Order.Refunded, order.Order.Status));
        Assert.Equal(("4", "requested", "goodwill"), Assert.Single(order.Refunds) is var refund ? (refund.Amount, refund.Status, refund.Reason) : default);
        (await RefundAsync(desk, path, half with { Amount = "5.00" }, "wish-1")).Is(ProblemKind.IdempotencyConflict);
        Assert.Equal("6", (await customer.ReadAsync<WalletView>("billing/wallet")).Purchased);

        // What is final is answered at once; there is no worker here to wait for.
        await hub.Database.AsAdminAsync<Guid>($"update payment_refunds set status = 'succeeded', completed_at = now(), next_check_at = null where id = '{order.Refunds[0].Id}' returning id");
        Assert.Equal("succeeded", Assert.Single((await desk.PostAsync($"{path}/check", null)).Read<HubOrderDetail>().Refunds).Status);
        var log = (await customer.ReadAsync<Page<AuditEntryView>>($"organizations/{customer.OrganizationId}/audit-log")).Data;
        Assert.Equal(["payment_order.checked", "refund.created"], log.Take(2).Select(entry => entry.Action));
        Assert.All(log.Take(2), entry => Assert.Equal(desk.UserId, entry.ActorId));
    }

    [Fact]
    public async Task Orders_and_invoices_are_found_by_number_id_or_part_of_a_name()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync("USD"));
        var order = await PaidOrderAsync(customer);
        var invoice = await InvoiceSetup.OpenAsync(hub, customer);

        foreach (var search in new[] { $"{order:N}", $"pi_{order:N}", order.ToString(), customer.OrganizationId.ToString() })
        {
            Assert.Equal(order, Assert.Single((await desk.ReadAsync<Page<HubOrderView>>($"admin/finance/orders?search={search}")).Data).Id);
        }

        var found = Assert.Single((await desk.ReadAsync<Page<HubInvoiceView>>($"admin/finance/invoices?search={customer.OrganizationId}")).Data);
        Assert.Equal(invoice, found.Id);
        Assert.Contains((await desk.ReadAsync<Page<HubInvoiceView>>($"admin/finance/invoices?search={Uri.EscapeDataString(found.OrganizationName[..5].ToUpperInvariant())}")).Data, row => row.Id == invoice);
        Assert.Empty((await desk.ReadAsync<Page<HubInvoiceView>>($"admin/finance/invoices?search={Guid.CreateVersion7()}")).Data);
        var detail = await desk.ReadAsync<HubInvoiceDetail>($"admin/finance/invoices/{invoice}");
        Assert.Equal((customer.OrganizationId, found.OrganizationName, found.Number), (detail.OrganizationId, detail.OrganizationName, detail.Invoice.Number));
        (await desk.GetAsync($"admin/finance/invoices/{Guid.CreateVersion7()}")).Is(ProblemKind.InvoiceNotFound);
        (await customer.GetAsync($"admin/finance/invoices/{invoice}")).Is(ProblemKind.OperatorRequired);
    }

    [Fact]
    public async Task Disputes_of_all_organizations_are_listed_with_when_evidence_is_due()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync("USD"));
        var order = await PaidOrderAsync(customer);
        var now = hub.Clock.GetUtcNow();
        var outcome = await hub.Database.AsAdminAsync<string>(
            $"select dispute_open('{Guid.CreateVersion7(now)}', 'stripe', 'pi_{order:N}', 'dp_{order:N}', 'USD', 1000, 'fraudulent', '{now.AddDays(9):O}', '{now:O}')");
        Assert.Equal("opened", outcome);

        var seen = Assert.Single((await desk.ReadAsync<Page<HubDisputeView>>("admin/finance/disputes?status=open&limit=100")).Data, row => row.OrderId == order);

        Assert.Equal((customer.OrganizationId, $"{order:N}", $"dp_{order:N}", "10", "10", "fraudulent"), (seen.OrganizationId, seen.OutTradeNo, seen.Reference, seen.Amount, seen.SetAside, seen.Reason));
        Assert.Equal(9, (seen.EvidenceDueAt!.Value - seen.OpenedAt).TotalDays);
        Assert.Equal(seen.EvidenceDueAt, Assert.Single((await customer.ReadAsync<Page<DisputeView>>("billing/disputes")).Data).EvidenceDueAt);
        Assert.DoesNotContain((await desk.ReadAsync<Page<HubDisputeView>>("admin/finance/disputes?status=won")).Data, row => row.OrderId == order);
        (await customer.GetAsync("admin/finance/disputes")).Is(ProblemKind.OperatorRequired);
        (await desk.GetAsync("admin/finance/disputes?cursor=x")).IsInvalid("cursor", FieldText.Cursor);
    }

    [Fact]
    public async Task Granted_money_is_listed_grant_by_grant_with_what_is_left_and_until_when()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync("USD"));
        Assert.Empty((await customer.ReadAsync<Page<WalletLotView>>("billing/wallet/lots")).Data);
        var until = hub.Clock.GetUtcNow().AddDays(30);
        await desk.PostAsync($"admin/organizations/{customer.OrganizationId}/credits", new NewCredit("25.5", "for the outage", until));
        var codes = (await desk.PostAsync("admin/code-batches", new NewCodeBatch("Spring", "USD", "10", 1, until))).Read<CreatedCodeBatch>().Codes;
        await customer.PostAsync("billing/redemptions", new CodeRedemption(codes[0]));

        var lots = (await customer.ReadAsync<Page<WalletLotView>>("billing/wallet/lots")).Data;

        Assert.Equal([("redemption", "Spring", "10", "10"), ("credit", "for the outage", "25.5", "25.5")], lots.Select(lot => (lot.Origin, lot.Memo!, lot.Amount, lot.Remaining)));
        Assert.Null(lots[0].ExpiresAt);
        Assert.NotNull(lots[1].ExpiresAt);
    }

    [Fact]
    public async Task A_subscription_says_what_is_overdue_and_what_comes_of_it_when()
    {
        var customer = await hub.RegisterAsync("USD");
        Assert.Null((await customer.ReadAsync<SubscriptionView>("billing/subscription")).Overdue);
        var since = hub.Clock.GetUtcNow().AddDays(-1);
        await hub.Database.AsAdminAsync<Guid>(
            $"update subscriptions set plan_id = 'developer', collection = 'prepaid', paid_months = 1, paid_through = '{since:O}' where organization_id = '{customer.OrganizationId}' and status = 'active' returning id");

        var prepaid = (await customer.ReadAsync<SubscriptionView>("billing/subscription")).Overdue!;
        Assert.Equal(("subscription", 3.0, null), (prepaid.Reason, (prepaid.PlanEndsAt!.Value - prepaid.Since).TotalDays, prepaid.RestrictedAt));
        await hub.Database.AsAdminAsync<Guid>(
            $"insert into dunning_cases (id, organization_id, reason, subject_id, since, stage, attempts) values (gen_random_uuid(), '{customer.OrganizationId}', 'invoice', gen_random_uuid(), '{since:O}', 'noticed', 0) returning id");
        var owed = (await customer.ReadAsync<SubscriptionView>("billing/subscription")).Overdue!;
        Assert.Equal(("invoice", 7.0, 14.0, null), (owed.Reason, (owed.RestrictedAt!.Value - owed.Since).TotalDays, (owed.SuspendedAt!.Value - owed.Since).TotalDays, owed.PlanEndsAt));
    }

    [Fact]
    public async Task A_top_up_by_card_may_keep_the_card()
    {
        await hub.Database.AsAdminAsync<string>($"insert into payment_channels (id, currencies, seen_at) values ('stripe', 'USD CNY', '{hub.Clock.GetUtcNow():O}'), ('alipay', 'USD CNY', '{hub.Clock.GetUtcNow():O}') on conflict (id) do update set seen_at = excluded.seen_at returning id");
        var customer = await hub.RegisterAsync("USD");
        foreach (var (channel, saves) in new[] { ("stripe", true), ("alipay", false) })
        {
            var order = (await customer.PostAsync("billing/orders", new NewPaymentOrder("top_up", channel, "10", "USD", SaveMethod: true))).Read<PaymentOrderView>();
            Assert.Equal(saves, await hub.Database.AsAdminAsync<bool>($"select saves_method from payment_orders where id = '{order.Id}'"));
        }
    }

    private async Task<Guid> PaidOrderAsync(Visitor customer)
    {
        var now = hub.Clock.GetUtcNow();
        var order = Guid.CreateVersion7(now);
        await hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into payment_orders (id, organization_id, user_id, purpose, channel, scene, status, client_address, currency, amount_minor, out_trade_no, created_at, expires_at, checks)
             values ('{order}', '{customer.OrganizationId}', '{customer.UserId}', 'top_up', 'stripe', 'desktop', 'created', '127.0.0.1', 'USD', 1000, '{order:N}', '{now:O}', '{now.AddHours(1):O}', 0)
             returning id
             """);
        await hub.Database.AsAdminAsync<string>(
            $"select payment_credit('{order}', 'stripe', 'test', 'test', null, null, 'USD', 1000, 'pi_{order:N}', '{now:O}', '{Guid.CreateVersion7(now)}', '{now:O}')");
        return order;
    }

    private async Task<Visitor> OperatorAsync()
    {
        var person = await hub.RegisterAsync();
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{person.UserId}', '2026-01-01') returning user_id");
        return person;
    }

    private static Task<Answer> RefundAsync(Visitor desk, string path, NewRefund refund, string wish) =>
        desk.SendAsync(HttpMethod.Post, $"{path}/refunds", JsonContent.Create(refund, options: Json.Options), request => request.Headers.TryAddWithoutValidation("Idempotency-Key", wish));
}
