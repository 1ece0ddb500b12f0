using AiHub.Domain;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Runs;

internal static class RunLock
{
    /// <summary>
    /// Does the work unless another worker is at it. That spares work and no more: every run may also happen twice at once.
    /// </summary>
    /// <returns>False when another worker was at it.</returns>
    public static async Task<bool> AloneAsync(this HubDb db, string run, Func<Task> work, CancellationToken ct)
    {
        // The lock lives as long as the connection, so the connection stays with this context until the work is done.
        await db.Database.OpenConnectionAsync(ct);
        try
        {
            if (!await db.Database.SqlQuery<bool>($"select pg_try_advisory_lock(hashtextextended({run}, 0)) as \"Value\"").SingleAsync(ct))
            {
                return false;
            }

            try
            {
                await work();
                return true;
            }
            finally
            {
                await db.Database.ExecuteSqlAsync($"select pg_advisory_unlock(hashtextextended({run}, 0))", CancellationToken.None);
            }
        }
        finally
        {
            await db.Database.CloseConnectionAsync();
        }
    }
}
