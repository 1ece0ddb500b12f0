using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Storage;

/// <summary>A key of the ring with which the services encrypt what only they may read.</summary>
public sealed class ProtectionKey
{
    public required string Id { get; init; }
    public required string Xml { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Reads and keeps the ring.</summary>
public static class ProtectionKeys
{
    public static IReadOnlyList<string> Read(HubDb db) => [.. db.ProtectionKeys.AsNoTracking().OrderBy(row => row.CreatedAt).Select(row => row.Xml)];

    public static void Keep(HubDb db, string name, string xml, DateTimeOffset now)
    {
        db.ProtectionKeys.Add(new ProtectionKey { Id = $"{name}-{Guid.CreateVersion7(now):N}", Xml = xml, CreatedAt = now });
        db.SaveChanges();
    }
}
