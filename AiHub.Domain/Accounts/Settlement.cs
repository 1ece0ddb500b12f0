using AiHub.Domain.Usage;

namespace AiHub.Domain.Accounts;

/// <summary>Closes a hold with what the call really used. Cost and tokens of zero release the whole hold and still write the usage record.</summary>
public sealed record Settlement(Guid HoldId, UsageRecord Usage, DateTimeOffset Now);

/// <param name="Applied">False when the hold was already closed; nothing moved then.</param>
/// <param name="PlanTokensCharged">Weighted tokens taken from the allowance.</param>
/// <param name="MoneyCharged">Money taken from the wallets.</param>
/// <param name="WrittenOff">What no account could cover; it is booked to the hub's loss, never to the customer.</param>
public sealed record Settled(bool Applied, long PlanTokensCharged, Money MoneyCharged, Money WrittenOff);
