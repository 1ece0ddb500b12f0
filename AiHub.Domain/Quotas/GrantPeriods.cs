using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

public static class GrantPeriods
{
    /// <summary>
    /// Creates the periods an organization should have by now and does not, each with its grant. Late, twice or in parallel makes no
    /// difference. Call it inside <see cref="Tenancy.InOrganization"/>.
    /// </summary>
    /// <returns>How many were new.</returns>
    public static async Task<int> GrantPeriodsAsync(this HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        var terms = await db.Subscriptions
            .Where(subscription => subscription.Status == SubscriptionStatus.Active)
            .Select(subscription => new
            {
                subscription.Id,
                subscription.OrganizationId,
                subscription.Anchor,
                subscription.PaidMonths,
                db.Plans.First(plan => plan.Id == subscription.PlanId).Cycle,
                db.Organizations.First(organization => organization.Id == subscription.OrganizationId).TimeZone,
                Last = db.Periods.Where(period => period.SubscriptionId == subscription.Id).OrderByDescending(period => period.Sequence)
                    .Select(period => new { period.Sequence, period.EndsAt }).FirstOrDefault(),
            })
            .Select(row => new SubscriptionTerms
            {
                SubscriptionId = row.Id,
                OrganizationId = row.OrganizationId,
                Anchor = row.Anchor,
                Cycle = row.Cycle,
                TimeZone = row.TimeZone,
                LastSequence = row.Last!.Sequence,
                LastEndsAt = row.Last.EndsAt,
                PaidMonths = row.PaidMonths,
            })
            .ToListAsync(ct);

        return await db.GrantAsync(terms, now, ct);
    }

    /// <summary>The same for the subscriptions of several organizations, in the order of their ids.</summary>
    public static async Task<int> GrantAsync(this HubDb db, IEnumerable<SubscriptionTerms> terms, DateTimeOffset now, CancellationToken ct)
    {
        var due = terms.SelectMany(subscription => subscription.Due(now)).ToList();
        if (due.Count == 0)
        {
            return 0;
        }

        Guid[] ids = [.. due.Select(_ => Guid.CreateVersion7(now))];
        Guid[] organizations = [.. due.Select(period => period.OrganizationId)];
        Guid[] subscriptions = [.. due.Select(period => period.SubscriptionId)];
        int[] sequences = [.. due.Select(period => period.Sequence)];
        DateTimeOffset[] starts = [.. due.Select(period => period.StartsAt)];
        DateTimeOffset[] ends = [.. due.Select(period => period.EndsAt)];

        return await db.Database
            .SqlQuery<int>(
                $"select grant_periods({ids}, {organizations}, {subscriptions}, {sequences}, {starts}, {ends}, {now.ToUniversalTime()}) as \"Value\"")
            .SingleAsync(ct);
    }
}
