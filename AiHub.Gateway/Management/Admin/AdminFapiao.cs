using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using StackExchange.Redis;

namespace AiHub.Gateway.Management.Admin;

/// <summary>发票 by hand: what waits goes out as a table for the tax platform, its numbers come back.</summary>
public static class AdminFapiao
{
    private const int Most = 1000;

    private static readonly string[] Columns =
    [
        "id", "action", "kind", "title_kind", "title", "tax_id", "address", "phone", "bank", "bank_account", "email", "amount", "net", "tax", "tax_rate", "remark", "blue_number", "reason", "requested_at",
    ];

    public static void MapAdminFapiao(this IEndpointRouteBuilder api)
    {
        var fapiao = api.MapGroup("/admin/finance/fapiao").WithTags("Administration");

        fapiao.MapGet("/", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("status", new("Only those with this status: submitted, issuing, issued, rejected, failed, red_pending or reversed.", "只列出此状态的申请：submitted、issuing、issued、rejected、failed、red_pending 或 reversed。"))
            .Describe("listAllFapiao", new("List all fapiao requests", "列出全部发票申请"), new("Of every organization, the oldest first. For operators.", "列出所有组织的申请，按时间从旧到新排列。仅限平台运营者。"), null, new Page<HubFapiaoView>([FapiaoExamples.OfHub], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        fapiao.MapGet("/export", ExportAsync)
            .RequireAuthorization(Policies.Operator)
            .Produces<string>(StatusCodes.Status200OK, "text/csv")
            .Describe("exportFapiao", new("Export what waits for the tax platform", "导出待开票清单"),
                new("Requests to be issued and to be reversed, as CSV (UTF-8 with a byte order mark). The header `x-aihub-rows` says beforehand how many rows there are.", "待开具与待红冲的申请，CSV 格式（UTF-8，带 BOM）。响应头 `x-aihub-rows` 预先给出总行数。"), null, "id,action,kind,…")
            .Refuses(ProblemKind.OperatorRequired);

        fapiao.MapPost("/import", ImportAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("importFapiao", new("Import the numbers of fapiao", "导入发票号码"),
                new("A request to be issued becomes issued with its number, one to be reversed becomes reversed with its red number. Again it changes nothing.", "待开具的申请写入发票号码并变为已开具，待红冲的写入红字发票号码并变为已红冲。重复导入不会产生变化。"),
                FapiaoExamples.Import, FapiaoExamples.Imported)
            .TellsProgress()
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        fapiao.MapPost("/{id}/reject", RejectAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", new("The request's id.", "发票申请编号。"), "uuid", FapiaoExamples.Fapiao.Id)
            .Describe("rejectFapiao", new("Refuse a fapiao request", "驳回发票申请"), new("Its amount can be requested anew.", "对应金额可重新申请。"), FapiaoExamples.Reason)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.FapiaoNotFound, ProblemKind.FapiaoNotIssued);
    }

    private static async Task<Results<Ok<Page<HubFapiaoView>>, Refused>> ListAsync(string? status, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var wanted = asked.OneOf<FapiaoStatus>("status", status);
        return asked.Errors.Any ? asked.Errors.Refuse() : TypedResults.Ok(new Page<HubFapiaoView>([.. (await RowsAsync(db, person, wanted, ct)).Select(View)], null));
    }

    private static async Task<Results<ContentHttpResult, Refused>> ExportAsync(Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var rows = (await RowsAsync(db, person, FapiaoStatus.Submitted, ct)).Concat(await RowsAsync(db, person, FapiaoStatus.Issuing, ct)).Concat(await RowsAsync(db, person, FapiaoStatus.RedPending, ct));
        return CsvTable.Of(http, $"fapiao-{time.Now():yyyy-MM-dd}.csv", string.Join(',', Columns) + "\r\n", [.. rows.Select(row => CsvLine.Of(
            row.Id.ToString(), row.Status == "red_pending" ? "reverse" : "issue", row.Kind, row.TitleKind, row.TitleName, row.TitleTaxId, row.TitleAddress, row.TitlePhone, row.TitleBank,
            row.TitleBankAccount, row.TitleEmail, Invoices.Amount(row.AmountMinor, Currency.CNY), Invoices.Amount(row.AmountMinor - row.TaxMinor, Currency.CNY),
            Invoices.Amount(row.TaxMinor, Currency.CNY), Invoices.Percent(row.TaxBasisPoints), row.Remark, row.Number, row.Reason, Wire.Instant(row.CreatedAt)))]);
    }

    private static async Task<Results<Ok<FapiaoImported>, Refused>> ImportAsync(
        FapiaoImport request, Person person, HttpContext http, HubDb db, IConnectionMultiplexer cache, TimeProvider time, CancellationToken ct)
    {
        var asked = new Asked(http);
        var tell = AdminImports.Teller(http, asked, person, cache);
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var (imported, skipped) = (0, new List<Guid>());
        var lines = request.Lines.DistinctBy(line => line.Id).ToList();
        foreach (var (index, line) in lines.Index())
        {
            if (tell is not null)
            {
                await tell(index, lines.Count);
            }

            var number = line.Number?.Trim() ?? "";
            if (number.Length is < 8 or > 20 || !number.All(char.IsAsciiDigit) || !await ImportLineAsync(db, person, http, line.Id, number, time.Now(), ct))
            {
                skipped.Add(line.Id);
                continue;
            }

            imported++;
        }

        if (tell is not null)
        {
            await tell(lines.Count, lines.Count);
        }

        return TypedResults.Ok(new FapiaoImported(imported, skipped));
    }

    private static async Task<bool> ImportLineAsync(HubDb db, Person person, HttpContext http, Guid id, string number, DateTimeOffset now, CancellationToken ct)
    {
        if (await WhoseAsync(db, person, id, ct) is not { } organization)
        {
            return false;
        }

        try
        {
            return await db.AsOperatorInAsync(person.UserId, organization, async () =>
            {
                var to = await db.FapiaoRequests.AnyAsync(row => row.Id == id && row.Status == FapiaoStatus.RedPending, ct) ? FapiaoStatus.Reversed : FapiaoStatus.Issued;
                if (!await db.MoveAsync(id, to, number, null, now, ct))
                {
                    return false;
                }

                await db.AuditAsync(http.Actor(), to == FapiaoStatus.Issued ? "fapiao.issued" : "fapiao.reversed", id.ToString(), null, new { number }, now, ct);
                return true;
            }, ct);
        }
        catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            return false;
        }
    }

    private static async Task<Results<NoContent, Refused>> RejectAsync(string id, FapiaoReason request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (!Guid.TryParse(id, out var parsed) || await WhoseAsync(db, person, parsed, ct) is not { } organization)
        {
            return Refused.Because(ProblemKind.FapiaoNotFound);
        }

        var now = time.Now();
        return await db.AsOperatorInAsync<Results<NoContent, Refused>>(person.UserId, organization, async () =>
        {
            if (!await db.MoveAsync(parsed, FapiaoStatus.Rejected, null, request.Reason.Trim(), now, ct))
            {
                return Refused.Because(ProblemKind.FapiaoNotIssued);
            }

            await db.AuditAsync(http.Actor(), "fapiao.rejected", id, null, new { request.Reason }, now, ct);
            return TypedResults.NoContent();
        }, ct);
    }

    private static Task<Guid?> WhoseAsync(HubDb db, Person person, Guid id, CancellationToken ct) =>
        db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Guid?>($"select fapiao_whose({id}) as \"Value\"").SingleAsync(ct), ct);

    private static Task<List<HubFapiao>> RowsAsync(HubDb db, Person person, FapiaoStatus? status, CancellationToken ct)
    {
        string? word = status is { } known ? Wire.Name(known) : null;
        return db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<HubFapiao>($"select * from fapiao_of_hub({word}, {Most})").ToListAsync(ct), ct);
    }

    private static HubFapiaoView View(HubFapiao row) => new(
        row.Id, row.OrganizationId, row.OrganizationName, row.Kind, row.Status, Invoices.Amount(row.AmountMinor, Currency.CNY), Invoices.Amount(row.TaxMinor, Currency.CNY),
        Invoices.Percent(row.TaxBasisPoints), row.Remark,
        new FapiaoTitleView(row.Id, row.TitleKind, row.TitleName, row.TitleTaxId, row.TitleEmail, row.TitleAddress, row.TitlePhone, row.TitleBank, row.TitleBankAccount, row.CreatedAt),
        row.Number, row.RedNumber, row.Reason, row.CreatedAt);

    private sealed record HubFapiao(
        Guid Id, Guid OrganizationId, string OrganizationName, string Kind, string Status, long AmountMinor, long TaxMinor, int TaxBasisPoints, string Remark,
        string TitleKind, string TitleName, string? TitleTaxId, string TitleAddress, string TitlePhone, string TitleBank, string TitleBankAccount, string TitleEmail,
        string? Number, string? RedNumber, string? Reason, DateTimeOffset CreatedAt);
}
