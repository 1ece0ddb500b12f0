namespace AiHub.Domain.Catalog;

/// <summary>One of the things a call used and the row that prices it.</summary>
/// <param name="Bucket">The member of <see cref="TokenUsage"/> or <see cref="UnitUsage"/>.</param>
/// <param name="Left">The basis points of the price that the customer pays.</param>
public sealed record ChargeLine(string Bucket, long Quantity, PriceRow Price, int Left)
{
    /// <summary>Exact, in <see cref="PriceList.Parts"/> of a nano-unit.</summary>
    public Int128 Exact => (Int128)Quantity * Price.NanosPerMillion * Left;

    /// <summary>
    /// A charge taken apart again, from the rows the usage record names: only those that priced something are among them, so each thing finds the
    /// one that priced it. What was counted but not priced is not among the lines.
    /// </summary>
    public static IReadOnlyList<ChargeLine> Of(Consumption consumed, Currency currency, IReadOnlyList<PriceRow> rows, PriceDiscount? discount = null)
    {
        var (usage, units) = consumed;
        var prices = new PriceList(currency, rows, discount);

        return
        [
            .. new (string Bucket, long Quantity, PriceComponent Component)[]
            {
                (nameof(usage.InputUncached), usage.InputUncached, PriceComponent.Input),
                (nameof(usage.CacheRead), usage.CacheRead, PriceComponent.CacheRead),
                (nameof(usage.CacheWrite5m), usage.CacheWrite5m, PriceComponent.CacheWrite5m),
                (nameof(usage.CacheWrite1h), usage.CacheWrite1h, PriceComponent.CacheWrite1h),
                (nameof(usage.AudioIn), usage.AudioIn, PriceComponent.AudioIn),
                (nameof(usage.ImageIn), usage.ImageIn, PriceComponent.ImageIn),
                (nameof(usage.OutputText), usage.OutputText, PriceComponent.Output),
                (nameof(usage.OutputReasoning), usage.OutputReasoning, PriceComponent.Reasoning),
                (nameof(usage.AudioOut), usage.AudioOut, PriceComponent.AudioOut),
                (nameof(usage.ImageOut), usage.ImageOut, PriceComponent.ImageOut),
                (nameof(units.Images), units.Images, PriceComponent.Image),
                (nameof(units.Seconds), units.Seconds, PriceComponent.Second),
                (nameof(units.Characters), units.Characters, PriceComponent.Character),
                (nameof(units.SearchUnits), units.SearchUnits, PriceComponent.SearchUnit),
            }
                .Where(bucket => bucket.Quantity > 0)
                .Select(bucket => (bucket.Bucket, bucket.Quantity, Price: prices.Find(bucket.Component, usage.Input)))
                .Where(bucket => bucket.Price is not null)
                .Select(bucket => new ChargeLine(bucket.Bucket, bucket.Quantity, bucket.Price!, prices.Left(bucket.Price!))),
        ];
    }

    /// <summary>What the lines come to, exactly, in <see cref="PriceList.Parts"/> of a nano-unit.</summary>
    public static Int128 Sum(IEnumerable<ChargeLine> lines) => lines.Aggregate(Int128.Zero, (sum, line) => sum + line.Exact);
}
