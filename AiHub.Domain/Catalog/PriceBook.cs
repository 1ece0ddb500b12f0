namespace AiHub.Domain.Catalog;

/// <summary>All price rows, arranged for finding the ones of a moment. Pure: the same rows, holidays and instant give the same prices for ever.</summary>
public sealed class PriceBook(IEnumerable<PriceRow> rows, Holidays holidays)
{
    private readonly ILookup<(Guid UpstreamId, Currency Currency, string ServiceTier), PriceRow> _rows =
        rows.ToLookup(row => (row.UpstreamId, row.Currency, row.ServiceTier));

    public PriceBook(IEnumerable<PriceRow> rows) : this(rows, Holidays.None)
    {
    }

    /// <summary>Whose calls have prices of their own.</summary>
    public IReadOnlySet<Guid> Customers { get; } = rows.Where(row => row.CustomerId is not null).Select(row => row.CustomerId!.Value).ToHashSet();

    /// <param name="customer">What was agreed with a customer goes before the list price of the same thing, at that length of prompt and in those hours.</param>
    /// <param name="serviceTier">A service class has prices of its own or none at all; it never borrows those of the usual one.</param>
    /// <param name="discount">What the customer pays less of every list price.</param>
    /// <returns>Null when something that a call of this kind uses has no price then: the upstream is not usable, never free.</returns>
    public PriceList? At(
        Guid upstreamId, Currency currency, DateTimeOffset instant, ModelKind kind = ModelKind.Chat, string serviceTier = "", Guid? customer = null, PriceDiscount? discount = null)
    {
        var valid = _rows[(upstreamId, currency, serviceTier)]
            .Where(row => (row.CustomerId is null || row.CustomerId == customer) && row.ValidAt(instant) && (row.Hours.Length == 0 || PriceHours.Of(row.Hours).Cover(instant, holidays)))
            .ToList();

        var agreed = valid.Where(row => row.CustomerId is not null).Select(Thing).ToHashSet();
        valid.RemoveAll(row => row.CustomerId is null && agreed.Contains(Thing(row)));

        // Of one thing's prices those with hours go before the one without: it is the rest of the week's.
        var asked = valid.Where(row => row.Hours.Length > 0).Select(Thing).ToHashSet();
        valid.RemoveAll(row => row.Hours.Length == 0 && asked.Contains(Thing(row)));

        return kind.IsPricedBy(Priced) ? new PriceList(currency, valid, discount) : null;

        static PriceSlot Thing(PriceRow row) => row.Slot with { Hours = "", CustomerId = null };

        bool Priced(PriceComponent component) => valid.Exists(row => row.Component == component && row.MinPromptTokens == 0);
    }
}

/// <summary>What a call costs, and the rows that say so: prices, and the discount where one of them was less.</summary>
public readonly record struct Charge(Money Cost, IReadOnlyList<Guid> PriceRows);

/// <summary>The prices of one upstream at one instant, frozen when a call is admitted.</summary>
/// <param name="discount">What the customer pays less of each list price among the rows.</param>
public sealed class PriceList(Currency currency, IReadOnlyList<PriceRow> rows, PriceDiscount? discount = null)
{
    /// <summary>The parts of a nano-unit in which a charge is exact: of a million pieces, and of a whole in basis points.</summary>
    public const long Parts = 1_000_000L * PriceDiscount.Whole;

    private readonly bool _isPricedByUnit = rows.Any(row => !row.Component.IsTokens());

    public Currency Currency => currency;

    public IReadOnlyList<PriceRow> Rows => rows;

    public PriceDiscount? Discount => discount;

    /// <summary>Tokens are charged, alone or beside other units.</summary>
    public bool CountsTokens { get; } = rows.Any(row => row.Component.IsTokens());

    /// <summary>The basis points that are left of a row's price.</summary>
    public int Left(PriceRow row) => discount is null || row.CustomerId is not null ? PriceDiscount.Whole : PriceDiscount.Whole - discount.BasisPoints;

    /// <summary>What is asked for a million, to show and to compare; a charge is not computed from it, it rounds once at its end.</summary>
    public long Asked(PriceRow row) => HalfEven((Int128)row.NanosPerMillion * Left(row), PriceDiscount.Whole);

    public Charge Price(TokenUsage usage) => Price(new Consumption(usage));

    /// <summary>Exact until one rounding to whole nano-units, half to even. Of what is counted in several ways, the priced ones are charged.</summary>
    public Charge Price(Consumption consumed)
    {
        var (usage, units) = consumed;
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
        Add(units.Images, PriceComponent.Image);
        Add(units.Seconds, PriceComponent.Second);
        Add(units.Characters, PriceComponent.Character);
        Add(units.SearchUnits, PriceComponent.SearchUnit);

        if (discount is not null && rows.Any(row => row.CustomerId is null && used.Contains(row.Id)))
        {
            used.Add(discount.Id);
        }

        return new Charge(new Money(HalfEven(total, Parts), currency), used);

        void Add(long quantity, PriceComponent component)
        {
            // The book let this list pass because one way of counting is wholly priced; the other ways need no price then.
            if (quantity == 0 || (Find(component, usage.Input) is null && (!component.IsTokens() || _isPricedByUnit)))
            {
                return;
            }

            var row = Row(component, usage.Input);
            total += (Int128)quantity * row.NanosPerMillion * Left(row);
            if (!used.Contains(row.Id))
            {
                used.Add(row.Id);
            }
        }
    }

    /// <summary>The row that prices a component for a prompt of this length: the highest tier reached, of the component or else of its plainer kind.</summary>
    public PriceRow Row(PriceComponent component, long promptTokens = 0) =>
        Find(component, promptTokens) ?? throw new InvalidOperationException($"A price list without a price for {component} cannot exist; PriceBook.At answers null instead.");

    /// <returns>Null when neither the component nor a plainer kind of it is priced.</returns>
    public PriceRow? Find(PriceComponent component, long promptTokens = 0)
    {
        PriceRow? best = null;
        foreach (var row in rows)
        {
            if (row.Component == component && row.MinPromptTokens <= promptTokens && (best is null || row.MinPromptTokens > best.MinPromptTokens))
            {
                best = row;
            }
        }

        return best ?? (Plainer(component) is { } plainer ? Find(plainer, promptTokens) : null);
    }

    private static PriceComponent? Plainer(PriceComponent component) => component switch
    {
        PriceComponent.CacheWrite1h => PriceComponent.CacheWrite5m,
        PriceComponent.CacheRead or PriceComponent.CacheWrite5m or PriceComponent.AudioIn or PriceComponent.ImageIn => PriceComponent.Input,
        PriceComponent.Reasoning or PriceComponent.AudioOut or PriceComponent.ImageOut => PriceComponent.Output,
        _ => null,
    };

    private static long HalfEven(Int128 parts, long whole)
    {
        var (quotient, remainder) = Int128.DivRem(parts, whole);
        var twice = remainder * 2;
        if (twice > whole || (twice == whole && Int128.IsOddInteger(quotient)))
        {
            quotient++;
        }

        return checked((long)quotient);
    }
}
