using System.Text.Json;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Access;

/// <summary>Who made a change, from where, in answer to which request.</summary>
public sealed record AuditActor(Guid? Id, Guid? KeyId = null, string? Address = null, Guid? RequestId = null)
{
    /// <summary>The hub itself, in one of its runs.</summary>
    public static readonly AuditActor Hub = new((Guid?)null);
}

public static class AuditLog
{
    private static readonly JsonSerializerOptions Wire = new(JsonSerializerDefaults.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>
    /// Writes down a change in the transaction that makes it, so the two stand or fall together.
    /// Call it inside <see cref="Tenancy.InOrganization"/>: the entry goes to that organization.
    /// </summary>
    /// <param name="before">What it was; null for something new.</param>
    /// <param name="after">What it has become; null for something gone.</param>
    public static async Task AuditAsync(
        this HubDb db, AuditActor actor, string action, string subject, object? before, object? after, DateTimeOffset now, CancellationToken ct)
    {
        var organizationId = db.Tenant.OrganizationId
            ?? throw new InvalidOperationException("An audit entry belongs to an organization; write it inside InOrganizationAsync.");
        var json = JsonSerializer.Serialize(new { before, after }, Wire);

        await db.Database.ExecuteSqlAsync(
            $"""
             select audit_append({organizationId}, {action}, {subject}, {json}::jsonb, {actor.Id}, {actor.Address}, {now.ToUniversalTime()},
                                 {actor.KeyId}, {actor.RequestId})
             """,
            ct);
    }
}
