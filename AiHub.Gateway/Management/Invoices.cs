using System.Globalization;
using System.Security.Cryptography;
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
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

/// <summary>An organization's invoices, their files, and whom they are made out to. The worker makes them; here they are read and paid.</summary>
public static class Invoices
{
    public static readonly Text InvoiceId = new("The invoice's id.", "账单编号。");
    private static readonly Text FileLanguage = new("zh-CN or en; by default the language of the billing profile.", "zh-CN 或 en；默认为开票资料中的语言。");

    public static void MapInvoices(this IEndpointRouteBuilder api)
    {
        var billing = api.MapGroup("/billing").WithTags("Invoices");

        billing.MapGet("/invoices", ListAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("cursor", Texts.Cursor)
            .Parameter("limit", Texts.Limit, example: "50")
            .Describe("listInvoices", new("List invoices", "列出账单"), new("Newest first: receipts of top-ups, terms of plans and months of postpaid use.", "按时间从新到旧排列：充值收据、套餐账单与后付费月账单。"), null, new Page<InvoiceView>([InvoiceExamples.Invoice], null));

        billing.MapGet("/invoices/{id}", FindAsync)
            .OfOrganization(Permission.BillingRead)
            .Parameter("id", InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Describe("getInvoice", new("Get an invoice", "查询账单"), new("With its lines and credit notes.", "包含明细与贷项通知单。"), null, InvoiceExamples.Invoice)
            .Refuses(ProblemKind.InvoiceNotFound);

        billing.MapGet("/invoices/{id}/pdf", PdfAsync)
            .OfOrganization(Permission.BillingRead)
            .Produces<string>(StatusCodes.Status200OK, "application/pdf")
            .Parameter("id", InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Parameter("language", FileLanguage, example: "zh-CN")
            .Describe("getInvoicePdf", new("Download an invoice", "下载账单"), new("As PDF. The same bytes whenever it is asked for.", "以 PDF 返回，每次下载的内容完全一致。"), null, "%PDF-1.7 …")
            .Refuses(ProblemKind.InvoiceNotFound, ProblemKind.DocumentNotReady);

        billing.MapGet("/invoices/{id}/credit-notes/{credit_note_id}/pdf", CreditNotePdfAsync)
            .OfOrganization(Permission.BillingRead)
            .Produces<string>(StatusCodes.Status200OK, "application/pdf")
            .Parameter("id", InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Parameter("credit_note_id", new("The credit note's id.", "贷项通知单编号。"), "uuid", InvoiceExamples.CreditNote.Id)
            .Parameter("language", FileLanguage, example: "zh-CN")
            .Describe("getCreditNotePdf", new("Download a credit note", "下载贷项通知单"), new("As PDF. The same bytes whenever it is asked for.", "以 PDF 返回，每次下载的内容完全一致。"), null, "%PDF-1.7 …")
            .Refuses(ProblemKind.InvoiceNotFound, ProblemKind.DocumentNotReady);

        billing.MapPost("/invoices/{id}/pay", PayAsync)
            .OfOrganization(Permission.BillingWrite)
            .Parameter("id", InvoiceId, "uuid", InvoiceExamples.Invoice.Id)
            .Describe("payInvoice", new("Pay an invoice", "支付账单"), new("Makes an order over all that is due. Once the channel confirms it the invoice is paid.", "按全部应付金额创建支付订单；渠道确认后账单即为已支付。"), InvoiceExamples.Payment, PaymentExamples.Order)
            .Refuses(ProblemKind.InvoiceNotFound, ProblemKind.InvoiceNotOpen, ProblemKind.ChannelNotAvailable, ProblemKind.AmountBelowMinimum);

        billing.MapGet("/profile", ProfileAsync)
            .OfOrganization(Permission.BillingRead)
            .Describe("getBillingProfile", new("Get the billing profile", "查询开票资料"), new("Whom invoices are made out to, and where they are sent.", "账单抬头与接收方式。"), null, InvoiceExamples.Profile);

        billing.MapPut("/profile", SetProfileAsync)
            .OfOrganization(Permission.BillingWrite)
            .Describe("putBillingProfile", new("Set the billing profile", "设置开票资料"), new("For invoices from now on; those that are final stay as they are.", "仅对此后开具的账单生效，已开具的账单不变。"), InvoiceExamples.Profile, InvoiceExamples.Profile);
    }

    public static string Amount(long minor, Currency currency) => MinorUnits.ToMoney(minor, currency).ToDecimalString();

    public static string Percent(int basisPoints) => (basisPoints / 100m).ToString("0.##", CultureInfo.InvariantCulture);

    public static InvoiceView View(Invoice invoice, IEnumerable<InvoiceLine> lines, IEnumerable<CreditNote> notes, Language language) => new(
        invoice.Id, invoice.Number!, Wire.Name(invoice.Kind), Wire.Name(invoice.Status), invoice.Currency.ToString(),
        Amount(invoice.SubtotalMinor, invoice.Currency), Amount(invoice.TaxMinor, invoice.Currency), Amount(invoice.TotalMinor, invoice.Currency),
        Amount(invoice.PaidMinor, invoice.Currency), Amount(invoice.CreditedMinor, invoice.Currency), Amount(Math.Max(0, invoice.DueMinor), invoice.Currency),
        invoice.TaxName, invoice.TaxInclusive, invoice.PeriodStartsAt, invoice.PeriodEndsAt, invoice.FinalizedAt!.Value, invoice.DueAt, invoice.PaidAt,
        [.. lines.Where(line => line.InvoiceId == invoice.Id).OrderBy(line => line.Position).Select(line => new InvoiceLineView(
            line.Id, language == Language.Zh ? line.DescriptionZh : line.DescriptionEn, line.Quantity, line.InputTokens, line.OutputTokens,
            Amount(line.AmountMinor, invoice.Currency), Percent(line.TaxBasisPoints), Amount(line.TaxMinor, invoice.Currency)))],
        [.. notes.Where(note => note.InvoiceId == invoice.Id).OrderBy(note => note.CreatedAt).Select(View)]);

    public static CreditNoteView View(CreditNote note) => new(
        note.Id, note.Number, Amount(note.TotalMinor, note.Currency), Amount(note.TaxMinor, note.Currency), Wire.Name(note.Disposition), note.Reason, note.CreatedAt);

    /// <summary>A final invoice of the organization at work.</summary>
    public static async Task<InvoiceView?> LookUpAsync(HubDb db, Guid id, Language language, CancellationToken ct) =>
        await db.Invoices.AsNoTracking().FirstOrDefaultAsync(row => row.Id == id && row.Status != InvoiceStatus.Draft, ct) is { } invoice
            ? View(
                invoice,
                await db.InvoiceLines.AsNoTracking().Where(line => line.InvoiceId == id).ToListAsync(ct),
                await db.CreditNotes.AsNoTracking().Where(note => note.InvoiceId == id).ToListAsync(ct),
                language)
            : null;

    private static async Task<Results<Ok<Page<InvoiceView>>, Refused>> ListAsync(
        string? cursor, string? limit, Member member, HttpContext http, HubDb db, CancellationToken ct)
    {
        var asked = new Asked(http);
        var (after, size) = (asked.Cursor(cursor), asked.Limit(limit));
        if (asked.Errors.Any)
        {
            return asked.Errors.Refuse();
        }

        var (invoices, lines, notes) = await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var all = db.Invoices.AsNoTracking().Where(invoice => invoice.Status != InvoiceStatus.Draft);
            if (after is { } last)
            {
                all = all.Where(invoice => invoice.CreatedAt < last.At || (invoice.CreatedAt == last.At && invoice.Id < last.Id));
            }

            var rows = await all.OrderByDescending(invoice => invoice.CreatedAt).ThenByDescending(invoice => invoice.Id).Take(size + 1).ToListAsync(ct);
            var ids = rows.ConvertAll(invoice => invoice.Id);
            return (
                rows,
                await db.InvoiceLines.AsNoTracking().Where(line => ids.Contains(line.InvoiceId)).ToListAsync(ct),
                await db.CreditNotes.AsNoTracking().Where(note => ids.Contains(note.InvoiceId)).ToListAsync(ct));
        }, ct);

        var page = invoices.Take(size).ToList();
        return TypedResults.Ok(new Page<InvoiceView>(
            [.. page.Select(invoice => View(invoice, lines, notes, http.Request.Language()))],
            invoices.Count > size ? new Cursor(page[^1].CreatedAt, page[^1].Id).ToString() : null));
    }

    private static async Task<Results<Ok<InvoiceView>, Refused>> FindAsync(string id, Member member, HttpContext http, HubDb db, CancellationToken ct) =>
        Guid.TryParse(id, out var parsed) && await db.InOrganizationAsync(member.OrganizationId, () => LookUpAsync(db, parsed, http.Request.Language(), ct), ct) is { } invoice
            ? TypedResults.Ok(invoice)
            : Refused.Because(ProblemKind.InvoiceNotFound);

    private static Task<Results<FileContentHttpResult, Refused>> PdfAsync(string id, string? language, Member member, HttpContext http, HubDb db, CancellationToken ct) =>
        FileAsync(id, language, member, http, db, async parsed =>
            await db.Invoices.AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed && row.Status != InvoiceStatus.Draft, ct) is { } invoice ? (invoice.Number!, invoice.Language) : null, ct);

    private static Task<Results<FileContentHttpResult, Refused>> CreditNotePdfAsync(
        string id, [Microsoft.AspNetCore.Mvc.FromRoute(Name = "credit_note_id")] string creditNoteId, string? language, Member member, HttpContext http, HubDb db, CancellationToken ct) =>
        FileAsync(creditNoteId, language, member, http, db, async parsed =>
            await db.CreditNotes.AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed && row.InvoiceId.ToString() == id, ct) is { } note
                ? (note.Number, await db.Invoices.Where(invoice => invoice.Id == note.InvoiceId).Select(invoice => invoice.Language).SingleAsync(ct))
                : null, ct);

