namespace AiHub.Domain.Payments;

/// <summary>A channel that some worker holds the secrets of. Written by the workers, so that whoever takes orders knows what can be paid.</summary>
public sealed class EnabledChannel
{
    /// <summary>After this long without a sign no worker serves the channel any more.</summary>
    public static readonly TimeSpan Lasts = TimeSpan.FromMinutes(3);

    public required PaymentChannelId Id { get; init; }
    public required string Currencies { get; set; }
    public required DateTimeOffset SeenAt { get; set; }

    /// <summary>Where browsers within the channel's own app learn who pays; null where that is not needed, or not set up.</summary>
    public string? PayerUrl { get; set; }
}
