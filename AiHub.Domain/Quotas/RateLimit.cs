namespace AiHub.Domain.Quotas;

/// <summary>Who sets a rate limit, and whose calls are counted together under it.</summary>
public enum LimitOwner
{
    /// <summary>For the whole organization.</summary>
    Plan,

    /// <summary>The organization's own, beside its plan's.</summary>
    Organization,
    Team,
    User,
    Key,
}

/// <summary>
/// What an organization allows itself, one of its teams or one of its members. A plan's limits are in <see cref="Plan"/> and a key's in
/// <see cref="Access.ApiKey"/>. Of all the limits a call is under the tightest holds.
/// </summary>
public sealed class RateLimit
{
    public required Guid OrganizationId { get; init; }

    /// <summary>Organization, team or user.</summary>
    public required LimitOwner Owner { get; init; }
    public required Guid SubjectId { get; init; }
    public int? RequestsPerMinute { get; set; }
    public int? TokensPerMinute { get; set; }

    /// <summary>Calls under way at once.</summary>
    public int? Concurrency { get; set; }
}

/// <summary>One owner's limits on the calls of a key; a row of <c>limits_of_key</c>.</summary>
public sealed class LimitOfKey
{
    public required LimitOwner Owner { get; init; }
    public required Guid SubjectId { get; init; }
    public int? RequestsPerMinute { get; init; }
    public int? TokensPerMinute { get; init; }
    public int? Concurrency { get; init; }
}
