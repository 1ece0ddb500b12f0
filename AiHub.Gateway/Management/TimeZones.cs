using AiHub.Domain;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management;

public static class TimeZones
{
    // Both must know it: .NET computes billing periods, PostgreSQL the days of usage.
    public static async Task<bool> IsTimeZoneAsync(this HubDb db, string timeZone, CancellationToken ct) =>
        TimeZoneInfo.TryFindSystemTimeZoneById(timeZone, out var found) && found.HasIanaId
        && await db.Database.SqlQuery<bool>($"select exists (select from pg_timezone_names where name = {timeZone}) as \"Value\"").SingleAsync(ct);
}
