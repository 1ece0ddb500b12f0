using AiHub.Domain.Catalog;

namespace AiHub.Domain.Usage;

public enum UsageStatus
{
    Succeeded,

    /// <summary>The caller hung up; what was produced until then is charged.</summary>
    Cancelled,

    /// <summary>The upstream failed; charged only for an answer that had begun.</summary>
    Failed,
}

/// <summary>Where the token counts come from.</summary>
public enum UsageSource
{
    /// <summary>Reported by the vendor: the truth.</summary>
    Vendor,

    /// <summary>Counted by the hub's tokenizer because the vendor reported nothing.</summary>
    Estimated,

    /// <summary>Counted by the hub in a unit that needs no vendor's word: characters sent, images received. As exact as the vendor's own count.</summary>
    Counted,

    /// <summary>The answer came from the answer cache; as the vendor had counted it.</summary>
    Cached,
}

/// <summary>One call, once: who, what, how much, how long. Every page, export and invoice derives from these rows and the ledger.</summary>
public sealed class UsageRecord
{
    /// <summary>The request id; also the id a caller sees in <c>x-request-id</c>.</summary>
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public Guid? TeamId { get; init; }
    public required Guid UserId { get; init; }
    public required Guid KeyId { get; init; }
    public required string ModelId { get; init; }
    public required Guid UpstreamId { get; init; }
    public required string VendorId { get; init; }

    /// <summary>The client's dialect and operation, for example <c>openai.chat</c>.</summary>
    public required string Surface { get; init; }
    public required DateTimeOffset OccurredAt { get; init; }
    public required TokenUsage Tokens { get; init; }

    /// <summary>What the call used besides tokens.</summary>
    public UnitUsage Units { get; init; }
    public required UsageSource Source { get; init; }
    public required UsageStatus Status { get; init; }

    /// <summary>Why a call failed, in the hub's own words (an error code); null on success.</summary>
    public string? ErrorCode { get; init; }
    public required bool Streamed { get; init; }
    public string? FinishReason { get; init; }

    /// <summary>Weighted plan tokens of the call.</summary>
    public required long PlanTokens { get; init; }

    /// <summary>The call at list price, whoever pays for it; with an organization's own vendor key the hub's fee.</summary>
    public required Money Cost { get; init; }
    public required IReadOnlyList<Guid> PriceRows { get; init; }

    /// <summary>What the call is filed under, sorted and each once: the key's tags and the caller's own.</summary>
    public string[] Tags { get; init; } = [];

    /// <summary>The organization's own vendor key that was used; null for the hub's.</summary>
    public Guid? OwnKeyId { get; init; }

    /// <summary>
    /// What the vendor asks for it, at list price in nano-units of the cost's currency: of the hub or, with an own vendor key, of the key's owner.
    /// Not part of the cost, which follows what was agreed with the customer.
    /// </summary>
    public long VendorCostNanos { get; init; }

    /// <summary>With an own vendor key: the fee, in ten-thousandths of the vendor's price.</summary>
    public int FeeBasisPoints { get; init; }

    /// <summary>What guardrails did: <c>output:mask:email:personal data</c>.</summary>
    public string[] Guardrails { get; init; } = [];
    public required TimeSpan Latency { get; init; }
    public TimeSpan? TimeToFirstToken { get; init; }

    /// <summary>Upstreams tried, the last one included.</summary>
    public int Attempts { get; init; } = 1;

    /// <summary>How each of them went; empty for an answer from the cache, null for records from before this was kept.</summary>
    public IReadOnlyList<UsageAttempt>? Tried { get; init; }

    /// <summary>Weighted tokens taken from the plan; set by the ledger.</summary>
    public long PlanTokensCharged { get; set; }

    /// <summary>Nano-units taken from the wallets; set by the ledger.</summary>
    public long ChargedNanos { get; set; }

    /// <summary>The journal that booked the call; null when nothing moved. Set by the ledger.</summary>
    public Guid? JournalId { get; set; }
}
