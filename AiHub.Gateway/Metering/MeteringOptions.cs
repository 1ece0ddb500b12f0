using System.ComponentModel.DataAnnotations;

namespace AiHub.Gateway.Metering;

public sealed class MeteringOptions
{
    public const string Section = "Metering";

    /// <summary>How long an answer is read on for the vendor's own count after its caller has left; then the vendor is stopped.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan DrainLimit { get; init; } = TimeSpan.FromSeconds(5);
}
