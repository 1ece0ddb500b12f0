namespace AiHub.Domain.Invoices;

/// <summary>What a vendor charges the hub from a day on, as a share of its list price: 8500 is 85 %. Without terms the hub pays the list price.</summary>
public sealed class VendorTerms
{
    public required Guid Id { get; init; }
    public required string VendorId { get; init; }
    public required int BasisPoints { get; init; }
    public required DateTimeOffset ValidFrom { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}
