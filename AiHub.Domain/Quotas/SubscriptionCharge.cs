namespace AiHub.Domain.Quotas;

public enum SubscriptionChargeKind
{
    /// <summary>A plan begins, with a term of its own.</summary>
    Start,

    /// <summary>A dearer plan, or a year instead of a month, within the terms that are paid for.</summary>
    Upgrade,

    /// <summary>The next term, on the same plan or the one that was chosen to follow.</summary>
    Renewal,
}

public enum SubscriptionChargeStatus
{
    /// <summary>Waits for its order to be paid.</summary>
    Open,

    /// <summary>Paid and in force.</summary>
    Applied,

    /// <summary>The subscription has become another meanwhile, or nobody paid. Money that arrives all the same stays in the wallet.</summary>
    Abandoned,
}

public enum SubscriptionLineKind
{
    /// <summary>A whole term.</summary>
    Fee,

    /// <summary>What is left of a term that was paid for at the price before; negative.</summary>
    Unused,

    /// <summary>The same time at the new price.</summary>
    Remaining,
}

/// <summary>One line of what a subscription costs; an invoice carries it as it is. Whole fen or cents, rounded once, half to even.</summary>
public sealed record SubscriptionLine(SubscriptionLineKind Kind, string PlanId, PlanInterval Interval, DateTimeOffset From, DateTimeOffset To, long AmountMinor);

/// <summary>
/// What a subscription costs at one moment, quoted before it is paid and applied once it is. The journal <c>subscription:{Id}</c> has the charge's
/// id and takes the amount from purchased money; there is none when nothing was due.
/// </summary>
public sealed class SubscriptionCharge
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }

    /// <summary>The subscription it was quoted for; a start ends that one and begins another.</summary>
    public required Guid SubscriptionId { get; init; }
    public Guid? UserId { get; init; }
    public required SubscriptionChargeKind Kind { get; init; }
    public SubscriptionChargeStatus Status { get; init; }
    public required string FromPlanId { get; init; }
    public required string PlanId { get; init; }
    public required PlanInterval Interval { get; init; }
    public required Collection Collection { get; init; }
    public required Currency Currency { get; init; }

    /// <summary>The sum of the lines.</summary>
    public required long AmountMinor { get; init; }
    public required IReadOnlyList<SubscriptionLine> Lines { get; init; }

    /// <summary>The moment the lines were computed for; a start is computed anew for the moment it is paid.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>What is paid for afterwards.</summary>
    public required int PaidMonths { get; init; }
    public required DateTimeOffset PaidThrough { get; init; }

    /// <summary>What an upgrade grants on top in the current period.</summary>
    public required long Tokens { get; init; }
    public DateTimeOffset? TokensExpireAt { get; init; }

    /// <summary>The version of the subscription it is good for.</summary>
    public required int Version { get; init; }
    public string? IdempotencyKey { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? AppliedAt { get; init; }

    /// <summary>The charge of what was quoted.</summary>
    /// <param name="userId">Who asked for it; null when the terms did.</param>
    /// <param name="at">The moment it was quoted for.</param>
    public static SubscriptionCharge Of(
        PlanQuote quote, QuotedSubscription subscription, Guid? userId, string planId, PlanInterval interval, Collection collection, Currency currency, DateTimeOffset at, DateTimeOffset now,
        string? idempotencyKey = null) => new()
        {
            Id = Guid.CreateVersion7(now),
            OrganizationId = subscription.OrganizationId,
            SubscriptionId = subscription.Id,
            UserId = userId,
            Kind = quote.Kind,
            FromPlanId = subscription.PlanId,
            PlanId = planId,
            Interval = interval,
            Collection = collection,
            Currency = currency,
            AmountMinor = quote.AmountMinor,
            Lines = quote.Lines,
            At = at,
            PaidMonths = quote.PaidMonths,
            PaidThrough = quote.PaidThrough,
            Tokens = quote.Tokens,
            TokensExpireAt = quote.TokensExpireAt,
            Version = subscription.Version,
            IdempotencyKey = idempotencyKey,
            CreatedAt = now,
        };
}

/// <summary>The subscription a charge is quoted for, as it was at that moment.</summary>
public readonly record struct QuotedSubscription(Guid Id, Guid OrganizationId, string PlanId, int Version);
