using AiHub.Domain.Storage;
using AiHub.Domain.Usage;

namespace AiHub.Domain.Accounts;

/// <summary>Usage records as <c>ledger_settle</c> takes them: an array for each column, in the order of its parameters.</summary>
internal static class SettlementColumns
{
    // Arrays of arrays of different lengths do not go through unnest, so lists go as text; no tag has a control character.
    private const char Separator = '\u001f';

    private const int HoldAndTime = 2;
    private const int Columns = 42;

    /// <summary>For the hold, the time and each column: <c>$1, $2, …</c></summary>
    public static readonly string Parameters = string.Join(", ", Enumerable.Range(1, HoldAndTime + Columns).Select(number => $"${number}"));

    public static IReadOnlyList<Array> Of(IReadOnlyList<UsageRecord> records)
    {
        return
        [
            Column(usage => usage.Id),
            Column(usage => usage.OccurredAt.ToUniversalTime()),
            Column(usage => usage.OrganizationId),
            Column(usage => usage.TeamId),
            Column(usage => usage.UserId),
            Column(usage => usage.KeyId),
            Column(usage => usage.ModelId),
            Column(usage => usage.UpstreamId),
            Column(usage => usage.VendorId),
            Column(usage => usage.Surface),
            Column(usage => Words.Of(usage.Source.ToString())),
            Column(usage => Words.Of(usage.Status.ToString())),
            Column(usage => usage.ErrorCode),
            Column(usage => usage.Streamed),
            // A vendor's own word: what the database cannot keep must not keep the call from being charged.
            Column(usage => usage.FinishReason?.Replace("\0", "", StringComparison.Ordinal)),
            Column(usage => usage.PlanTokens),
            Column(usage => string.Join(Separator, usage.PriceRows)),
            Column(usage => string.Join(Separator, usage.Tags)),
            Column(usage => usage.Latency),
            Column(usage => usage.TimeToFirstToken),
            Column(usage => usage.Attempts),
            Column(usage => usage.Tried is { } tried ? JsonAttempts.ToText(tried) : null),
            Column(usage => usage.Cost.Currency.ToString()),
            Column(usage => usage.Cost.Nanos),
            Column(usage => usage.Tokens.AudioIn),
            Column(usage => usage.Tokens.AudioOut),
            Column(usage => usage.Tokens.CacheRead),
            Column(usage => usage.Tokens.CacheWrite1h),
            Column(usage => usage.Tokens.CacheWrite5m),
            Column(usage => usage.Tokens.ImageIn),
            Column(usage => usage.Tokens.ImageOut),
            Column(usage => usage.Tokens.InputUncached),
            Column(usage => usage.Tokens.OutputReasoning),
            Column(usage => usage.Tokens.OutputText),
            Column(usage => usage.Units.Characters),
            Column(usage => usage.Units.Images),
            Column(usage => usage.Units.SearchUnits),
            Column(usage => usage.Units.Seconds),
            Column(usage => usage.OwnKeyId),
            Column(usage => usage.VendorCostNanos),
            Column(usage => usage.FeeBasisPoints),
            Column(usage => string.Join(Separator, usage.Guardrails)),
        ];

        Array Column<T>(Func<UsageRecord, T> value) => records.Select(value).ToArray();
    }
}
