using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Net;
using System.Runtime.InteropServices;
using AiHub.Domain;
using AiHub.Domain.Access;
using AiHub.Domain.Quotas;
using AiHub.Domain.Tenancy;
using AiHub.Gateway.Errors;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Routing;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Gateway.Access;

/// <summary>A key opens the door for a caller, or the caller is told why not.</summary>
public readonly record struct KeyOutcome(Caller? Caller, OpenAIError? Error);

/// <summary>
/// Knows who a key belongs to. Keys are kept in memory by their hash and forgotten the moment the database says that they, their organization
/// or its plan changed; while the database cannot be heard every key is looked up again. So a revocation holds everywhere within a second.
/// </summary>
public sealed class ApiKeys : IDisposable
{
    private const int MostKnown = 100_000;
    private const int MostUnknown = 10_000;

    private readonly ConcurrentDictionary<KeyHash, Entry> _known = new();
    private readonly ConcurrentDictionary<KeyHash, bool> _unknown = new();
    private readonly IServiceScopeFactory _scopes;
    private readonly ChangeFeed _changes;
    private readonly OwnKeys _ownKeys;
    private readonly GuardrailSecrets _guardrails;
    private readonly TimeProvider _time;

    public ApiKeys(IServiceScopeFactory scopes, ChangeFeed changes, OwnKeys ownKeys, GuardrailSecrets guardrails, TimeProvider time)
    {
        (_scopes, _changes, _ownKeys, _guardrails, _time) = (scopes, changes, ownKeys, guardrails, time);
        changes.Changed += Forget;
        changes.Restarted += ForgetAll;
    }

    public void Dispose()
    {
        _changes.Changed -= Forget;
        _changes.Restarted -= ForgetAll;
    }

    /// <summary>The key is a bearer token, or stands in <c>x-api-key</c> as Anthropic's clients send it.</summary>
    public ValueTask<KeyOutcome> FindAsync(HttpContext context)
    {
        var headers = context.Request.Headers;
        string? authorization = headers.Authorization;
        string? key = headers["x-api-key"];

        // Clients that send both mean the one this hub has given them.
        var named = !string.IsNullOrWhiteSpace(key) && (string.IsNullOrEmpty(authorization) || ApiKeySecret.IsWellFormed(key.AsSpan().Trim()));
        return FindAsync(named ? $"Bearer {key}" : authorization, context.Connection.RemoteIpAddress, context.RequestAborted);
    }

    // Without knowing where the call comes from, a key that is bound to networks opens nothing.
    private ValueTask<KeyOutcome> FindAsync(string? authorization, IPAddress? from, CancellationToken ct)
    {
        if (string.IsNullOrEmpty(authorization))
        {
            return Refuse("You didn't provide an API key. Send it as 'Authorization: Bearer <your key>'.", "missing_api_key");
        }

        var key = authorization.AsSpan().Trim();
        if (!key.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase))
        {
            return Refuse("The Authorization header must have the form 'Bearer <your key>'.");
        }

        key = key["Bearer ".Length..].Trim();
        if (!ApiKeySecret.IsWellFormed(key))
        {
            // The checksum tells without a question to the database.
            return Refuse("This is not an AI Hub API key, or it was not copied whole. Keys begin with 'ai-hub-' and are 51 characters long.");
        }

        var hash = ApiKeySecret.Hash(key);
        var id = new KeyHash(hash);
        if (_changes.IsCurrent)
        {
            if (_known.TryGetValue(id, out var entry))
            {
                return ValueTask.FromResult(Judge(entry, from));
            }

            if (_unknown.ContainsKey(id))
            {
                return ValueTask.FromResult(Judge(null, from));
            }
        }

