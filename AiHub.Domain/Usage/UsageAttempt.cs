namespace AiHub.Domain.Usage;

/// <summary>One vendor asked for one call, in the order they were asked.</summary>
/// <param name="At">From the hub receiving the call to the vendor being asked, in milliseconds.</param>
/// <param name="Ms">How long it was given, to the end of its answer or failure.</param>
/// <param name="FirstMs">To the first piece of its answer; null when there was none.</param>
/// <param name="Status">The vendor's HTTP status; null when it never answered.</param>
/// <param name="Error">The hub's word for what went wrong; null for the one that answered.</param>
public sealed record UsageAttempt(string Vendor, Guid Upstream, int At, int Ms, int? FirstMs, int? Status, string? Error);
