using AiHub.Domain;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.SignIn;

/// <summary>
/// Takes an account from whoever opened it without ever showing that the address is theirs, and hands it to whoever has shown it. Otherwise
/// somebody could open accounts in the names of others, leave a way in, and wait for them to come.
/// </summary>
public static class Dispossession
{
    /// <summary>Call it inside the person's personal organization. Money, usage and the log stay; every way in goes.</summary>
    public static async Task DispossessAsync(this HubDb db, Guid userId, DateTimeOffset now, CancellationToken ct)
    {
        await db.Passkeys.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        await db.Authenticators.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        await db.RecoveryCodes.Where(row => row.UserId == userId).ExecuteDeleteAsync(ct);
        await db.Tickets.Where(row => row.UserId == userId && row.UsedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.UsedAt, now), ct);
        await db.EndSessionsAsync(userId, null, now, ct);
        await db.ApiKeys.Where(key => key.UserId == userId && key.RevokedAt == null && key.DisabledAt == null).ExecuteUpdateAsync(set => set.SetProperty(key => key.DisabledAt, now), ct);
        await db.Users.Where(row => row.Id == userId).ExecuteUpdateAsync(
            set => set
                .SetProperty(row => row.PasswordHash, (string?)null)
                .SetProperty(row => row.SecurityStamp, Guid.CreateVersion7().ToString())
                .SetProperty(row => row.TwoFactorEnabled, false)
                .SetProperty(row => row.EmailConfirmed, true), ct);
    }
}
