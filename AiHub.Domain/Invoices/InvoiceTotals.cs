namespace AiHub.Domain.Invoices;

/// <param name="AmountMinor">With tax where prices hold it, else without.</param>
public readonly record struct TaxableLine(long AmountMinor, int TaxBasisPoints);

/// <summary>
/// The sums of an invoice. Tax is computed once for each rate, on the sum of that rate's lines, and handed out to the lines by largest
/// remainder: the lines always add up to the total, and the total is what the law computes.
/// </summary>
public sealed record InvoiceTotals(long SubtotalMinor, long TaxMinor, long TotalMinor, IReadOnlyList<long> LineTaxMinor)
{
    private const int Whole = 10_000;

    public static InvoiceTotals Of(IReadOnlyList<TaxableLine> lines, bool taxInclusive)
    {
        var taxes = new long[lines.Count];
        var (sum, tax) = (0L, 0L);
        foreach (var rate in lines.Index().GroupBy(line => line.Item.TaxBasisPoints))
        {
            var amounts = rate.Select(line => line.Item.AmountMinor).ToList();
            var total = amounts.Aggregate(0L, (left, right) => checked(left + right));
            // Inclusive: what is left of the amount without its net. Exclusive: on top of it.
            var due = taxInclusive ? total - RoundHalfEven((Int128)total * Whole, Whole + rate.Key) : RoundHalfEven((Int128)total * rate.Key, Whole);
            var shares = Distribute(due, amounts, rate.Key, taxInclusive ? Whole + rate.Key : Whole);
            foreach (var (line, share) in rate.Zip(shares))
            {
                taxes[line.Index] = share;
            }

            (sum, tax) = (checked(sum + total), checked(tax + due));
        }

        return taxInclusive ? new InvoiceTotals(sum - tax, tax, sum, taxes) : new InvoiceTotals(sum, tax, checked(sum + tax), taxes);
    }

    /// <summary>Hands out <paramref name="total"/> whole cents in proportion to exact amounts: each gets its floor, the rest go to the largest remainders, the first of equals.</summary>
    public static IReadOnlyList<long> LargestRemainder(long total, IReadOnlyList<long> exact, long perUnit) => Distribute(total, exact, 1, perUnit);

    // Floors and remainders of amount × numerator / denominator; the difference to the total is less than one a line, either way.
    private static long[] Distribute(long total, IReadOnlyList<long> amounts, long numerator, long denominator)
    {
        var floors = new long[amounts.Count];
        var remainders = new Int128[amounts.Count];
        for (var i = 0; i < amounts.Count; i++)
        {
            var (quotient, remainder) = FloorDivide((Int128)amounts[i] * numerator, denominator);
            (floors[i], remainders[i]) = ((long)quotient, remainder);
        }

        var missing = total - floors.Sum();
        foreach (var i in Enumerable.Range(0, amounts.Count).OrderByDescending(i => remainders[i]).ThenBy(i => i))
        {
            if (missing <= 0)
            {
                break;
            }

            floors[i]++;
            missing--;
        }

        // Only what rounding to even took below the sum of the floors.
        foreach (var i in Enumerable.Range(0, amounts.Count).OrderBy(i => remainders[i]).ThenBy(i => i))
        {
            if (missing >= 0)
            {
                break;
            }

            floors[i]--;
            missing++;
        }

        return missing == 0 ? floors : throw new InvalidOperationException($"{total} cannot be handed out to {amounts.Count} lines.");
    }

    public static long RoundHalfEven(Int128 numerator, Int128 denominator)
    {
        var (quotient, remainder) = FloorDivide(numerator, denominator);
        var twice = remainder * 2;
        return (long)(twice > denominator || (twice == denominator && Int128.IsOddInteger(quotient)) ? quotient + 1 : quotient);
    }

    private static (Int128 Quotient, Int128 Remainder) FloorDivide(Int128 numerator, Int128 denominator)
    {
        var (quotient, remainder) = Int128.DivRem(numerator, denominator);
        return remainder < 0 ? (quotient - 1, remainder + denominator) : (quotient, remainder);
    }
}