    private static async Task<Results<FileContentHttpResult, Refused>> FileAsync(
        string id, string? language, Member member, HttpContext http, HubDb db, Func<Guid, Task<(string Number, string Language)?>> find, CancellationToken ct)
    {
        if (language is not (null or "zh-CN" or "en"))
        {
            var errors = new FieldErrors(http.Request.Language());
            errors.Add("language", FieldText.OneOf, "zh-CN, en");
            return errors.Refuse();
        }

        if (!Guid.TryParse(id, out var parsed))
        {
            return Refused.Because(ProblemKind.InvoiceNotFound);
        }

        return await db.InOrganizationAsync<Results<FileContentHttpResult, Refused>>(member.OrganizationId, async () =>
        {
            if (await find(parsed) is not { } found)
            {
                return Refused.Because(ProblemKind.InvoiceNotFound);
            }

            var wanted = language ?? found.Language;
            return await db.InvoiceDocuments.AsNoTracking().Where(document => document.SubjectId == parsed && document.Language == wanted).Select(document => document.Content).FirstOrDefaultAsync(ct) is { } content
                ? TypedResults.File(content, "application/pdf", $"{found.Number}.pdf")
                : Refused.Later(ProblemKind.DocumentNotReady, TimeSpan.FromSeconds(5));
        }, ct);
    }

