namespace AiHub.Domain.Quotas;

/// <summary>How a subscription's months are counted.</summary>
public enum PlanCycle
{
    /// <summary>From the first of the month in the organization's zone.</summary>
    CalendarMonth,

    /// <summary>From the day and time of the month the subscription began.</summary>
    Anniversary,
}

/// <summary>What an organization subscribes to. Prices and limits are rows, not code; <see cref="PlanIds"/> names the seeded ones.</summary>
public sealed class Plan
{
    public required string Id { get; init; }
    public required string Name { get; set; }

    /// <summary>Weighted tokens granted each period; null is unlimited, and then every call is paid in money.</summary>
    public long? MonthlyTokens { get; set; }
    public int? RequestsPerMinute { get; set; }
    public int? TokensPerMinute { get; set; }
    public int? Concurrency { get; set; }

    /// <summary>Whether calls beyond the allowance are paid from the wallet.</summary>
    public required bool AllowsOverage { get; set; }
    public required PlanCycle Cycle { get; set; }

    /// <summary>Per month; null when negotiated.</summary>
    public long? UsdNanos { get; set; }
    public long? CnyNanos { get; set; }

    /// <summary>Per year, paid at once; null when it is not sold by the year.</summary>
    public long? UsdYearNanos { get; set; }
    public long? CnyYearNanos { get; set; }

    /// <summary>Where it stands in lists.</summary>
    public required int Position { get; set; }

    public Money? MonthlyPrice(Currency currency) => (currency == Currency.USD ? UsdNanos : CnyNanos) is { } nanos ? new Money(nanos, currency) : null;

    public Money? YearlyPrice(Currency currency) => (currency == Currency.USD ? UsdYearNanos : CnyYearNanos) is { } nanos ? new Money(nanos, currency) : null;

    /// <returns>Null when it is negotiated, or not sold so.</returns>
    public Money? Price(Currency currency, PlanInterval interval) => interval == PlanInterval.Year ? YearlyPrice(currency) : MonthlyPrice(currency);
}

/// <summary>How often a plan is paid for. Its tokens come every month all the same.</summary>
public enum PlanInterval
{
    Month,
    Year,
}

public static class PlanIds
{
    public const string Free = "free";
    public const string Developer = "developer";
    public const string Pro = "pro";
    public const string Enterprise = "enterprise";
}
