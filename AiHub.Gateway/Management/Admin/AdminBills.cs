using System.Globalization;
using System.Text;
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

/// <summary>What channels say they took, day by day, beside what the books say.</summary>
public static class AdminBills
{
    private const string Open = "open";
    private const long NanosPerMinor = Money.NanosPerUnit / 100;
    private static readonly string[] Verdicts = [Open, .. Enum.GetValues<BillVerdict>().Select(Wire.Name)];
    private static readonly Text BillId = new("The bill's id.", "账单编号。");

    public static void MapAdminBills(this IEndpointRouteBuilder api)
    {
        var bills = api.MapGroup("/admin/finance/bills").WithTags("Administration");

        bills.MapGet("", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("from", new("First day (YYYY-MM-DD).", "起始日期（YYYY-MM-DD）。"), "date", "2026-01-01")
            .Parameter("to", new("Last day, included.", "结束日期（包含当天）。"), "date", "2026-01-31")
            .Parameter("channel", new("Only those of this channel: stripe, alipay or wechat_pay.", "只列出此渠道的账单：stripe、alipay 或 wechat_pay。"))
            .Parameter("status", new("Only those with this status: waiting, matched or differs.", "只列出此状态的账单：waiting、matched 或 differs。"))
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listChannelBills", new("List channels' bills", "列出渠道账单"),
                new("One for each channel and day, newest first, compared with orders, refunds and disputes.", "每个渠道每天一份，按日期从新到旧排列，并与订单、退款、争议核对。"), null, new Page<ChannelBillView>([BillExamples.Bill], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        bills.MapGet("/{id}/lines", ListLinesAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", BillId, "uuid", BillExamples.Bill.Id)
            .Parameter("verdict", new("Only those with this verdict: open (differences not accepted), matched, missing_here, missing_there, amount_differs or none.", "只列出此结论的明细：open（未处理的差异）、matched、missing_here、missing_there、amount_differs 或 none。"), example: Open)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listChannelBillLines", new("List a bill's lines", "列出账单明细"), new("In the order of their time.", "按时间顺序排列。"), null, new Page<ChannelBillLineView>([BillExamples.Line], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest, ProblemKind.BillNotFound);

        bills.MapGet("/{id}/export", ExportAsync)
            .RequireAuthorization(Policies.Operator)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .Parameter("id", BillId, "uuid", BillExamples.Bill.Id)
            .Describe("exportChannelBill", new("Export a bill", "导出账单"),
                new("All its lines as CSV for spreadsheets (UTF-8 with a byte order mark). The header `x-aihub-rows` says beforehand how many rows there are.", "以 CSV 导出全部明细（UTF-8，带 BOM）。响应头 `x-aihub-rows` 预先给出总行数。"), null, "kind,verdict,…")
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.BillNotFound);

        bills.MapPost("/{id}/again", AgainAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", BillId, "uuid", BillExamples.Bill.Id)
            .Describe("compareChannelBill", new("Compare a bill again", "重新核对账单"),
                new("The worker asks the channel for it anew, within seconds, and compares it.", "后台服务会在数秒内重新向渠道获取账单并核对。"), null, BillExamples.Bill)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.BillNotFound);

        bills.MapPost("/{id}/lines/{line}/accept", AcceptAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", BillId, "uuid", BillExamples.Bill.Id)
            .Parameter("line", new("The line's id.", "明细编号。"), "uuid", BillExamples.Line.Id)
            .Describe("acceptBillDifference", new("Accept a difference", "确认差异"),
                new("For what has been settled otherwise. It moves no money; should the line change, it is open again.", "用于已另行处理的差异，不会变动资金；明细发生变化时将重新变为未处理。"), BillExamples.Acceptance, BillExamples.Line)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.BillNotFound);
    }

    private static async Task<Results<Ok<Page<ChannelBillView>>, Refused>> ListAsync(
        string? from, string? to, string? channel, string? status, string? cursor, string? limit, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (first, last) = (asked.Day("from", from), asked.Day("to", to));
        var (by, state, after, size) = (asked.OneOf<PaymentChannelId>("channel", channel), asked.OneOf<ChannelBillStatus>("status", status), asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        DateOnly? before = after is { } page ? DateOnly.FromDateTime(page.At.UtcDateTime) : null;
        var found = await BillsAsync(db, person, null, first, last?.AddDays(1), by is { } named ? Wire.Name(named) : null, state is { } known ? Wire.Name(known) : null, before, after?.Id, size + 1, ct);
        var shown = found.Take(size).ToList();
        return TypedResults.Ok(new Page<ChannelBillView>(
            shown, found.Count > size ? new Cursor(new DateTimeOffset(shown[^1].Day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero), shown[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<Page<ChannelBillLineView>>, Refused>> ListLinesAsync(
        string id, string? verdict, string? cursor, string? limit, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (verdict is not null && !Verdicts.Contains(verdict))
        {
            asked.Errors.Add("verdict", FieldText.OneOf, string.Join(", ", Verdicts));
        }

        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        if (await FindAsync(db, person, id, ct) is not { } bill)
        {
            return Refused.Because(ProblemKind.BillNotFound);
        }

        var found = await LinesAsync(db, person, bill.Id, null, verdict, after, size + 1, ct);
        var shown = found.Take(size).ToList();
        return TypedResults.Ok(new Page<ChannelBillLineView>(shown, found.Count > size ? new Cursor(shown[^1].OccurredAt, shown[^1].Id).ToString() : null));
    }

    private static async Task<Results<PushStreamHttpResult, Refused>> ExportAsync(string id, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        if (await FindAsync(db, person, id, ct) is not { } bill)
        {
            return Refused.Because(ProblemKind.BillNotFound);
        }

        CsvTable.Announce(http, await db.AsOperatorAsync(
            person.UserId, () => db.Database.SqlQuery<long>($"select count(*) as \"Value\" from finance_bill_lines({bill.Id}, null, null, null, null, null)").SingleAsync(ct), ct));
        return TypedResults.Stream(body => WriteCsvAsync(body, bill.Id, person, db, ct), "text/csv; charset=utf-8", $"{bill.Channel}-{bill.Day:yyyy-MM-dd}.csv");
    }

    private static async Task WriteCsvAsync(Stream body, Guid bill, Person person, HubDb db, CancellationToken ct)
    {
        const int Batch = 2000;
        await using var writer = new StreamWriter(body, new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        await writer.WriteAsync(CsvLine.Of(
            "kind", "verdict", "reference", "occurred_at", "out_trade_no", "channel_trade_no", "out_refund_no", "organization_id", "organization", "accepted_reason", "currency",
            "amount", "our_amount", "fee_currency", "fee"));
        for (Cursor? after = null; ;)
        {
            var lines = await LinesAsync(db, person, bill, null, null, after, Batch, ct);
            foreach (var line in lines)
            {
                // Words are made safe; figures are numbers, minus sign and all.
                await writer.WriteAsync(CsvLine.Of(
                    line.Kind, line.Verdict, line.Reference, Wire.Instant(line.OccurredAt), line.OutTradeNo, line.ChannelTradeNo, line.OutRefundNo, line.OrganizationId?.ToString(),
                    line.OrganizationName, line.AcceptedReason, line.Currency).TrimEnd());
                await writer.WriteAsync($",{line.Amount},{line.OurAmount},{line.FeeCurrency},{line.Fee}\r\n");
            }

            await writer.FlushAsync(ct);
            if (lines.Count < Batch)
            {
                return;
            }

            after = new Cursor(lines[^1].OccurredAt, lines[^1].Id);
        }
    }

    private static async Task<Results<Ok<ChannelBillView>, Refused>> AgainAsync(string id, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (await FindAsync(db, person, id, ct) is not { } bill)
        {
            return Refused.Because(ProblemKind.BillNotFound);
        }

        await db.AsOperatorAsync(person.UserId, async () =>
        {
            await db.Database.SqlQuery<bool>($"select finance_bill_again({bill.Id}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
            await db.AuditAsync(http.Actor(), "channel_bill.compared", bill.Id.ToString(), null, new { channel = bill.Channel, day = bill.Day }, now, ct);
            return true;
        }, ct);
        return TypedResults.Ok((await FindAsync(db, person, id, ct))!);
    }

    private static async Task<Results<Ok<ChannelBillLineView>, Refused>> AcceptAsync(
        string id, string line, BillAcceptance request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        if (!Guid.TryParse(id, out var bill) || !Guid.TryParse(line, out var which))
        {
            return Refused.Because(ProblemKind.BillNotFound);
        }

        var accepted = await db.AsOperatorAsync(person.UserId, async () =>
        {
            if (!await db.Database.SqlQuery<bool>($"select finance_bill_accept({bill}, {which}, {request.Reason}, {person.UserId}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct))
            {
                return false;
            }

            await db.AuditAsync(http.Actor(), "channel_bill.difference_accepted", which.ToString(), null, new { bill, reason = request.Reason }, now, ct);
            return true;
        }, ct);
        return accepted ? TypedResults.Ok((await LinesAsync(db, person, bill, which, null, null, 1, ct))[0]) : Refused.Because(ProblemKind.BillNotFound);
    }

    private static async Task<ChannelBillView?> FindAsync(HubDb db, Person person, string id, CancellationToken ct) =>
        Guid.TryParse(id, out var parsed) ? (await BillsAsync(db, person, parsed, null, null, null, null, null, null, 1, ct)).FirstOrDefault() : null;

    private static async Task<List<ChannelBillView>> BillsAsync(
        HubDb db, Person person, Guid? id, DateOnly? from, DateOnly? until, string? channel, string? status, DateOnly? before, Guid? beforeId, int limit, CancellationToken ct)
    {
        var (bills, sums) = await db.AsOperatorAsync(person.UserId, async () =>
        {
            var rows = await db.Database.SqlQuery<BillRow>($"select * from finance_bills({id}, {from}, {until}, {channel}, {status}, {before}, {beforeId}, {limit})").ToListAsync(ct);
            var ids = rows.Select(row => row.Id).ToArray();
            return (rows, await db.Database.SqlQuery<SumRow>($"select * from finance_bill_sums({ids})").ToListAsync(ct));
        }, ct);
        var ofBill = sums.ToLookup(sum => sum.BillId);
        return bills.ConvertAll(row => new ChannelBillView(
            row.Id, row.Channel, row.Day, row.Status, row.Lines, row.Differences, [.. ofBill[row.Id].Select(View)], row.Attempts, row.Error, row.ComparedAt, row.NextAttemptAt));
    }

    private static async Task<List<ChannelBillLineView>> LinesAsync(HubDb db, Person person, Guid bill, Guid? line, string? verdict, Cursor? after, int limit, CancellationToken ct)
    {
        var (at, id) = (after?.At.ToUniversalTime(), after?.Id);
        return (await db.AsOperatorAsync(
            person.UserId, () => db.Database.SqlQuery<LineRow>($"select * from finance_bill_lines({bill}, {line}, {verdict}, {at}, {id}, {limit})").ToListAsync(ct), ct)).ConvertAll(View);
    }

    private static ChannelBillSum View(SumRow row) => new(
        row.Currency, row.PaidCount, Minor(row.PaidMinor), row.RefundedCount, Minor(row.RefundedMinor), Nanos(row.FeeNanos),
        Nanos(((row.PaidMinor - row.RefundedMinor) * NanosPerMinor) - row.FeeNanos), Nanos(row.PaidOutNanos));

    private static ChannelBillLineView View(LineRow row) => new(
        row.Id, row.Kind, row.Verdict, row.Reference, row.Currency, row.AmountMinor is { } theirs ? Minor(theirs) : null, row.OurAmountMinor is { } ours ? Minor(ours) : null,
        Nanos(row.FeeNanos), row.FeeCurrency, row.OccurredAt, row.OutTradeNo, row.ChannelTradeNo, row.OutRefundNo, row.OrderId, row.OrganizationId, row.OrganizationName,
        row.AcceptedReason, row.AcceptedAt);

    private static string Minor(decimal minor) => Nanos(minor * NanosPerMinor);

    // Sums over all organizations may be larger than one customer's money can be.
    private static string Nanos(decimal nanos) => (nanos / Money.NanosPerUnit).ToString("0.#########", CultureInfo.InvariantCulture);

    private sealed record BillRow(
        Guid Id, string Channel, DateOnly Day, string Status, int Lines, int Differences, int Attempts, string? Error, DateTimeOffset? ComparedAt, DateTimeOffset? NextAttemptAt);

    private sealed record SumRow(Guid BillId, string Currency, long PaidCount, decimal PaidMinor, long RefundedCount, decimal RefundedMinor, decimal FeeNanos, decimal PaidOutNanos);

    private sealed record LineRow(
        Guid Id, string Kind, string Verdict, string Reference, string Currency, long? AmountMinor, long? OurAmountMinor, long FeeNanos, string FeeCurrency, DateTimeOffset OccurredAt,
        string? OutTradeNo, string? ChannelTradeNo, string? OutRefundNo, Guid? OrderId, Guid? OrganizationId, string? OrganizationName, string? AcceptedReason, DateTimeOffset? AcceptedAt);
}