        return LookUpAsync(hash, id, from, ct);
    }

    private async ValueTask<KeyOutcome> LookUpAsync(byte[] hash, KeyHash id, IPAddress? from, CancellationToken ct)
    {
        var version = _changes.Version;
        await using var scope = _scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<HubDb>();
        var found = await db.FindApiKey(hash).AsNoTracking().FirstOrDefaultAsync(ct);
        var entry = found is null
            ? null
            : new Entry(found, await DecidedAsync(db, found, ToCaller(found, await db.LimitsOfKey(found.Id).AsNoTracking().ToListAsync(ct)), ct));

        Remember(id, entry);
        if (_changes.Version != version || !_changes.IsCurrent)
        {
            // Something changed while we asked, perhaps this very key, after we had read it.
            Forget(id);
        }

        return Judge(entry, from);
    }

    private KeyOutcome Judge(Entry? entry, IPAddress? from) => entry switch
    {
        null => Error("This API key does not exist. It may have been deleted, or made for another hub."),
        { Found.RevokedAt: not null } => Error("This API key has been revoked."),
        { Found.ExpiresAt: { } expiry } when expiry <= _time.GetUtcNow() => Error("This API key has expired."),
        { Found: { Replaced: true, PreviousExpiresAt: var until } } when until is null || until <= _time.GetUtcNow() => Error("This API key was replaced by a new one and has ended."),
        { Found.Role: null } => Error("The owner of this API key is no longer a member of the organization."),
        { Found.DisabledAt: not null } => Error("This API key is switched off. Enable it in the portal, or use another key."),
        { CallsModels: false } => new KeyOutcome(null, OpenAIError.Forbidden("This is a management key, which cannot call models. Use a key with the scope 'models'.", "management_key")),
        { Found.Role: { } role } when !role.May(Permission.ModelsCall) => new KeyOutcome(null, OpenAIError.Forbidden("The owner of this API key may not call models in this organization. Ask its owner or an admin for another role.")),
        { Untagged: { Length: > 0 } missing } => new KeyOutcome(null, OpenAIError.Forbidden($"Your organization requires API keys to be tagged with: {missing}. Tag this key in the portal.", "tags_required")),
        { Networks: { Count: > 0 } networks } when !AllowedNetworks.Contain(networks, from) => new KeyOutcome(null, OpenAIError.Forbidden("This API key may not be used from this address. Its allowed addresses can be changed in the portal.", "address_not_allowed")),
        { Caller.Suspended: true } => new KeyOutcome(null, OpenAIError.Forbidden("This organization is suspended. Ask its owner, or the operator of this hub.", "organization_suspended")),
        _ => new KeyOutcome(entry.Caller, null),
    };

    private static Caller ToCaller(FoundApiKey found, IReadOnlyList<LimitOfKey> limits) => new()
    {
        KeyId = found.Id,
        UserId = found.UserId,
        TeamId = found.TeamId,
        OrganizationId = found.OrganizationId,
        Currency = found.Currency,
        Plan = found.PlanId is { } plan
            ? new CallerPlan(plan, found.PlanName!, found.PlanMonthlyTokens)
            : CallerPlan.None,
        Tags = found.Tags,
        CachesAnswers = found.CachesAnswers,
        FiledUnder = [.. found.Tags.Select(tag => $"{tag.Key}:{tag.Value}").Order(StringComparer.Ordinal)],
        AllowsOverage = found.PlanAllowsOverage ?? false,
        Limits = LimitScope.Of(limits),
        AllowedModels = found.AllowedModels.Length > 0 ? found.AllowedModels.ToFrozenSet() : null,
        AllowedVendors = found.AllowedVendors.Length > 0 ? found.AllowedVendors.ToFrozenSet() : null,
        ExpiresAt = found.ExpiresAt,
        Suspended = found.OrganizationStatus != OrganizationStatus.Active,
    };

    // What the organization has decided, narrowed by the team.
    private Task<Caller> DecidedAsync(HubDb db, FoundApiKey found, Caller caller, CancellationToken ct) => db.InOrganizationAsync(
        found.OrganizationId,
        async () =>
        {
            var rules = await db.Policies.AsNoTracking().Where(row => row.TeamId == null || row.TeamId == found.TeamId).OrderBy(row => row.TeamId != null).ToListAsync(ct);
            return caller with
            {
                Policy = rules.Aggregate(OrganizationPolicy.Unrestricted, (policy, rule) => policy.And(rule)),
                OwnKeys = await _ownKeys.OfOrganizationAsync(db, ct),
                Guardrails = await _guardrails.OfAsync(db, found.TeamId, ct),
            };
        },
        ct);

    private void Remember(KeyHash id, Entry? entry)
    {
        if (entry is null)
        {
            // A stranger can invent keys with a right checksum; remembering them must stay cheap.
            if (_unknown.Count >= MostUnknown)
            {
                _unknown.Clear();
            }

            _unknown[id] = true;
            return;
        }

        if (_known.Count >= MostKnown)
        {
            ForgetAll();
        }

        _known[id] = entry;
    }

    private void Forget(HubChange change)
    {
        switch (change.Table)
        {
            case "api_keys":
                // A new key may have been asked for before it existed.
                _unknown.Clear();
                if (Guid.TryParse(change.Id, out var key))
                {
                    ForgetAll(found => found.Id == key);
                }

                break;
            case "organizations" or "memberships" or "subscriptions" or "rate_limits" or "policies" or "own_vendor_keys" or "guardrails" when Guid.TryParse(change.Id, out var organization):
                ForgetAll(found => found.OrganizationId == organization);
                break;
            case "plans":
                ForgetAll();
                break;
        }
    }

    private void Forget(KeyHash id)
    {
        _unknown.TryRemove(id, out _);
        _known.TryRemove(id, out _);
    }

    // Looked for among all, because an index beside them could disagree with them while many look up at once, and a key would never be forgotten.
    private void ForgetAll(Func<FoundApiKey, bool> concerns)
    {
        foreach (var (id, entry) in _known)
        {
            if (concerns(entry.Found))
            {
                Forget(id);
            }
        }
    }

    private void ForgetAll()
    {
        _known.Clear();
        _unknown.Clear();
    }

    private static ValueTask<KeyOutcome> Refuse(string message, string code = "invalid_api_key") => ValueTask.FromResult(Error(message, code));

    private static KeyOutcome Error(string message, string code = "invalid_api_key") => new(null, OpenAIError.Unauthorized(message, code));

    private sealed record Entry(FoundApiKey Found, Caller Caller)
    {
        public bool CallsModels { get; } = Found.Scopes.Contains(KeyScopes.Models);

        /// <summary>The required tags it lacks, for people.</summary>
        public string Untagged { get; } = string.Join(", ", Caller.Policy.RequiredTags.Except(Found.Tags.Keys).Order(StringComparer.Ordinal));

        public IReadOnlyList<IPNetwork> Networks { get; } = [.. Found.AllowedIps.Select(text => IPNetwork.Parse(text))];
    }

    /// <summary>A SHA-256 as a value.</summary>
    private readonly record struct KeyHash(UInt128 Left, UInt128 Right)
    {
        public KeyHash(byte[] hash) : this(MemoryMarshal.Read<UInt128>(hash), MemoryMarshal.Read<UInt128>(hash.AsSpan(16)))
        {
        }
    }
}
