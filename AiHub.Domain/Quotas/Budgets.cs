using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

/// <summary>Sets, changes and removes budgets, each in one step with the holds that count against them. Call them inside <see cref="Tenancy.InOrganization"/>.</summary>
public static class Budgets
{
    /// <summary>Counts from the beginning of the budget's period: what has been used since then and what is held now are in it at once.</summary>
    public static Task AddBudgetAsync(this HubDb db, Budget budget, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"""
         select create_budget({budget.Id}, {budget.OrganizationId}, {Storage.Words.Of(budget.Scope.ToString())}, {budget.SubjectId}, {budget.ModelId}, {budget.VendorId},
                              {budget.Unit}, {budget.Amount}, {Storage.Words.Of(budget.Period.ToString())}, {Storage.Words.Of(budget.Alignment.ToString())},
                              {budget.Anchor.ToUniversalTime()}, {budget.Hard}, {budget.AlertAt}, {budget.CreatedBy}, {budget.CreatedAt.ToUniversalTime()})
         """,
        ct);

    /// <summary>Changes what may change: amount, hardness, warnings and the temporary raise, as they are in <paramref name="budget"/>.</summary>
    public static Task ChangeBudgetAsync(this HubDb db, Budget budget, CancellationToken ct) => db.Database.ExecuteSqlAsync(
        $"""
         select change_budget({budget.Id}, {budget.OrganizationId}, {budget.Amount}, {budget.Hard}, {budget.AlertAt}, {budget.RaisedAmount}, {budget.RaisedUntil?.ToUniversalTime()})
         """,
        ct);

    public static Task EndBudgetAsync(this HubDb db, Budget budget, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select end_budget({budget.Id}, {budget.OrganizationId}, {now.ToUniversalTime()})", ct);
}
