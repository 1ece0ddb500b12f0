using System.Xml.Linq;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AiHub.ServiceDefaults;

/// <summary>
/// Keeps the ring of keys that customers' and vendors' secrets are sealed with where those secrets lie: all gateways and workers share it, and it
/// lives as long as what it seals.
/// </summary>
/// <typeparam name="TStore">The database, one scope of it a time.</typeparam>
public sealed class StoredKeyRing<TStore>(IServiceScopeFactory scopes, TimeProvider time, Func<TStore, IReadOnlyList<string>> read, Action<TStore, string, string, DateTimeOffset> keep)
    : IXmlRepository where TStore : notnull
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        using var scope = scopes.CreateScope();
        return [.. read(scope.ServiceProvider.GetRequiredService<TStore>()).Select(XElement.Parse)];
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        using var scope = scopes.CreateScope();
        keep(scope.ServiceProvider.GetRequiredService<TStore>(), friendlyName, element.ToString(SaveOptions.DisableFormatting), time.GetUtcNow());
    }
}

public static class StoredKeyRingRegistration
{
    /// <summary>The one ring of the hub: what a gateway seals a worker opens.</summary>
    public static IServiceCollection AddHubKeyRing<TStore>(
        this IServiceCollection services, IConfiguration configuration, Func<TStore, IReadOnlyList<string>> read, Action<TStore, string, string, DateTimeOffset> keep)
        where TStore : notnull
    {
        // The name is part of what everything is sealed with; it stays, whoever opens it.
        services.AddDataProtection().SetApplicationName("AiHub.Gateway").SealKeys(configuration);
        services.AddOptions<KeyManagementOptions>().Configure<IServiceScopeFactory, TimeProvider>(
            (ring, scopes, time) => ring.XmlRepository = new StoredKeyRing<TStore>(scopes, time, read, keep));
        return services;
    }
}
