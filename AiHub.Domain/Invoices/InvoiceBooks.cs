using System.Text.Json;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Invoices;

public sealed record DueSubject(Guid OrganizationId, Guid Id);

public sealed record DueDocument(Guid OrganizationId, Guid SubjectId, bool Credit);

public sealed record DueMonths(Guid OrganizationId, string Currency, string TimeZone, DateTimeOffset Since, DateTimeOffset? LastEndsAt);

public sealed record DueInvoiceMail(
    Guid Id, Guid OrganizationId, Guid SubjectId, string Target, string Language, int Attempts, string Number, long TotalMinor, string Currency, byte[] Content);

/// <param name="AmountMinor">As the invoice's line: with tax where prices hold it, else without.</param>
public sealed record CreditedLine(Guid Line, long AmountMinor, long TaxMinor);

public enum CreditRefusal
{
    /// <summary>Only a final invoice that was neither voided nor given up can be credited.</summary>
    NotFinal,

    /// <summary>This kind of invoice is not credited in this way.</summary>
    NotSo,

    /// <summary>More than what is left of a line.</summary>
    MoreThanLine,

    /// <summary>More than is still to be paid, or more than was paid.</summary>
    MoreThanOpen,

    /// <summary>There is a fapiao over it, which is to be reversed first.</summary>
    FapiaoFirst,
}

