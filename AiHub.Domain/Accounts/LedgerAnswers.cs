using System.Data.Common;
using System.Text.Json;

namespace AiHub.Domain.Accounts;

/// <summary>A row that no state of the books could accept: the caller has a fault.</summary>
public sealed class LedgerException(string message) : Exception(message);

/// <summary>A row of <c>ledger_hold</c>.</summary>
internal sealed record HoldAnswer(
    string Outcome, Guid? HoldId, long? Tokens, long? Nanos, DateTimeOffset? Until, long Limit, long Used, long Held, long Needed, DateTimeOffset? ResetsAt,
    long? CoversTokens, long? CoversNanos, string? Budget, bool IsHard)
{
    public const string Columns =
        "outcome, hold_id, held_tokens, held_nanos, held_until, limit_, used, held, needed, resets_at, covers_tokens, covers_nanos, refusing_budget, is_hard";

    private static readonly JsonSerializerOptions Snake = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static HoldAnswer Read(DbDataReader row) => new(
        row.GetString(0),
        row.GetFieldValue<Guid?>(1),
        row.GetFieldValue<long?>(2),
        row.GetFieldValue<long?>(3),
        row.GetFieldValue<DateTimeOffset?>(4),
        row.GetInt64(5),
        row.GetInt64(6),
        row.GetInt64(7),
        row.GetInt64(8),
        row.GetFieldValue<DateTimeOffset?>(9),
        row.GetFieldValue<long?>(10),
        row.GetFieldValue<long?>(11),
        row.IsDBNull(12) ? null : row.GetString(12),
        row.GetBoolean(13));

    public HoldOutcome OutcomeOf(HoldRequest request) => Outcome switch
    {
        "held" => new HoldOutcome(
            new Hold(HoldId!.Value, request.RequestId, request.OrganizationId, Tokens!.Value, new Money(Nanos!.Value, request.Cost.Currency), Until!.Value)
            {
                Covers = CoversTokens is { } tokens ? new HoldCover(tokens, new Money(CoversNanos!.Value, request.Cost.Currency), IsHard) : null,
            },
            null),
        "quota_exhausted" => Refused(HoldRefusalReason.QuotaExhausted),
        "insufficient_balance" => Refused(HoldRefusalReason.InsufficientBalance),
        "budget_exhausted" => new HoldOutcome(null, Refused(HoldRefusalReason.BudgetExhausted).Refusal! with
        {
            Budget = JsonSerializer.Deserialize<RefusingBudget>(Budget!, Snake),
        }),
        "overdue" => Refused(HoldRefusalReason.Overdue),
        "suspended" => Refused(HoldRefusalReason.Suspended),
        "conflict" => throw new LedgerException($"Request {request.RequestId} has a hold for something else."),
        "wrong_currency" => throw new LedgerException($"Organization {request.OrganizationId} is not billed in {request.Cost.Currency}; the ledger never converts."),
        _ => throw new InvalidOperationException($"The database answered a hold with '{Outcome}'."),
    };

    private HoldOutcome Refused(HoldRefusalReason reason) => new(null, new HoldRefusal(reason, Limit, Used, Held, Needed, ResetsAt));
}

/// <summary>A row of <c>ledger_settle</c>.</summary>
internal sealed record SettlementAnswer(string Outcome, long Tokens, long Nanos, long WrittenOffNanos)
{
    public const string Columns = "outcome, charged_tokens, charged_nanos, written_off_nanos";

    public static SettlementAnswer Read(DbDataReader row) => new(row.GetString(0), row.GetInt64(1), row.GetInt64(2), row.GetInt64(3));

    public Settled ResultOf(Settlement settlement)
    {
        if (Outcome == "not_its_hold")
        {
            throw new LedgerException($"Hold {settlement.HoldId} is not one of request {settlement.Usage.Id} in its organization and currency.");
        }

        var currency = settlement.Usage.Cost.Currency;
        return new Settled(Outcome == "settled", Tokens, new Money(Nanos, currency), new Money(WrittenOffNanos, currency));
    }
}
