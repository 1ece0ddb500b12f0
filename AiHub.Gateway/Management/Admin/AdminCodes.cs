using System.Security.Cryptography;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Making redemption codes. They are shown once; nobody can read them back, operators included.</summary>
public static class AdminCodes
{
    public static void MapAdminCodes(this IEndpointRouteBuilder api)
    {
        var batches = api.MapGroup("/admin/code-batches").WithTags("Administration");

        batches.MapPost("", CreateAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("createCodeBatch", new("Make redemption codes", "生成兑换码"), new("The codes are in this answer and nowhere else.", "兑换码仅在本次响应中返回。"), SubscriptionExamples.NewBatch, new CreatedCodeBatch(SubscriptionExamples.Batch, ["ABCDE-FGHJK-LMNPQ-RSTUV"]))
            .Refuses(ProblemKind.OperatorRequired);

        batches.MapGet("", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listCodeBatches", new("List batches of codes", "列出兑换码批次"), new("Newest first.", "按时间从新到旧排列。"), null, new Page<CodeBatchView>([SubscriptionExamples.Batch], null))
            .Refuses(ProblemKind.OperatorRequired);

        batches.MapPost("/{id}/revoke", RevokeAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The batch's id.", "批次编号。"), "uuid", SubscriptionExamples.Batch.Id)
            .Describe("revokeCodeBatch", new("Revoke a batch of codes", "作废兑换码批次"), new("None of its codes can be redeemed any more; what has been redeemed stays.", "该批次的兑换码不可再使用；已兑换的不受影响。"), null, SubscriptionExamples.Batch)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.CodeBatchNotFound);
    }

    private static async Task<Results<Created<CreatedCodeBatch>, Refused>> CreateAsync(
        NewCodeBatch request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var amount = Orders.ReadAmount(request.Amount, Enum.Parse<Currency>(request.Currency), errors);
        if (request.RedeemBefore <= now)
        {
            errors.Add("redeem_before", FieldText.Future);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var batch = new CodeBatch
        {
            Id = Guid.CreateVersion7(now),
            Name = request.Name,
            Currency = Enum.Parse<Currency>(request.Currency),
            AmountMinor = MinorUnits.Of(amount!.Value)!.Value,
            Count = request.Count,
            PerOrganization = request.PerOrganization,
            RedeemBefore = request.RedeemBefore.Cut(),
            GrantDays = request.GrantDays,
            CreatedBy = person.UserId,
            CreatedAt = now,
        };
        var codes = Enumerable.Range(0, request.Count).Select(_ => RandomNumberGenerator.GetString(Redemptions.Alphabet, Redemptions.Length)).ToList();
        await db.AsOperatorAsync(person.UserId, async () =>
        {
            db.CodeBatches.Add(batch);
            db.RedemptionCodes.AddRange(codes.Select(code => new RedemptionCode { Id = Guid.CreateVersion7(now), BatchId = batch.Id, Hash = Redemptions.Hash(code), LastFour = code[^4..] }));
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "code_batch.created", batch.Id.ToString(), null, request, now, ct);
            return true;
        }, ct);

        return TypedResults.Created(
            $"{ManagementApi.Path}/admin/code-batches",
            new CreatedCodeBatch(View(batch, 0), [.. codes.Select(code => string.Join('-', code.Chunk(5).Select(part => new string(part))))]));
    }

    private static async Task<Ok<Page<CodeBatchView>>> ListAsync(HubDb db, CancellationToken ct)
    {
        var batches = await db.CodeBatches.AsNoTracking().OrderByDescending(batch => batch.CreatedAt)
            .Select(batch => new { batch, Redeemed = db.RedemptionCodes.Count(code => code.BatchId == batch.Id && code.RedeemedAt != null) }).ToListAsync(ct);
        return TypedResults.Ok(new Page<CodeBatchView>([.. batches.Select(row => View(row.batch, row.Redeemed))], null));
    }

    private static async Task<Results<Ok<CodeBatchView>, Refused>> RevokeAsync(string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return await db.AsOperatorAsync<Results<Ok<CodeBatchView>, Refused>>(person.UserId, async () =>
        {
            if (!Guid.TryParse(id, out var parsed)
                || await db.CodeBatches.Where(batch => batch.Id == parsed && batch.RevokedAt == null).ExecuteUpdateAsync(set => set.SetProperty(batch => batch.RevokedAt, now), ct) == 0)
            {
                return Refused.Because(ProblemKind.CodeBatchNotFound);
            }

            await db.AuditAsync(http.Actor(), "code_batch.revoked", id, null, new { revokedAt = now }, now, ct);
            var batch = await db.CodeBatches.AsNoTracking().SingleAsync(row => row.Id == parsed, ct);
            return TypedResults.Ok(View(batch, await db.RedemptionCodes.CountAsync(code => code.BatchId == parsed && code.RedeemedAt != null, ct)));
        }, ct);
    }

    private static CodeBatchView View(CodeBatch batch, int redeemed) => new(
        batch.Id, batch.Name, batch.Currency.ToString(), MinorUnits.ToMoney(batch.AmountMinor, batch.Currency).ToDecimalString(), batch.Count, redeemed, batch.PerOrganization,
        batch.RedeemBefore, batch.GrantDays, batch.CreatedAt, batch.RevokedAt);
}