/// <summary>The only code that makes invoices final and changes them after: each method is one function of 70-invoices.sql.</summary>
public static class InvoiceBooks
{
    private static readonly JsonSerializerOptions Party = new(JsonSerializerDefaults.Web) { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    /// <summary>Keeps a draft and makes it final. Call it inside the organization.</summary>
    /// <returns>The number.</returns>
    public static async Task<string> FinalizeAsync(this HubDb db, InvoiceDraft draft, DateTimeOffset now, CancellationToken ct)
    {
        db.Invoices.Add(draft.Invoice);
        db.InvoiceLines.AddRange(draft.Lines);
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
        return await db.FinalizeAsync(draft.Invoice.Id, now, ct);
    }

    /// <summary>Makes a kept draft final, to whom the organization's billing profile says at this moment. Call it inside the organization.</summary>
    public static async Task<string> FinalizeAsync(this HubDb db, Guid invoiceId, DateTimeOffset now, CancellationToken ct)
    {
        var profile = await db.BuyerAsync(now, ct);
        var buyer = WriteParty(new InvoiceParty(profile.Name, profile.Address, profile.TaxId, profile.Email ?? "", ""));
        return await db.Database.SqlQuery<string>(
            $"select invoice_finalize({invoiceId}, {buyer}::jsonb, {profile.Language}, {profile.Email}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
    }

    /// <summary>The billing profile of the organization at work; until somebody fills it in, its name and its owner's address.</summary>
    public static async Task<BillingProfile> BuyerAsync(this HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (await db.BillingProfiles.AsNoTracking().FirstOrDefaultAsync(ct) is { } profile)
        {
            return profile;
        }

        var organization = await db.Organizations.AsNoTracking().FirstAsync(ct);
        var owner = await db.Memberships.Where(member => member.Role == Role.Owner).OrderBy(member => member.CreatedAt)
            .Join(db.Users, member => member.UserId, user => user.Id, (member, user) => new { user.Email, user.Language }).FirstOrDefaultAsync(ct);
        return new BillingProfile
        {
            OrganizationId = organization.Id,
            Name = organization.Name,
            Email = owner?.Email,
            Language = owner?.Language is { Length: > 0 } language ? language : organization.Currency == Currency.CNY ? "zh-CN" : "en",
            UpdatedAt = now,
        };
    }

    public static string WriteParty(InvoiceParty party) => JsonSerializer.Serialize(party, Party);

    public static InvoiceParty ReadParty(string? json) => json is null ? new InvoiceParty("", "", "", "", "") : JsonSerializer.Deserialize<InvoiceParty>(json, Party)!;

    /// <summary>Writes down that an operator saw the payment. Call it as an operator inside the organization.</summary>
    /// <returns>False when it was not waiting for one.</returns>
    public static Task<bool> PaidAsync(this HubDb db, Guid invoiceId, string memo, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select invoice_paid({invoiceId}, {Guid.CreateVersion7(now)}, {memo}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <inheritdoc cref="PaidAsync"/>
    public static Task<bool> VoidAsync(this HubDb db, Guid invoiceId, string reason, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select invoice_void({invoiceId}, {Guid.CreateVersion7(now)}, {reason}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <inheritdoc cref="PaidAsync"/>
    public static Task<bool> GiveUpAsync(this HubDb db, Guid invoiceId, string reason, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select invoice_uncollectible({invoiceId}, {Guid.CreateVersion7(now)}, {reason}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Gives back part of an invoice. As an operator, or for a refund that has succeeded; inside the organization.</summary>
    public static async Task<CreditRefusal?> CreditAsync(
        this HubDb db, Guid id, Guid invoiceId, CreditDisposition disposition, Guid? refundId, string reason, IEnumerable<CreditedLine> lines, DateTimeOffset now, CancellationToken ct)
    {
        var json = JsonSerializer.Serialize(lines.Select(line => new { line = line.Line, amount = line.AmountMinor, tax = line.TaxMinor }), JsonSerializerOptions.Web);
        var answer = await db.Database.SqlQuery<string>(
            $"select credit_note_issue({id}, {invoiceId}, {Storage.Words.Of(disposition.ToString())}, {refundId}, {reason}, {json}::jsonb, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
        return Enum.TryParse<CreditRefusal>(answer.Replace("_", ""), ignoreCase: true, out var refusal) ? refusal : null;
    }

    /// <summary>
    /// Splits an amount that is given back over an invoice's lines, first to last, each with its share of the line's tax: computed on what is
    /// given back in all, so that giving back everything gives back all of the tax.
    /// </summary>
    /// <param name="given">What earlier credit notes gave of each line.</param>
    public static IReadOnlyList<CreditedLine> Spread(long amountMinor, IReadOnlyList<InvoiceLine> lines, ILookup<Guid, CreditedLine> given)
    {
        var credited = new List<CreditedLine>();
        var left = amountMinor;
        foreach (var line in lines.Where(line => line.AmountMinor > 0))
        {
            var (before, taxBefore) = (given[line.Id].Sum(part => part.AmountMinor), given[line.Id].Sum(part => part.TaxMinor));
            var part = Math.Min(left, line.AmountMinor - before);
            if (part > 0)
            {
                credited.Add(new CreditedLine(line.Id, part, InvoiceTotals.RoundHalfEven((Int128)line.TaxMinor * (before + part), line.AmountMinor) - taxBefore));
                left -= part;
            }
        }

        return credited;
    }

    /// <summary>Charges of plans that an order has paid.</summary>
    public static Task<List<DueSubject>> ChargesToInvoiceAsync(this HubDb db, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueSubject>($"select organization_id, charge_id as id from charges_to_invoice({count})").ToListAsync(ct);

    public static Task<List<DueSubject>> OrdersToInvoiceAsync(this HubDb db, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueSubject>($"select organization_id, order_id as id from invoice_orders_due({count})").ToListAsync(ct);

    public static Task<List<DueSubject>> RefundsToCreditAsync(this HubDb db, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueSubject>($"select organization_id, refund_id as id from invoice_refunds_due({count})").ToListAsync(ct);

    public static Task<List<DueMonths>> MonthsToInvoiceAsync(this HubDb db, DateTimeOffset now, Guid after, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueMonths>($"select organization_id, currency, time_zone, since, last_ends_at from invoice_months_due({now.ToUniversalTime()}, {after}, {count})").ToListAsync(ct);

    public static Task<List<DueDocument>> DocumentsToMakeAsync(this HubDb db, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueDocument>($"select organization_id, subject_id, credit from invoice_documents_due({count})").ToListAsync(ct);

    /// <returns>How many became overdue.</returns>
    public static Task<int> MarkOverdueAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<int>($"select invoices_overdue({now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    public static Task<List<DueInvoiceMail>> TakeInvoiceMailsAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueInvoiceMail>(
            $"select id, organization_id, subject_id, target, language, attempts, number, total_minor, currency, content from invoice_mails_take({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").ToListAsync(ct);

    public static Task CloseInvoiceMailAsync(this HubDb db, Guid id, string? error, DateTimeOffset? next, DateTimeOffset now, CancellationToken ct)
    {
        var at = next?.ToUniversalTime();
        return db.Database.ExecuteSqlAsync($"select invoice_mail_close({id}, {error}, {at}, {now.ToUniversalTime()})", ct);
    }

    /// <summary>What the organization at work owes for calls booked before a moment; nothing while its wallet covers them.</summary>
    public static Task<long> DebtAsync(this HubDb db, DateTimeOffset until, CancellationToken ct) =>
        db.Database.SqlQuery<long>($"select invoice_debt({until.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>The periods of contract fees of the organization at work that belong on an invoice until a day and are on none.</summary>
    public static async Task<List<FeePeriod>> FeesDueAsync(this HubDb db, DateOnly day, CancellationToken ct)
    {
        var fees = await db.ContractFees.AsNoTracking().OrderBy(fee => fee.StartsOn).ToListAsync(ct);
        if (fees.Count == 0)
        {
            return [];
        }

        var charged = (await db.ContractFeeCharges.AsNoTracking().Select(charge => new { charge.FeeId, charge.StartsOn }).ToListAsync(ct)).ToHashSet();
        return [.. fees.SelectMany(fee => fee.Due(day)).Where(period => !charged.Contains(new { period.FeeId, period.StartsOn }))];
    }

    /// <summary>Agrees a fee, in place of the one there is, as the operator whose work this is. Call it inside the organization.</summary>
    /// <param name="endsOn">The first day it does not cover any more.</param>
    /// <returns>The first day it may begin on, when that is later: what is on an invoice stays. Null once it is agreed.</returns>
    public static Task<DateOnly?> SetContractFeeAsync(
        this HubDb db, Guid organizationId, long amountMinor, PlanInterval interval, DateOnly startsOn, DateOnly? endsOn, DateTimeOffset now, CancellationToken ct)
    {
        var word = Storage.Words.Of(interval.ToString());
        return db.Database.SqlQuery<DateOnly?>(
            $"select contract_fee_set({organizationId}, {Guid.CreateVersion7(now)}, {amountMinor}, {word}, {startsOn}, {endsOn}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);
    }

    /// <summary>Ends the fee with the day before this one. As <see cref="SetContractFeeAsync"/>.</summary>
    public static Task EndContractFeeAsync(this HubDb db, Guid organizationId, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select contract_fee_end({organizationId}, {now.ToUniversalTime()})", ct);

    public static Task<List<UsageOfModel>> PurchasedUsageAsync(this HubDb db, DateTimeOffset from, DateTimeOffset until, CancellationToken ct) =>
        db.Database.SqlQuery<UsageOfModel>(
            $"select model_id, model_name, calls, input_tokens, output_tokens, charged_nanos from invoice_usage({from.ToUniversalTime()}, {until.ToUniversalTime()})").ToListAsync(ct);
}
