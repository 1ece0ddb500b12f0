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
    private FrozenDictionary<string, Connectors> _entries = FrozenDictionary<string, Connectors>.Empty;

    public IEnumerable<string> Keys => _entries.Keys;

    /// <returns>The connector of that upstream that is such a service; null when there is none.</returns>
    public object? Find(Type service, string key) => _entries.TryGetValue(key, out var connectors) ? connectors.Of(service) : null;

    /// <inheritdoc cref="Find(Type, string)"/>
    public T? Find<T>(string key) where T : class => (T?)Find(typeof(T), key);

    /// <summary>The connector of an organization's own key, which is in no registry: nobody can ask for it by name.</summary>
    public T Create<T>(ConnectorSpec spec) where T : class =>
        (T?)Connect(spec).Of(typeof(T)) ?? throw new InvalidOperationException($"No connector is a {typeof(T).Name}.");

    public void Apply(IEnumerable<ConnectorSpec> specs)
    {
        var current = _entries;
        _entries = specs.ToFrozenDictionary(
            spec => spec.Key,
            spec => current.TryGetValue(spec.Key, out var connectors) && connectors.Spec == spec ? connectors : Connect(spec));
    }

    private Connectors Connect(ConnectorSpec spec) => new(
        spec,
        new Lazy<IChatCompletionService>(() => spec.Kind switch
        {
            ConnectorKinds.Wire => new WireConnector(spec.Target, handlers, time),
            _ => throw new InvalidOperationException($"Vendor '{spec.Target.VendorId}' wants a connector '{spec.Kind}', which does not exist."),
        }),
        new Lazy<SurfaceConnector>(() => new SurfaceConnector(spec.Target, handlers, time)));

    /// <summary>What reaches one upstream: a connector for chat, and one for everything else.</summary>
    private sealed record Connectors(ConnectorSpec Spec, Lazy<IChatCompletionService> Chat, Lazy<SurfaceConnector> Surfaces)
    {
        public object? Of(Type service) =>
            service == typeof(IChatCompletionService) ? Chat.Value
            : service.IsAssignableFrom(typeof(SurfaceConnector)) ? Surfaces.Value
            : null;
    }
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
        (serviceKey is string key ? registry.Find(serviceType, key) : null) ?? (application as IKeyedServiceProvider)?.GetKeyedService(serviceType, serviceKey);

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
                if (settings.ServiceId is { } key && registry.Find<T>(key) is { } found)
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
