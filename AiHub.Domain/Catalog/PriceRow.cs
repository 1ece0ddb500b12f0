namespace AiHub.Domain.Catalog;

/// <summary>What is priced. A component without a row of its own costs what its plainer kind costs: see <see cref="PriceList"/>.</summary>
public enum PriceComponent
{
    Input,
    CacheRead,
    CacheWrite5m,
    CacheWrite1h,
    Output,
    Reasoning,
    AudioIn,
    AudioOut,
    ImageIn,
    ImageOut,

    /// <summary>Each image made. From here on what is counted are not tokens, and nothing stands in for a missing price.</summary>
    Image,

    /// <summary>Each second of sound heard.</summary>
    Second,

    /// <summary>Each character read out.</summary>
    Character,

    /// <summary>Each search: a query against up to a hundred documents.</summary>
    SearchUnit,
}

public static class PriceComponents
{
    public static bool IsTokens(this PriceComponent component) => component < PriceComponent.Image;

    /// <summary>How many of a component people quote its price for.</summary>
    public static long Per(this PriceComponent component) =>
        component is PriceComponent.Image or PriceComponent.Second or PriceComponent.SearchUnit ? 1 : 1_000_000;
}

/// <summary>
/// A list price for a span of time, under conditions, or what was agreed with one customer instead. Never changed: a new price closes the old row and
/// adds another, so a past call can always be priced again.
/// </summary>
public sealed class PriceRow
{
    public required Guid Id { get; init; }
    public required Guid UpstreamId { get; init; }
    public required PriceComponent Component { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>Nano-units per million tokens, or of whatever else the component counts: 0.0028 per million is 2,800,000.</summary>
    public required long NanosPerMillion { get; init; }

    /// <summary>The prompt length from which this row prices the whole call; 0 for the base price.</summary>
    public long MinPromptTokens { get; init; }

    /// <summary>The service class it is the price of: <c>batch</c>, <c>flex</c>, <c>priority</c>; empty for the usual one.</summary>
    public string ServiceTier { get; init; } = "";

    /// <summary>When in the week it holds, spelled as <see cref="PriceHours"/> does; empty for always. Within its hours it goes before the row without any.</summary>
    public string Hours { get; init; } = "";

    /// <summary>The organization whose calls it prices, in place of the list price of the same thing; null is the list price. It is no tenant's row: operators set it.</summary>
    public Guid? CustomerId { get; init; }

    public required DateTimeOffset ValidFrom { get; init; }
    public DateTimeOffset? ValidTo { get; set; }

    /// <summary>Where the price comes from and as of when, for example a vendor's page or <c>sample, verify</c>.</summary>
    public required string Source { get; init; }
    public string? ApprovedBy { get; init; }

    public bool ValidAt(DateTimeOffset instant) => ValidFrom <= instant && (ValidTo is null || instant < ValidTo);

    /// <summary>What the row is the price of; at one moment only one row may answer to it.</summary>
    public PriceSlot Slot => new(UpstreamId, Component, Currency, MinPromptTokens, ServiceTier, Hours, CustomerId);
}

/// <summary>Everything that tells one price from another, except time.</summary>
public readonly record struct PriceSlot(
    Guid UpstreamId, PriceComponent Component, Currency Currency, long MinPromptTokens, string ServiceTier, string Hours, Guid? CustomerId = null);
