namespace AiHub.Domain.Quotas;

public enum ChangeTiming
{
    /// <summary>In force as soon as it is paid.</summary>
    AtOnce,

    /// <summary>Noted, and revocable until the paid time is over.</summary>
    AtTermEnd,
}

/// <summary>A subscription as far as the arithmetic of changing it needs to know it.</summary>
/// <param name="PaidMonths">Null when nothing is paid for: whatever follows begins anew.</param>
/// <param name="PeriodStartsAt">The month of tokens that runs now, if one does.</param>
public sealed record PlanPosition(
    Plan Plan, PlanInterval Interval, DateTimeOffset Anchor, int? PaidMonths, DateTimeOffset? PaidThrough, string TimeZone,
    DateTimeOffset? PeriodStartsAt, DateTimeOffset? PeriodEndsAt);

/// <summary>What a change comes to: shown before, charged and invoiced afterwards, the same to the cent.</summary>
public sealed record PlanQuote(
    ChangeTiming Timing, SubscriptionChargeKind Kind, IReadOnlyList<SubscriptionLine> Lines, int PaidMonths, DateTimeOffset PaidThrough,
    long Tokens, DateTimeOffset? TokensExpireAt)
{
    public long AmountMinor => Lines.Sum(line => line.AmountMinor);
}

/// <summary>
/// The arithmetic of plans: no clock, no database. Up is at once and costs the difference for what is left of the paid time; down is at its end and
/// costs nothing now. Time is counted exactly, each line is rounded once, half to even.
/// </summary>
public static class PlanChange
{
    /// <returns>Null when the plan is not sold so.</returns>
    public static PlanQuote? Quote(PlanPosition from, Plan to, PlanInterval interval, Currency currency, DateTimeOffset at)
    {
        if (to.Price(currency, interval) is not { } price)
        {
            return null;
        }

        if (from.PaidMonths is not { } paid || from.PaidThrough is not { } through || at >= through || from.Plan.Price(currency, from.Interval) is not { } old)
        {
            return price.Nanos == 0 ? Later(from, at) : Start(to, interval, price, from.TimeZone, at);
        }

        if (price.Nanos == 0 || !IsUp(from, to, interval, currency))
        {
            return Later(from, at);
        }

        var terms = Terms(from, paid, through, at);
        var lines = new List<SubscriptionLine>();
        foreach (var (startsAt, endsAt, _) in terms)
        {
            var begins = startsAt > at ? startsAt : at;
            lines.Add(new SubscriptionLine(SubscriptionLineKind.Unused, from.Plan.Id, from.Interval, begins, endsAt, -Share(Minor(old), endsAt - begins, endsAt - startsAt)));
        }

        var (months, until) = (paid, through);
        if (interval == from.Interval)
        {
            foreach (var (startsAt, endsAt, _) in terms)
            {
                var begins = startsAt > at ? startsAt : at;
                lines.Add(new SubscriptionLine(SubscriptionLineKind.Remaining, to.Id, interval, begins, endsAt, Share(Minor(price), endsAt - begins, endsAt - startsAt)));
            }
        }
        else
        {
            // A year instead of the months: it begins where the month that runs began, so that the tokens keep their day.
            var (startsAt, _, index) = terms[0];
            months = index + Months(interval);
            until = Boundary(from.Anchor, from.TimeZone, months);
            lines.Add(new SubscriptionLine(SubscriptionLineKind.Remaining, to.Id, interval, at, until, Share(Minor(price), until - at, until - startsAt)));
        }

        var (tokens, expire) = ExtraTokens(from, to, at);
        return new PlanQuote(ChangeTiming.AtOnce, SubscriptionChargeKind.Upgrade, lines, months, until, tokens, expire);
    }

    /// <summary>A term that begins now, anchored to now.</summary>
    public static PlanQuote Start(Plan plan, PlanInterval interval, Money price, string timeZone, DateTimeOffset at)
    {
        var end = Boundary(at, timeZone, Months(interval));
        return new PlanQuote(
            ChangeTiming.AtOnce, SubscriptionChargeKind.Start, [new SubscriptionLine(SubscriptionLineKind.Fee, plan.Id, interval, at.ToUniversalTime(), end, Minor(price))],
            Months(interval), end, 0, null);
    }

