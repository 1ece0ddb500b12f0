using System.Collections.Concurrent;
using AiHub.Outbound;

namespace AiHub.Gateway.Providers;

/// <summary>
/// One connection pool per vendor origin, however many keys and models are served through it; secrets travel with each request.
/// Every connection goes through one guard that looks at the address a name resolved to, so no URL can lead into the hub's own network.
/// </summary>
public sealed class HandlerPool(TimeProvider time, GuardedHttp? outbound = null) : IDisposable
{
    private readonly GuardedHttp _outbound = outbound ?? new GuardedHttp(time);
    private readonly ConcurrentDictionary<(string Origin, bool AllowPrivate, TimeSpan Connect), Lazy<HttpMessageInvoker>> _invokers = new();

    public HttpMessageInvoker For(WireTarget target) => _invokers
        .GetOrAdd(
            (target.ChatUrl.GetLeftPart(UriPartial.Authority), target.AllowPrivateNetwork, target.Timeouts.Connect),
            key => new Lazy<HttpMessageInvoker>(() => Create(key.AllowPrivate, key.Connect)))
        .Value;

    public void Dispose()
    {
        foreach (var invoker in _invokers.Values)
        {
            if (invoker.IsValueCreated)
            {
                invoker.Value.Dispose();
            }
        }
    }

    private HttpMessageInvoker Create(bool allowPrivate, TimeSpan connectTimeout) => new(_outbound.Handler(allowPrivate, connectTimeout));
}
