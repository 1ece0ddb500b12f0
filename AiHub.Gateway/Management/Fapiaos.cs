using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Access;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>发票: in whose name, over which amounts, and what has become of them.</summary>
public static class Fapiaos
{
    private const int MostTitles = 20;
    private static readonly Text FapiaoId = new("The request's id.", "发票申请编号。");

    public static void MapFapiaos(this IEndpointRouteBuilder api)
    {
        var fapiao = api.MapGroup("/billing/fapiao").WithTags("Invoices");

        fapiao.MapGet("/balance", BalanceAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("getFapiaoBalance", new("Get the amount a fapiao can be requested for", "查询可开票金额"), new("What was paid and consumed, less what is on a fapiao already. Granted and unspent money is not in it.", "已支付且已消费、尚未开票的金额；赠送与未消费的余额不计入。"), null, FapiaoExamples.Balance)
            .Refuses(ProblemKind.FapiaoNotAvailable);

        fapiao.MapGet("/titles", TitlesAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("listFapiaoTitles", new("List fapiao titles", "列出发票抬头"), new("In whose name fapiao can be issued.", "可用于开票的抬头。"), null, new Page<FapiaoTitleView>([FapiaoExamples.Title], null));

        fapiao.MapPost("/titles", AddTitleAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("createFapiaoTitle", new("Add a fapiao title", "新增发票抬头"), new("The code of a company is checked by its last character (GB 32100).", "企业的统一社会信用代码将按 GB 32100 校验。"), FapiaoExamples.NewTitle, FapiaoExamples.Title)
            .Refuses(ProblemKind.TooManyTitles);

        fapiao.MapDelete("/titles/{id}", RemoveTitleAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter("id", new("The title's id.", "抬头编号。"), "uuid", FapiaoExamples.Title.Id)
            .Describe("deleteFapiaoTitle", new("Remove a fapiao title", "删除发票抬头"), new("What was issued in its name stays.", "已开具的发票不受影响。"))
            .Refuses(ProblemKind.FapiaoNotFound);

        fapiao.MapGet("/", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listFapiao", new("List fapiao", "列出发票"), new("Requests and what has become of them, newest first.", "发票申请及其状态，按时间从新到旧排列。"), null, new Page<FapiaoView>([FapiaoExamples.Fapiao], null));

        fapiao.MapPost("/", RequestAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter(ApiHeaders.IdempotencyKey, Texts.IdempotencyKey)
            .Describe("requestFapiao", new("Request a fapiao", "申请发票"), new("Over at most what the balance says. Each amount is on one fapiao.", "金额不得超过可开票金额；同一笔金额只能开票一次。"), FapiaoExamples.NewFapiao, FapiaoExamples.Fapiao)
            .Refuses(ProblemKind.FapiaoNotAvailable, ProblemKind.FapiaoNotFound, ProblemKind.FapiaoExceeded, ProblemKind.IdempotencyConflict);

        fapiao.MapPost("/{id}/reverse", ReverseAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter("id", FapiaoId, "uuid", FapiaoExamples.Fapiao.Id)
            .Describe("reverseFapiao", new("Ask for a red fapiao", "申请红冲"), new("Takes an issued one back; its amount can be requested anew once it is reversed.", "红冲已开具的发票；红冲完成后，对应金额可重新申请。"), FapiaoExamples.Reason, FapiaoExamples.Fapiao)
            .Refuses(ProblemKind.FapiaoNotFound, ProblemKind.FapiaoNotIssued);
    }

    public static FapiaoTitleView View(FapiaoTitle title) => new(
        title.Id, Wire.Name(title.Kind), title.Name, title.TaxId, title.Email, title.Address, title.Phone, title.Bank, title.BankAccount, title.CreatedAt);

    private static async Task<Results<Ok<FapiaoBalance>, Refused>> BalanceAsync(Member member, HubDb db, CancellationToken ct) => member.Organization.Currency != Currency.CNY
        ? Refused.Because(ProblemKind.FapiaoNotAvailable)
        : TypedResults.Ok(new FapiaoBalance(Invoices.Amount(await db.InOrganizationAsync(member.OrganizationId, () => db.InvoiceableAsync(ct), ct), Currency.CNY), nameof(Currency.CNY)));

    private static async Task<Ok<Page<FapiaoTitleView>>> TitlesAsync(Member member, HubDb db, CancellationToken ct) =>
        TypedResults.Ok(new Page<FapiaoTitleView>([.. (await db.InOrganizationAsync(member.OrganizationId, () => db.FapiaoTitles.AsNoTracking()
            .Where(title => title.RemovedAt == null).OrderBy(title => title.CreatedAt).ToListAsync(ct), ct)).Select(View)], null));

    private static async Task<Results<Created<FapiaoTitleView>, Refused>> AddTitleAsync(
        NewFapiaoTitle request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var taxId = string.IsNullOrWhiteSpace(request.TaxId) ? null : request.TaxId.Trim().ToUpperInvariant();
        var company = request.Kind == "company";
        if (company && (taxId is null || !SocialCreditCode.IsValid(taxId)))
        {
            errors.Add("tax_id", FieldText.SocialCreditCode);
        }
        else if (!company && taxId is not null)
        {
            errors.Add("tax_id", FieldText.OfCompany);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        var title = new FapiaoTitle
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            Kind = company ? FapiaoTitleKind.Company : FapiaoTitleKind.Personal,
            Name = request.Name.Trim(),
            TaxId = taxId,
            Address = request.Address?.Trim() ?? "",
            Phone = request.Phone?.Trim() ?? "",
            Bank = request.Bank?.Trim() ?? "",
            BankAccount = request.BankAccount?.Trim() ?? "",
            Email = request.Email.Trim(),
            CreatedAt = now,
        };
        return await db.InOrganizationAsync<Results<Created<FapiaoTitleView>, Refused>>(member.OrganizationId, async () =>
        {
            if (await db.FapiaoTitles.CountAsync(row => row.RemovedAt == null, ct) >= MostTitles)
            {
                return Refused.Because(ProblemKind.TooManyTitles, MostTitles);
            }

            db.FapiaoTitles.Add(title);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "fapiao_title.created", title.Id.ToString(), null, View(title), now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/billing/fapiao/titles", View(title));
        }, ct);
    }

    private static async Task<Results<NoContent, Refused>> RemoveTitleAsync(string id, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        await db.InOrganizationAsync<Results<NoContent, Refused>>(member.OrganizationId, async () =>
        {
            var now = time.Now();
            if (!Guid.TryParse(id, out var parsed) || await db.FapiaoTitles.FirstOrDefaultAsync(row => row.Id == parsed && row.RemovedAt == null, ct) is not { } title)
            {
                return Refused.Because(ProblemKind.FapiaoNotFound);
            }

            title.RemovedAt = now;
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "fapiao_title.removed", id, View(title), null, now, ct);
            return TypedResults.NoContent();
        }, ct);

    private static async Task<Results<Ok<Page<FapiaoView>>, Refused>> ListAsync(string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var rows = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var all = db.FapiaoRequests.AsNoTracking();
            if (after is { } last)
            {
                all = all.Where(row => row.CreatedAt < last.At || (row.CreatedAt == last.At && row.Id < last.Id));
            }

            return await all.OrderByDescending(row => row.CreatedAt).ThenByDescending(row => row.Id).Take(size + 1)
                .Join(db.FapiaoTitles, row => row.TitleId, title => title.Id, (row, title) => new { Row = row, title.Name }).ToListAsync(ct);
        }, ct);
        rows = [.. rows.OrderByDescending(pair => pair.Row.CreatedAt).ThenByDescending(pair => pair.Row.Id)];
        var page = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<FapiaoView>(
            [.. page.Select(pair => View(pair.Row, pair.Name))], rows.Count > size ? new Cursor(page[^1].Row.CreatedAt, page[^1].Row.Id).ToString() : null));
    }

    private static async Task<Results<Created<FapiaoView>, Ok<FapiaoView>, Refused>> RequestAsync(
        NewFapiao request, [FromHeader(Name = ApiHeaders.IdempotencyKey)] string? idempotencyKey, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (member.Organization.Currency != Currency.CNY)
        {
            return Refused.Because(ProblemKind.FapiaoNotAvailable);
        }

        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        if (MinorUnits.Parse(request.Amount) is not { } minor || minor <= 0)
        {
            errors.Add("amount", FieldText.Amount);
            return errors.Refuse();
        }

        var key = string.IsNullOrEmpty(idempotencyKey) ? null : idempotencyKey;
        if (key?.Length > 255)
        {
            errors.Add(ApiHeaders.IdempotencyKey, FieldText.MaxLength, 255);
            return errors.Refuse();
        }

        return await db.InOrganizationAsync<Results<Created<FapiaoView>, Ok<FapiaoView>, Refused>>(member.OrganizationId, async () =>
        {
            // Locks the organization: of two requests at once the second sees what the first has taken.
            var free = await db.InvoiceableAsync(ct);
            if (await db.FapiaoTitles.AsNoTracking().FirstOrDefaultAsync(row => row.Id == request.TitleId && row.RemovedAt == null, ct) is not { } title)
            {
                return Refused.Because(ProblemKind.FapiaoNotFound);
            }

            if (key is not null && await db.FapiaoRequests.AsNoTracking().FirstOrDefaultAsync(row => row.IdempotencyKey == key, ct) is { } earlier)
            {
                return (earlier.TitleId, earlier.AmountMinor) == (title.Id, minor) ? TypedResults.Ok(View(earlier, title.Name)) : Refused.Because(ProblemKind.IdempotencyConflict);
            }

            var special = request.Kind == "special";
            if (special && (title.Kind != FapiaoTitleKind.Company || new[] { title.Address, title.Phone, title.Bank, title.BankAccount }.Any(string.IsNullOrWhiteSpace)))
            {
                errors.Add("title_id", FieldText.SpecialTitle);
                return errors.Refuse();
            }

            var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == Currency.CNY, ct);
            var row = new FapiaoRequest
            {
                Id = Guid.CreateVersion7(now),
                OrganizationId = member.OrganizationId,
                TitleId = title.Id,
                UserId = member.UserId,
                Kind = special ? FapiaoKind.Special : FapiaoKind.General,
                AmountMinor = minor,
                TaxMinor = InvoiceTotals.Of([new TaxableLine(minor, seller.TaxBasisPoints)], taxInclusive: true).TaxMinor,
                TaxBasisPoints = seller.TaxBasisPoints,
                Remark = request.Remark?.Trim() ?? "",
                IdempotencyKey = key,
                CreatedAt = now,
            };
            if (!await db.RequestAsync(row, ct))
            {
                return Refused.Because(ProblemKind.FapiaoExceeded, Invoices.Amount(free, Currency.CNY));
            }

            await db.AuditAsync(http.Actor(), "fapiao.requested", row.Id.ToString(), null, new { title = title.Name, request.Amount, request.Kind }, now, ct);
            return TypedResults.Created($"{ManagementApi.Path}/billing/fapiao", View(row, title.Name));
        }, ct);
    }

    private static async Task<Results<Ok<FapiaoView>, Refused>> ReverseAsync(string id, FapiaoReason request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        await db.InOrganizationAsync<Results<Ok<FapiaoView>, Refused>>(member.OrganizationId, async () =>
        {
            if (!Guid.TryParse(id, out var parsed) || !await db.FapiaoRequests.AnyAsync(row => row.Id == parsed, ct))
            {
                return Refused.Because(ProblemKind.FapiaoNotFound);
            }

            if (!await db.AskForRedAsync(parsed, request.Reason.Trim(), ct))
            {
                return Refused.Because(ProblemKind.FapiaoNotIssued);
            }

            await db.AuditAsync(http.Actor(), "fapiao.reversal_requested", id, null, new { request.Reason }, time.Now(), ct);
            var row = await db.FapiaoRequests.AsNoTracking().SingleAsync(request => request.Id == parsed, ct);
            return TypedResults.Ok(View(row, await db.FapiaoTitles.Where(title => title.Id == row.TitleId).Select(title => title.Name).SingleAsync(ct)));
        }, ct);

    private static FapiaoView View(FapiaoRequest row, string title) => new(
        row.Id, row.TitleId, title, Wire.Name(row.Kind), Wire.Name(row.Status), Invoices.Amount(row.AmountMinor, Currency.CNY), Invoices.Amount(row.TaxMinor, Currency.CNY),
        nameof(Currency.CNY), row.Number, row.RedNumber, row.Reason, row.CreatedAt, row.IssuedAt, row.ReversedAt);
}
