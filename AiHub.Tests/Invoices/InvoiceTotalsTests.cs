using AiHub.Domain;
using AiHub.Domain.Invoices;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace AiHub.Tests.Invoices;

public sealed class InvoiceTotalsTests
{
    private static readonly DateTimeOffset Now = new(2026, 6, 1, 2, 0, 0, TimeSpan.Zero);

    private static readonly LegalEntity China = Seller(Currency.CNY, 600, inclusive: true);

    [Theory]
    [InlineData(2990, 600, 2821, 169)]
    [InlineData(29900, 600, 28208, 1692)]
    [InlineData(99, 600, 93, 6)]
    [InlineData(1, 600, 1, 0)]
    [InlineData(429900, 1300, 380442, 49458)]
    [InlineData(10000, 0, 10000, 0)]
    public void Tax_inside_a_price_is_what_is_left_of_it_without_its_net(long total, int rate, long net, long tax)
    {
        var totals = InvoiceTotals.Of([new TaxableLine(total, rate)], taxInclusive: true);

        Assert.Equal((net, tax, total), (totals.SubtotalMinor, totals.TaxMinor, totals.TotalMinor));
        Assert.Equal([tax], totals.LineTaxMinor);
    }

    [Theory]
    [InlineData(10000, 825, 10825)]
    [InlineData(50, 100, 50)]
    [InlineData(150, 100, 152)]
    public void Tax_on_top_of_a_price_is_rounded_half_to_even(long net, int rate, long total)
    {
        var totals = InvoiceTotals.Of([new TaxableLine(net, rate)], taxInclusive: false);

        Assert.Equal((net, total - net, total), (totals.SubtotalMinor, totals.TaxMinor, totals.TotalMinor));
    }

    [Fact]
    public void The_cent_that_rounding_leaves_goes_to_the_line_with_the_largest_remainder()
    {
        // 3 × 0.33 at 6 % inclusive: 0.99 holds 0.06, each line 0.0187.
        var totals = InvoiceTotals.Of([new TaxableLine(33, 600), new TaxableLine(33, 600), new TaxableLine(33, 600)], taxInclusive: true);

        Assert.Equal([2, 2, 2], totals.LineTaxMinor);
        Assert.Equal([4, 3, 3], InvoiceTotals.LargestRemainder(10, [333, 333, 333], 100));
        Assert.Equal([3, 4, 3], InvoiceTotals.LargestRemainder(10, [330, 340, 330], 100));
    }

    [Property(MaxTest = 500)]
    public Property Invariant_22_lines_add_up_to_the_total_and_the_tax_is_what_the_sum_of_each_rate_holds() => Prop.ForAll(
        Gen.Choose(-5_000, 2_000_000).Zip(Gen.Elements(0, 100, 300, 600, 825, 900, 1300)).ArrayOf(12).ToArbitrary(),
        ArbMap.Default.ArbFor<bool>(),
        (lines, inclusive) =>
        {
            var taxable = lines.Select(line => new TaxableLine(line.Item1, line.Item2)).ToList();

            var totals = InvoiceTotals.Of(taxable, inclusive);

            Assert.Equal(totals.SubtotalMinor + totals.TaxMinor, totals.TotalMinor);
            Assert.Equal(taxable.Sum(line => line.AmountMinor), inclusive ? totals.TotalMinor : totals.SubtotalMinor);
            Assert.Equal(totals.TaxMinor, totals.LineTaxMinor.Sum());
            foreach (var rate in taxable.Zip(totals.LineTaxMinor).GroupBy(line => line.First.TaxBasisPoints))
            {
                var sum = rate.Sum(line => line.First.AmountMinor);
                var exact = inclusive ? sum - (sum / (1 + (rate.Key / 10_000m))) : sum * rate.Key / 10_000m;
                Assert.InRange(rate.Sum(line => line.Second) - exact, -0.5m, 0.5m);
                Assert.All(rate, line => Assert.InRange(
                    line.Second - (inclusive ? line.First.AmountMinor * (decimal)rate.Key / (10_000 + rate.Key) : line.First.AmountMinor * rate.Key / 10_000m), -1m, 1m));
            }
        });

    [Property(MaxTest = 300)]
    public Property Months_of_use_are_invoiced_to_the_cent_over_the_year_whatever_rounding_does_in_each() => Prop.ForAll(
        Gen.Choose(0, 40_000_000).ArrayOf(4).ArrayOf(12).ToArbitrary(),
        months =>
        {
            var (carry, debt, invoiced, used) = (0L, 0L, 0L, 0L);
            foreach (var month in months)
            {
                var usage = month.Select((nanos, model) => new UsageOfModel($"m{model}", $"M{model}", 1, 1, 1, nanos)).ToList();
                used += month.Sum(nanos => (long)nanos);
                debt += month.Sum(nanos => (long)nanos);
                var (draft, carried) = InvoiceDraft.OfMonth(Guid.Empty, China, usage, [], debt, carry, Now, Now.AddMonths(1), "usage", Now);
                carry = carried;
                if (draft is not null)
                {
                    Assert.Equal(draft.Invoice.TotalMinor, draft.Lines.Sum(line => line.AmountMinor));
                    Assert.Equal(draft.Invoice.TaxMinor, draft.Lines.Sum(line => line.TaxMinor));
                    invoiced += draft.Invoice.TotalMinor;
                    debt -= draft.Invoice.TotalMinor * 10_000_000;
                }

                Assert.Equal(used - (invoiced * 10_000_000), debt);
                Assert.InRange(debt, -5_000_000, 5_000_000);
            }
        });

    [Fact]
    public void What_was_paid_in_advance_is_taken_off_and_nothing_owed_is_no_invoice()
    {
        var usage = new UsageOfModel[] { new("a", "A", 2, 10, 20, 7_004_000_000), new("b", "B", 1, 5, 5, 3_001_000_000) };

        var (part, carry) = InvoiceDraft.OfMonth(Guid.Empty, China, usage, [], 4_005_000_000, 0, Now, Now.AddMonths(1), "usage", Now);
        var (none, _) = InvoiceDraft.OfMonth(Guid.Empty, China, usage, [], 0, 0, Now, Now.AddMonths(1), "usage", Now);

        Assert.Equal([700, 300, -600], part!.Lines.Select(line => line.AmountMinor));
        Assert.Equal((400, 5_000_000), (part.Invoice.TotalMinor, carry));
        Assert.Null(none);
    }

    private static LegalEntity Seller(Currency currency, int rate, bool inclusive) => new()
    {
        Id = "test",
        Currency = currency,
        Name = "Seller",
        NumberPrefix = "T",
        TimeZone = "Asia/Shanghai",
        TaxName = "VAT",
        TaxBasisPoints = rate,
        TaxInclusive = inclusive,
        UpdatedAt = Now,
    };
}
