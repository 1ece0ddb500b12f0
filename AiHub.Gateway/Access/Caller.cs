using System.Collections.Frozen;
using AiHub.Domain;
using AiHub.Gateway.Guardrails;
using AiHub.Gateway.Limits;
using AiHub.Gateway.Routing;

namespace AiHub.Gateway.Access;

/// <summary>Who is calling and what they may do: everything the data plane asks about an API key, read once and then kept in memory.</summary>
public sealed record Caller
{
    public required Guid KeyId { get; init; }

    public required Guid UserId { get; init; }

    public required Guid OrganizationId { get; init; }

    public Guid? TeamId { get; init; }

    public required Currency Currency { get; init; }

    public required CallerPlan Plan { get; init; }

    /// <summary>True when calls beyond the plan's allowance are paid from the wallet: the plan allows it and the organization wants it.</summary>
    public bool AllowsOverage { get; init; }

    /// <summary>Every rate limit the calls of this key are under.</summary>
    public IReadOnlyList<LimitScope> Limits { get; init; } = [];

    /// <summary>Ids of the models this key may call; null means all the organization may use.</summary>
    public FrozenSet<string>? AllowedModels { get; init; }

    /// <summary>Ids of the vendors its calls may go to; null means all the organization may use.</summary>
    public FrozenSet<string>? AllowedVendors { get; init; }

    /// <summary>What its usage is filed under.</summary>
    public IReadOnlyDictionary<string, string> Tags { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Its answers are kept and given again unless a request says otherwise.</summary>
    public bool CachesAnswers { get; init; }

    /// <summary>What the organization lets its calls be answered by.</summary>
    public OrganizationPolicy Policy { get; init; } = OrganizationPolicy.Unrestricted;

    /// <summary>The organization's own keys at vendors.</summary>
    public IReadOnlyList<OwnKey> OwnKeys { get; init; } = [];

    /// <summary>What its calls are looked at for.</summary>
    public GuardrailSet Guardrails { get; init; } = GuardrailSet.None;

    /// <summary>The same as words, sorted, with those a request adds: what its usage record keeps.</summary>
    public string[] FiledUnder { get; init; } = [];

    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>The organization may not call anything until an operator lifts this.</summary>
    public bool Suspended { get; init; }

    /// <summary>Neither the key nor the organization rules anything out.</summary>
    public bool MayCallEverything => AllowedModels is null && AllowedVendors is null && Policy == OrganizationPolicy.Unrestricted;

    public bool MayCall(string modelId) => AllowedModels is null || AllowedModels.Contains(modelId);

    public bool MayUse(string vendorId) => AllowedVendors is null || AllowedVendors.Contains(vendorId);
}

/// <param name="Id">The plan's slug, for example <c>free</c>.</param>
/// <param name="MonthlyTokens">Weighted tokens a period grants; null is unlimited.</param>
public sealed record CallerPlan(string Id, string Name, long? MonthlyTokens)
{
    /// <summary>An organization without a subscription: known, but granted nothing.</summary>
    public static readonly CallerPlan None = new("none", "none", MonthlyTokens: 0);
}
