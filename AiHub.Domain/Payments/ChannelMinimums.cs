namespace AiHub.Domain.Payments;

/// <summary>The least a channel collects at once; it would refuse less, after the customer has waited for it.</summary>
public static class ChannelMinimums
{
    /// <returns>In fen or cents. Stripe: half a dollar; in yuan what is worth that when it is converted, with room for the rate.</returns>
    public static long Minor(PaymentChannelId channel, Currency currency) => (channel, currency) switch
    {
        (PaymentChannelId.Stripe, Currency.CNY) => 400,
        (PaymentChannelId.Stripe, _) => 50,
        _ => 1,
    };
}
