namespace AiHub.Domain.Catalog;

public enum ProposalStatus
{
    Pending,
    Approved,
    Rejected,
}

/// <summary>A price that an import found and nobody has agreed to yet. Approving it ends the present price and begins this one.</summary>
public sealed class PriceProposal
{
    public required Guid Id { get; init; }
    public required Guid UpstreamId { get; init; }
    public required PriceComponent Component { get; init; }
    public required Currency Currency { get; init; }
    public required long NanosPerMillion { get; init; }
    public long MinPromptTokens { get; init; }
    public string ServiceTier { get; init; } = "";
    public string Hours { get; init; } = "";
    public required string Source { get; init; }
    public required DateTimeOffset ProposedAt { get; init; }
    public ProposalStatus Status { get; set; }
    public DateTimeOffset? DecidedAt { get; set; }
    public string? DecidedBy { get; set; }

    public PriceSlot Slot => new(UpstreamId, Component, Currency, MinPromptTokens, ServiceTier, Hours);

    public static PriceProposal Of(PriceRow row, DateTimeOffset now) => new()
    {
        Id = row.Id,
        UpstreamId = row.UpstreamId,
        Component = row.Component,
        Currency = row.Currency,
        NanosPerMillion = row.NanosPerMillion,
        MinPromptTokens = row.MinPromptTokens,
        ServiceTier = row.ServiceTier,
        Hours = row.Hours,
        Source = row.Source,
        ProposedAt = now,
    };
}
