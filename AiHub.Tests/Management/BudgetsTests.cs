using System.Net;
using AiHub.Contracts;
using AiHub.Gateway.Management.Refusals;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Tests.Management;

public sealed class BudgetsTests(ManagementHub hub) : IClassFixture<ManagementHub>
{
    [Fact]
    public async Task A_budget_is_set_shown_changed_raised_and_removed_and_all_of_it_is_written_down()
    {
        var person = await hub.RegisterAsync("USD", "UTC");
        var path = $"organizations/{person.OrganizationId}/budgets";

        var created = await person.PostAsync(path, new NewBudget("50.00", "USD", "user", person.UserId));
        Assert.True(created.Status == HttpStatusCode.Created, created.Text);
        var budget = created.Read<BudgetView>();
        Assert.Equal(
            ("user", person.UserId, "USD", "50", "month", "calendar", true, "50", "0", "0", "50"),
            (budget.Scope, budget.SubjectId, budget.Unit, budget.Amount, budget.Period, budget.Alignment, budget.Hard, budget.Limit, budget.Used, budget.Held, budget.Free));
        Assert.Equal([50, 80, 95, 100], budget.AlertAt);
        Assert.Equal(budget.Subject, budget.SetBy);
        Assert.Equal(1, budget.ResetsAt!.Value.Day);

        var until = hub.Clock.GetUtcNow().AddDays(2);
        var raised = await ChangeAsync(new BudgetChange(Hard: false, AlertAt: [90], Raise: new BudgetRaise("80", until)));
        Assert.Equal(("50", "80", "80", false), (raised.Amount, raised.Limit, raised.Raise!.Amount, raised.Hard));
        Assert.Equal([90], raised.AlertAt);
        Assert.Null((await ChangeAsync(new BudgetChange(Raise: new BudgetRaise()))).Raise);
        Assert.Equal("12.5", (await ChangeAsync(new BudgetChange("12.50"))).Limit);

        Assert.Equal(budget.Id, (await person.ReadAsync<Page<BudgetView>>(path)).Data.Single().Id);
        Assert.Equal(HttpStatusCode.NoContent, (await person.DeleteAsync($"{path}/{budget.Id}")).Status);
        (await person.GetAsync($"{path}/{budget.Id}")).Is(ProblemKind.BudgetNotFound);
        Assert.Empty((await person.ReadAsync<Page<BudgetView>>(path)).Data);

        await using var db = hub.Database.OpenAsAdmin();
        Assert.Equal(
            ["budget.created", "budget.changed", "budget.changed", "budget.changed", "budget.removed"],
            await db.AuditEntries.Where(entry => entry.OrganizationId == person.OrganizationId && entry.Subject == budget.Id.ToString()).OrderBy(entry => entry.Sequence).Select(entry => entry.Action).ToListAsync());
        var log = (await person.ReadAsync<Page<AuditEntryView>>($"organizations/{person.OrganizationId}/audit-log?action=budget.changed")).Data;
        Assert.Equal(["12.5", "50", "50"], log.Select(entry => entry.After!.Value.GetProperty("amount").GetString()));
        Assert.Equal([null, null, "80"], log.Select(entry => entry.After!.Value.GetProperty("raised_amount").GetString()));
        Assert.All(log, entry => Assert.Equal("USD", entry.After!.Value.GetProperty("unit").GetString()));

        async Task<BudgetView> ChangeAsync(BudgetChange change)
        {
            var answer = await person.SendAsync(HttpMethod.Patch, $"{path}/{budget.Id}", System.Net.Http.Json.JsonContent.Create(change, options: Json.Options));
            Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
            return answer.Read<BudgetView>();
        }
    }

