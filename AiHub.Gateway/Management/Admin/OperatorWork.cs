using AiHub.Domain;
using AiHub.Domain.Tenancy;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Management.Admin;

/// <summary>Changes to what belongs to all organizations.</summary>
internal static class OperatorWork
{
    /// <summary>
    /// Runs <paramref name="work"/> in one transaction in which the database knows which operator is at work; it refuses catalogue changes in any other.
    /// What is done is written in the audit log of the operator's personal organization.
    /// </summary>
    public static async Task<T> AsOperatorAsync<T>(this HubDb db, Guid userId, Func<Task<T>> work, CancellationToken ct)
    {
        var organizationId = await db.OrganizationsOfUser(userId).Where(row => row.Personal && row.Role == Role.Owner).Select(row => row.Id).FirstAsync(ct);
        return await db.AsOperatorInAsync(userId, organizationId, work, ct);
    }

    /// <summary>The same for what belongs to one organization; what is done is written in its audit log.</summary>
    public static Task<T> AsOperatorInAsync<T>(this HubDb db, Guid userId, Guid organizationId, Func<Task<T>> work, CancellationToken ct) => db.InOrganizationAsync(
        organizationId,
        async () =>
        {
            await db.OperatorAtWorkAsync(userId, ct);
            return await work();
        },
        ct);
}
