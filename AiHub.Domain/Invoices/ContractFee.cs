using AiHub.Domain.Quotas;

namespace AiHub.Domain.Invoices;

/// <summary>
/// What a contract costs beside what is used, in fen or cents, for each month or year. Days are those of the organization's calendar. Its terms never
/// change; other terms are another fee. Written by <c>contract_fee_set</c> and <c>contract_fee_end</c> alone.
/// </summary>
public sealed class ContractFee
{
    public required Guid Id { get; init; }
    public required Guid OrganizationId { get; init; }
    public required long AmountMinor { get; init; }
    public required PlanInterval Interval { get; init; }

    /// <summary>The first day it covers.</summary>
    public required DateOnly StartsOn { get; init; }

    /// <summary>The first day it does not cover any more; null while it has no end.</summary>
    public DateOnly? EndsOn { get; init; }
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>
    /// The periods that belong on an invoice of calendar months until <paramref name="day"/>, oldest first. A month is charged once it is over, for the
    /// days of it that the fee covers; a year of the contract is charged when it begins, and in part only where the end is known by then.
    /// </summary>
    public IEnumerable<FeePeriod> Due(DateOnly day)
    {
        for (var index = 0; ; index++)
        {
            var (first, next) = Bounds(index);
            var (from, until) = (first < StartsOn ? StartsOn : first, EndsOn < next ? EndsOn.Value : next);
            if (from >= until || (Interval == PlanInterval.Month ? until > day : from >= day))
            {
                yield break;
            }

            yield return new FeePeriod(
                Id, from, until, InvoiceTotals.RoundHalfEven((Int128)AmountMinor * (until.DayNumber - from.DayNumber), next.DayNumber - first.DayNumber));
        }
    }

    // Years are counted from the first day, so that a 29th of February comes back.
    private (DateOnly First, DateOnly Next) Bounds(int index)
    {
        var month = new DateOnly(StartsOn.Year, StartsOn.Month, 1);
        return Interval == PlanInterval.Month ? (month.AddMonths(index), month.AddMonths(index + 1)) : (StartsOn.AddYears(index), StartsOn.AddYears(index + 1));
    }
}

/// <summary>A month or year of a fee, as far as the fee covers it.</summary>
/// <param name="EndsOn">The first day after it.</param>
public sealed record FeePeriod(Guid FeeId, DateOnly StartsOn, DateOnly EndsOn, long AmountMinor);

/// <summary>That a period of a fee is on an invoice. So each is charged once; it goes when the invoice is voided.</summary>
public sealed class ContractFeeCharge
{
    public required Guid FeeId { get; init; }
    public required DateOnly StartsOn { get; init; }
    public required Guid OrganizationId { get; init; }
    public required DateOnly EndsOn { get; init; }
    public required long AmountMinor { get; init; }

    /// <summary>Null where rounding left nothing to ask for.</summary>
    public Guid? InvoiceId { get; init; }
}
