using System.Globalization;
using AiHub.Contracts;
using AiHub.Portal.Parts;

namespace AiHub.Portal.Usage;

/// <summary>Where the plan's tokens will stand at the reset if the rest of the period goes on like the part so far.</summary>
public readonly record struct Pace(long ExpectedTokens, bool ExceedsPlan)
{
    /// <summary>A day is the least that says anything about a month.</summary>
    private static readonly TimeSpan Least = TimeSpan.FromDays(1);

    /// <returns>Null while too little of the period has passed, or nothing was used.</returns>
    public static Pace? Of(PeriodView period, QuotaView quota, DateTimeOffset now)
    {
        var passed = now - period.StartsAt;
        if (passed < Least || quota.Used == 0 || now >= period.EndsAt)
        {
            return null;
        }

        var expected = (long)((Int128)quota.Used * (period.EndsAt - period.StartsAt).Ticks / passed.Ticks);
        return new Pace(expected, quota.Limit is { } limit && expected > limit);
    }

    /// <summary>The same for money, as a decimal string.</summary>
    public static string? OfMoney(PeriodView period, string cost, DateTimeOffset now)
    {
        var passed = now - period.StartsAt;
        var spent = AmountText.Parse(cost);

        return passed < Least || spent == 0 || now >= period.EndsAt
            ? null
            : decimal.Round(spent * (period.EndsAt - period.StartsAt).Ticks / passed.Ticks, 9).ToString("0.#########", CultureInfo.InvariantCulture);
    }
}
