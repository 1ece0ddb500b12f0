using System.Collections.Frozen;
using Microsoft.SemanticKernel;
using Microsoft.SemanticKernel.ChatCompletion;
using Microsoft.SemanticKernel.Services;

namespace AiHub.Gateway.Providers;

/// <summary>Builds the connector of a target; the vendor's row names which kind.</summary>
public sealed record ConnectorSpec(string Key, string Kind, WireTarget Target);

/// <summary>
/// The connectors in service, by key. Applying a new set swaps it in one step: calls under way keep the connector they have,
/// unchanged ones keep their instance, and no request ever sees half of a change.
/// </summary>
public sealed class ConnectorRegistry(HandlerPool handlers, TimeProvider time)
{
    private FrozenDictionary<string, Entry> _entries = FrozenDictionary<string, Entry>.Empty;

    public IEnumerable<string> Keys => _entries.Keys;

    public IChatCompletionService? Find(string key) => _entries.TryGetValue(key, out var entry) ? entry.Service.Value : null;

    /// <summary>The same upstream for everything that is not chat.</summary>
    public SurfaceConnector? FindSurface(string key) => _entries.TryGetValue(key, out var entry) ? entry.Surface.Value : null;

    /// <summary>The connector of an organization's own key, which is in no registry: nobody can ask for it by name.</summary>
    public IChatCompletionService Chat(ConnectorSpec spec) => Create(spec);

    /// <inheritdoc cref="Chat"/>
    public SurfaceConnector Surface(ConnectorSpec spec) => new(spec.Target, handlers, time);

    public void Apply(IEnumerable<ConnectorSpec> specs)
    {
        var current = _entries;
        _entries = specs.ToFrozenDictionary(
            spec => spec.Key,
            spec => current.TryGetValue(spec.Key, out var entry) && entry.Spec == spec ? entry : new Entry(
                spec,
                new Lazy<IChatCompletionService>(() => Create(spec)),
                new Lazy<SurfaceConnector>(() => new SurfaceConnector(spec.Target, handlers, time))));
    }

    private IChatCompletionService Create(ConnectorSpec spec) => spec.Kind switch
    {
        ConnectorKinds.Wire => new WireConnector(spec.Target, handlers, time),
        _ => throw new InvalidOperationException($"Vendor '{spec.Target.VendorId}' wants a connector '{spec.Kind}', which does not exist."),
    };

    private sealed record Entry(ConnectorSpec Spec, Lazy<IChatCompletionService> Service, Lazy<SurfaceConnector> Surface);
}

public static class ConnectorKinds
{
    /// <summary>Raw JSON through <see cref="WireConnector"/>; the default.</summary>
    public const string Wire = "wire";
}

/// <summary>Stands in front of the application's services so that a <see cref="Kernel"/> finds connectors that came after start.</summary>
public sealed class KernelServices(IServiceProvider application, ConnectorRegistry registry) : IKeyedServiceProvider
{
    public object? GetService(Type serviceType) =>
        serviceType == typeof(IAIServiceSelector) ? new RegistrySelector(registry)
        : application.GetService(serviceType);

    public object? GetKeyedService(Type serviceType, object? serviceKey) =>
        serviceKey switch
        {
            string key when serviceType == typeof(IChatCompletionService) => registry.Find(key),
            string key when serviceType.IsAssignableFrom(typeof(SurfaceConnector)) => registry.FindSurface(key),
            _ => (application as IKeyedServiceProvider)?.GetKeyedService(serviceType, serviceKey),
        };

    public object GetRequiredKeyedService(Type serviceType, object? serviceKey) =>
        GetKeyedService(serviceType, serviceKey) ?? throw new InvalidOperationException($"No {serviceType.Name} is registered as '{serviceKey}'.");

    /// <summary>Chooses by <see cref="PromptExecutionSettings.ServiceId"/>, so that <c>kernel.InvokePromptAsync</c> reaches the registry too.</summary>
    private sealed class RegistrySelector(ConnectorRegistry registry) : IAIServiceSelector
    {
        public bool TrySelectAIService<T>(
            Kernel kernel,
            KernelFunction function,
            KernelArguments arguments,
            [System.Diagnostics.CodeAnalysis.NotNullWhen(true)] out T? service,
            out PromptExecutionSettings? serviceSettings) where T : class, IAIService
        {
            foreach (var settings in arguments.ExecutionSettings?.Values ?? [])
            {
                if (settings.ServiceId is { } key && registry.Find(key) is T found)
                {
                    (service, serviceSettings) = (found, settings);
                    return true;
                }
            }

            (service, serviceSettings) = (null, null);
            return false;
        }
    }
}
