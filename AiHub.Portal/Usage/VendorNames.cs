using AiHub.Contracts;
using AiHub.Portal.Management;

namespace AiHub.Portal.Usage;

/// <summary>What the vendors that serve models here are called.</summary>
public sealed class VendorNames(IEnumerable<PublicModelView> models)
{
    private readonly Dictionary<string, string> _names = models.SelectMany(model => model.Vendors).DistinctBy(vendor => vendor.Id).ToDictionary(vendor => vendor.Id, vendor => vendor.Name);

    public static async Task<VendorNames> LoadAsync(ManagementClient management, CancellationToken ct) => new(await management.PublicModelsAsync(ct));

    /// <summary>By name, with their ids.</summary>
    public IEnumerable<(string Id, string Name)> All => _names.OrderBy(vendor => vendor.Value, StringComparer.OrdinalIgnoreCase).Select(vendor => (vendor.Key, vendor.Value));

    /// <summary>The same with others that are known by their ids alone.</summary>
    public IEnumerable<(string Id, string Name)> With(IEnumerable<string> others) => All.Concat(others.Where(id => !_names.ContainsKey(id)).Order(StringComparer.Ordinal).Select(id => (id, id)));

    /// <summary>One that serves nothing any more is still known by its id.</summary>
    public string Of(string id) => _names.GetValueOrDefault(id, id);
}
