using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Catalog;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What a customer pays less than the public prices, by contract.</summary>
public static class AdminDiscounts
{
    public static void MapAdminDiscounts(this IEndpointRouteBuilder api)
    {
        var discounts = api.MapGroup("/admin/organizations/{id}/discounts").WithTags("Administration");

        discounts.MapGet("", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("listDiscounts", new("List an organization's discounts", "列出组织的折扣"), new("Newest first, with those that have ended.", "按生效时间从新到旧排列，包含已结束的折扣。"), null, new Page<PriceDiscountView>([SubscriptionExamples.Discount], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound);

        discounts.MapPost("", AddAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Describe("addDiscount", new("Agree a discount", "约定折扣"),
                new(
                    "A share of the public price, for every component, length of prompt, service class and hour; taken off before the charge is rounded once. A price agreed by itself goes before it. Of several the one of the model holds, then the one of the longest beginning, then the one of the vendor. Ends the one on the same vendor and models; calls already admitted keep theirs.",
                    "按公开价格的比例优惠，适用于各计价项目、提示长度、服务等级与时段；先扣减，再对整次费用舍入一次。单独约定的协议价优先。多项折扣同时满足时，指定模型者优先，其次为前缀最长者，再次为指定厂商者。相同厂商与模型的现行折扣随即结束；已受理的调用不变。"),
                SubscriptionExamples.NewDiscount, SubscriptionExamples.Discount)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound, ProblemKind.VendorNotFound, ProblemKind.DiscountOverlaps);

        discounts.MapPost("/{discount}/end", EndAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrganizationId, "uuid", OrganizationExamples.OfHub.Id)
            .Parameter("discount", new("The discount's id.", "折扣编号。"), "uuid", SubscriptionExamples.Discount.Id)
            .Describe("endDiscount", new("End a discount", "结束折扣"), new("Now, unless a later moment is given.", "默认立即结束，也可指定之后的时间。"), AdminExamples.PriceEnd, SubscriptionExamples.Discount)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrganizationNotFound, ProblemKind.DiscountNotFound);
    }

    private static async Task<Results<Ok<Page<PriceDiscountView>>, Refused>> ListAsync(string id, HubDb db, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { } organization)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var rows = await db.PriceDiscounts.AsNoTracking().Where(row => row.CustomerId == organization.Id).OrderByDescending(row => row.ValidFrom).ThenBy(row => row.Id).ToListAsync(ct);
        return TypedResults.Ok(new Page<PriceDiscountView>([.. rows.Select(View)], null));
    }

    private static async Task<Results<Created<PriceDiscountView>, Refused>> AddAsync(
        string id, NewPriceDiscount request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { Status: not OrganizationStatus.Closed } organization)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var now = time.Now();
        var (vendor, model) = (request.VendorId ?? "", request.Model ?? "");
        var from = request.ValidFrom?.Cut() ?? now;
        var errors = new FieldErrors(http.Request.Language());
        if (BasisPoints(request.Percent) is not { } points)
        {
            errors.Add("percent", FieldText.Percent);
            points = 0;
        }

        if (model.Length > 0 && !(await db.Models.Select(row => row.Id).ToListAsync(ct)).Exists(known => PriceDiscount.Matches(model, known)))
        {
            errors.Add("model", FieldText.UnknownModels, model);
        }

        // What has been charged stays as it was charged.
        if (request.ValidFrom < now)
        {
            errors.Add("valid_from", FieldText.Future);
        }

        if (request.ValidTo <= from)
        {
            errors.Add("valid_to", FieldText.Future);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (vendor.Length > 0 && !await db.Vendors.AnyAsync(row => row.Id == vendor, ct))
        {
            return Refused.Because(ProblemKind.VendorNotFound);
        }

        var discount = new PriceDiscount
        {
            Id = Guid.CreateVersion7(now),
            CustomerId = organization.Id,
            VendorId = vendor,
            ModelPattern = model,
            BasisPoints = points,
            ValidFrom = from,
            ValidTo = request.ValidTo?.Cut(),
            Source = request.Source,
            ApprovedBy = person.UserId.ToString(),
        };
        try
        {
            return await db.AsOperatorInAsync<Results<Created<PriceDiscountView>, Refused>>(person.UserId, organization.Id, async () =>
            {
                if (await db.PriceDiscounts.FirstOrDefaultAsync(row => row.CustomerId == organization.Id && row.VendorId == vendor && row.ModelPattern == model && row.ValidTo == null, ct) is { } present)
                {
                    present.ValidTo = present.ValidFrom > from ? present.ValidFrom : from;
                    await db.SaveChangesAsync(ct);
                }

                db.PriceDiscounts.Add(discount);
                await db.SaveChangesAsync(ct);
                await db.AuditAsync(http.Actor(), "discount.added", discount.Id.ToString(), null, View(discount), now, ct);
                return TypedResults.Created($"{ManagementApi.Path}/admin/organizations/{organization.Id}/discounts", View(discount));
            }, ct);
        }
        catch (DbUpdateException failure) when (failure.InnerException is PostgresException { SqlState: PostgresErrorCodes.ExclusionViolation or PostgresErrorCodes.UniqueViolation })
        {
            return Refused.Because(ProblemKind.DiscountOverlaps);
        }
    }

    private static async Task<Results<Ok<PriceDiscountView>, Refused>> EndAsync(
        string id, string discount, PriceEnd request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await Operators.FindAsync(db, id, ct) is not { } organization)
        {
            return Refused.Because(ProblemKind.OrganizationNotFound);
        }

        var now = time.Now();
        if (request.At < now)
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("at", FieldText.Future);
            return errors.Refuse();
        }

        return await db.AsOperatorInAsync<Results<Ok<PriceDiscountView>, Refused>>(person.UserId, organization.Id, async () =>
        {
            if (!Guid.TryParse(discount, out var parsed)
                || await db.PriceDiscounts.FirstOrDefaultAsync(row => row.Id == parsed && row.CustomerId == organization.Id && row.ValidTo == null, ct) is not { } found)
            {
                return Refused.Because(ProblemKind.DiscountNotFound);
            }

            var end = request.At?.Cut() ?? now;
            found.ValidTo = end > found.ValidFrom ? end : found.ValidFrom;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "discount.ended", found.Id.ToString(), null, View(found), now, ct);
            return TypedResults.Ok(View(found));
        }, ct);
    }

    private static int? BasisPoints(string text) =>
        decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var percent) && percent is > 0 and <= 100 && percent * 100 == decimal.Truncate(percent * 100)
            ? (int)(percent * 100)
            : null;

    private static PriceDiscountView View(PriceDiscount row) => new(
        row.Id, Invoices.Percent(row.BasisPoints), row.VendorId.Length == 0 ? null : row.VendorId, row.ModelPattern.Length == 0 ? null : row.ModelPattern,
        row.ValidFrom, row.ValidTo, row.Source, row.ApprovedBy);
}
