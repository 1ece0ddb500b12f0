using AiHub.Domain.Quotas;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Tenancy;

public static class OpenOrganization
{
    /// <summary>
    /// Opens an organization: its row, its owner, its subscription and accounts, and the first period with its grant, so that the first call
    /// can be made as soon as this commits. Call it inside <see cref="InOrganization"/> of the new id, with whatever else must stand or fall with it.
    /// </summary>
    public static async Task OpenOrganizationAsync(
        this HubDb db, Organization organization, Guid ownerId, string planId, DateTimeOffset now, CancellationToken ct)
    {
        var subscriptionId = Guid.CreateVersion7(now);
        await db.Database.ExecuteSqlAsync(
            $"""
             select open_organization({organization.Id}, {organization.Name}, {organization.Personal}, {organization.Currency.ToString()},
                                      {organization.TimeZone}, {ownerId}, {subscriptionId}, {planId}, {now.ToUniversalTime()})
             """,
            ct);

        await db.GrantPeriodsAsync(now, ct);
    }
}