    private static async Task<Results<Created<PaymentOrderView>, Refused>> PayAsync(
        string id, InvoicePayment request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        var errors = new FieldErrors(http.Request.Language());
        var channel = Orders.ReadChannel(request.Channel);
        var scene = Orders.ReadScene(request.Scene, channel, request.OpenId, request.WechatCode, errors);
        if (errors.Any)
        {
            return errors.Refuse();
        }

        var invoice = Guid.TryParse(id, out var parsed)
            ? await db.InOrganizationAsync(member.OrganizationId, () => db.Invoices.AsNoTracking().FirstOrDefaultAsync(row => row.Id == parsed && row.Status != InvoiceStatus.Draft, ct), ct)
            : null;
        if (invoice is null)
        {
            return Refused.Because(ProblemKind.InvoiceNotFound);
        }

        if (invoice.Status is not (InvoiceStatus.Finalized or InvoiceStatus.Overdue))
        {
            return Refused.Because(ProblemKind.InvoiceNotOpen, Wire.Name(invoice.Status));
        }

        if (!(await Orders.OpenAsync(db, invoice.Currency, now, ct)).Contains(channel))
        {
            return Refused.Because(ProblemKind.ChannelNotAvailable, request.Channel);
        }

        if (invoice.DueMinor < ChannelMinimums.Minor(channel, invoice.Currency))
        {
            return Refused.Because(ProblemKind.AmountBelowMinimum, request.Channel, Amount(ChannelMinimums.Minor(channel, invoice.Currency), invoice.Currency), invoice.Currency);
        }

        var order = new PaymentOrder
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = member.OrganizationId,
            UserId = member.UserId,
            Purpose = PaymentPurpose.Invoice,
            InvoiceId = invoice.Id,
            Channel = channel,
            Scene = scene,
            PayerId = request.OpenId,
            PayerCode = request.WechatCode,
            ClientAddress = ClientAddress.Of(http) ?? "127.0.0.1",
            Currency = invoice.Currency,
            AmountMinor = invoice.DueMinor,
            OutTradeNo = RandomNumberGenerator.GetString(Orders.TradeNumbers, 32),
            CreatedAt = now,
            ExpiresAt = now + TopUpLimits.Lifetime(channel),
            NextCheckAt = now,
        };
        await Orders.KeepAsync(db, member, order, http, now, ct);

