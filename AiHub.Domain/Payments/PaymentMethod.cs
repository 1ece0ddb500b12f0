namespace AiHub.Domain.Payments;

/// <summary>
/// A card that may be charged while nobody is there. It lives at the channel; what is kept here are the channel's names for it, and enough to
/// recognise it by.
/// </summary>
public sealed class PaymentMethod
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Whose card it is: orders that the worker makes are theirs.</summary>
    public required Guid UserId { get; init; }
    public required PaymentChannelId Channel { get; init; }
    public required string CustomerReference { get; init; }
    public required string MethodReference { get; init; }
    public required string Brand { get; init; }
    public required string LastFour { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? RemovedAt { get; init; }
}

/// <summary>Refills the wallet from the saved method when it runs low, up to a cap each calendar month. A failure stops it until somebody looks.</summary>
public sealed class AutoTopUp
{
    public required Guid OrganizationId { get; init; }
    public required Guid PaymentMethodId { get; set; }
    public required long BelowNanos { get; set; }
    public required long AmountMinor { get; set; }
    public required long MonthlyCapMinor { get; set; }
    public required DateTimeOffset UpdatedAt { get; set; }
    public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>declined, cap_reached or method_removed.</summary>
    public string? StopReason { get; init; }
}
