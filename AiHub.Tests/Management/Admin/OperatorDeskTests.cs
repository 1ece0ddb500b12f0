using System.Net;
using System.Net.Http.Json;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;

namespace AiHub.Tests.Management.Admin;

/// <summary>What an operator does for one organization, and for the hub's queues.</summary>
public sealed class OperatorDeskTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task Credit_is_given_once_however_often_it_is_asked_for_and_stands_in_the_customers_log()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync());
        var path = $"admin/organizations/{customer.OrganizationId}";
        var credit = new NewCredit("25.5", "for the outage", hub.Clock.GetUtcNow().AddDays(30));

        Assert.Equal("25.5", (await CreditAsync(desk, path, credit, "wish-1")).Read<WalletView>().Granted);
        Assert.Equal("25.5", (await CreditAsync(desk, path, credit, "wish-1")).Read<WalletView>().Available);
        (await CreditAsync(desk, path, credit with { Amount = "26" }, "wish-1")).Is(ProblemKind.IdempotencyConflict);
        Assert.Equal("35.5", (await desk.PostAsync($"{path}/credits", new NewCredit("10", "more"))).Read<WalletView>().Available);

        Assert.Equal("35.5", (await customer.ReadAsync<WalletView>("billing/wallet")).Available);
        var log = (await customer.ReadAsync<Page<AuditEntryView>>($"organizations/{customer.OrganizationId}/audit-log?action=organization.credited")).Data;
        Assert.Equal(["10", "25.5"], log.Select(entry => entry.After!.Value.GetProperty("amount").GetString()));
        Assert.All(log, entry => Assert.Equal(desk.UserId, entry.ActorId));
        Assert.True((await customer.ReadAsync<AuditVerification>($"organizations/{customer.OrganizationId}/audit-log/verification")).Whole);
        Assert.Equal(0, (await desk.PostAsync("admin/finance/audits", null)).Read<LedgerAuditView>().Violations);
    }

    [Fact]
    public async Task Credit_that_makes_no_sense_is_refused_and_nothing_is_given()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync());
        var path = $"admin/organizations/{customer.OrganizationId}/credits";

        foreach (var (field, credit) in new[] { ("amount", new NewCredit("0", "x")), ("amount", new NewCredit("-1", "x")), ("amount", new NewCredit("a lot", "x")), ("expires_at", new NewCredit("1", "x", hub.Clock.GetUtcNow())), ("reason", new NewCredit("1", "")) })
        {
            var refused = await desk.PostAsync(path, credit);
            Assert.Equal((HttpStatusCode.BadRequest, field), (refused.Status, Assert.Single(refused.Read<ProblemView>().Errors!).Key));
        }

        (await desk.PostAsync($"admin/organizations/{Guid.CreateVersion7()}/credits", new NewCredit("1", "x"))).Is(ProblemKind.OrganizationNotFound);
        (await customer.PostAsync(path, new NewCredit("1", "x"))).Is(ProblemKind.OperatorRequired);
        Assert.Equal("0", (await customer.ReadAsync<WalletView>("billing/wallet")).Available);
    }

    [Fact]
    public async Task An_operator_reads_any_organization_and_limits_it()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync());
        var path = $"admin/organizations/{customer.OrganizationId}";

        Assert.Equal(new KeyLimits(3, null, 2), (await desk.PutAsync($"{path}/limits", new KeyLimits(3, null, 2))).Read<KeyLimits>());

        var detail = await desk.ReadAsync<HubOrganizationDetail>(path);
        Assert.Equal((customer.OrganizationId, "active", "0"), (detail.Organization.Id, detail.Organization.Status, detail.Wallet.Available));
        Assert.Equal((new KeyLimits(3, null, 2), 10), (detail.Limits, detail.PlanLimits.RequestsPerMinute));
        Assert.Equal(detail.Limits, (await customer.ReadAsync<LimitsView>("limits")).Organization);
        Assert.Equal(new KeyLimits(), (await desk.PutAsync($"{path}/limits", new KeyLimits())).Read<KeyLimits>());
        Assert.Equal(new KeyLimits(), (await desk.ReadAsync<HubOrganizationDetail>(path)).Limits);
        Assert.Null(detail.Contract);
        var terms = (await desk.PutAsync($"{path}/contract", new ContractTerms("enterprise", "500", 2_000_000))).Read<ContractTerms>();
        Assert.Equal(terms, (await desk.ReadAsync<HubOrganizationDetail>(path)).Contract);

        var today = DateOnly.FromDateTime(hub.Clock.GetUtcNow().UtcDateTime);
        // Later than today in every zone, so that ending it leaves nothing of it.
        var fee = new ContractFeeTerms("300.00", "month", today.AddDays(3), today.AddDays(400));
        var dearer = terms with { Fee = fee };
        Assert.Equal(dearer, (await desk.PutAsync($"{path}/contract", dearer)).Read<ContractTerms>());
        Assert.Equal(dearer, (await desk.ReadAsync<HubOrganizationDetail>(path)).Contract);
        foreach (var (wrong, field, text) in new[]
        {
            (fee with { Amount = "1.005" }, "fee.amount", FieldText.Amount), (fee with { Amount = "0" }, "fee.amount", FieldText.Amount),
            (fee with { From = today.AddYears(-1) }, "fee.from", FieldText.BeforeOrganization), (fee with { Until = today.AddDays(-1) }, "fee.until", FieldText.DateOrder),
        })
        {
            (await desk.PutAsync($"{path}/contract", terms with { Fee = wrong })).IsInvalid(field, text);
        }

        // What is on an invoice stays, and so does the contract that was refused.
        await hub.Database.AsAdminAsync<Guid>($"insert into contract_fee_charges (fee_id, starts_on, organization_id, ends_on, amount_minor) select id, starts_on, organization_id, starts_on + 10, 100 from contract_fees where organization_id = '{customer.OrganizationId}' returning fee_id");
        (await desk.PutAsync($"{path}/contract", new ContractTerms("enterprise", "900", 1, fee with { Amount = "400.00" }))).IsInvalid("fee.from", FieldText.FeeInvoiced, today.AddDays(13).ToString("yyyy-MM-dd", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal(dearer, (await desk.ReadAsync<HubOrganizationDetail>(path)).Contract);
        await hub.Database.AsAdminAsync<Guid>($"delete from contract_fee_charges where organization_id = '{customer.OrganizationId}' returning fee_id");
        // Left out, it holds no longer.
        Assert.Equal(terms, (await desk.PutAsync($"{path}/contract", terms)).Read<ContractTerms>());
        Assert.Null((await desk.ReadAsync<HubOrganizationDetail>(path)).Contract!.Fee);
        (await desk.GetAsync($"admin/organizations/{Guid.CreateVersion7()}")).Is(ProblemKind.OrganizationNotFound);
        (await desk.GetAsync("admin/organizations/nothing")).Is(ProblemKind.OrganizationNotFound);
        (await customer.GetAsync(path)).Is(ProblemKind.OperatorRequired);
        (await customer.PutAsync($"{path}/limits", new KeyLimits())).Is(ProblemKind.OperatorRequired);
    }

    [Fact]
    public async Task What_is_parked_is_seen_and_tried_again()
    {
        var (desk, customer) = (await OperatorAsync(), await hub.RegisterAsync());
        var notice = await ParkNoticeAsync();
        var channel = (await customer.PostAsync("alerts/channels", new NewAlertChannel("email", "finance", "finance@example.com", Language: "en"))).Read<CreatedAlertChannel>();
        Assert.Equal(HttpStatusCode.NoContent, (await customer.PostAsync($"alerts/channels/{channel.Id}/test", null)).Status);
        var firing = Assert.Single((await customer.ReadAsync<Page<AlertFiringView>>("alerts/firings")).Data);
        Assert.Equal(("test", "finance", "pending"), (firing.Kind, firing.Name, Assert.Single(firing.Deliveries).State));
        var delivery = firing.Deliveries[0].Id;
        await hub.Database.AsAdminAsync<Guid>($"update alert_deliveries set state = 'parked', attempts = 7, last_error = 'nobody there' where id = '{delivery}' returning id");

        var health = await desk.ReadAsync<HubHealthView>("admin/health");
        Assert.Equal(["alert_messages", "mails", "payment_notices"], health.Queues.Select(queue => queue.Name).Order());
        Assert.Contains(health.Parked, parked => parked.Id == notice && parked is { Queue: "payment_notices", Error: "no worker", Attempts: 10 });
        Assert.Contains(health.Parked, parked => parked.Id == delivery && parked.OrganizationId == customer.OrganizationId && parked is { What: "email finance", Error: "nobody there" });

        var now = hub.Clock.GetUtcNow();
        foreach (var (runs, failures, at, error) in new[] { (2, 0, now.AddDays(-2), "null"), (3, 1, now.AddHours(-2), "'FormatException: worse'"), (4, 0, now, "null") })
        {
            await hub.Database.AsAdminAsync<object>($"select worker_runs_note('ThisRun', {runs}, {failures}, {runs * 10}, {(failures > 0 ? $"'{at:O}'" : "null")}, {error}, '{at:O}')");
        }

        var run = Assert.Single((await desk.ReadAsync<HubHealthView>("admin/health")).Runs, row => row.Name == "ThisRun");
        Assert.Equal((7, 1, 40, "FormatException: worse"), (run.Runs, run.Failures, run.LongestMs, run.Error));
        // The database keeps microseconds.
        Assert.Equal((0d, -2d), (Math.Round((run.LastAt - now).TotalHours), Math.Round((run.FailedAt!.Value - now).TotalHours)));

        Assert.Equal(HttpStatusCode.NoContent, (await desk.PostAsync($"admin/health/parked/payment_notices/{notice}/replay", null)).Status);
        Assert.Equal(HttpStatusCode.NoContent, (await desk.PostAsync($"admin/health/parked/alert_messages/{delivery}/replay", null)).Status);

        (await desk.PostAsync($"admin/health/parked/alert_messages/{delivery}/replay", null)).Is(ProblemKind.NothingParked);
        (await desk.PostAsync($"admin/health/parked/nowhere/{delivery}/replay", null)).Is(ProblemKind.NothingParked);
        (await desk.PostAsync("admin/health/parked/alert_messages/x/replay", null)).Is(ProblemKind.NothingParked);
        Assert.DoesNotContain((await desk.ReadAsync<HubHealthView>("admin/health")).Parked, parked => parked.Id == notice || parked.Id == delivery);
        Assert.Equal("pending", Assert.Single((await customer.ReadAsync<Page<AlertFiringView>>("alerts/firings")).Data).Deliveries[0].State);
        (await customer.GetAsync("admin/health")).Is(ProblemKind.OperatorRequired);
        (await customer.PostAsync($"admin/health/parked/alert_messages/{delivery}/replay", null)).Is(ProblemKind.OperatorRequired);
    }

    [Fact]
    public async Task A_channel_of_somebody_else_is_not_tested()
    {
        var (customer, stranger) = (await hub.RegisterAsync(), await hub.RegisterAsync());
        var channel = (await customer.PostAsync("alerts/channels", new NewAlertChannel("email", "finance", "finance@example.com"))).Read<CreatedAlertChannel>();

        (await stranger.PostAsync($"alerts/channels/{channel.Id}/test", null)).Is(ProblemKind.AlertNotFound);
        Assert.Empty((await customer.ReadAsync<Page<AlertFiringView>>("alerts/firings")).Data);
    }

    private static Task<Answer> CreditAsync(Visitor desk, string path, NewCredit credit, string wish) => desk.SendAsync(
        HttpMethod.Post, $"{path}/credits", JsonContent.Create(credit, options: Json.Options), request => request.Headers.Add("Idempotency-Key", wish));

    private async Task<Visitor> OperatorAsync()
    {
        var person = await hub.RegisterAsync();
        await hub.Database.AsAdminAsync<Guid>($"insert into operators (user_id, created_at) values ('{person.UserId}', '2026-01-01') returning user_id");
        return person;
    }

    private Task<Guid> ParkNoticeAsync()
    {
        var now = hub.Clock.GetUtcNow();
        return hub.Database.AsAdminAsync<Guid>(
            $"""
             insert into inbound_notices (id, channel, event_id, kind, received_at, body, attempts, last_error, parked_at)
             values ('{Guid.CreateVersion7(now)}', 'stripe', '{Guid.CreateVersion7(now)}', 'paid', '{now:O}', '', 10, 'no worker', '{now:O}') returning id
             """);
    }
}
