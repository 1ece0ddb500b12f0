using System.Xml.Linq;
using AiHub.Domain;
using AiHub.Domain.Storage;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Routing;

/// <summary>Keeps the ring of keys that vendor keys are sealed with in the database: all gateways share it, and it lives as long as what it seals.</summary>
public sealed class DatabaseKeyRing(IServiceScopeFactory scopes, TimeProvider time) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var scope = scopes.CreateScope();
        var rows = scope.ServiceProvider.GetRequiredService<HubDb>().ProtectionKeys.AsNoTracking().OrderBy(row => row.CreatedAt).Select(row => row.Xml).ToList();
        return [.. rows.Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var scope = scopes.CreateScope();
        var db = scope.ServiceProvider.GetRequiredService<HubDb>();
        var now = time.GetUtcNow();
        db.ProtectionKeys.Add(new ProtectionKey { Id = $"{friendlyName}-{Guid.CreateVersion7(now):N}", Xml = element.ToString(SaveOptions.DisableFormatting), CreatedAt = now });
        db.SaveChanges();
    }
}
