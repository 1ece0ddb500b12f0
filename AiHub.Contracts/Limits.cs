namespace AiHub.Contracts;

/// <summary>Every rate limit of an organization but those of its keys, which are with the keys.</summary>
/// <param name="Plan">For the whole organization; null is unlimited.</param>
/// <param name="Organization">What the organization allows itself, beside its plan.</param>
/// <param name="Teams">Teams that have limits.</param>
/// <param name="Members">Members that have limits, each over all of their keys.</param>
public sealed record LimitsView(KeyLimits Plan, KeyLimits Organization, IReadOnlyList<SubjectLimits> Teams, IReadOnlyList<SubjectLimits> Members);

/// <param name="Id">The team's or the user's id.</param>
public sealed record SubjectLimits(Guid Id, string Name, KeyLimits Limits);
