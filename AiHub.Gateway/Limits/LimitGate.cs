using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using AiHub.Domain.Quotas;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace AiHub.Gateway.Limits;

/// <summary>
/// Lets calls pass as fast, as large and as many at once as their key, its user, team, organization and plan may have them, counted exactly over
/// all replicas in one round trip to the cache. While the cache is down each replica admits its share of every limit by itself, and reports it
/// when the cache is back. One late answer is not yet an outage: until the cache has missed a second chance, callers keep their whole limit.
/// </summary>
public sealed partial class LimitGate : IAsyncDisposable
{
    private static readonly string AdmitScript = Read("admit.lua");
    private static readonly string FinishScript = Read("finish.lua");

    private readonly IConnectionMultiplexer _cache;
    private readonly Replicas _replicas;
    private readonly TimeProvider _time;
    private readonly LimitOptions _options;
    private readonly ILogger<LimitGate> _logger;
    private readonly Counter<long> _refused;
    private readonly LocalWindows _here = new();
    private readonly ConcurrentDictionary<Guid, CallSlot> _open = new();
    private readonly CacheCircuit _circuit;

    public LimitGate(IConnectionMultiplexer cache, Replicas replicas, TimeProvider time, IOptions<LimitOptions> options, IMeterFactory meters, ILogger<LimitGate> logger)
    {
        (_cache, _replicas, _time, _options, _logger) = (cache, replicas, time, options.Value, logger);
        _refused = meters.Create("AiHub.Gateway.Limits").CreateCounter<long>("aihub.limits.refused", "{request}", "Requests refused by a rate limit.");

        // The probe writes, as the real thing does: a cache that answers but takes no writes is still down.
        var id = Guid.CreateVersion7(time.GetUtcNow());
        var probe = new LimitedCall(id, id, [new LimitScope(LimitOwner.Key, id, LimitKind.Requests, int.MaxValue)], 0);
        _circuit = new CacheCircuit(ct => AskAsync(probe, [0], Now(), ct), time, _options.ProbeInterval, LogBack);
    }

    /// <summary>True while the cache is down and this replica limits by itself.</summary>
    public bool IsAlone => _circuit.IsOpen;

    /// <summary>
    /// Admits the call under all of its limits or, changing nothing, under none. Whoever is admitted disposes of the slot when the call ends.
    /// </summary>
    public async ValueTask<Admission> AdmitAsync(LimitedCall call, CancellationToken ct)
    {
        if (call.Scopes.Count == 0)
        {
            return Admission.Unlimited;
        }

        var (states, now, alone) = await StatesAsync(call, ct);
        var admission = Admission.Of(states);
        if (admission.Refusal is { } refusal)
        {
            _refused.Add(
                1,
                new KeyValuePair<string, object?>("owner", refusal.Scope.Owner.ToString().ToLowerInvariant()),
                new KeyValuePair<string, object?>("limit", refusal.Scope.Kind.ToString().ToLowerInvariant()));
            return admission;
        }

        if (call.Scopes.All(scope => scope.Kind == LimitKind.Requests))
        {
            return admission;
        }

        var slot = new CallSlot(this, call, states, now, alone);
        if (call.Scopes.Any(scope => scope.Kind == LimitKind.Concurrency))
        {
            _open[call.Id] = slot;
        }

        return admission with { Slot = slot };
    }

    public async ValueTask DisposeAsync() => await _circuit.DisposeAsync();

    /// <summary>Puts off the end of the leases of all calls under way, also of those the cache has not heard of or has forgotten.</summary>
    internal void RenewLeases()
    {
        if (_circuit.IsOpen || !_cache.IsConnected)
        {
            return;
        }

        var database = _cache.GetDatabase();
        foreach (var (_, open) in _open)
        {
            open.WhileOpen(slot =>
            {
                foreach (var scope in slot.Call.Scopes.Where(scope => scope.Kind == LimitKind.Concurrency))
                {
                    var key = KeyOf(slot.Call, scope);
                    database.SortedSetAdd(key, slot.Call.Id.ToString("N"), Now() + Milliseconds(_options.CallLease), flags: CommandFlags.FireAndForget);
                    database.KeyExpire(key, 2 * _options.CallLease, flags: CommandFlags.FireAndForget);
                }
            });
        }
    }

