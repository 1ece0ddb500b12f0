using AiHub.Domain.Quotas;

namespace AiHub.Gateway.Limits;

/// <summary>What is counted.</summary>
public enum LimitKind
{
    /// <summary>At most so many in any 60 seconds.</summary>
    Requests,

    /// <summary>At most so many in any 60 seconds: guessed when the call is admitted, corrected when it is known.</summary>
    Tokens,

    /// <summary>At most so many calls under way at once.</summary>
    Concurrency,
}

/// <param name="Owner">Who set it.</param>
/// <param name="Id">Whose calls are counted together.</param>
public readonly record struct LimitScope(LimitOwner Owner, Guid Id, LimitKind Kind, int Limit)
{
    public static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    /// <summary>What calls are counted under: a plan's and an organization's own limit see the same calls.</summary>
    internal (LimitOwner, Guid, LimitKind) Counter => (Owner == LimitOwner.Plan ? LimitOwner.Organization : Owner, Id, Kind);

    /// <summary>The scopes of these limits; where two count the same calls only the tighter one.</summary>
    public static IReadOnlyList<LimitScope> Of(IEnumerable<LimitOfKey> limits) =>
    [
        .. limits
            .SelectMany(limit => new[]
            {
                (limit, LimitKind.Requests, limit.RequestsPerMinute),
                (limit, LimitKind.Tokens, limit.TokensPerMinute),
                (limit, LimitKind.Concurrency, limit.Concurrency),
            })
            .Where(part => part.Item3 is not null)
            .Select(part => new LimitScope(part.limit.Owner, part.limit.SubjectId, part.Item2, part.Item3!.Value))
            .GroupBy(scope => scope.Counter)
            .Select(scopes => scopes.MinBy(scope => scope.Limit)),
    ];
}
