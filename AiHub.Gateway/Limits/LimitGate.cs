using System.Diagnostics.Metrics;
using AiHub.Gateway.Access;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Limits;

/// <summary>
/// Lets requests pass at the rate their key and organization may have, counted exactly over all replicas in one round trip to the cache.
/// While the cache is down each replica admits its share of every limit by itself, and reports it when the cache is back. One late
/// answer is not yet an outage: until the cache has missed a second chance, callers keep their whole limit.
/// </summary>
public sealed partial class LimitGate : IAsyncDisposable
{
    private static readonly string Script = ReadScript();

    private readonly IConnectionMultiplexer _cache;
    private readonly Replicas _replicas;
    private readonly TimeProvider _time;
    private readonly LimitOptions _options;
    private readonly ILogger<LimitGate> _logger;
    private readonly Counter<long> _refused;
    private readonly LocalWindows _here = new();
    private readonly CacheCircuit _circuit;

    public LimitGate(IConnectionMultiplexer cache, Replicas replicas, TimeProvider time, IOptions<LimitOptions> options, IMeterFactory meters, ILogger<LimitGate> logger)
    {
        (_cache, _replicas, _time, _options, _logger) = (cache, replicas, time, options.Value, logger);
        _refused = meters.Create("AiHub.Gateway.Limits").CreateCounter<long>("aihub.limits.refused", "{request}", "Requests refused by a rate limit.");

        // The probe writes, as the real thing does: a cache that answers but takes no writes is still down.
        var probe = new LimitScope(LimitOwner.Key, Guid.CreateVersion7(time.GetUtcNow()), LimitKind.Requests, int.MaxValue);
        _circuit = new CacheCircuit(ct => AskAsync([probe], [0], Now(), ct), time, _options.ProbeInterval, LogBack);
    }

    /// <summary>True while the cache is down and this replica limits by itself.</summary>
    public bool IsAlone => _circuit.IsOpen;

    public ValueTask<Admission> AdmitAsync(Caller caller, CancellationToken ct) => AdmitAsync(LimitScope.Of(caller), ct);

    /// <summary>Admits the request under all of the limits or, changing nothing, under none.</summary>
    public async ValueTask<Admission> AdmitAsync(IReadOnlyList<LimitScope> scopes, CancellationToken ct)
    {
        if (scopes.Count == 0)
        {
            return Admission.Unlimited;
        }

        var admission = Admission.Of(await StatesAsync(scopes, ct));
        if (admission.Refusal is { } refusal)
        {
            _refused.Add(1, new KeyValuePair<string, object?>("owner", refusal.Scope.Owner.ToString().ToLowerInvariant()));
        }

        return admission;
    }

    public async ValueTask DisposeAsync() => await _circuit.DisposeAsync();

    private async ValueTask<IReadOnlyList<LimitState>> StatesAsync(IReadOnlyList<LimitScope> scopes, CancellationToken ct)
    {
        var now = Now();
        if (_circuit.IsOpen)
        {
            return _here.Admit(scopes, now, Sharing);
        }

        var unreported = _here.TakeUnreported(scopes, now);
        var isReported = false;
        try
        {
            var states = await AskAsync(scopes, unreported, now, ct);
            isReported = true;
            if (states.All(state => state.Wait == TimeSpan.Zero))
            {
                _here.Note(scopes, now);
            }

            return states;
        }
        catch (Exception failure) when (CacheCircuit.IsOutage(failure))
        {
            if (_circuit.Open(failure))
            {
                LogAlone(failure.Message);
            }

            return _here.Admit(scopes, now, Sharing);
        }
        finally
        {
            if (!isReported)
            {
                _here.ReturnUnreported(scopes, unreported, now);
            }
        }
    }

    private async Task<IReadOnlyList<LimitState>> AskAsync(IReadOnlyList<LimitScope> scopes, IReadOnlyList<int> unreported, long now, CancellationToken ct)
    {
        if (!_cache.IsConnected)
        {
            throw new RedisException("There is no connection.");
        }

        var keys = new RedisKey[scopes.Count];
        var arguments = new RedisValue[1 + (3 * scopes.Count)];
        arguments[0] = now;
        for (var index = 0; index < scopes.Count; index++)
        {
            keys[index] = KeyOf(scopes[index]);
            arguments[1 + (3 * index)] = scopes[index].Limit;
            arguments[2 + (3 * index)] = (long)LimitScope.Window.TotalMilliseconds;
            arguments[3 + (3 * index)] = unreported[index];
        }

        var answer = (long[])(await _cache.GetDatabase().ScriptEvaluateAsync(Script, keys, arguments).WaitAsync(_options.CommandTimeout, _time, ct))!;
        var states = new LimitState[scopes.Count];
        for (var index = 0; index < scopes.Count; index++)
        {
            var at = 1 + (3 * index);
            states[index] = new LimitState(
                scopes[index], (int)answer[at], TimeSpan.FromMilliseconds(answer[at + 1]), TimeSpan.FromMilliseconds(answer[at + 2]));
        }

        return states;
    }

    // As many as have to share the limits without asking the cache.
    private int Sharing => _circuit.IsCertain ? _replicas.Count : 1;

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static RedisKey KeyOf(LimitScope scope) => scope.Owner switch
    {
        LimitOwner.Key => $"limit:key:{scope.Id:N}:requests",
        _ => $"limit:organization:{scope.Id:N}:requests",
    };

    private static string ReadScript()
    {
        using var stream = typeof(LimitGate).Assembly.GetManifestResourceStream("AiHub.Gateway.Limits.admit.lua")!;
        using var reader = new StreamReader(stream);

        return reader.ReadToEnd();
    }

    [LoggerMessage(LogLevel.Warning, "The cache is down ({Reason}); this replica limits its share of the requests by itself.")]
    private partial void LogAlone(string reason);

    [LoggerMessage(LogLevel.Information, "The cache is back; limits are counted over all replicas again.")]
    private partial void LogBack();
}