    /// <summary>Nobody waits for this: the answer has been given, and what is lost is made up for by the end of a lease or of the window.</summary>
    internal void End(CallSlot slot, long? used)
    {
        _open.TryRemove(slot.Call.Id, out _);
        _here.End(slot, used, Now());
        if (_circuit.IsOpen || !_cache.IsConnected)
        {
            return;
        }

        var states = slot.States
            .Where(state => state.Scope.Kind == LimitKind.Concurrency || (state.Scope.Kind == LimitKind.Tokens && used is not null && !slot.IsAlone))
            .ToArray();
        if (states.Length == 0)
        {
            return;
        }

        var keys = new RedisKey[states.Length];
        var arguments = new RedisValue[3 + (3 * states.Length)];
        (arguments[0], arguments[1], arguments[2]) = (Now(), Milliseconds(LimitScope.Window), slot.Call.Id.ToString("N"));
        for (var index = 0; index < states.Length; index++)
        {
            keys[index] = KeyOf(slot.Call, states[index].Scope);
            arguments[3 + (3 * index)] = Name(states[index].Scope.Kind);
            arguments[4 + (3 * index)] = states[index].Second;
            arguments[5 + (3 * index)] = used - slot.Call.Needs(states[index].Scope) ?? 0;
        }

        _cache.GetDatabase().ScriptEvaluate(FinishScript, keys, arguments, CommandFlags.FireAndForget);
    }

    private async ValueTask<(IReadOnlyList<LimitState> States, long Now, bool Alone)> StatesAsync(LimitedCall call, CancellationToken ct)
    {
        var now = Now();
        if (_circuit.IsOpen)
        {
            return (_here.Admit(call, now, Sharing), now, true);
        }

        var unreported = _here.TakeUnreported(call, now);
        var isReported = false;
        try
        {
            var states = await AskAsync(call, unreported, now, ct);
            isReported = true;
            _here.Note(call, states, now);

            return (states, now, false);
        }
        catch (Exception failure) when (CacheCircuit.IsOutage(failure))
        {
            if (_circuit.Open(failure))
            {
                LogAlone(failure.Message);
            }

            return (_here.Admit(call, now, Sharing), now, true);
        }
        finally
        {
            if (!isReported)
            {
                _here.ReturnUnreported(call, unreported, now);
            }
        }
    }

    private async Task<IReadOnlyList<LimitState>> AskAsync(LimitedCall call, IReadOnlyList<long> unreported, long now, CancellationToken ct)
    {
        if (!_cache.IsConnected)
        {
            throw new RedisException("There is no connection.");
        }

        var scopes = call.Scopes;
        var keys = new RedisKey[scopes.Count];
        var arguments = new RedisValue[3 + (4 * scopes.Count)];
        (arguments[0], arguments[1], arguments[2]) = (now, Milliseconds(LimitScope.Window), call.Id.ToString("N"));
        for (var index = 0; index < scopes.Count; index++)
        {
            var scope = scopes[index];
            keys[index] = KeyOf(call, scope);
            arguments[3 + (4 * index)] = Name(scope.Kind);
            arguments[4 + (4 * index)] = scope.Limit;
            arguments[5 + (4 * index)] = scope.Kind == LimitKind.Concurrency ? Milliseconds(_options.CallLease) : call.Needs(scope);
            arguments[6 + (4 * index)] = unreported[index];
        }

        var answer = (long[])(await _cache.GetDatabase().ScriptEvaluateAsync(AdmitScript, keys, arguments).WaitAsync(_options.CommandTimeout, _time, ct))!;
        var states = new LimitState[scopes.Count];
        for (var index = 0; index < scopes.Count; index++)
        {
            var at = 1 + (4 * index);
            states[index] = new LimitState(
                scopes[index], answer[at], TimeSpan.FromMilliseconds(answer[at + 1]), TimeSpan.FromMilliseconds(answer[at + 2]), answer[at + 3]);
        }

        return states;
    }

    // As many as have to share the limits without asking the cache.
    private int Sharing => _circuit.IsCertain ? _replicas.Count : 1;

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds();

    private static long Milliseconds(TimeSpan span) => (long)span.TotalMilliseconds;

    // The braces keep everything one script touches in one slot of a cluster.
    private static RedisKey KeyOf(LimitedCall call, LimitScope scope)
    {
        var (owner, id, kind) = scope.Counter;

        return $"limit:{{{call.Group:N}}}:{owner switch { LimitOwner.Key => "key", LimitOwner.User => "user", LimitOwner.Team => "team", _ => "organization" }}:{id:N}:{Name(kind)}";
    }

    private static string Name(LimitKind kind) => kind switch
    {
        LimitKind.Requests => "requests",
        LimitKind.Tokens => "tokens",
        _ => "concurrency",
    };

    private static string Read(string script)
    {
        using var stream = typeof(LimitGate).Assembly.GetManifestResourceStream($"AiHub.Gateway.Limits.{script}")!;
        using var reader = new StreamReader(stream);

        return reader.ReadToEnd();
    }

    [LoggerMessage(LogLevel.Warning, "The cache is down ({Reason}); this replica limits its share of the requests by itself.")]
    private partial void LogAlone(string reason);

    [LoggerMessage(LogLevel.Information, "The cache is back; limits are counted over all replicas again.")]
    private partial void LogBack();
}
