using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Access;

public static class AuditLog
{
    /// <summary>
    /// Writes down a change in the transaction that makes it, so the two stand or fall together.
    /// Call it inside <see cref="Tenancy.InOrganization"/>: the entry goes to that organization.
    /// </summary>
    public static async Task AuditAsync(
        this HubDb db, string action, string subject, object details, Guid? actorId, string? address, DateTimeOffset now, CancellationToken ct)
    {
        var organizationId = db.Tenant.OrganizationId
            ?? throw new InvalidOperationException("An audit entry belongs to an organization; write it inside InOrganizationAsync.");
        var json = JsonSerializer.Serialize(details, JsonSerializerOptions.Web);

        await db.Database.ExecuteSqlAsync(
            $"select audit_append({organizationId}, {action}, {subject}, {json}::jsonb, {actorId}, {address}, {now.ToUniversalTime()})", ct);
    }
}
