using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace AiHub.Contracts;

/// <summary>A budget to be set.</summary>
/// <param name="Amount">Weighted plan tokens, or money at list price: a number or a decimal string.</param>
/// <param name="Unit">tokens, or the organization's currency.</param>
/// <param name="SubjectId">The team, user or key; not for the organization.</param>
/// <param name="Model">Only what this model answers; with neither model nor vendor everything counts.</param>
/// <param name="Anchor">What anniversaries are counted from; by default now.</param>
/// <param name="Hard">True refuses what does not fit, calls under way included; false only counts and warns.</param>
/// <param name="AlertAt">Percentages of the budget at which somebody is told.</param>
public sealed record NewBudget(
    [property: Required, JsonConverter(typeof(AmountConverter)), StringLength(40)] string Amount,
    [property: Required, AllowedValues("tokens", "USD", "CNY")] string Unit,
    [property: AllowedValues("organization", "team", "user", "key")] string Scope = "organization",
    Guid? SubjectId = null,
    [property: StringLength(200)] string? Model = null,
    [property: StringLength(100)] string? Vendor = null,
    [property: AllowedValues("day", "week", "month", "lifetime")] string Period = "month",
    [property: AllowedValues("calendar", "anniversary")] string Alignment = "calendar",
    DateTimeOffset? Anchor = null,
    bool Hard = true,
    [property: MaxLength(10)] IReadOnlyList<int>? AlertAt = null);

/// <summary>The budget of a key, set with the key.</summary>
public sealed record KeyBudget(
    [property: Required, JsonConverter(typeof(AmountConverter)), StringLength(40)] string Amount,
    [property: Required, AllowedValues("tokens", "USD", "CNY")] string Unit,
    [property: AllowedValues("day", "week", "month", "lifetime")] string Period = "month",
    bool Hard = true);

/// <summary>What is to change; the rest stays as it is.</summary>
/// <param name="Raise">Allows more for a time. An empty object ends the raise.</param>
public sealed record BudgetChange(
    [property: JsonConverter(typeof(AmountConverter)), StringLength(40)] string? Amount = null,
    bool? Hard = null,
    [property: MaxLength(10)] IReadOnlyList<int>? AlertAt = null,
    BudgetRaise? Raise = null);

/// <param name="Amount">What is allowed instead of the budget's own amount.</param>
public sealed record BudgetRaise([property: JsonConverter(typeof(AmountConverter)), StringLength(40)] string? Amount = null, DateTimeOffset? Until = null);

/// <summary>A budget and where it stands in its current period.</summary>
/// <param name="Subject">The name of the organization, team, user or key.</param>
/// <param name="Limit">What may be used in this period: the amount, or the raised amount while it is raised.</param>
/// <param name="Free">What is left: limit − used − held, never below zero.</param>
public sealed record BudgetView(
    Guid Id,
    string Scope,
    Guid SubjectId,
    string? Subject,
    string? Model,
    string? Vendor,
    string Unit,
    string Amount,
    string Period,
    string Alignment,
    DateTimeOffset Anchor,
    bool Hard,
    IReadOnlyList<int> AlertAt,
    BudgetRaise? Raise,
    string Limit,
    string Used,
    string Held,
    string Free,
    DateTimeOffset? PeriodStartsAt,
    DateTimeOffset? ResetsAt,
    string? SetBy,
    DateTimeOffset CreatedAt);

/// <summary>What an audit of the whole ledger found.</summary>
/// <param name="Looked">How many of each there were to look at.</param>
/// <param name="Findings">The first hundred violations, as text.</param>
public sealed record LedgerAuditView(
    Guid Id, DateTimeOffset StartedAt, DateTimeOffset FinishedAt, bool OnDemand, long Violations, IReadOnlyDictionary<string, long> Looked, IReadOnlyList<string> Findings);

/// <summary>Reads an amount from a JSON string or number; writes a string, so that no reader rounds it.</summary>
public sealed class AmountConverter : JsonConverter<string>
{
    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType switch
    {
        JsonTokenType.String => reader.GetString(),
        JsonTokenType.Number => System.Text.Encoding.UTF8.GetString(reader.ValueSpan),
        _ => throw new JsonException("An amount is a number or a string."),
    };

    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteStringValue(value);
}
