using AiHub.Gateway.Access;

namespace AiHub.Gateway.Limits;

/// <summary>Whose requests are counted together.</summary>
public enum LimitOwner
{
    Organization,
    Key,
}

/// <summary>What is counted.</summary>
public enum LimitKind
{
    Requests,
}

/// <param name="Limit">Per minute: at most this many in any 60 seconds.</param>
public readonly record struct LimitScope(LimitOwner Owner, Guid Id, LimitKind Kind, int Limit)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>All limits this caller is under; none for an unlimited plan and a key without its own.</summary>
    public static IReadOnlyList<LimitScope> Of(Caller caller) => (caller.Plan.RequestsPerMinute, caller.KeyRequestsPerMinute) switch
    {
        ({ } plan, { } key) => [new(LimitOwner.Organization, caller.OrganizationId, LimitKind.Requests, plan), new(LimitOwner.Key, caller.KeyId, LimitKind.Requests, key)],
        ({ } plan, null) => [new(LimitOwner.Organization, caller.OrganizationId, LimitKind.Requests, plan)],
        (null, { } key) => [new(LimitOwner.Key, caller.KeyId, LimitKind.Requests, key)],
        _ => [],
    };
}
