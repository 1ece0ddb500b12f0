using AiHub.Contracts;
using AiHub.Portal.Parts;
using AiHub.Portal.Resources;
using AiHub.Portal.Usage;

namespace AiHub.Portal.Budgets;

/// <summary>The words and figures of a budget.</summary>
public static class BudgetText
{
    public const string Tokens = "tokens";

    public static readonly IReadOnlyList<string> Periods = ["day", "week", "month", "lifetime"];

    public static bool IsTokens(string unit) => unit == Tokens;

    public static string Scope(string scope) => scope switch
    {
        "team" => Text.Budgets_Team,
        "user" => Text.Budgets_Member,
        "key" => Text.Budgets_Key,
        _ => Text.Budgets_Organization,
    };

    public static string Period(string period) => period switch
    {
        "day" => Text.Budgets_Day,
        "week" => Text.Budgets_Week,
        "month" => Text.Budgets_Month,
        _ => Text.Budgets_Lifetime,
    };

    public static string Unit(string unit) => IsTokens(unit) ? Text.Groups_PlanTokens : unit;

    /// <summary>The one model or vendor that it counts; null when it counts everything.</summary>
    public static string? Counted(this BudgetView budget, VendorNames vendors) => budget.Model ?? (budget.Vendor is { } vendor ? vendors.Of(vendor) : null);

    /// <summary>As a field takes it.</summary>
    public static string InField(string amount, string unit) => IsTokens(unit) ? amount : AmountText.InField(amount);

    /// <summary>From 0 to 1; a limit of nothing is full.</summary>
    public static decimal ShareOf(this BudgetView budget, string part) =>
        AmountText.Parse(budget.Limit) is > 0 and var limit ? AmountText.Parse(part) / limit : 1;
}
