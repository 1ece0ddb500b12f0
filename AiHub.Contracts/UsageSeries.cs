namespace AiHub.Contracts;

/// <summary>Usage day by day in groups, as a stacked chart shows it: the dearest groups by themselves, the rest together.</summary>
/// <param name="By">model, key, vendor, user, team or tag.</param>
public sealed record UsageSeries(DateOnly From, DateOnly To, string TimeZone, string Currency, string By, IReadOnlyList<UsageSeriesGroup> Groups);

/// <param name="Others">The sum of all groups that are not shown by themselves; then there is no id and no label.</param>
/// <param name="Days">Only days with calls, in order.</param>
public sealed record UsageSeriesGroup(string Id, string Label, bool Others, IReadOnlyList<UsageDay> Days);
