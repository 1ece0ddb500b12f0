using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace AiHub.Simulators.Payments;

/// <summary>Something the channel did on a day, as its bill tells of it.</summary>
/// <param name="Refund">Null for the payment itself.</param>
/// <param name="Amount">What moved, always above zero.</param>
public sealed record BillRow(Trade Trade, TradeRefund? Refund, DateTimeOffset At, long Amount);

/// <summary>A movement of the merchant's account at the channel.</summary>
/// <param name="Row">What was paid or refunded; null for a payout.</param>
/// <param name="Amount">Below zero when it went out.</param>
/// <param name="Balance">What the account holds after it.</param>
public sealed record FundsRow(FundsKind Kind, BillRow? Row, string Number, DateTimeOffset At, long Amount, long Balance);

public enum FundsKind
{
    Payment,
    Fee,
    Refund,
    FeeReturned,
    Payout,
}

/// <summary>
/// The bills of the simulated channels: what is in <see cref="TradeBook"/>, but for what a test wants to be otherwise, and payments that came from somebody
/// the hub knows nothing of.
/// </summary>
public sealed class BillBook(TradeBook trades)
{
    private readonly ConcurrentDictionary<(string Channel, string OutTradeNo), bool> _omitted = new();
    private readonly ConcurrentDictionary<(string Channel, string OutTradeNo), long> _amounts = new();
    private readonly ConcurrentDictionary<string, string> _faults = new();
    private readonly ConcurrentDictionary<string, byte[]> _files = new();
    private readonly ConcurrentDictionary<(string Channel, string OutTradeNo), long> _funds = new();
    private readonly ConcurrentQueue<Trade> _strangers = new();
    private readonly ConcurrentQueue<Payout> _payouts = new();
    private readonly ConcurrentQueue<(Trade Trade, string Id, bool Won, DateTimeOffset At)> _disputes = new();

    /// <summary>tampered (changed after it was named), short (cut before it ends), late (there is none yet), late-funds (there is one of trades alone) or none.</summary>
    public string Fault(string channel) => _faults.GetValueOrDefault(channel, "none");

    public IReadOnlyList<(Trade Trade, string Id, bool Won, DateTimeOffset At)> Disputes => [.. _disputes];

    public void Disputed(Trade trade, string id, bool won, DateTimeOffset at) => _disputes.Enqueue((trade, id, won, at));

    public void Change(string channel, BillChange change, DateTimeOffset now)
    {
        var key = (channel, change.OutTradeNo ?? "");
        switch (change.What)
        {
            case "omitted":
                _omitted[key] = true;
                break;
            case "other-amount":
                _amounts[key] = change.AmountMinor;
                break;
            case "stranger":
                var stranger = new Trade(channel, change.OutTradeNo ?? $"X{now.UtcTicks}", $"{(channel == Channels.Stripe ? "pi_" : "")}{now.UtcTicks}", change.AmountMinor, change.Currency, "", now, now.AddDays(1));
                stranger.Pay(now);
                _strangers.Enqueue(stranger);
                break;
            case "other-funds":
                _funds[key] = change.AmountMinor;
                break;
            case "payout":
                _payouts.Enqueue(new Payout(channel, $"{now.UtcTicks}", change.AmountMinor, change.Currency, now));
                break;
            case "whole":
                _omitted.TryRemove(key, out _);
                _amounts.TryRemove(key, out _);
                _funds.TryRemove(key, out _);
                _faults.TryRemove(channel, out _);
                break;
            default:
                _faults[channel] = change.What;
                break;
        }
    }

    /// <summary>What was done from one moment to another, in order.</summary>
    public IReadOnlyList<BillRow> Rows(string channel, DateTimeOffset start, DateTimeOffset end) =>
    [
        .. trades.All.Concat(_strangers).Where(trade => trade.Channel == channel && !_omitted.ContainsKey((channel, trade.OutTradeNo)))
            .SelectMany(trade => trade.Refunds.Select(refund => new BillRow(trade, refund, refund.CreatedAt, refund.AmountMinor))
                .Prepend(new BillRow(trade, null, trade.PaidAt ?? default, _amounts.GetValueOrDefault((channel, trade.OutTradeNo), trade.AmountMinor))))
            .Where(row => row.At >= start && row.At < end)
            .OrderBy(row => row.At),
    ];

    public IReadOnlyList<Payout> Payouts(string channel, DateTimeOffset start, DateTimeOffset end) =>
        [.. _payouts.Where(payout => payout.Channel == channel && payout.At >= start && payout.At < end)];

    /// <summary>What moved in the account from one moment to another, in order.</summary>
    /// <param name="feeOf">What the channel keeps of a payment, or gives back with a refund.</param>
    public IReadOnlyList<FundsRow> Funds(string channel, DateTimeOffset start, DateTimeOffset end, Func<BillRow, long> feeOf)
    {
        var (funds, balance) = (new List<FundsRow>(), 0L);
        foreach (var (at, row, payout) in Rows(channel, DateTimeOffset.MinValue, end).Select(row => (row.At, (BillRow?)row, (Payout?)null))
            .Concat(Payouts(channel, DateTimeOffset.MinValue, end).Select(payout => (payout.At, (BillRow?)null, (Payout?)payout))).OrderBy(moved => moved.At))
        {
            if (row is null)
            {
                Move(FundsKind.Payout, row, payout!.Number, at, -payout.Amount);
                continue;
            }

            var (isRefund, number) = (row.Refund is not null, $"{row.Trade.TradeNo}{row.Refund?.Id}");
            Move(isRefund ? FundsKind.Refund : FundsKind.Payment, row, number, at, isRefund ? -row.Amount : _funds.GetValueOrDefault((channel, row.Trade.OutTradeNo), row.Amount));
            if (feeOf(row) is var fee and not 0)
            {
                Move(isRefund ? FundsKind.FeeReturned : FundsKind.Fee, row, number, at, isRefund ? fee : -fee);
            }
        }

        return [.. funds.Where(moved => moved.At >= start)];

        void Move(FundsKind kind, BillRow? row, string of, DateTimeOffset at, long amount)
        {
            balance += amount;
            funds.Add(new FundsRow(kind, row, $"{of}{(int)kind}", at, amount, balance));
        }
    }

    /// <returns>The word under which the file can be had.</returns>
    public string Keep(byte[] file)
    {
        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        _files[token] = file;
        return token;
    }

    public byte[]? File(string? token) => token is null ? null : _files.GetValueOrDefault(token);
}

/// <param name="Amount">What left the account for the merchant's bank.</param>
public sealed record Payout(string Channel, string Number, long Amount, string Currency, DateTimeOffset At);

/// <param name="What">omitted, other-amount, other-funds, stranger, payout, tampered, short, late, late-funds or whole.</param>
public sealed record BillChange(string What, string? OutTradeNo = null, long AmountMinor = 0, string Currency = "CNY");