        return TypedResults.Created(
            $"{ManagementApi.Path}/billing/orders/{order.Id}", await Orders.AwaitAsync(db, member, order.Id, view => view.Status != "created", time, ct));
    }

    private static async Task<Ok<BillingProfileView>> ProfileAsync(Member member, HubDb db, TimeProvider time, CancellationToken ct) =>
        TypedResults.Ok(View(await db.InOrganizationAsync(member.OrganizationId, () => db.BuyerAsync(time.Now(), ct), ct)));

    private static async Task<Ok<BillingProfileView>> SetProfileAsync(
        BillingProfileView request, Member member, HttpContext http, HubDb db, TimeProvider time, CancellationToken ct)
    {
        var now = time.Now();
        return TypedResults.Ok(View(await db.InOrganizationAsync(member.OrganizationId, async () =>
        {
            var before = await db.BuyerAsync(now, ct);
            var profile = await db.BillingProfiles.FirstOrDefaultAsync(ct);
            if (profile is null)
            {
                db.BillingProfiles.Add(profile = new BillingProfile { OrganizationId = member.OrganizationId, Name = "", Language = "", UpdatedAt = now });
            }

            (profile.Name, profile.Address, profile.TaxId, profile.Email, profile.Language, profile.UpdatedAt) =
                (request.Name.Trim(), request.Address.Trim(), request.TaxId.Trim(), string.IsNullOrWhiteSpace(request.Email) ? null : request.Email.Trim(), request.Language, now);
            await db.SaveChangesAsync(ct);
            await db.AuditAsync(http.Actor(), "billing_profile.changed", member.OrganizationId.ToString(), View(before), View(profile), now, ct);
            return profile;
        }, ct)));
    }

    private static BillingProfileView View(BillingProfile profile) => new(profile.Name, profile.Address, profile.TaxId, profile.Email, profile.Language);
}
