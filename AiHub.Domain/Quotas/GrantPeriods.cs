using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

public static class GrantPeriods
{
    /// <summary>
    /// Creates the periods of a subscription that should exist by now and do not, each with its grant.
    /// Late, twice or in parallel makes no difference. Call it inside <see cref="Tenancy.InOrganization"/>.
    /// </summary>
    /// <returns>How many were new.</returns>
    public static async Task<int> GrantPeriodsAsync(this HubDb db, Guid subscriptionId, DateTimeOffset now, CancellationToken ct)
    {
        var terms = await db.Subscriptions
            .Where(subscription => subscription.Id == subscriptionId && subscription.Status == SubscriptionStatus.Active)
            .Select(subscription => new
            {
                subscription.OrganizationId,
                subscription.Anchor,
                db.Plans.First(plan => plan.Id == subscription.PlanId).Cycle,
                db.Organizations.First(organization => organization.Id == subscription.OrganizationId).TimeZone,
                Last = db.Periods.Where(period => period.SubscriptionId == subscription.Id).OrderByDescending(period => period.Sequence)
                    .Select(period => new { period.Sequence, period.EndsAt }).FirstOrDefault(),
            })
            .FirstOrDefaultAsync(ct);
        if (terms is null)
        {
            return 0;
        }

        var zone = TimeZoneInfo.FindSystemTimeZoneById(terms.TimeZone);
        var sequence = terms.Last?.Sequence + 1 ?? 0;
        var startsAt = terms.Last?.EndsAt ?? BillingMonths.Start(terms.Cycle, terms.Anchor, zone);
        var granted = 0;

        for (; startsAt <= now; sequence++)
        {
            var endsAt = BillingMonths.End(terms.Cycle, terms.Anchor, zone, sequence);
            var isNew = await db.Database
                .SqlQuery<bool>(
                    $"""
                     select grant_period({Guid.CreateVersion7(now)}, {terms.OrganizationId}, {subscriptionId}, {sequence}, {startsAt}, {endsAt}, {now.ToUniversalTime()})
                         as "Value"
                     """)
                .SingleAsync(ct);
            granted += isNew ? 1 : 0;
            startsAt = endsAt;
        }

        return granted;
    }
}
