using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>What guardrails would do with a text, without a call.</summary>
public static class GuardrailTrials
{
    public static void MapGuardrailTrials(this IEndpointRouteBuilder api) => api.MapGroup("/organizations/{id}/guardrails").WithTags("Guardrails")
        .MapPost("/try", TryAsync)
        .InOrganizationOfPath(Permission.PolicyWrite)
        .Describe("tryGuardrails", new("Try guardrails on a text", "用文本试运行护栏"),
            new("Says what the guardrails that are switched on, or a single one, would do with a text. Webhooks are asked, with `trial` set; moderation models are not, because a call's key pays for them. Nothing of the text is kept.",
                "返回已启用的护栏（或指定的一个护栏）会如何处理一段文本。会询问 Webhook，并在请求中标记 `trial`；不询问内容审核模型，因为其费用由调用的密钥承担。不保存文本的任何内容。"),
            PolicyExamples.Trial, PolicyExamples.TrialResult)
        .Refuses(ProblemKind.TeamNotFound, ProblemKind.GuardrailNotFound);

    private static async Task<Results<Ok<GuardrailTrialResult>, Refused>> TryAsync(
        GuardrailTrial request, Member member, HubDb db, GuardrailSecrets secrets, Judges judges, TimeProvider time, CancellationToken ct)
    {
        var (rows, refusal) = await db.InOrganizationAsync<(List<Guardrail>, ProblemKind?)>(member.OrganizationId, async () =>
        {
            if (request.TeamId is { } team && !await db.Teams.AnyAsync(each => each.Id == team && each.ArchivedAt == null, ct))
            {
                return ([], ProblemKind.TeamNotFound);
            }

            var all = db.Guardrails.AsNoTracking().OrderBy(row => row.CreatedAt).ThenBy(row => row.Id);
            if (request.GuardrailId is { } only)
            {
                return await all.Where(row => row.Id == only).ToListAsync(ct) is { Count: > 0 } found ? (found, null) : ([], ProblemKind.GuardrailNotFound);
            }

            return (await all.Where(row => row.Enabled && (row.TeamId == null || row.TeamId == request.TeamId)).ToListAsync(ct), null);
        }, ct);
        if (refusal is not null)
        {
            return Refused.Because(refusal);
        }

        var set = GuardrailSet.Of(rows, secrets.Open);
        var (texts, asks) = request.Stage == Stages.Input ? (set.Input, set.AsksOnInput) : (set.Output, set.AsksOnOutput);
        var log = new GuardrailLog();
        var text = TextSearch.ApplyThrough(request.Text, request.Stage, texts, log);
        // As with a call: what is blocked already nobody else is asked about.
        if (log.Blocked is null)
        {
            text = await judges.TryAsync([.. asks.Where(rule => rule.Kind == GuardrailKind.Webhook)], request.Stage, Guid.CreateVersion7(time.GetUtcNow()), member.OrganizationId, text, log, ct);
        }

        return TypedResults.Ok(new GuardrailTrialResult(
            log.Blocked is not null ? "blocked" : text != request.Text ? "masked" : log.Entries.Count > 0 ? "flagged" : "passed",
            log.Blocked is null ? text : null,
            [.. log.Entries.Select(UsageRequests.Decision)],
            [.. asks.Where(rule => rule.Kind == GuardrailKind.Moderation).Select(rule => rule.Name)]));
    }
}
