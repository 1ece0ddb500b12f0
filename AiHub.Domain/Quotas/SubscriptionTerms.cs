namespace AiHub.Domain.Quotas;

/// <summary>What the months of a subscription are computed from.</summary>
public sealed class SubscriptionTerms
{
    public required Guid SubscriptionId { get; init; }
    public required Guid OrganizationId { get; init; }
    public required DateTimeOffset Anchor { get; init; }
    public required PlanCycle Cycle { get; init; }
    public required string TimeZone { get; init; }

    /// <summary>The last period there is; null when there is none.</summary>
    public int? LastSequence { get; init; }
    public DateTimeOffset? LastEndsAt { get; init; }

    /// <summary>How many months from the anchor are paid for; null when none has to be.</summary>
    public int? PaidMonths { get; init; }

    /// <summary>
    /// The periods that should have begun by <paramref name="now"/> and do not exist. Each begins where the one before it ended, also when the
    /// organization has moved to another time zone since: no moment is in two periods or in none. What has not been paid for does not begin.
    /// </summary>
    public IEnumerable<DuePeriod> Due(DateTimeOffset now)
    {
        var zone = TimeZoneInfo.FindSystemTimeZoneById(TimeZone);
        var startsAt = LastEndsAt ?? BillingMonths.Start(Cycle, Anchor, zone);

        for (var sequence = LastSequence + 1 ?? 0; startsAt <= now && !(sequence >= PaidMonths); sequence++)
        {
            var endsAt = BillingMonths.End(Cycle, Anchor, zone, sequence);
            yield return new DuePeriod(OrganizationId, SubscriptionId, sequence, startsAt, endsAt);
            startsAt = endsAt;
        }
    }
}

public sealed record DuePeriod(Guid OrganizationId, Guid SubscriptionId, int Sequence, DateTimeOffset StartsAt, DateTimeOffset EndsAt);
