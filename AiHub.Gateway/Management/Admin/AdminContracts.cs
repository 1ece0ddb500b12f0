using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What an operator has agreed with a customer: a plan, a credit limit, and what differs from the plan.</summary>
public static class AdminContracts
{
    public static void MapAdminContracts(this IEndpointRouteBuilder api)
    {
        var contracts = api.MapGroup("/admin/organizations/{id}/contract").WithTags("Administration");

        contracts.MapPut("", SetAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("setContract", new("Set an organization's contract", "设置组织的合同"),
                new("Takes the place of whatever plan the organization is on, at once. Calls may then draw the wallet below zero, as far as the credit limit; what is used is invoiced by the month, and the fee on a line of its own. Terms that are left out no longer hold.", "立即替换组织当前的套餐。调用可在信用额度内透支钱包，用量按月开具账单，合同服务费在账单中单列一行。省略的条款不再生效。"),
                SubscriptionExamples.Contract, SubscriptionExamples.Contract)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound, ProblemKind.PlanNotSold);

        contracts.MapDelete("", EndAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("endContract", new("End an organization's contract", "终止组织的合同"), new("The free plan follows, and the fee ends with yesterday. What is owed stays owed.", "之后转为免费套餐，合同服务费计至前一天；已产生的欠款仍需支付。"))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);
    }

    private static async Task<Results<Ok<ContractTerms>, Refused>> SetAsync(
        string id, ContractTerms request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await FindAsync(db, id, ct) is not { } organization)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var errors = new FieldErrors(http.Request.Language());
        if (!Money.TryParse(request.CreditLimit, organization.Currency, out var limit) || limit.Nanos < 0)
        {
            errors.Add("credit_limit", FieldText.MoneyAmount);
        }

        var feeMinor = request.Fee is { } fee ? ReadFee(fee, organization, errors) : null;
        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (!await db.Plans.AnyAsync(plan => plan.Id == request.PlanId, ct))
        {
            return Refused.Because(ProblemKind.PlanNotSold, request.PlanId, "contract");
        }

        var now = time.Now();
        return await db.AsOperatorInAsync<Results<Ok<ContractTerms>, Refused>>(person.UserId, organization.Id, async () =>
        {
            var plan = await db.Subscriptions.AsNoTracking().Where(row => row.Status == SubscriptionStatus.Active).Select(row => new { row.PlanId, row.ContractTokens }).SingleAsync(ct);
            var before = new { plan.PlanId, plan.ContractTokens, Fee = await FeeAsync(db, ct) };
            if (await AgreeFeeAsync(db, organization.Id, request.Fee, feeMinor, now, ct) is { } free)
            {
                errors.Add("fee.from", FieldText.FeeInvoiced, free.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
                return errors.Refuse();
            }

            await db.SetContractAsync(organization.Id, request.PlanId, limit.Nanos, request.MonthlyTokens, now, ct);
            await db.AuditAsync(http.Actor(), "contract.set", organization.Id.ToString(), before, request, now, ct);
            return TypedResults.Ok(request);
        }, ct);
    }

    /// <summary>The newest fee that was agreed with the organization at work, until it has ended and is on its last invoice.</summary>
    internal static async Task<ContractFeeTerms?> FeeAsync(HubDb db, CancellationToken ct)
    {
        var fee = await db.ContractFees.AsNoTracking().OrderByDescending(row => row.StartsOn).FirstOrDefaultAsync(ct);
        return fee is null || await db.ContractFeeCharges.AnyAsync(charge => charge.FeeId == fee.Id && charge.EndsOn >= fee.EndsOn, ct)
            ? null
            : new ContractFeeTerms(MinorUnits.ToText(fee.AmountMinor), Wire.Name(fee.Interval), fee.StartsOn, fee.EndsOn?.AddDays(-1));
    }

    private static long? ReadFee(ContractFeeTerms fee, OrganizationOfHub organization, FieldErrors errors)
    {
        var minor = MinorUnits.Parse(fee.Amount);
        if (minor is not > 0)
        {
            errors.Add("fee.amount", FieldText.Amount);
        }

        if (fee.From < DateOnly.FromDateTime(organization.CreatedAt.UtcDateTime))
        {
            errors.Add("fee.from", FieldText.BeforeOrganization);
        }

        if (fee.Until < fee.From)
        {
            errors.Add("fee.until", FieldText.DateOrder);
        }

        return minor;
    }

    private static async Task<DateOnly?> AgreeFeeAsync(HubDb db, Guid organization, ContractFeeTerms? fee, long? minor, DateTimeOffset now, CancellationToken ct)
    {
        if (fee is not null && minor is { } amount)
        {
            var interval = Enum.Parse<PlanInterval>(fee.Interval, ignoreCase: true);
            return await db.SetContractFeeAsync(organization, amount, interval, fee.From, fee.Until?.AddDays(1), now, ct);
        }

        await db.EndContractFeeAsync(organization, now, ct);
        return null;
    }

    private static async Task<Results<NoContent, Refused>> EndAsync(string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await FindAsync(db, id, ct) is not { } organization)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var now = time.Now();
        var ended = await db.AsOperatorInAsync(person.UserId, organization.Id, async () =>
        {
            var found = await db.EndContractAsync(organization.Id, now, ct);
            if (found)
            {
                await db.AuditAsync(http.Actor(), "contract.ended", organization.Id.ToString(), null, null, now, ct);
            }

            return found;
        }, ct);
        return ended ? TypedResults.NoContent() : Refused.Because(ProblemKind.OrganizationNotFound);
    }

    private static async Task<OrganizationOfHub?> FindAsync(HubDb db, string id, CancellationToken ct) => !Guid.TryParse(id, out var parsed)
        ? null
        : await db.OrganizationsOfHub(parsed.ToString()).AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed && row.Status != OrganizationStatus.Closed, ct);
}
