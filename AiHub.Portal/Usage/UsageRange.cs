namespace AiHub.Portal.Usage;

/// <summary>The days a page is about, today included.</summary>
public readonly record struct UsageRange(int Days, DateOnly From, DateOnly To)
{
    public const int Default = 30;

    /// <summary>As many days as the management API sums up at once.</summary>
    public const int Most = 366;

    public static readonly IReadOnlyList<int> Choices = [7, 30, 90];

    public static UsageRange Until(DateOnly today, int? days)
    {
        var chosen = days is { } asked && Choices.Contains(asked) ? asked : Default;
        return new UsageRange(chosen, today.AddDays(1 - chosen), today);
    }
}
