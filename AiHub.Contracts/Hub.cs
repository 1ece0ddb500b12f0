using System.ComponentModel.DataAnnotations;
using System.Text.Json.Serialization;

namespace AiHub.Contracts;

/// <summary>One organization in full, as an operator sees it.</summary>
/// <param name="PlanLimits">What the plan allows; null is unlimited.</param>
/// <param name="Limits">What it is held to beside its plan.</param>
/// <param name="Contract">What was agreed with it; null when it is on a plan of its own choice.</param>
public sealed record HubOrganizationDetail(HubOrganizationView Organization, WalletView Wallet, KeyLimits PlanLimits, KeyLimits Limits, ContractTerms? Contract = null);

/// <param name="Amount">In the organization's currency: a number or a decimal string.</param>
/// <param name="ExpiresAt">When what is left of it is gone; never if null.</param>
public sealed record NewCredit(
    [property: Required, JsonConverter(typeof(AmountConverter)), StringLength(40)] string Amount,
    [property: Required, StringLength(500, MinimumLength = 1)] string Reason,
    DateTimeOffset? ExpiresAt = null);

/// <summary>Where the hub's queues and endpoints stand.</summary>
/// <param name="Parked">What nobody tries any more, newest first, at most a hundred.</param>
/// <param name="Resting">Endpoints that are not asked for a while because they failed, as the answering gateway sees it.</param>
/// <param name="Runs">The worker's runs, by name.</param>
public sealed record HubHealthView(IReadOnlyList<QueueView> Queues, IReadOnlyList<ParkedView> Parked, IReadOnlyList<EndpointView> Resting, IReadOnlyList<RunView> Runs);

/// <param name="LastAt">When it was last done, give or take a minute.</param>
/// <param name="Runs">How often within a day.</param>
/// <param name="Failures">How many of these failed.</param>
/// <param name="LongestMs">The longest of these, in milliseconds.</param>
/// <param name="FailedAt">When it last failed within a fortnight; null if it did not.</param>
public sealed record RunView(string Name, DateTimeOffset LastAt, long Runs, long Failures, int LongestMs, DateTimeOffset? FailedAt, string? Error);

/// <param name="Name">payment_notices, alert_messages or mails.</param>
/// <param name="OldestAt">Since when the oldest waits; null when none does.</param>
public sealed record QueueView(string Name, long Waiting, long Parked, DateTimeOffset? OldestAt);

/// <param name="What">What it is, in a few words.</param>
public sealed record ParkedView(string Queue, Guid Id, Guid? OrganizationId, string What, int Attempts, string? Error, DateTimeOffset At);
