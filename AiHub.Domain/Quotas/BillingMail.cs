namespace AiHub.Domain.Quotas;

public enum BillingMailKind
{
    RenewalReminder,
    GraceBegan,
    FellToFree,
    PaymentFailed,
    PaymentReminder,
    Restricted,
    Suspended,
    Recovered,
    Renewed,
    AutoTopUpStopped,
    DisputeOpened,
    DisputeClosed,

    /// <summary>An invoice was paid twice over, or was voided meanwhile: what came is in the wallet.</summary>
    PaymentKept,
}

/// <summary>A message about money to one member, written with what it tells of and sent by whichever worker takes it.</summary>
public sealed class BillingMail
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required Guid UserId { get; init; }
    public required BillingMailKind Kind { get; init; }

    /// <summary>The same again is not written twice.</summary>
    public required string Key { get; init; }

    /// <summary>What the sentences are about: the plan, the amount, the day.</summary>
    public required Dictionary<string, string> Values { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }
    public int Attempts { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public DateTimeOffset? SentAt { get; init; }
    public string? LastError { get; init; }
}
