namespace AiHub.Contracts;

/// <summary>How the models have been answering, for anybody to see.</summary>
public sealed record HealthBoard(DateTimeOffset UpdatedAt, IReadOnlyList<ModelHealth> Models);

/// <summary>How one model has been answering: what its callers saw, after every fallback.</summary>
/// <param name="Status">operational, degraded, down, or unknown when nobody has called it for a day.</param>
/// <param name="UptimeHour">Share of the calls of the last hour that were served, 0 to 1; null when there were none.</param>
/// <param name="LatencyMs">Median milliseconds to the first token over a day.</param>
/// <param name="TokensPerSecond">Median speed while answering, over a day.</param>
/// <param name="Days">The last thirty days (UTC), oldest first.</param>
public sealed record ModelHealth(
    string Id, string Name, string Status, double? UptimeHour, double? UptimeDay, int? LatencyMs, double? TokensPerSecond, IReadOnlyList<DayHealth> Days, IReadOnlyList<EndpointHealth> Endpoints);

public sealed record DayHealth(DateOnly Day, double? Uptime);

/// <summary>How one vendor's serving of a model has been answering.</summary>
public sealed record EndpointHealth(string Vendor, string Region, string Status, double? UptimeDay, int? LatencyMs, double? TokensPerSecond);
