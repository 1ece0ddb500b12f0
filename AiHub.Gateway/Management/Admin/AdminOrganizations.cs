using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management.Admin;

/// <summary>One customer's organization on the operator's desk: what it has, promotional money, limits.</summary>
public static class AdminOrganizations
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void MapAdminOrganizations(this IEndpointRouteBuilder api)
    {
        var organizations = api.MapGroup("/admin/organizations/{id}").WithTags("Administration");

        organizations.MapGet("", FindAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("getAnyOrganization", new("Get any organization", "查询任一组织"), new("With its wallet and its limits. For operators.", "包含其钱包与限制。仅限平台运营者。"), null, AdminExamples.OrganizationDetail)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);

        organizations.MapPost("/credits", CreditAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("creditOrganization", new("Give an organization credit", "赠送余额"),
                new("Promotional money: it is spent before what was paid for, may expire, and is never paid out. For operators.", "赠送余额优先于充值余额使用，可设有效期，不可提现。仅限平台运营者。"),
                AdminExamples.NewCredit, Examples.Wallet)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound, ProblemKind.IdempotencyConflict);

        organizations.MapPut("/limits", LimitAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("limitOrganization", new("Limit an organization", "限制组织"),
                new("For all of its keys together, beside its plan's; replaces all three, what is left out is no longer limited. Holds within a second. For operators.", "在套餐之外限制其全部密钥之和；同时替换三项，省略的项不再限制。一秒内生效。仅限平台运营者。"),
                Examples.KeyLimits, Examples.KeyLimits)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);
    }

    private static async Task<Results<Ok<HubOrganizationDetail>, Refused>> FindAsync(string id, HubDb db, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var plan = await db.Plans.AsNoTracking().FirstOrDefaultAsync(row => row.Id == found.PlanId, ct);
        var (wallet, limits, contract, fee) = await db.InOrganizationAsync(
            found.Id,
            async () => (
                await Billing.WalletOfAsync(db, found.Id, found.Currency, ct),
                await db.RateLimits.AsNoTracking().FirstOrDefaultAsync(row => row.Owner == LimitOwner.Organization, ct),
                await db.Subscriptions.AsNoTracking().FirstOrDefaultAsync(row => row.Status == SubscriptionStatus.Active && row.Collection == Collection.Contract, ct),
                await AdminContracts.FeeAsync(db, ct)),
            ct);

        return TypedResults.Ok(new HubOrganizationDetail(
            Operators.View(found),
            wallet,
            new KeyLimits(plan?.RequestsPerMinute, plan?.TokensPerMinute, plan?.Concurrency),
            new KeyLimits(limits?.RequestsPerMinute, limits?.TokensPerMinute, limits?.Concurrency),
            contract is null ? null : new ContractTerms(contract.PlanId, wallet.CreditLimit, contract.ContractTokens, fee)));
    }

    private static async Task<Results<Ok<WalletView>, Refused>> CreditAsync(
        string id, NewCredit request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { Status: not OrganizationStatus.Closed } found)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        if (!Money.TryParse(request.Amount, found.Currency, out var amount) || amount.Nanos <= 0)
        {
            errors.Add("amount", FieldText.Amount);
        }

        if (request.ExpiresAt <= now)
        {
            errors.Add("expires_at", FieldText.Future);
        }

        if (idempotencyKey is { Length: > 100 })
        {
            errors.Add(IdempotencyKey, FieldText.MaxLength, 100);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var credit = Guid.CreateVersion7(now);
        try
        {
            return TypedResults.Ok(await db.AsOperatorInAsync(person.UserId, found.Id, async () =>
            {
                if (await db.CreditAsync(found.Id, credit, idempotencyKey ?? credit.ToString(), amount, request.Reason, request.ExpiresAt, now, ct))
                {
                    await db.AuditAsync(http.Actor(), "organization.credited", found.Id.ToString(), null,
                        new { journal = credit, amount = amount.ToDecimalString(), currency = found.Currency.ToString(), request.Reason, request.ExpiresAt }, now, ct);
                }

                return await Billing.WalletOfAsync(db, found.Id, found.Currency, ct);
            }, ct));
        }
        catch (PostgresException conflict) when (conflict.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return Refused.Because(ProblemKind.IdempotencyConflict);
        }
    }

    private static async Task<Results<Ok<KeyLimits>, Refused>> LimitAsync(
        string id, KeyLimits request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { Status: not OrganizationStatus.Closed } found)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var now = time.Now();
        await db.InOrganizationAsync(found.Id, async () =>
        {
            await db.LockMembersAsync(ct);
            var before = await RateLimits.SetAsync(db, found.Id, LimitOwner.Organization, found.Id, request, ct);
            await db.AuditAsync(http.Actor(), "limits.changed", found.Id.ToString(), new { owner = "organization", limits = before }, new { owner = "organization", limits = request }, now, ct);
        }, ct);

        return TypedResults.Ok(request);
    }
}
