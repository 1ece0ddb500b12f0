using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Payments;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>One order of any organization: how it stands here and at its channel, asking the channel once more, paying back.</summary>
public static class AdminOrders
{
    private const string IdempotencyKey = "Idempotency-Key";

    public static void MapAdminOrders(this IEndpointRouteBuilder api)
    {
        var orders = api.MapGroup("/admin/finance/orders/{id}").WithTags("Administration");

        orders.MapGet("", FindAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Describe("getAnyOrder", new("Get any order", "查询任一订单"), new("Of whichever organization, with its refunds. For operators.", "返回任一组织的订单及其退款。仅限平台运营者。"), null, FinanceExamples.Detail)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrderNotFound);

        orders.MapPost("/check", CheckAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Describe("checkAnyOrder", new("Check any order", "重新查询任一订单"), new("Asks the channel now: about the payment, or about refunds that are under way.", "立即向支付渠道核实付款，或核实进行中的退款。"), null, FinanceExamples.Detail)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrderNotFound);

        orders.MapPost("/refunds", RefundAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Texts.OrderId, "uuid", PaymentExamples.Order.Id)
            .Parameter(IdempotencyKey, Texts.IdempotencyKey)
            .Describe("refundAnyOrder", new("Refund any order", "为任一订单退款"),
                new("Sends purchased money that is still unspent back to where it came from, all of it or a part.", "将尚未消费的充值余额全部或部分原路退回。"), PaymentExamples.NewRefund, FinanceExamples.Detail)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.OrderNotFound, ProblemKind.RefundNotPossible, ProblemKind.IdempotencyConflict);
    }

    private static async Task<Results<Ok<HubOrderDetail>, Refused>> FindAsync(string id, Person person, HubDb db, CancellationToken ct) =>
        await WhoseAsync(db, person, id, ct) is { } found
            ? TypedResults.Ok(await db.AsOperatorInAsync(person.UserId, found.Organization, () => ReadAsync(db, found.Order, ct), ct))
            : Refused.Because(ProblemKind.OrderNotFound);

    private static async Task<Results<Ok<HubOrderDetail>, Refused>> CheckAsync(string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await WhoseAsync(db, person, id, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.OrderNotFound);
        }

        var now = time.Now();
        var before = await db.AsOperatorInAsync(person.UserId, found.Organization, async () =>
        {
            var order = await ReadAsync(db, found.Order, ct);
            if (order.Order.Status != "paid")
            {
                await db.PaymentOrders.Where(row => row.Id == found.Order).ExecuteUpdateAsync(set => set.SetProperty(row => row.NextCheckAt, now), ct);
            }

            await db.Database.SqlQuery<int>($"select refunds_look({found.Order}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
            await db.AuditAsync(http.Actor(), "payment_order.checked", id, null, new { order.Order.Status }, now, ct);
            return order;
        }, ct);

        // The worker alone speaks with channels; this looks for a while until it has.
        return TypedResults.Ok(await Orders.AwaitAsync(
            () => db.AsOperatorInAsync(person.UserId, found.Organization, () => ReadAsync(db, found.Order, ct), ct),
            seen => !Waits(before) || Told(before, seen), time, ct));
    }

    private static bool Waits(HubOrderDetail order) => order.Order.Status != "paid" || order.Refunds.Any(refund => refund.CompletedAt is null);

    private static bool Told(HubOrderDetail before, HubOrderDetail seen) =>
        before.Order.Status != seen.Order.Status || !before.Refunds.Select(refund => refund.Status).SequenceEqual(seen.Refunds.Select(refund => refund.Status));

    private static async Task<Results<Created<HubOrderDetail>, Ok<HubOrderDetail>, Refused>> RefundAsync(
        string id, NewRefund request, [FromHeader(Name = IdempotencyKey)] string? idempotencyKey, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var errors = new FieldErrors(http.Request.Language());
        var key = Orders.ReadKey(idempotencyKey, errors);
        if (MinorUnits.Parse(request.Amount) is not { } minor || minor <= 0)
        {
            minor = 0;
            errors.Add("amount", FieldText.Amount);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        if (await WhoseAsync(db, person, id, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.OrderNotFound);
        }

        var now = time.Now();
        return await db.AsOperatorInAsync<Results<Created<HubOrderDetail>, Ok<HubOrderDetail>, Refused>>(person.UserId, found.Organization, async () =>
        {
            var currency = await db.PaymentOrders.Where(order => order.Id == found.Order).Select(order => order.Currency).SingleAsync(ct);
            var refund = Orders.NewRefund(found.Organization, found.Order, person.UserId, minor, request.Reason, key, now);
            var (earlier, refused) = await Orders.OpenRefundAsync(db, refund, currency, http, ct);
            if (refused is not null)
            {
                return refused;
            }

            var order = await ReadAsync(db, found.Order, ct);
            return earlier is null ? TypedResults.Created($"{ManagementApi.Path}/admin/finance/orders/{id}", order) : TypedResults.Ok(order);
        }, ct);
    }

    private static async Task<(Guid Order, Guid Organization)?> WhoseAsync(HubDb db, Person person, string id, CancellationToken ct) =>
        Guid.TryParse(id, out var order)
        && await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Guid?>($"select order_whose({order}) as \"Value\"").SingleAsync(ct), ct) is { } organization
            ? (order, organization)
            : null;

    /// <summary>Call it inside the organization whose order it is.</summary>
    private static async Task<HubOrderDetail> ReadAsync(HubDb db, Guid id, CancellationToken ct)
    {
        var order = await db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == id, ct);
        var refunds = await db.PaymentRefunds.AsNoTracking().Where(refund => refund.OrderId == id).OrderBy(refund => refund.CreatedAt).ToListAsync(ct);
        var organization = await db.Organizations.AsNoTracking().Where(row => row.Id == order.OrganizationId).Select(row => row.Name).SingleAsync(ct);
        var refunded = refunds.Where(refund => refund.Status != RefundStatus.Failed).Sum(refund => refund.AmountMinor);
        return new HubOrderDetail(
            new HubOrderView(
                order.Id, order.OrganizationId, organization, Wire.Name(order.Purpose), Wire.Name(order.Channel), Wire.Name(order.Status), order.Currency.ToString(),
                order.Amount.ToDecimalString(), Invoices.Amount(refunded, order.Currency), order.OutTradeNo, order.ChannelTradeNo, order.CreatedAt, order.PaidAt),
            order.Failure, order.ExpiresAt, order.ClosedAt, order.NextCheckAt, order.Checks,
            [
                .. refunds.Select(refund => new HubRefundView(
                    refund.Id, Wire.Name(refund.Status), Invoices.Amount(refund.AmountMinor, order.Currency), order.Currency.ToString(), refund.Reason, refund.Failure, refund.OutRefundNo,
                    refund.CreatedAt, refund.CompletedAt)),
            ]);
    }
}