    [Fact]
    public async Task A_key_has_a_budget_of_its_own_from_the_start()
    {
        var person = await hub.RegisterAsync("CNY");

        var answer = await person.PostAsync("auth/api-keys", """{"name":"k","budget":{"amount":1000,"unit":"tokens","period":"day","hard":true}}""");
        Assert.True(answer.Status == HttpStatusCode.Created, answer.Text);
        var key = answer.Read<CreatedApiKey>();
        Assert.Equal(("key", "tokens", "1000", "day", "k"), (key.Budget!.Scope, key.Budget.Unit, key.Budget.Limit, key.Budget.Period, key.Budget.Subject));

        var changed = await person.SendAsync(HttpMethod.Patch, $"auth/api-keys/{key.Id}", new StringContent("""{"budget":{"amount":"2000","unit":"tokens","period":"day"}}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal((key.Budget.Id, "2000"), changed.Read<ApiKeyView>().Budget is { } budget ? (budget.Id, budget.Amount) : default);

        // Another period is another budget, and the one before ends.
        var other = await person.SendAsync(HttpMethod.Patch, $"auth/api-keys/{key.Id}", new StringContent("""{"budget":{"amount":"9.5","unit":"CNY"}}""", System.Text.Encoding.UTF8, "application/json"));
        Assert.NotEqual(key.Budget.Id, other.Read<ApiKeyView>().Budget!.Id);
        Assert.Equal("9.5", (await person.ReadAsync<ApiKeyView>($"auth/api-keys/{key.Id}")).Budget!.Limit);
        Assert.Single((await person.ReadAsync<Page<BudgetView>>($"organizations/{person.OrganizationId}/budgets")).Data);
    }

    [Fact]
    public async Task What_makes_no_sense_as_a_budget_is_said_field_by_field()
    {
        var person = await hub.RegisterAsync("USD");
        var path = $"organizations/{person.OrganizationId}/budgets";

        (await person.PostAsync(path, new NewBudget("1.5", "tokens"))).IsInvalid("amount", FieldText.TokenAmount);
        (await person.PostAsync(path, new NewBudget("-1", "USD"))).IsInvalid("amount", FieldText.MoneyAmount);
        (await person.PostAsync(path, new NewBudget("1", "CNY"))).IsInvalid("unit", FieldText.OneOf, "tokens, USD");
        (await person.PostAsync(path, new NewBudget("1", "USD", "team"))).IsInvalid("subject_id", FieldText.Required);
        (await person.PostAsync(path, new NewBudget("1", "USD", "team", Guid.CreateVersion7()))).IsInvalid("subject_id", FieldText.NotHere);
        (await person.PostAsync(path, new NewBudget("1", "USD", Model: "no/such"))).IsInvalid("model", FieldText.UnknownModels, "no/such");
        (await person.PostAsync(path, new NewBudget("1", "USD", Anchor: hub.Clock.GetUtcNow().AddDays(1)))).IsInvalid("anchor", FieldText.Past);
        (await person.PostAsync(path, new NewBudget("1", "USD", AlertAt: [0]))).IsInvalid("alert_at", FieldText.Range, 1, 1_000);
        (await person.PostAsync($"organizations/{Guid.CreateVersion7()}/budgets", new NewBudget("1", "USD"))).Is(ProblemKind.OrganizationNotFound);
    }

    [Fact]
    public async Task An_operator_audits_the_books_and_nobody_else_does()
    {
        var person = await hub.RegisterAsync();
        (await person.PostAsync("admin/finance/audits", null)).Is(ProblemKind.OperatorRequired);
        await hub.Database.AsAdminAsync<object>($"insert into operators (user_id, created_at) values ('{person.UserId}', now()) returning user_id");

        var answer = await person.PostAsync("admin/finance/audits", null);
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        var run = answer.Read<LedgerAuditView>();
        Assert.True(run.OnDemand);
        Assert.True(run.Looked["organizations"] >= 1);
        Assert.Equal(run.Violations, run.Findings.Count);

        Assert.Equal(run.Id, (await person.ReadAsync<Page<LedgerAuditView>>("admin/finance/audits")).Data[0].Id);
    }
}
