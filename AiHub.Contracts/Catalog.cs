namespace AiHub.Contracts;

/// <summary>A model the organization can call now, with the prices it would be charged.</summary>
public sealed record ModelView(
    string Id,
    string Name,
    string Vendor,
    int? ContextLength,
    int? MaxOutputTokens,
    IReadOnlyList<string> InputModalities,
    IReadOnlyList<string> OutputModalities,
    PriceView? Price,
    decimal InputWeight,
    decimal OutputWeight);

/// <summary>List price per million tokens, decimal strings.</summary>
public sealed record PriceView(string Currency, string Input, string Output, string? CacheRead);

public sealed record PlanView(string Id, string Name, string? MonthlyPrice, string Currency, long? MonthlyTokens, int? RequestsPerMinute, bool AllowsOverage);
