using AiHub.Domain;
using AiHub.Domain.Payments;
using Stripe;

namespace AiHub.Worker.Payments.Stripe;

/// <summary>
/// Stripe writes no bills; its balance's movements of a day are one. A payment in another currency than the account's moves the balance in the account's,
/// so what was paid is read from what the movement is about, and the fee from the movement.
/// </summary>
public sealed partial class StripeChannel
{
    private const int MostPerPage = 100;
    private const long NanosPerMinor = Money.NanosPerUnit / 100;

    public TimeSpan BillOffset => TimeSpan.Zero;

    public TimeSpan BillReadyAfter { get; } = TimeSpan.FromHours(1);

    public Task<IReadOnlyList<BillLine>?> BillAsync(DateOnly day, CancellationToken ct) => AskedAsync<IReadOnlyList<BillLine>?>(async () =>
    {
        var start = day.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc);
        var asked = new BalanceTransactionListOptions
        {
            Created = new DateRangeOptions { GreaterThanOrEqual = start, LessThan = start.AddDays(1) },
            Limit = MostPerPage,
            Expand = ["data.source"],
        };
        var lines = new List<BillLine>();
        await foreach (var movement in _movements.ListAutoPagingAsync(asked, cancellationToken: ct))
        {
            lines.Add(LineOf(movement));
        }

        return lines;
    });

    private static BillLine LineOf(BalanceTransaction movement)
    {
        var line = new BillLine(
            movement.Id, BillLineKind.Other, movement.Currency.ToUpperInvariant(), movement.Amount, movement.Fee * NanosPerMinor, movement.Currency.ToUpperInvariant(),
            new DateTimeOffset(DateTime.SpecifyKind(movement.Created, DateTimeKind.Utc)));
        return (movement.Type, movement.Source) switch
        {
            ("charge" or "payment", Charge charge) => line with
            {
                Kind = BillLineKind.Payment,
                Currency = charge.Currency.ToUpperInvariant(),
                AmountMinor = charge.Amount,
                ChannelTradeNo = charge.PaymentIntentId ?? charge.Id,
                OrderId = Guid.TryParse(charge.Metadata?.GetValueOrDefault(OrderId), out var order) ? order : null,
            },
            ("refund" or "payment_refund", global::Stripe.Refund refund) => line with
            {
                Kind = BillLineKind.Refund,
                Currency = refund.Currency.ToUpperInvariant(),
                AmountMinor = -refund.Amount,
                ChannelTradeNo = refund.PaymentIntentId,
                OutRefundNo = refund.Metadata?.GetValueOrDefault(RefundNumber),
            },
            ("refund_failure" or "payment_failure_refund", global::Stripe.Refund refund) => line with
            {
                Kind = BillLineKind.RefundFailed,
                Currency = refund.Currency.ToUpperInvariant(),
                AmountMinor = refund.Amount,
                ChannelTradeNo = refund.PaymentIntentId,
                OutRefundNo = refund.Metadata?.GetValueOrDefault(RefundNumber),
            },
            // A dispute takes the money and, when it is won, brings it back: two movements about one dispute. It goes by its own name.
            ("adjustment", global::Stripe.Dispute dispute) => line with
            {
                Kind = movement.Amount < 0 ? BillLineKind.Dispute : BillLineKind.DisputeWon,
                Currency = dispute.Currency.ToUpperInvariant(),
                AmountMinor = movement.Amount < 0 ? -dispute.Amount : dispute.Amount,
                ChannelTradeNo = dispute.PaymentIntentId,
                OutRefundNo = dispute.Id,
            },
            ("payout" or "payout_cancel" or "payout_failure", _) => line with { Kind = BillLineKind.Payout },
            // Fees by themselves are what the channel keeps, not what was paid.
            ("stripe_fee", _) => line with { FeeNanos = -movement.Amount * NanosPerMinor },
            _ => line,
        };
    }
}
