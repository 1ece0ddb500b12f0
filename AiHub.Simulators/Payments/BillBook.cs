using System.Collections.Concurrent;
using System.Security.Cryptography;

namespace AiHub.Simulators.Payments;

/// <summary>Something the channel did on a day, as its bill tells of it.</summary>
/// <param name="Refund">Null for the payment itself.</param>
/// <param name="Amount">What moved, always above zero.</param>
public sealed record BillRow(Trade Trade, TradeRefund? Refund, DateTimeOffset At, long Amount);

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
    private readonly ConcurrentQueue<Trade> _strangers = new();
    private readonly ConcurrentQueue<(Trade Trade, string Id, bool Won, DateTimeOffset At)> _disputes = new();

    /// <summary>tampered (changed after it was named), short (cut before it ends), late (there is none yet) or none.</summary>
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
            case "whole":
                _omitted.TryRemove(key, out _);
                _amounts.TryRemove(key, out _);
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

    /// <returns>The word under which the file can be had.</returns>
    public string Keep(byte[] file)
    {
        var token = RandomNumberGenerator.GetHexString(32, lowercase: true);
        _files[token] = file;
        return token;
    }

    public byte[]? File(string? token) => token is null ? null : _files.GetValueOrDefault(token);
}

/// <param name="What">omitted, other-amount, stranger, tampered, short, late or whole.</param>
public sealed record BillChange(string What, string? OutTradeNo = null, long AmountMinor = 0, string Currency = "CNY");
