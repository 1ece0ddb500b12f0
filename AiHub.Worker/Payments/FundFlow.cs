using AiHub.Domain;
using AiHub.Domain.Payments;

namespace AiHub.Worker.Payments;

internal enum FlowKind
{
    Trade,
    Fee,
    Payout,
    Other,
}

/// <summary>A movement of the hub's account at a channel, as the channel's bill of funds has it.</summary>
/// <param name="Of">The payment or the refunds it belongs to, called as <see cref="FundFlow.Join"/> is told.</param>
/// <param name="Minor">Below zero when it went out.</param>
internal sealed record Flow(FlowKind Kind, string Reference, string Of, long Minor, DateTimeOffset At);

/// <summary>Looks whether what a channel's trades say has moved in the account, to the fen.</summary>
internal static class FundFlow
{
    private const long NanosPerMinor = Money.NanosPerUnit / 100;

    /// <summary>What was traded in a day's last minutes may move on the next day.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromMinutes(5);

    /// <summary>The two bills of a day as one.</summary>
    /// <param name="trades">Null when there is none.</param>
    /// <param name="flows">The same.</param>
    /// <param name="of">What the flows call a trade.</param>
    /// <returns>The trades, with the fees that were taken for them; what differs; and what moved beside them. Null when there is neither bill.</returns>
    /// <exception cref="PaymentChannelException">There is one of trades and none of funds yet.</exception>
    public static IReadOnlyList<BillLine>? Join(
        IReadOnlyList<BillLine>? trades, IReadOnlyList<Flow>? flows, Func<BillLine, string> of, DateTimeOffset start)
    {
        if (flows is null)
        {
            return trades is null ? null : throw new PaymentChannelException(PaymentChannelFailure.Unavailable, "The channel has a bill of this day's trades, and none of its funds yet.");
        }

        var moved = flows.Where(flow => flow.Kind is FlowKind.Trade or FlowKind.Fee).ToLookup(flow => flow.Of);
        var told = (trades ?? []).Where(line => line.Kind is BillLineKind.Payment or BillLineKind.Refund).ToLookup(of);
        return BillText.Distinct(
        [
            .. (trades ?? []).Where(line => line.Kind is not (BillLineKind.Payment or BillLineKind.Refund)),
            .. told.SelectMany(group => Settled(group.Key, [.. group], [.. moved[group.Key]], start.AddDays(1))),
            .. moved.Where(group => !told.Contains(group.Key) && group.Any(flow => flow.At >= start + Slack)).Select(group => Difference(group.Key, [], [.. group])),
            .. flows.Where(flow => flow.Kind is FlowKind.Payout or FlowKind.Other).Select(flow => LineOf(flow.Reference, flow.Kind == FlowKind.Payout ? BillLineKind.Payout : BillLineKind.Other, flow.Minor, flow.At)),
        ]);
    }

    private static IEnumerable<BillLine> Settled(string of, List<BillLine> trades, List<Flow> flows, DateTimeOffset end)
    {
        if (flows.Count == 0 && trades.Max(line => line.OccurredAt) >= end - Slack)
        {
            return trades;
        }

        var fee = Fee(flows);
        if (Gross(flows) != trades.Sum(line => line.AmountMinor) || Math.Abs(fee - trades.Sum(line => line.FeeNanos)) >= NanosPerMinor)
        {
            return [.. trades, Difference(of, trades, flows)];
        }

        // A trade's fee is written with more decimals than money has: what was kept is what moved.
        return trades is [var only] ? [only with { FeeNanos = fee }] : trades;
    }

    private static BillLine Difference(string of, List<BillLine> trades, List<Flow> flows) =>
        LineOf($"funds:{of}", BillLineKind.Funds, Gross(flows) - Whole(Fee(flows)), trades.Select(line => line.OccurredAt).Concat(flows.Select(flow => flow.At)).Min()) with
        {
            ExpectedMinor = trades.Sum(line => line.AmountMinor) - Whole(trades.Sum(line => line.FeeNanos)),
            OutTradeNo = trades.FirstOrDefault()?.OutTradeNo,
            ChannelTradeNo = trades.FirstOrDefault()?.ChannelTradeNo,
        };

    private static BillLine LineOf(string reference, BillLineKind kind, long minor, DateTimeOffset at) =>
        new(reference, kind, nameof(Currency.CNY), minor, 0, nameof(Currency.CNY), at);

    private static long Gross(List<Flow> flows) => flows.Where(flow => flow.Kind == FlowKind.Trade).Sum(flow => flow.Minor);

    private static long Fee(List<Flow> flows) => -flows.Where(flow => flow.Kind == FlowKind.Fee).Sum(flow => flow.Minor) * NanosPerMinor;

    private static long Whole(long nanos) => (nanos + (Math.Sign(nanos) * NanosPerMinor / 2)) / NanosPerMinor;
}
