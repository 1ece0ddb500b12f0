namespace AiHub.Domain.Accounts;

/// <summary>What one audit of the whole ledger found.</summary>
public sealed class AuditRun
{
    public required Guid Id { get; init; }
    public required DateTimeOffset StartedAt { get; init; }
    public required DateTimeOffset FinishedAt { get; init; }

    /// <summary>Who asked for it; null for the nightly one.</summary>
    public Guid? RequestedBy { get; init; }

    /// <summary>How many journals, balances, holds … were looked at: a JSON object.</summary>
    public required string Looked { get; init; }
    public required long Violations { get; init; }

    /// <summary>The first of them, as text.</summary>
    public required string[] Findings { get; init; }
}
