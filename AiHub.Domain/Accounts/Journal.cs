namespace AiHub.Domain.Accounts;

/// <summary>One movement: at least two entries that sum to zero in each unit. Never changed; a mistake is corrected by another journal.</summary>
public sealed class Journal
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>Says what was booked, once: <c>grant:{period}</c>, <c>settle:{hold}</c>, <c>expire:{lot}</c> …</summary>
    public required string IdempotencyKey { get; init; }

    /// <summary>The first word of the key: grant, settle, expire, top_up …</summary>
    public required string Kind { get; init; }

    /// <summary>When it counts, for example when the call was admitted.</summary>
    public required DateTimeOffset EffectiveAt { get; init; }
    public required DateTimeOffset BookedAt { get; init; }
    public string? Memo { get; init; }

    /// <summary>The journal whose opposite this one is.</summary>
    public Guid? ReversesId { get; init; }
}

public sealed class Entry
{
    public long Id { get; init; }
    public required Guid JournalId { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid AccountId { get; init; }

    /// <summary>Positive adds to the account.</summary>
    public required long Amount { get; init; }
    public required string Unit { get; init; }
}
