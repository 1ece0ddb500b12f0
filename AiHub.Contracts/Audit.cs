using System.Text.Json;

namespace AiHub.Contracts;

/// <summary>One change, as the audit log of an organization keeps it.</summary>
/// <param name="Sequence">1, 2, 3 … within the organization, without gaps.</param>
/// <param name="Actor">Their name; null for the hub itself.</param>
/// <param name="Hash">Of this entry and the one before it.</param>
public sealed record AuditEntryView(
    long Sequence,
    DateTimeOffset OccurredAt,
    string Action,
    string Subject,
    Guid? ActorId,
    string? Actor,
    Guid? ActorKeyId,
    string? Address,
    Guid? RequestId,
    JsonElement? Before,
    JsonElement? After,
    string Hash);

/// <param name="BrokenAt">The first entry whose seal is broken; null when the log is whole.</param>
/// <param name="Entries">How many entries there are.</param>
public sealed record AuditVerification(bool Whole, long? BrokenAt, long Entries, string? LastHash);
