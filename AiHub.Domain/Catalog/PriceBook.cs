namespace AiHub.Domain.Catalog;

/// <summary>All price rows, arranged for finding the ones of a moment. Pure: the same rows and instant give the same prices for ever.</summary>
public sealed class PriceBook(IEnumerable<PriceRow> rows)
{
    private readonly ILookup<(Guid UpstreamId, Currency Currency), PriceRow> _rows = rows.ToLookup(row => (row.UpstreamId, row.Currency));

    /// <returns>Null when the upstream has no price for input or output then: it is not usable, never free.</returns>
    public PriceList? At(Guid upstreamId, Currency currency, DateTimeOffset instant)
    {
        var valid = _rows[(upstreamId, currency)].Where(row => row.ValidAt(instant)).ToList();

        return Priced(PriceComponent.Input) && Priced(PriceComponent.Output) ? new PriceList(currency, valid) : null;

        bool Priced(PriceComponent component) => valid.Exists(row => row.Component == component && row.MinPromptTokens == 0);
    }
}

/// <summary>What a call costs at list price, and the rows that say so.</summary>
public readonly record struct Charge(Money Cost, IReadOnlyList<Guid> PriceRows);

/// <summary>The prices of one upstream at one instant, frozen when a call is admitted.</summary>
public sealed class PriceList(Currency currency, IReadOnlyList<PriceRow> rows)
{
    private const long Million = 1_000_000;

    public Currency Currency => currency;

    public IReadOnlyList<PriceRow> Rows => rows;

    /// <summary>Exact until one rounding to whole nano-units, half to even.</summary>
    public Charge Price(TokenUsage usage)
    {
        Int128 total = 0;
        var used = new List<Guid>(2);

        Add(usage.InputUncached, PriceComponent.Input);
        Add(usage.CacheRead, PriceComponent.CacheRead);
        Add(usage.CacheWrite5m, PriceComponent.CacheWrite5m);
        Add(usage.CacheWrite1h, PriceComponent.CacheWrite1h);
        Add(usage.AudioIn, PriceComponent.AudioIn);
        Add(usage.ImageIn, PriceComponent.ImageIn);
        Add(usage.OutputText, PriceComponent.Output);
        Add(usage.OutputReasoning, PriceComponent.Reasoning);
        Add(usage.AudioOut, PriceComponent.AudioOut);
        Add(usage.ImageOut, PriceComponent.ImageOut);

        return new Charge(new Money(HalfEven(total), currency), used);

        void Add(long tokens, PriceComponent component)
        {
            if (tokens == 0)
            {
                return;
            }

            var row = Row(component, usage.Input);
            total += (Int128)tokens * row.NanosPerMillion;
            if (!used.Contains(row.Id))
            {
                used.Add(row.Id);
            }
        }
    }

    /// <summary>The row that prices a component for a prompt of this length: the highest tier reached, of the component or else of its plainer kind.</summary>
    public PriceRow Row(PriceComponent component, long promptTokens = 0)
    {
        PriceRow? best = null;
        foreach (var row in rows)
        {
            if (row.Component == component && row.MinPromptTokens <= promptTokens && (best is null || row.MinPromptTokens > best.MinPromptTokens))
            {
                best = row;
            }
        }

        return best ?? Row(Plainer(component), promptTokens);
    }

    private static PriceComponent Plainer(PriceComponent component) => component switch
    {
        PriceComponent.CacheWrite1h => PriceComponent.CacheWrite5m,
        PriceComponent.CacheRead or PriceComponent.CacheWrite5m or PriceComponent.AudioIn or PriceComponent.ImageIn => PriceComponent.Input,
        PriceComponent.Reasoning or PriceComponent.AudioOut or PriceComponent.ImageOut => PriceComponent.Output,
        _ => throw new InvalidOperationException($"A price list without a price for {component} cannot exist; PriceBook.At answers null instead."),
    };

    private static long HalfEven(Int128 millionths)
    {
        var (quotient, remainder) = Int128.DivRem(millionths, Million);
        var twice = remainder * 2;
        if (twice > Million || (twice == Million && Int128.IsOddInteger(quotient)))
        {
            quotient++;
        }

        return checked((long)quotient);
    }
}
