using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Invoices;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Invoicing;

/// <summary>
/// Makes the invoices that should exist and do not: of top-ups, of refunds, of the months of postpaid customers; and the files of them. Late, twice
/// or many at once makes no difference: each thing is invoiced once, under the organization's lock.
/// </summary>
public sealed partial class InvoiceRun(TimeProvider time, IServiceScopeFactory scopes, ILogger<InvoiceRun> logger)
    : Run(TimeSpan.FromSeconds(5), time, scopes, logger)
{
    /// <summary>How long after its end a month is invoiced: a call is booked when it ends, and nothing is later than this.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromHours(1);

    private const int Batch = 50;
    private readonly ILogger<InvoiceRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var invoiced = await RunAsync(db, now, LogNotInvoiced, ct);
        if (invoiced > 0)
        {
            LogInvoiced(invoiced);
        }
    }

    /// <returns>How many invoices and credit notes were new.</returns>
    public static async Task<int> RunAsync(HubDb db, DateTimeOffset now, Action<Guid, Exception> failed, CancellationToken ct)
    {
        var made = await InvoiceAsync(db, now, failed, ct);
        await db.MarkOverdueAsync(now, ct);
        foreach (var document in await db.DocumentsToMakeAsync(Batch, ct))
        {
            await TryAsync(db, document.OrganizationId, async () =>
            {
                await MakeDocumentsAsync(db, document, now, ct);
                return 0;
            }, failed, ct);
        }

        return made;
    }

    /// <summary>The invoices and credit notes alone, without their files.</summary>
    public static async Task<int> InvoiceAsync(HubDb db, DateTimeOffset now, Action<Guid, Exception> failed, CancellationToken ct)
    {
        var made = 0;
        foreach (var order in await db.OrdersToInvoiceAsync(Batch, ct))
        {
            made += await TryAsync(db, order.OrganizationId, () => InvoiceTopUpAsync(db, order, now, ct), failed, ct);
        }

        foreach (var charge in await db.ChargesToInvoiceAsync(Batch, ct))
        {
            made += await TryAsync(db, charge.OrganizationId, () => InvoiceChargeAsync(db, charge, now, ct), failed, ct);
        }

        foreach (var refund in await db.RefundsToCreditAsync(Batch, ct))
        {
            made += await TryAsync(db, refund.OrganizationId, () => CreditRefundAsync(db, refund, now, ct), failed, ct);
        }

        var after = Guid.Empty;
        for (List<DueMonths> due; (due = await db.MonthsToInvoiceAsync(now, after, Batch, ct)).Count > 0; after = due[^1].OrganizationId)
        {
            foreach (var customer in due)
            {
                made += await TryAsync(db, customer.OrganizationId, () => InvoiceMonthsAsync(db, customer, now, ct), failed, ct);
            }
        }

        return made;
    }

    // One organization with something wrong must not cost the others their invoices.
    private static async Task<int> TryAsync(HubDb db, Guid organization, Func<Task<int>> work, Action<Guid, Exception> failed, CancellationToken ct)
    {
        try
        {
            return await work();
        }
        catch (Exception failure) when (!ct.IsCancellationRequested)
        {
            db.ChangeTracker.Clear();
            failed(organization, failure);
            return 0;
        }
    }

    private static Task<int> InvoiceTopUpAsync(HubDb db, DueSubject due, DateTimeOffset now, CancellationToken ct) => db.InOrganizationAsync(due.OrganizationId, async () =>
    {
        var order = await db.PaymentOrders.AsNoTracking().SingleAsync(row => row.Id == due.Id, ct);
        // Under the lock, so that of two runs the second finds what the first has made.
        await db.DebtAsync(now, ct);
        if (await db.Invoices.AnyAsync(invoice => invoice.Source == $"top_up:{order.Id}" && invoice.Status != InvoiceStatus.Void, ct))
        {
            return 0;
        }

        var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == order.Currency, ct);
        await FinalizeAsync(db, InvoiceDraft.OfTopUp(order, seller, now), now, ct);
        return 1;
    }, ct);

    private static Task<int> CreditRefundAsync(HubDb db, DueSubject due, DateTimeOffset now, CancellationToken ct) => db.InOrganizationAsync(due.OrganizationId, async () =>
    {
        var refund = await db.PaymentRefunds.AsNoTracking().SingleAsync(row => row.Id == due.Id, ct);
        await db.DebtAsync(now, ct);
        if (await db.CreditNotes.AnyAsync(note => note.RefundId == refund.Id, ct))
        {
            return 0;
        }

        var invoice = await db.Invoices.AsNoTracking().SingleAsync(row => row.OrderId == refund.OrderId && row.Kind == InvoiceKind.TopUp && row.Status == InvoiceStatus.Paid, ct);
        var id = Guid.CreateVersion7(now);
        if (await db.CreditAsync(id, invoice.Id, CreditDisposition.Refund, refund.Id, refund.Reason, await SpreadAsync(db, invoice, refund.AmountMinor, ct), now, ct) is { } refused)
        {
            throw new InvalidOperationException($"Refund {refund.Id} cannot be credited on invoice {invoice.Number}: {refused}.");
        }

        await db.AuditAsync(AuditActor.Hub, "credit_note.issued", id.ToString(), null, new { invoice = invoice.Number, amount_minor = refund.AmountMinor, refund.Reason }, now, ct);
        return 1;
    }, ct);

    private static async Task<IReadOnlyList<CreditedLine>> SpreadAsync(HubDb db, Invoice invoice, long amountMinor, CancellationToken ct)
    {
        var lines = await db.InvoiceLines.AsNoTracking().Where(line => line.InvoiceId == invoice.Id).OrderBy(line => line.Position).ToListAsync(ct);
        var ids = lines.ConvertAll(line => line.Id);
        var given = await db.CreditNoteLines.AsNoTracking().Where(line => ids.Contains(line.InvoiceLineId)).ToListAsync(ct);
        return InvoiceBooks.Spread(amountMinor, lines, given.ToLookup(line => line.InvoiceLineId, line => new CreditedLine(line.InvoiceLineId, line.AmountMinor, line.TaxMinor)));
    }

    private static async Task<int> InvoiceMonthsAsync(HubDb db, DueMonths customer, DateTimeOffset now, CancellationToken ct)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(customer.TimeZone);
        var made = 0;
        // Each month begins where the one before it ended, also when the organization has moved to another time zone since.
        for (var startsAt = customer.LastEndsAt ?? BillingMonths.Start(PlanCycle.CalendarMonth, customer.Since, zone); ;)
        {
            var endsAt = BillingMonths.End(PlanCycle.CalendarMonth, startsAt, zone, 0);
            if (endsAt + Grace > now)
            {
                return made;
            }

            made += await InvoiceMonthAsync(db, customer, zone, startsAt, endsAt, now, ct);
            startsAt = endsAt;
        }
    }

    private static Task<int> InvoiceMonthAsync(HubDb db, DueMonths customer, TimeZoneInfo zone, DateTimeOffset startsAt, DateTimeOffset endsAt, DateTimeOffset now, CancellationToken ct) =>
        db.InOrganizationAsync(customer.OrganizationId, async () =>
        {
            var debt = await db.DebtAsync(endsAt, ct);
            if (await db.UsageMonths.AnyAsync(month => month.EndsAt == endsAt, ct))
            {
                return 0;
            }

            var currency = Enum.Parse<Currency>(customer.Currency);
            var seller = await db.LegalEntities.AsNoTracking().SingleAsync(entity => entity.Currency == currency, ct);
            var carry = await db.UsageMonths.Where(month => month.EndsAt <= startsAt).OrderByDescending(month => month.EndsAt).Select(month => month.CarryNanos).FirstOrDefaultAsync(ct);
            var fees = await db.FeesDueAsync(DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(endsAt, zone).DateTime), ct);
            var (draft, carried) = InvoiceDraft.OfMonth(
                customer.OrganizationId, seller, await db.PurchasedUsageAsync(startsAt, endsAt, ct), fees, debt, carry, startsAt, endsAt, $"usage:{endsAt.UtcDateTime:yyyy-MM-dd'T'HH:mm'Z'}", now);
            if (draft is not null)
            {
                await FinalizeAsync(db, draft, now, ct);
            }

            db.UsageMonths.Add(new UsageMonth { OrganizationId = customer.OrganizationId, StartsAt = startsAt, EndsAt = endsAt, InvoiceId = draft?.Invoice.Id, CarryNanos = carried });
            db.ContractFeeCharges.AddRange(fees.Select(period => new ContractFeeCharge
            {
                FeeId = period.FeeId,
                StartsOn = period.StartsOn,
                OrganizationId = customer.OrganizationId,
                EndsOn = period.EndsOn,
                AmountMinor = period.AmountMinor,
                InvoiceId = period.AmountMinor > 0 ? draft?.Invoice.Id : null,
            }));
            await db.SaveChangesAsync(ct);
            db.ChangeTracker.Clear();
            return draft is null ? 0 : 1;
        }, ct);

    private static async Task FinalizeAsync(HubDb db, InvoiceDraft draft, DateTimeOffset now, CancellationToken ct)
    {
        var number = await db.FinalizeAsync(draft, now, ct);
        await db.AuditAsync(
            AuditActor.Hub, "invoice.finalized", draft.Invoice.Id.ToString(), null,
            new { number, draft.Invoice.Source, total = draft.Invoice.Total.ToDecimalString(), currency = draft.Invoice.Currency.ToString() }, now, ct);
    }

    private static Task MakeDocumentsAsync(HubDb db, DueDocument due, DateTimeOffset now, CancellationToken ct) => db.InOrganizationAsync(due.OrganizationId, async () =>
    {
        var note = due.Credit ? await db.CreditNotes.AsNoTracking().SingleAsync(row => row.Id == due.SubjectId, ct) : null;
        var invoiceId = note?.InvoiceId ?? due.SubjectId;
        var invoice = await db.Invoices.AsNoTracking().SingleAsync(row => row.Id == invoiceId, ct);
        var lines = await db.InvoiceLines.AsNoTracking().Where(line => line.InvoiceId == invoiceId).OrderBy(line => line.Position).ToListAsync(ct);
        var entity = await db.LegalEntities.AsNoTracking().SingleAsync(row => row.Id == invoice.LegalEntityId, ct);
        var zone = await db.Organizations.Select(organization => organization.TimeZone).SingleAsync(ct);
        var credited = note is null ? [] : (await db.CreditNoteLines.AsNoTracking().Where(line => line.CreditNoteId == note.Id).ToListAsync(ct))
            .ConvertAll(line => (line, lines.Single(row => row.Id == line.InvoiceLineId)));
        // One worker at a time, or two would wait for each other's other language.
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('invoice_documents:' || {due.SubjectId}, 0))", ct);
        var existing = await db.InvoiceDocuments.Where(document => document.SubjectId == due.SubjectId).Select(document => document.Language).ToListAsync(ct);

        foreach (var language in ((string[])[InvoicePaper.Chinese, InvoicePaper.English]).Except(existing))
        {
            var paper = note is null ? InvoicePaper.Of(invoice, lines, entity, zone, language) : InvoicePaper.Of(note, credited, invoice, entity, language);
            db.InvoiceDocuments.Add(new InvoiceDocument
            {
                Id = Guid.CreateVersion7(now),
                OrganizationId = due.OrganizationId,
                SubjectId = due.SubjectId,
                Language = language,
                Content = InvoicePdf.Of(paper, now),
                CreatedAt = now,
            });
        }

        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }, ct);

    [LoggerMessage(LogLevel.Information, "{Invoices} invoices and credit notes were made.")]
    private partial void LogInvoiced(int invoices);

    [LoggerMessage(LogLevel.Error, "Organization {Organization} could not be invoiced; the next run tries again.")]
    private partial void LogNotInvoiced(Guid organization, Exception failure);
}
