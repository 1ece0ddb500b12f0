using System.Collections.Concurrent;

namespace AiHub.Simulators.Payments;

public enum TradeState
{
    Waiting,
    Paid,
    Closed,
}

/// <summary>A payment at a simulated channel. Guarded by its own lock: closing and paying race here as they do for real.</summary>
public sealed class Trade(string channel, string outTradeNo, string tradeNo, long amountMinor, string currency, string notifyUrl, DateTimeOffset createdAt, DateTimeOffset expiresAt)
{
    public Lock Lock { get; } = new();
    public string Channel => channel;
    public string OutTradeNo => outTradeNo;
    public string TradeNo => tradeNo;
    public long AmountMinor => amountMinor;
    public string Currency => currency;
    public string NotifyUrl => notifyUrl;
    public DateTimeOffset CreatedAt => createdAt;
    public DateTimeOffset ExpiresAt => expiresAt;
    public TradeState State { get; private set; }
    public DateTimeOffset? PaidAt { get; private set; }
    public List<TradeRefund> Refunds { get; } = [];

    /// <summary>Where the customer goes afterwards.</summary>
    public string? ReturnUrl { get; init; }

    public long RefundedMinor => Refunds.Sum(refund => refund.AmountMinor);

    /// <returns>False when it can no longer be paid.</returns>
    public bool Pay(DateTimeOffset now)
    {
        lock (Lock)
        {
            if (State != TradeState.Waiting || now >= ExpiresAt)
            {
                return false;
            }

            (State, PaidAt) = (TradeState.Paid, now);
            return true;
        }
    }

    /// <returns>The state after it: paid, when the customer was quicker.</returns>
    public TradeState Close()
    {
        lock (Lock)
        {
            State = State == TradeState.Waiting ? TradeState.Closed : State;
            return State;
        }
    }

    /// <summary>The refund with this number, made now unless it was made before.</summary>
    /// <returns>Null when more would go back than was paid, or the same number asks for another amount.</returns>
    public TradeRefund? Refund(string number, long amount, string id, DateTimeOffset now, out bool isNew)
    {
        lock (Lock)
        {
            isNew = false;
            if (Refunds.Find(refund => refund.OutRefundNo == number) is { } made)
            {
                return made.AmountMinor == amount ? made : null;
            }

            if (State != TradeState.Paid || amount <= 0 || RefundedMinor + amount > AmountMinor)
            {
                return null;
            }

            isNew = true;
            var refund = new TradeRefund(number, id, amount, now);
            Refunds.Add(refund);
            return refund;
        }
    }
}

public sealed record TradeRefund(string OutRefundNo, string Id, long AmountMinor, DateTimeOffset CreatedAt);

/// <summary>All payments at the simulated channels, by channel and number.</summary>
public sealed class TradeBook
{
    private readonly ConcurrentDictionary<(string Channel, string OutTradeNo), Trade> _trades = new();

    public Trade? Find(string channel, string? outTradeNo) => outTradeNo is null ? null : _trades.GetValueOrDefault((channel, outTradeNo));

    public Trade? FindByTradeNo(string channel, string tradeNo) => _trades.Values.FirstOrDefault(trade => trade.Channel == channel && trade.TradeNo == tradeNo);

    /// <summary>The trade with this number, which is the one given unless there was one before.</summary>
    public Trade GetOrAdd(Trade trade) => _trades.GetOrAdd((trade.Channel, trade.OutTradeNo), trade);

    public IReadOnlyList<Trade> All => [.. _trades.Values.OrderBy(trade => trade.CreatedAt)];
}
