using System.Globalization;
using AiHub.Domain.Payments;

namespace AiHub.Domain.Invoices;

/// <param name="ExactNanos">What the ledger booked for it, before rounding.</param>
public sealed record DraftLine(
    InvoiceLineKind Kind, string Zh, string En, long AmountMinor, long? Quantity = null, long? InputTokens = null, long? OutputTokens = null, long? ExactNanos = null);

/// <summary>What the ledger charged the purchased wallet for the calls of one model.</summary>
public sealed record UsageOfModel(string ModelId, string ModelName, long Calls, long InputTokens, long OutputTokens, long ChargedNanos);

/// <summary>An invoice and its lines, ready to be kept. Pure: everything it needs is handed in.</summary>
public sealed record InvoiceDraft(Invoice Invoice, IReadOnlyList<InvoiceLine> Lines)
{
    private const long NanosPerMinor = Money.NanosPerUnit / 100;

    /// <summary>The receipt of a top-up.</summary>
    public static InvoiceDraft OfTopUp(PaymentOrder order, LegalEntity seller, DateTimeOffset now) => Of(
        order.OrganizationId, seller, InvoiceKind.TopUp, $"top_up:{order.Id}",
        // What was paid is what was paid: the tax of a prepayment is always inside it.
        [new DraftLine(InvoiceLineKind.TopUp, "AI Hub 账户充值（预付服务费）", "AI Hub account top-up (prepaid service fee)", order.AmountMinor)],
        taxInclusive: true, null, null, order.Id, now);

    /// <summary>
    /// A month of postpaid use: a line a model, and a line that takes off what had been paid in advance. All lines are whole cents that sum to
    /// the exact amount rounded once; the rest is carried. What the contract costs has lines of its own: it is owed whatever is in the wallet.
    /// </summary>
    /// <param name="fees">The periods of the contract's fee that are due.</param>
    /// <param name="debtNanos">What the customer owes for calls until the end of the month.</param>
    /// <param name="carryNanos">What rounding left over from the month before; positive is owed by the customer.</param>
    /// <returns>No invoice when nothing is owed; and what is carried on.</returns>
    public static (InvoiceDraft? Draft, long CarryNanos) OfMonth(
        Guid organizationId, LegalEntity seller, IReadOnlyList<UsageOfModel> usage, IReadOnlyList<FeePeriod> fees, long debtNanos, long carryNanos,
        DateTimeOffset startsAt, DateTimeOffset endsAt, string source, DateTimeOffset now)
    {
        var (lines, carry) = UsageLines(usage, debtNanos, carryNanos);
        lines.AddRange(fees.Where(period => period.AmountMinor > 0).Select(FeeLine));
        return (lines.Count == 0 ? null : Of(organizationId, seller, InvoiceKind.Usage, source, lines, seller.TaxInclusive, startsAt, endsAt, null, now), carry);
    }

    private static (List<DraftLine> Lines, long CarryNanos) UsageLines(IReadOnlyList<UsageOfModel> usage, long debtNanos, long carryNanos)
    {
        var exact = usage.Aggregate(carryNanos, (sum, row) => checked(sum + row.ChargedNanos));
        var total = InvoiceTotals.RoundHalfEven(exact, NanosPerMinor);
        var due = Math.Min(total, InvoiceTotals.RoundHalfEven(debtNanos, NanosPerMinor));
        if (due <= 0)
        {
            // Paid in advance, or less than half a cent: what is owed of that is carried.
            return ([], Math.Min(exact, Math.Max(debtNanos, 0)));
        }

        var amounts = InvoiceTotals.LargestRemainder(total, [.. usage.Select(row => row.ChargedNanos)], NanosPerMinor);
        var lines = usage.Zip(amounts, (row, amount) => new DraftLine(
            InvoiceLineKind.Usage, $"{row.ModelName} 模型调用", $"{row.ModelName} usage", amount, row.Calls, row.InputTokens, row.OutputTokens, row.ChargedNanos)).ToList();
        if (due < total)
        {
            lines.Add(new DraftLine(InvoiceLineKind.Prepaid, "已由预付余额抵扣", "Paid from prepaid balance", due - total));
        }

        return (lines, due < total ? debtNanos - (due * NanosPerMinor) : exact - (total * NanosPerMinor));
    }

    private static DraftLine FeeLine(FeePeriod period)
    {
        var (from, last) = (Day(period.StartsOn), Day(period.EndsOn.AddDays(-1)));
        return new DraftLine(InvoiceLineKind.ContractFee, $"合同服务费（{from} 至 {last}）", $"Contract fee, {from} to {last}", period.AmountMinor);

        static string Day(DateOnly day) => day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    /// <summary>A term of a plan or the lines of a change between plans, as they were previewed.</summary>
    public static InvoiceDraft OfSubscription(
        Guid organizationId, LegalEntity seller, string source, IReadOnlyList<DraftLine> lines, DateTimeOffset? startsAt, DateTimeOffset? endsAt, Guid? orderId, DateTimeOffset now) =>
        // Plans are sold at the price that is shown; it was paid as it was shown.
        Of(organizationId, seller, InvoiceKind.Subscription, source, lines, taxInclusive: true, startsAt, endsAt, orderId, now);

    private static InvoiceDraft Of(
        Guid organizationId, LegalEntity seller, InvoiceKind kind, string source, IReadOnlyList<DraftLine> lines, bool taxInclusive,
        DateTimeOffset? startsAt, DateTimeOffset? endsAt, Guid? orderId, DateTimeOffset now)
    {
        var totals = InvoiceTotals.Of([.. lines.Select(line => new TaxableLine(line.AmountMinor, seller.TaxBasisPoints))], taxInclusive);
        var id = Guid.CreateVersion7(now);
        var invoice = new Invoice
        {
            Id = id,
            OrganizationId = organizationId,
            LegalEntityId = seller.Id,
            Kind = kind,
            Source = source,
            Currency = seller.Currency,
            SubtotalMinor = totals.SubtotalMinor,
            TaxMinor = totals.TaxMinor,
            TotalMinor = totals.TotalMinor,
            TaxName = seller.TaxName,
            TaxInclusive = taxInclusive,
            PeriodStartsAt = startsAt,
            PeriodEndsAt = endsAt,
            OrderId = orderId,
            CreatedAt = now,
        };

        return new InvoiceDraft(
            invoice,
            [
                .. lines.Select((line, position) => new InvoiceLine
                {
                    Id = Guid.CreateVersion7(now),
                    OrganizationId = organizationId,
                    InvoiceId = id,
                    Position = position,
                    Kind = line.Kind,
                    DescriptionZh = line.Zh,
                    DescriptionEn = line.En,
                    Quantity = line.Quantity,
                    InputTokens = line.InputTokens,
                    OutputTokens = line.OutputTokens,
                    AmountMinor = line.AmountMinor,
                    TaxBasisPoints = seller.TaxBasisPoints,
                    TaxMinor = totals.LineTaxMinor[position],
                    ExactNanos = line.ExactNanos,
                }),
            ]);
    }
}
