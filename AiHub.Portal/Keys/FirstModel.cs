using System.Globalization;
using AiHub.Contracts;

namespace AiHub.Portal.Keys;

/// <summary>Which model a first snippet names when nobody has chosen one.</summary>
public static class FirstModel
{
    public const string Chat = "chat";
    private const string Echo = "sim/echo";

    /// <summary>The cheapest answer of a real vendor; where only the simulator is on, the one of its models that simply answers.</summary>
    public static string? Of(IReadOnlyList<ModelView> models) =>
        models.Where(model => !IsSimulated(model.Vendor) && model.Kind == Chat && model.OutputModalities.Contains("text"))
            .OrderBy(model => model.Price is { Output: { } price } ? decimal.Parse(price, CultureInfo.InvariantCulture) : decimal.MaxValue)
            .ThenBy(model => model.Id, StringComparer.Ordinal)
            .Select(model => model.Id)
            .FirstOrDefault()
        ?? models.Select(model => model.Id).FirstOrDefault(id => id == Echo)
        ?? models.Select(model => model.Id).FirstOrDefault();

    // The simulator speaks several dialects, as a vendor each.
    private static bool IsSimulated(string vendor) => vendor == "sim" || vendor.StartsWith("sim-", StringComparison.Ordinal);
}