    /// <summary>The term after the ones that are paid for, on the plan that follows.</summary>
    public static PlanQuote Renewal(PlanPosition from, Plan plan, PlanInterval interval, Money price)
    {
        var months = from.PaidMonths!.Value + Months(interval);
        var end = Boundary(from.Anchor, from.TimeZone, months);
        return new PlanQuote(
            ChangeTiming.AtOnce, SubscriptionChargeKind.Renewal, [new SubscriptionLine(SubscriptionLineKind.Fee, plan.Id, interval, from.PaidThrough!.Value, end, Minor(price))],
            months, end, 0, null);
    }

    public static int Months(PlanInterval interval) => interval == PlanInterval.Year ? 12 : 1;

    /// <summary>Where month number <paramref name="months"/> from the anchor begins.</summary>
    public static DateTimeOffset Boundary(DateTimeOffset anchor, string timeZone, int months) => months == 0
        ? anchor.ToUniversalTime()
        : BillingMonths.End(PlanCycle.Anniversary, anchor, TimeZoneInfo.FindSystemTimeZoneById(timeZone), months - 1);

    private static PlanQuote Later(PlanPosition from, DateTimeOffset at) =>
        new(ChangeTiming.AtTermEnd, SubscriptionChargeKind.Renewal, [], from.PaidMonths ?? 0, from.PaidThrough ?? at, 0, null);

    // Dearer for the same time, or the same for longer. A shorter interval never begins within a longer one that is paid for.
    private static bool IsUp(PlanPosition from, Plan to, PlanInterval interval, Currency currency)
    {
        var (before, after) = (from.Plan.MonthlyPrice(currency)?.Nanos ?? 0, to.MonthlyPrice(currency)?.Nanos ?? 0);
        return interval >= from.Interval && (after > before || (to.Id == from.Plan.Id && interval > from.Interval));
    }

    /// <summary>The paid terms that are not over yet, the one that runs first.</summary>
    private static List<(DateTimeOffset StartsAt, DateTimeOffset EndsAt, int Index)> Terms(PlanPosition from, int paid, DateTimeOffset through, DateTimeOffset at)
    {
        var terms = new List<(DateTimeOffset, DateTimeOffset, int)>();
        var (end, index) = (through, paid);
        do
        {
            index = Math.Max(0, index - Months(from.Interval));
            var start = Boundary(from.Anchor, from.TimeZone, index);
            terms.Insert(0, (start, end, index));
            end = start;
        }
        while (end > at && index > 0);

        return terms;
    }

    /// <summary>The difference for what is left of the month, so that over the month tokens are weighted by time.</summary>
    private static (long Tokens, DateTimeOffset? ExpireAt) ExtraTokens(PlanPosition from, Plan to, DateTimeOffset at)
    {
        if (from.PeriodStartsAt is not { } startsAt || from.PeriodEndsAt is not { } endsAt || at >= endsAt
            || from.Plan.MonthlyTokens is not { } before || to.MonthlyTokens is not { } after || after <= before)
        {
            return (0, null);
        }

        var tokens = Share(after - before, endsAt - (at > startsAt ? at : startsAt), endsAt - startsAt);
        return tokens == 0 ? (0, null) : (tokens, endsAt);
    }

    private static long Minor(Money price) => Payments.MinorUnits.Of(price)
        ?? throw new InvalidOperationException($"A plan costs whole fen or cents; {price} is not.");

    private static long Share(long amount, TimeSpan part, TimeSpan whole)
    {
        var (quotient, rest) = Int128.DivRem((Int128)amount * part.Ticks, whole.Ticks);
        var twice = rest * 2;
        return (long)(twice > whole.Ticks || (twice == whole.Ticks && quotient % 2 != 0) ? quotient + 1 : quotient);
    }
}
