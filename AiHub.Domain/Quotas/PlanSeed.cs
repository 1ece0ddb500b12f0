using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Quotas;

/// <summary>The plans a new hub begins with. Once there, a plan belongs to its operator: seeding again changes nothing.</summary>
public static class PlanSeed
{
    private static readonly Plan[] Plans =
    [
        Of(PlanIds.Free, "Free", position: 0, tokens: 10_000, perMinute: 10, usd: 0, cny: 0, usdYear: null, cnyYear: null, overage: false, PlanCycle.CalendarMonth),
        Of(PlanIds.Developer, "Developer", position: 1, tokens: 1_000_000, perMinute: 100, usd: 29, cny: 199, usdYear: 290, cnyYear: 1_990, overage: true, PlanCycle.Anniversary),
        Of(PlanIds.Pro, "Pro", position: 2, tokens: 5_000_000, perMinute: 500, usd: 99, cny: 699, usdYear: 990, cnyYear: 6_990, overage: true, PlanCycle.Anniversary),
        Of(PlanIds.Enterprise, "Enterprise", position: 3, tokens: null, perMinute: null, usd: null, cny: null, usdYear: null, cnyYear: null, overage: true, PlanCycle.Anniversary),
    ];

    public static async Task SeedPlansAsync(this HubDb db, CancellationToken ct)
    {
        var existing = await db.Plans.Select(plan => plan.Id).ToListAsync(ct);
        db.Plans.AddRange(Plans.ExceptBy(existing, plan => plan.Id));
        await db.SaveChangesAsync(ct);
        db.ChangeTracker.Clear();
    }

    private static Plan Of(string id, string name, int position, long? tokens, int? perMinute, long? usd, long? cny, long? usdYear, long? cnyYear, bool overage, PlanCycle cycle) => new()
    {
        Id = id,
        Name = name,
        Position = position,
        MonthlyTokens = tokens,
        RequestsPerMinute = perMinute,
        UsdNanos = usd * Money.NanosPerUnit,
        CnyNanos = cny * Money.NanosPerUnit,
        UsdYearNanos = usdYear * Money.NanosPerUnit,
        CnyYearNanos = cnyYear * Money.NanosPerUnit,
        AllowsOverage = overage,
        Cycle = cycle,
    };
}
