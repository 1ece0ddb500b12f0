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
}

/// <summary>A list price for a span of time. Never changed: a new price closes the old row and adds another, so a past call can always be priced again.</summary>
public sealed class PriceRow
{
    public required Guid Id { get; init; }
    public required Guid UpstreamId { get; init; }
    public required PriceComponent Component { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>Nano-units per million tokens: 0.0028 per million is 2,800,000.</summary>
    public required long NanosPerMillion { get; init; }

    /// <summary>The prompt length from which this row prices the whole call; 0 for the base price.</summary>
    public long MinPromptTokens { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public DateTimeOffset? ValidTo { get; set; }

    /// <summary>Where the price comes from, for example a vendor's page or <c>sample, verify</c>.</summary>
    public required string Source { get; init; }
    public string? ApprovedBy { get; init; }

    public bool ValidAt(DateTimeOffset instant) => ValidFrom <= instant && (ValidTo is null || instant < ValidTo);
}
