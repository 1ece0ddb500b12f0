using System.Text.Json;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Accounts;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>Whether the books are in order, for whoever runs the hub.</summary>
public static class LedgerAudits
{
    private const int Shown = 50;

    public static void MapLedgerAudits(this IEndpointRouteBuilder api)
    {
        var audits = api.MapGroup("/admin/finance/audits").WithTags("Administration");

        audits.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listLedgerAudits", new("List audits of the ledger", "列出账本审计"),
                new("Newest first: every night's, and those asked for.", "从新到旧排列：包含每晚的审计与手动发起的审计。"), null, new Page<LedgerAuditView>([BudgetExamples.Audit], null))
            .Refuses(ProblemKind.OperatorRequired);

        audits.MapPost("/", RunAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("runLedgerAudit", new("Audit the ledger now", "立即审计账本"),
                new("Adds all the books up: journals, balances, lots, holds, budgets, periods and usage records. Answers what was found.", "核对全部账目：凭证、余额、批次、预留、预算、周期与用量记录，并返回结果。"), null, BudgetExamples.Audit)
            .Refuses(ProblemKind.OperatorRequired);
    }

    private static async Task<Ok<Page<LedgerAuditView>>> ListAsync(HubDb db, CancellationToken ct)
    {
        var runs = await db.AuditRuns.AsNoTracking().OrderByDescending(run => run.FinishedAt).Take(Shown).ToListAsync(ct);
        return TypedResults.Ok(new Page<LedgerAuditView>(runs.ConvertAll(View), null));
    }

    private static async Task<Ok<LedgerAuditView>> RunAsync(Person person, Ledger ledger, CancellationToken ct) =>
        TypedResults.Ok(View((await ledger.AuditAndKeepAsync(person.UserId, ct)).Run));

    private static LedgerAuditView View(AuditRun run) => new(
        run.Id,
        run.StartedAt,
        run.FinishedAt,
        run.RequestedBy is not null,
        run.Violations,
        JsonSerializer.Deserialize<Dictionary<string, long>>(run.Looked, JsonSerializerOptions.Default)!,
        run.Findings);
}
