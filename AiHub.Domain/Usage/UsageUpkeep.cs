using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Usage;

/// <summary>What keeps usage readable however much of it there is. All of it works for all organizations and needs no tenant.</summary>
public static class UsageUpkeep
{
    /// <summary>Months whose tables are made ahead.</summary>
    private const int MonthsAhead = 2;

    private const int Batch = 5_000;

    /// <summary>Makes the tables of the months that are near.</summary>
    /// <returns>How many were missing.</returns>
    public static Task<int> PrepareUsageMonthsAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<int>($"select usage_months_prepare({now.ToUniversalTime()}, {MonthsAhead}) as \"Value\"").SingleAsync(ct);

    /// <summary>Counts the records that wait for it into their hours and days, batch by batch.</summary>
    /// <returns>How many.</returns>
    public static async Task<int> RollUpUsageAsync(this HubDb db, CancellationToken ct)
    {
        var total = 0;
        for (var count = Batch; count == Batch; total += count)
        {
            count = await db.Database.SqlQuery<int>($"select usage_roll_up({Batch}) as \"Value\"").SingleAsync(ct);
        }

        return total;
    }

    /// <summary>Deletes kept contents whose time is over.</summary>
    /// <returns>How many.</returns>
    public static Task<int> ExpireContentsAsync(this HubDb db, DateTimeOffset now, int limit, CancellationToken ct) =>
        db.Database.SqlQuery<int>($"select content_expire({now.ToUniversalTime()}, {limit}) as \"Value\"").SingleAsync(ct);
}
