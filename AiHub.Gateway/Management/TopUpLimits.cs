using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Gateway.Management;

/// <summary>How much may be paid in at once, and how long an order waits for it.</summary>
public static class TopUpLimits
{
    private const long Least = 100;

    public static Money Minimum(PaymentChannelId channel, Currency currency) => MinorUnits.ToMoney(Math.Max(Least, ChannelMinimums.Minor(channel, currency)), currency);

    public static Money Maximum(Currency currency) => Money.Of(currency == Currency.CNY ? 50_000 : 10_000, currency);

    public static IReadOnlyList<Money> Presets(Currency currency) =>
        [.. (currency == Currency.CNY ? (long[])[10, 50, 100, 500] : [5, 20, 50, 100]).Select(units => Money.Of(units, currency))];

    /// <summary>A QR code that is looked at expires soon; a Checkout session lives at least half an hour.</summary>
    public static TimeSpan Lifetime(PaymentChannelId channel) => channel == PaymentChannelId.Stripe ? TimeSpan.FromMinutes(45) : TimeSpan.FromMinutes(15);
}
