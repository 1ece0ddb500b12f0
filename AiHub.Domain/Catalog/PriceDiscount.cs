namespace AiHub.Domain.Catalog;

/// <summary>
/// What a customer pays less than the public price, as a share of it: 1500 is 15 %. Of everything, or of what a vendor serves, or of some models; what
/// was agreed for one price by itself is not discounted. Never changed: it gets an end, so a past call can always be priced again.
/// </summary>
public sealed class PriceDiscount
{
    public const int Whole = 10_000;
    private const char Rest = '*';

    public required Guid Id { get; init; }

    /// <summary>The organization. It is no tenant's row: operators set it.</summary>
    public required Guid CustomerId { get; init; }

    /// <summary>Whose servings; empty for everybody's.</summary>
    public string VendorId { get; init; } = "";

    /// <summary>A model, or the beginning of some and <c>*</c>; empty for all.</summary>
    public string ModelPattern { get; init; } = "";
    public required int BasisPoints { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public DateTimeOffset? ValidTo { get; set; }

    /// <summary>Where it was agreed.</summary>
    public required string Source { get; init; }
    public string? ApprovedBy { get; init; }

    public bool ValidAt(DateTimeOffset instant) => ValidFrom <= instant && (ValidTo is null || instant < ValidTo);

    public bool Covers(string vendorId, string modelId) => (VendorId.Length == 0 || VendorId == vendorId) && Matches(ModelPattern, modelId);

    public static bool Matches(string pattern, string modelId) =>
        pattern.Length == 0 || (pattern[^1] == Rest ? modelId.AsSpan().StartsWith(pattern.AsSpan(..^1), StringComparison.Ordinal) : modelId == pattern);

    /// <summary>The one that holds for a call: of a model before of a family, of a longer beginning before of a shorter one, of a vendor before of all.</summary>
    public static PriceDiscount? Of(IEnumerable<PriceDiscount> discounts, string vendorId, string modelId, DateTimeOffset instant) =>
        discounts.Where(discount => discount.ValidAt(instant) && discount.Covers(vendorId, modelId))
            .OrderByDescending(discount => discount.ModelPattern.Length > 0 && discount.ModelPattern[^1] != Rest)
            .ThenByDescending(discount => discount.ModelPattern.Length)
            .ThenByDescending(discount => discount.VendorId.Length > 0)
            .FirstOrDefault();
}
