using System.Globalization;
using AiHub.Domain;
using AiHub.Domain.Invoices;

namespace AiHub.Worker.Invoicing;

/// <summary>A line of a paper, in words and figures.</summary>
public sealed record PaperLine(string Description, string Calls, string InputTokens, string OutputTokens, string Tax, string Amount);

/// <summary>What stands on an invoice or credit note, in one language: everything but where.</summary>
public sealed record InvoicePaper(
    string Language, string Title, string Number, InvoiceParty Seller, InvoiceParty Buyer, IReadOnlyList<(string Name, string Value)> Facts,
    IReadOnlyList<PaperLine> Lines, IReadOnlyList<(string Name, string Value)> Sums, IReadOnlyList<string> Notes)
{
    public const string Chinese = "zh-CN";
    public const string English = "en";
    private const string Day = "yyyy-MM-dd";

    public bool HasTokens => Lines.Any(line => line.InputTokens.Length > 0);

    public static InvoicePaper Of(Invoice invoice, IReadOnlyList<InvoiceLine> lines, LegalEntity entity, string customerTimeZone, string language)
    {
        var zh = language == Chinese;
        var facts = new List<(string, string)> { (zh ? "开具日期" : "Date", Local(invoice.FinalizedAt!.Value, entity.TimeZone)) };
        if (invoice is { PeriodStartsAt: { } starts, PeriodEndsAt: { } ends })
        {
            // The last day is the one before the moment at which the next period begins.
            facts.Add((zh ? "账期" : "Period", $"{Local(starts, customerTimeZone)} – {Local(ends.AddTicks(-1), customerTimeZone)}"));
        }

        if (invoice.DueAt is { } due)
        {
            facts.Add((zh ? "付款期限" : "Due", Local(due, entity.TimeZone)));
        }
        else if (invoice.PaidAt is { } paid)
        {
            facts.Add((zh ? "付款日期" : "Paid", Local(paid, entity.TimeZone)));
        }

        facts.Add((zh ? "币种" : "Currency", invoice.Currency.ToString()));

        var seller = InvoiceBooks.ReadParty(invoice.Seller);
        var notes = new List<string>();
        if (invoice.DueAt is not null && seller.BankDetails.Length > 0)
        {
            notes.Add((zh ? "银行转账：" : "Bank transfer: ") + seller.BankDetails);
        }

        if (invoice.Currency == Currency.CNY)
        {
            notes.Add(zh ? "本账单为结算凭证，不作为税务发票；如需发票，请在控制台申请。" : "This document settles accounts and is not a Chinese tax fapiao; request a fapiao in the console.");
        }

        return new InvoicePaper(
            language,
            invoice.Kind == InvoiceKind.TopUp ? zh ? "充值收据" : "Receipt" : zh ? "账单" : "Invoice",
            invoice.Number!,
            seller,
            InvoiceBooks.ReadParty(invoice.Buyer),
            facts,
            [.. lines.OrderBy(line => line.Position).Select(line => Line(line, line.AmountMinor, invoice.Currency, zh))],
            SumsOf(invoice.SubtotalMinor, invoice.TaxMinor, invoice.TotalMinor, invoice.TaxName, invoice.TaxInclusive, invoice.Currency, zh, zh ? "合计" : "Total"),
            notes);
    }

    public static InvoicePaper Of(CreditNote note, IReadOnlyList<(CreditNoteLine Credited, InvoiceLine Line)> lines, Invoice invoice, LegalEntity entity, string language)
    {
        var zh = language == Chinese;
        return new InvoicePaper(
            language,
            zh ? "贷项通知单" : "Credit note",
            note.Number,
            InvoiceBooks.ReadParty(invoice.Seller),
            InvoiceBooks.ReadParty(invoice.Buyer),
            [
                (zh ? "开具日期" : "Date", Local(note.CreatedAt, entity.TimeZone)),
                (zh ? "对应账单" : "Credits invoice", invoice.Number!),
                (zh ? "原因" : "Reason", note.Reason),
                (zh ? "币种" : "Currency", note.Currency.ToString()),
            ],
            [.. lines.OrderBy(pair => pair.Line.Position).Select(pair => Line(pair.Line, -pair.Credited.AmountMinor, note.Currency, zh))],
            SumsOf(-note.SubtotalMinor, -note.TaxMinor, -note.TotalMinor, invoice.TaxName, invoice.TaxInclusive, note.Currency, zh, zh ? "合计" : "Total"),
            [note.Disposition switch
            {
                CreditDisposition.Refund => zh ? "款项已原路退回。" : "The amount has been refunded to the original payment method.",
                CreditDisposition.ToWallet => zh ? "款项已退回账户余额。" : "The amount has been returned to the account balance.",
                _ => zh ? "款项已从应付金额中抵扣。" : "The amount has been deducted from what is due.",
            }]);
    }

    /// <summary>¥1,234.50</summary>
    public static string Money(long minor, Currency currency) =>
        (minor < 0 ? "-" : "") + (currency == Currency.CNY ? "¥" : "$") + Whole(Math.Abs(minor) / 100) + "." + (Math.Abs(minor) % 100).ToString("00", CultureInfo.InvariantCulture);

    private static PaperLine Line(InvoiceLine line, long amount, Currency currency, bool zh) => new(
        zh ? line.DescriptionZh : line.DescriptionEn,
        line.Quantity is { } calls ? Whole(calls) : "",
        line.InputTokens is { } input ? Whole(input) : "",
        line.OutputTokens is { } output ? Whole(output) : "",
        Percent(line.TaxBasisPoints),
        Money(amount, currency));

    private static List<(string, string)> SumsOf(long subtotal, long tax, long total, string taxName, bool inclusive, Currency currency, bool zh, string name)
    {
        var sums = new List<(string, string)>();
        if (tax != 0)
        {
            sums.Add((zh ? "不含税金额" : "Net", Money(subtotal, currency)));
            sums.Add((inclusive ? zh ? $"其中 {taxName}" : $"{taxName} included" : taxName, Money(tax, currency)));
        }

        sums.Add((name, Money(total, currency)));
        return sums;
    }

    private static string Percent(int basisPoints) => (basisPoints / 100m).ToString("0.##", CultureInfo.InvariantCulture) + "%";

    private static string Whole(long value) => value.ToString("N0", CultureInfo.InvariantCulture);

    private static string Local(DateTimeOffset moment, string zone) =>
        TimeZoneInfo.ConvertTime(moment, TimeZoneInfo.FindSystemTimeZoneById(zone)).ToString(Day, CultureInfo.InvariantCulture);
}
