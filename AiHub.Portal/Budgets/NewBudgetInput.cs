using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using AiHub.Contracts;

namespace AiHub.Portal.Budgets;

/// <summary>The form as it was filled in.</summary>
public sealed class NewBudgetInput
{
    private static readonly char[] Separators = [',', '，', '、', ' ', '%'];

    /// <summary>organization, or a scope and an id: team:…, user:…, key:….</summary>
    public string? Subject { get; set; }

    /// <summary>Empty for everything, or model:… or vendor:….</summary>
    public string? Counts { get; set; }

    public string? Amount { get; set; }
    public string? Unit { get; set; }
    public string? Period { get; set; } = "month";
    public string? Alignment { get; set; } = "calendar";
    public bool Hard { get; set; } = true;
    public string? AlertAt { get; set; } = "50, 80, 95, 100";

    /// <returns>False when the alerts are not whole numbers; the rest is for the management API to judge.</returns>
    public bool TryRead([NotNullWhen(true)] out NewBudget? request)
    {
        request = null;
        if (!TryReadAlerts(AlertAt, out var alerts))
        {
            return false;
        }

        var (scope, subject) = Split(Subject);
        var (kind, counted) = Split(Counts);
        request = new NewBudget(
            Amount?.Trim() ?? string.Empty,
            Unit ?? string.Empty,
            scope.Length == 0 ? "organization" : scope,
            Guid.TryParse(subject, out var id) ? id : null,
            kind == "model" ? counted : null,
            kind == "vendor" ? counted : null,
            Period ?? "month",
            Alignment ?? "calendar",
            Hard: Hard,
            AlertAt: alerts);
        return true;
    }

    /// <returns>False when one of them is no whole number.</returns>
    public static bool TryReadAlerts(string? text, out IReadOnlyList<int> percentages)
    {
        var read = new List<int>();
        percentages = read;
        foreach (var part in (text ?? string.Empty).Split(Separators, StringSplitOptions.RemoveEmptyEntries))
        {
            if (!int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var percent))
            {
                return false;
            }

            read.Add(percent);
        }

        return true;
    }

    private static (string Kind, string? Value) Split(string? choice) =>
        choice?.Split(':', 2) is [var kind, var value] ? (kind, value) : (choice ?? string.Empty, null);
}
