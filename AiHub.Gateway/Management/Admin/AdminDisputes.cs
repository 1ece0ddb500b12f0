using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What banks have taken back, whoever paid it. Evidence is handed in at the channel; what the bank decides arrives by itself.</summary>
public static class AdminDisputes
{
    public static void MapAdminDisputes(this IEndpointRouteBuilder api) => api.MapGroup("/admin/finance").WithTags("Administration")
        .MapGet("/disputes", ListAsync)
        .RequireAuthorization(Policies.Operator)
        .Parameter("status", new("Only those with this status: open, won or lost.", "只列出此状态的争议：open、won 或 lost。"))
        .Parameter("cursor", Texts.Cursor)
        .Parameter("limit", Texts.Limit, example: "50")
        .Describe("listAllDisputes", new("List all disputes", "列出全部拒付争议"), new("Of every organization, newest first. For operators.", "列出所有组织的拒付争议，按时间从新到旧排列。仅限平台运营者。"), null, new Page<HubDisputeView>([FinanceExamples.Dispute], null))
        .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

    private static async Task<Results<Ok<Page<HubDisputeView>>, Refused>> ListAsync(
        string? status, string? cursor, string? limit, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (state, after, size) = (asked.OneOf<DisputeStatus>("status", status), asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        string? word = state is { } known ? Wire.Name(known) : null;
        var (at, id) = (after?.At.ToUniversalTime(), after?.Id);
        var rows = await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<DisputeRow>($"select * from finance_disputes({word}, {at}, {id}, {size + 1})").ToListAsync(ct), ct);
        var page = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<HubDisputeView>([.. page.Select(View)], rows.Count > size ? new Cursor(page[^1].OpenedAt, page[^1].Id).ToString() : null));
    }

    private static HubDisputeView View(DisputeRow row)
    {
        var currency = Enum.Parse<Currency>(row.Currency);
        return new HubDisputeView(
            row.Id, row.OrganizationId, row.OrganizationName, row.OrderId, row.OutTradeNo, row.Reference, row.Status, row.Currency, Invoices.Amount(row.AmountMinor, currency),
            new Money(row.TakenNanos, currency).ToDecimalString(), row.Reason, row.OpenedAt, row.EvidenceDueAt, row.ClosedAt);
    }

    private sealed record DisputeRow(
        Guid Id, Guid OrganizationId, string OrganizationName, Guid OrderId, string OutTradeNo, string Reference, string Status, string Currency, long AmountMinor, long TakenNanos,
        string Reason, DateTimeOffset OpenedAt, DateTimeOffset? EvidenceDueAt, DateTimeOffset? ClosedAt);
}
