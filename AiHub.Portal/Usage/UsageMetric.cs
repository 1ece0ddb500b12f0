using AiHub.Portal.Resources;

namespace AiHub.Portal.Usage;

/// <summary>What the chart counts; the names are part of the page's address.</summary>
public static class UsageMetric
{
    public const string Tokens = "tokens";
    public const string Cost = "cost";
    public const string Requests = "requests";

    public static readonly IReadOnlyList<string> All = [Tokens, Cost, Requests];

    public static string Known(string? metric) => metric is not null && All.Contains(metric) ? metric : Tokens;

    public static string Name(string metric) => metric switch
    {
        Cost => Text.Metric_Cost,
        Requests => Text.Metric_Requests,
        _ => Text.Metric_Tokens,
    };
}
