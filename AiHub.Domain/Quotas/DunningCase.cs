namespace AiHub.Domain.Quotas;

public enum DunningReason
{
    /// <summary>The subscription's next term could not be collected.</summary>
    Subscription,

    /// <summary>An invoice is overdue.</summary>
    Invoice,

    /// <summary>A disputed payment has left the wallet below zero.</summary>
    Dispute,
}

/// <summary>How far it has gone. Nothing is ever deleted.</summary>
public enum DunningStage
{
    Opened,
    Noticed,
    Reminded,

    /// <summary>No new calls; the portal, and paying, work.</summary>
    Restricted,

    /// <summary>The keys are refused at the door.</summary>
    Suspended,
}

/// <summary>Something an organization has not paid, from the day it was due until it is paid or forgiven.</summary>
public sealed class DunningCase
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required DunningReason Reason { get; init; }

    /// <summary>The subscription, invoice or dispute.</summary>
    public required Guid SubjectId { get; init; }
    public required DateTimeOffset Since { get; init; }
    public required DunningStage Stage { get; init; }

    /// <summary>How often the saved method has been tried.</summary>
    public required int Attempts { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public DateTimeOffset? ClosedAt { get; init; }
}

/// <summary>When what happens to those who do not pay, and when their card is tried again: days after the day it was due.</summary>
public static class DunningSchedule
{
    public static readonly IReadOnlyList<(int Day, DunningStage Stage)> Steps =
        [(0, DunningStage.Noticed), (3, DunningStage.Reminded), (7, DunningStage.Restricted), (14, DunningStage.Suspended)];

    public static readonly IReadOnlyList<int> AttemptDays = [0, 1, 3, 5, 7, 10, 14];

    /// <summary>How long a prepaid plan waits for its next term before it becomes the free one.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromDays(3);

    /// <summary>Days before the end of a prepaid term on which its owner is reminded.</summary>
    public static readonly IReadOnlyList<int> ReminderDays = [7, 3, 1];

    /// <summary>Calls are refused from here on.</summary>
    public static readonly TimeSpan RestrictedAfter = TimeSpan.FromDays(Steps.First(step => step.Stage == DunningStage.Restricted).Day);

    /// <summary>Keys are refused from here on.</summary>
    public static readonly TimeSpan SuspendedAfter = TimeSpan.FromDays(Steps.First(step => step.Stage == DunningStage.Suspended).Day);

    public static DunningStage StageAt(DateTimeOffset since, DateTimeOffset now) =>
        Steps.LastOrDefault(step => now >= since.AddDays(step.Day), (Day: 0, Stage: DunningStage.Opened)).Stage;

    /// <returns>Null when nobody tries any more.</returns>
    public static DateTimeOffset? NextAttempt(DateTimeOffset since, int attempts) =>
        attempts < AttemptDays.Count ? since.AddDays(AttemptDays[attempts]) : null;
}
