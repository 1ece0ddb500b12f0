using System.Globalization;
using AiHub.Contracts;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Payments;
using AiHub.Gateway.Management.Docs;
using AiHub.Gateway.Management.Refusals;
using AiHub.Gateway.Management.SignIn;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>What only whoever runs the hub does with invoices: take them back, give them up, credit them, see that they were paid; and who sells.</summary>
public static class AdminInvoices
{
    public static void MapAdminInvoices(this IEndpointRouteBuilder api)
    {
        var finance = api.MapGroup("/admin/finance").WithTags("Administration");

        finance.MapGet("/invoices", ListAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("status", new("Only those with this status: finalized, paid, overdue, void or uncollectible.", "只列出此状态的账单：finalized、paid、overdue、void 或 uncollectible。"))
            .Parameter("search", new("An invoice's number, an id, or part of the organization's name.", "账单编号、组织编号，或组织名称的一部分。"))
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listAllInvoices", new("List all invoices", "列出全部账单"), new("Of every organization, newest first. For operators.", "列出所有组织的账单，按时间从新到旧排列。仅限平台运营者。"), null, new Page<HubInvoiceView>([InvoiceExamples.OfHub], null))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvalidRequest);

        finance.MapGet("/invoices/{id}", FindAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Invoices.InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Describe("getAnyInvoice", new("Get any invoice", "查询任一账单"), new("Of whichever organization, with its lines and credit notes. For operators.", "返回任一组织的账单及其明细与贷项通知单。仅限平台运营者。"), null,
                new HubInvoiceDetail(Examples.Organization.Id, "Lin's organization", InvoiceExamples.Invoice))
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvoiceNotFound);

        Change("paid", MarkPaidAsync, "markInvoicePaid", new("Mark an invoice as paid", "将账单标记为已支付"), new("When its bank transfer has arrived, all of it. Books the payment.", "银行转账全额到账后使用，并记入账本。"), InvoiceExamples.Transfer);
        Change("void", VoidAsync, "voidInvoice", new("Void an invoice", "作废账单"),
            new("Only one of which nothing was paid or credited. Its booking is reversed and its number stays used; its month is invoiced anew by the worker.", "仅限未付款、未冲减的账单。其记账将被冲回，编号不再使用；对应月份将由系统重新出账。"), InvoiceExamples.Reason);
        Change("uncollectible", GiveUpAsync, "giveUpInvoice", new("Give an invoice up", "将账单列为坏账"), new("What is still due is written off.", "尚未支付的金额将核销。"), InvoiceExamples.Reason);

        finance.MapPost("/invoices/{id}/credit-notes", CreditAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Invoices.InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Describe("createCreditNote", new("Issue a credit note", "开具贷项通知单"),
                new("Takes an amount off the invoice's lines, first to last, with its tax. Receipts of top-ups are credited by refunds alone.", "按明细顺序冲减账单金额及税额。充值收据仅由退款自动冲减。"),
                InvoiceExamples.NewCreditNote, InvoiceExamples.Invoice)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvoiceNotFound, ProblemKind.CreditNotPossible);

        finance.MapGet("/legal-entities", EntitiesAsync)
            .RequireAuthorization(Policies.Operator)
            .Describe("listLegalEntities", new("List sellers", "列出销售主体"), new("The company that sells in each currency.", "各币种对应的销售主体。"), null, new Page<LegalEntityView>([InvoiceExamples.Entity], null))
            .Refuses(ProblemKind.OperatorRequired);

        finance.MapPut("/legal-entities/{entity}", SetEntityAsync)
            .RequireAuthorization(Policies.Operator)
            .Parameter("entity", new("The seller's id.", "销售主体编号。"), null, InvoiceExamples.Entity.Id)
            .Describe("putLegalEntity", new("Change a seller", "修改销售主体"), new("For invoices from now on; those that are final keep what held then.", "仅对此后开具的账单生效，已开具的账单不变。"), InvoiceExamples.EntityChange, InvoiceExamples.Entity)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvoiceNotFound);

        void Change(string path, Delegate handler, string name, Text summary, Text description, object example) => finance.MapPost($"/invoices/{{id}}/{path}", handler)
            .RequireAuthorization(Policies.Operator)
            .Parameter("id", Invoices.InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Describe(name, summary, description, example, InvoiceExamples.Invoice)
            .Refuses(ProblemKind.OperatorRequired, ProblemKind.InvoiceNotFound, ProblemKind.InvoiceNotOpen);
    }

    private static async Task<Results<Ok<Page<HubInvoiceView>>, Refused>> ListAsync(
        string? status, string? search, string? cursor, string? limit, Person person, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (wanted, after, size) = (asked.OneOf<InvoiceStatus>("status", status), asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        string? word = wanted is { } known ? Wire.Name(known) : null;
        var sought = string.IsNullOrWhiteSpace(search) ? null : search.Trim();
        var (at, id) = (after?.At.ToUniversalTime(), after?.Id);
        var rows = await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<HubInvoice>(
            $"select * from invoices_of_hub({word}, {sought}, {at}, {id}, {size + 1})").ToListAsync(ct), ct);
        var page = rows.Take(size).ToList();
        return TypedResults.Ok(new Page<HubInvoiceView>([.. page.Select(View)], rows.Count > size ? new Cursor(page[^1].FinalizedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<HubInvoiceDetail>, Refused>> FindAsync(string id, Person person, HttpContext http, HubDb db, CancellationToken ct) =>
        await WhoseAsync(db, person, id, ct) is not { } found
            ? Refused.Because(ProblemKind.InvoiceNotFound)
            : TypedResults.Ok(await db.AsOperatorInAsync(person.UserId, found.Organization, async () => new HubInvoiceDetail(
                found.Organization,
                await db.Organizations.AsNoTracking().Where(row => row.Id == found.Organization).Select(row => row.Name).SingleAsync(ct),
                (await Invoices.LookUpAsync(db, found.Invoice, http.Request.Language(), ct))!), ct));

    private static Task<Results<Ok<InvoiceView>, Refused>> MarkPaidAsync(string id, InvoiceTransfer request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        ChangeAsync(id, "invoice.paid", new { request.Reference }, (invoice, now) => db.PaidAsync(invoice, request.Reference.Trim(), now, ct), person, http, db, time, ct);

    private static Task<Results<Ok<InvoiceView>, Refused>> VoidAsync(string id, InvoiceReason request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        ChangeAsync(id, "invoice.voided", new { request.Reason }, (invoice, now) => db.VoidAsync(invoice, request.Reason.Trim(), now, ct), person, http, db, time, ct);

    private static Task<Results<Ok<InvoiceView>, Refused>> GiveUpAsync(string id, InvoiceReason request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct) =>
        ChangeAsync(id, "invoice.given_up", new { request.Reason }, (invoice, now) => db.GiveUpAsync(invoice, request.Reason.Trim(), now, ct), person, http, db, time, ct);

    private static async Task<Results<Ok<InvoiceView>, Refused>> ChangeAsync(
        string id, string action, object details, Func<Guid, DateTimeOffset, Task<bool>> change, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        if (await WhoseAsync(db, person, id, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.InvoiceNotFound);
        }

        var now = time.Now();
        return await db.AsOperatorInAsync<Results<Ok<InvoiceView>, Refused>>(person.UserId, found.Organization, async () =>
        {
            var before = (await Invoices.LookUpAsync(db, found.Invoice, http.Request.Language(), ct))!;
            if (!await change(found.Invoice, now))
            {
                return Refused.Because(ProblemKind.InvoiceNotOpen, before.Status);
            }

            await db.AuditAsync(http.Actor(), action, id, new { before.Status }, details, now, ct);
            return TypedResults.Ok((await Invoices.LookUpAsync(db, found.Invoice, http.Request.Language(), ct))!);
        }, ct);
    }

    private static async Task<Results<Ok<InvoiceView>, Refused>> CreditAsync(
        string id, NewCreditNote request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var language = http.Request.Language();
        if (MinorUnits.Parse(request.Amount) is not { } minor || minor <= 0)
        {
            var errors = new FieldErrors(language);
            errors.Add("amount", FieldText.Amount);
            return errors.Refuse();
        }

        if (await WhoseAsync(db, person, id, ct) is not { } found)
        {
            return Refused.Because(ProblemKind.InvoiceNotFound);
        }

        var now = time.Now();
        var disposition = request.Disposition == "offset" ? CreditDisposition.Offset : CreditDisposition.ToWallet;
        return await db.AsOperatorInAsync<Results<Ok<InvoiceView>, Refused>>(person.UserId, found.Organization, async () =>
        {
            // Under the organization's lock: what is left of the lines is still left when the note is written.
            await db.DebtAsync(now, ct);
            var lines = await db.InvoiceLines.AsNoTracking().Where(line => line.InvoiceId == found.Invoice).OrderBy(line => line.Position).ToListAsync(ct);
            var ids = lines.ConvertAll(line => line.Id);
            var given = await db.CreditNoteLines.AsNoTracking().Where(line => ids.Contains(line.InvoiceLineId)).ToListAsync(ct);
            var credited = InvoiceBooks.Spread(minor, lines, given.ToLookup(line => line.InvoiceLineId, line => new CreditedLine(line.InvoiceLineId, line.AmountMinor, line.TaxMinor)));
            var note = Guid.CreateVersion7(now);
            var refused = credited.Sum(line => line.AmountMinor) < minor
                ? CreditRefusal.MoreThanLine
                : await db.CreditAsync(note, found.Invoice, disposition, null, request.Reason.Trim(), credited, now, ct);
            if (refused is { } why)
            {
                return Refused.Because(ProblemKind.CreditNotPossible, CreditTexts.Of(why).In(language));
            }

            await db.AuditAsync(http.Actor(), "credit_note.issued", note.ToString(), null, new { invoice = id, request.Amount, request.Disposition, request.Reason }, now, ct);
            return TypedResults.Ok((await Invoices.LookUpAsync(db, found.Invoice, language, ct))!);
        }, ct);
    }

    private static async Task<Ok<Page<LegalEntityView>>> EntitiesAsync(HubDb db, CancellationToken ct) =>
        TypedResults.Ok(new Page<LegalEntityView>([.. (await db.LegalEntities.AsNoTracking().OrderBy(entity => entity.Id).ToListAsync(ct)).Select(View)], null));

    private static async Task<Results<Ok<LegalEntityView>, Refused>> SetEntityAsync(
        string entity, LegalEntityChange request, Person person, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        if (!decimal.TryParse(request.TaxRate, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var rate) || rate > 100 || rate * 100 != decimal.Truncate(rate * 100))
        {
            errors.Add("tax_rate", FieldText.Range, 0, 100);
        }

        if (!await db.IsTimeZoneAsync(request.TimeZone, ct))
        {
            errors.Add("time_zone", FieldText.TimeZone);
        }

        if (errors.Any)
        {
            return errors.Refuse();
        }

        return await db.AsOperatorAsync<Results<Ok<LegalEntityView>, Refused>>(person.UserId, async () =>
        {
            if (await db.LegalEntities.FirstOrDefaultAsync(row => row.Id == entity, ct) is not { } row)
            {
                return Refused.Because(ProblemKind.InvoiceNotFound);
            }

            var before = View(row);
            (row.Name, row.Address, row.TaxId, row.Email, row.BankDetails) = (request.Name.Trim(), request.Address.Trim(), request.TaxId.Trim(), request.Email.Trim(), request.BankDetails.Trim());
            (row.TimeZone, row.TaxName, row.TaxBasisPoints, row.TaxInclusive, row.PaymentDays, row.UpdatedAt) =
                (request.TimeZone, request.TaxName.Trim(), (int)(rate * 100), request.TaxInclusive, request.PaymentDays, now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "legal_entity.changed", entity, before, View(row), now, ct);
            return TypedResults.Ok(View(row));
        }, ct);
    }

    private static async Task<(Guid Invoice, Guid Organization)?> WhoseAsync(HubDb db, Person person, string id, CancellationToken ct) =>
        Guid.TryParse(id, out var invoice)
        && await db.AsOperatorAsync(person.UserId, () => db.Database.SqlQuery<Guid?>($"select invoice_whose({invoice}) as \"Value\"").SingleAsync(ct), ct) is { } organization
            ? (invoice, organization)
            : null;

    private static HubInvoiceView View(HubInvoice row)
    {
        var currency = Enum.Parse<Currency>(row.Currency);
        var due = row.Status is "finalized" or "overdue" ? row.TotalMinor - row.PaidMinor - row.CreditedMinor : 0;
        return new HubInvoiceView(
            row.Id, row.OrganizationId, row.OrganizationName, row.Number, row.Kind, row.Status, row.Currency, Invoices.Amount(row.SubtotalMinor, currency),
            Invoices.Amount(row.TaxMinor, currency), Invoices.Amount(row.TotalMinor, currency), Invoices.Amount(due, currency), row.FinalizedAt, row.DueAt, row.PaidAt);
    }

    private static LegalEntityView View(LegalEntity row) => new(
        row.Id, row.Currency.ToString(), row.Name, row.Address, row.TaxId, row.Email, row.BankDetails, row.NumberPrefix, row.TimeZone, row.TaxName,
        Invoices.Percent(row.TaxBasisPoints), row.TaxInclusive, row.PaymentDays);

    private sealed record HubInvoice(
        Guid Id, Guid OrganizationId, string OrganizationName, string Number, string Kind, string Status, string Currency, long SubtotalMinor, long TaxMinor,
        long TotalMinor, long PaidMinor, long CreditedMinor, DateTimeOffset FinalizedAt, DateTimeOffset? DueAt, DateTimeOffset? PaidAt);
}

/// <summary>Why nothing is credited.</summary>
public static class CreditTexts
{
    private static readonly Text NotFinal = new("The invoice has been voided or given up.", "该账单已作废或已列为坏账。");
    private static readonly Text NotSo = new("A receipt of a top-up is credited by refunding the order.", "充值收据只能通过订单退款冲减。");
    private static readonly Text MoreThanLine = new("It is more than is left of the invoice's lines.", "金额超过账单明细的剩余可冲减金额。");
    private static readonly Text FapiaoFirst = new("There is a fapiao over it; reverse that first.", "该金额已开具发票，请先红冲。");
    private static readonly Text MoreThanOpen = new("“offset” takes no more than is still due, “to_wallet” no more than was paid.", "“offset”不得超过尚未支付的金额，“to_wallet”不得超过已支付的金额。");

    public static Text Of(CreditRefusal refusal) => refusal switch
    {
        CreditRefusal.NotFinal => NotFinal,
        CreditRefusal.NotSo => NotSo,
        CreditRefusal.MoreThanLine => MoreThanLine,
        CreditRefusal.FapiaoFirst => FapiaoFirst,
        _ => MoreThanOpen,
    };
}
