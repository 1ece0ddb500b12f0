using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace AiHub.Simulators.Payments.Stripe;

/// <summary>The movements of the balance of an account that settles in US dollars, newest first, in pages.</summary>
internal static class StripeBalance
{
    private const int DefaultPage = 10;
    private const int LargestPage = 100;

    // What a dollar is worth, for payments in another currency.
    private const long YuanPerDollarTimes100 = 710;

    public static (int, JsonObject) List(HttpContext http, BillBook book, StripeBook stripe)
    {
        var query = http.Request.Query;
        if (query.Keys.FirstOrDefault(name => name is not ("created[gte]" or "created[lt]" or "limit" or "starting_after" or "ending_before" or "expand[0]")) is { } unknown)
        {
            return (400, StripeApi.Error("invalid_request_error", "parameter_unknown", $"Received unknown parameter: {unknown}", unknown));
        }

        var limit = int.TryParse(query["limit"], CultureInfo.InvariantCulture, out var asked) ? asked : DefaultPage;
        if (limit is < 1 or > LargestPage)
        {
            return (400, StripeApi.Error("invalid_request_error", null, $"Invalid integer: limit must be between 1 and {LargestPage}", "limit"));
        }

        var movements = Movements(book, stripe, Moment(query["created[gte]"], DateTimeOffset.MinValue), Moment(query["created[lt]"], DateTimeOffset.MaxValue)).Reverse().ToList();
        if (query["starting_after"].ToString() is { Length: > 0 } after)
        {
            var at = movements.FindIndex(movement => (string?)movement["id"] == after);
            if (at < 0)
            {
                return (400, StripeApi.Error("invalid_request_error", "resource_missing", $"No such balance transaction: '{after}'", "starting_after"));
            }

            movements.RemoveRange(0, at + 1);
        }

        return (200, new JsonObject
        {
            ["object"] = "list",
            ["url"] = "/v1/balance_transactions",
            ["has_more"] = movements.Count > limit,
            ["data"] = new JsonArray([.. movements.Take(limit)]),
        });
    }

    private static IEnumerable<JsonObject> Movements(BillBook book, StripeBook stripe, DateTimeOffset start, DateTimeOffset end)
    {
        var moved = book.Rows(Channels.Stripe, start, end).Select(row => (row.At, Movement: row.Refund is null ? Charge(row, stripe) : Refund(row)))
            .Concat(book.Disputes.Where(dispute => dispute.At >= start && dispute.At < end).Select(dispute => (dispute.At, Movement: Dispute(dispute.Trade, dispute.Id, dispute.Won, dispute.At))));
        moved = moved.Concat(book.Payouts(Channels.Stripe, start, end).Select(payout => (payout.At, Movement: PaidOut(payout))));
        return moved.OrderBy(row => row.At).Select(row => row.Movement);
    }

    private static JsonObject Charge(BillRow row, StripeBook stripe)
    {
        var settled = Settled(row.Amount, row.Trade.Currency);
        return Movement("charge", row.Trade.TradeNo, row.At, settled, ((settled * 29) + 500) / 1000 + 30, new JsonObject
        {
            ["id"] = "ch_" + row.Trade.TradeNo[3..],
            ["object"] = "charge",
            ["amount"] = row.Amount,
            ["created"] = row.At.ToUnixTimeSeconds(),
            ["currency"] = row.Trade.Currency.ToLowerInvariant(),
            ["metadata"] = new JsonObject { ["order_id"] = stripe.OrderIds.GetValueOrDefault(row.Trade.TradeNo) },
            ["payment_intent"] = row.Trade.TradeNo,
            ["status"] = "succeeded",
        });
    }

    private static JsonObject Refund(BillRow row) => Movement("refund", row.Refund!.Id, row.At, -Settled(row.Amount, row.Trade.Currency), 0, new JsonObject
    {
        ["id"] = row.Refund.Id,
        ["object"] = "refund",
        ["amount"] = row.Amount,
        ["created"] = row.At.ToUnixTimeSeconds(),
        ["currency"] = row.Trade.Currency.ToLowerInvariant(),
        ["metadata"] = new JsonObject { ["out_refund_no"] = row.Refund.OutRefundNo },
        ["payment_intent"] = row.Trade.TradeNo,
        ["status"] = "succeeded",
    });

    private static JsonObject PaidOut(Payout payout) => Movement("payout", payout.Number, payout.At, -payout.Amount, 0, new JsonObject
    {
        ["id"] = "po_" + payout.Number,
        ["object"] = "payout",
        ["amount"] = payout.Amount,
        ["created"] = payout.At.ToUnixTimeSeconds(),
        ["currency"] = "usd",
        ["status"] = "paid",
    });

    private static JsonObject Dispute(Trade trade, string id, bool won, DateTimeOffset at) => Movement(
        "adjustment", id + won, at, Settled(trade.AmountMinor, trade.Currency) * (won ? 1 : -1), won ? 0 : 1500, StripeApi.Dispute(trade, id, won ? "won" : "needs_response", at));

    private static JsonObject Movement(string type, string of, DateTimeOffset at, long amount, long fee, JsonObject source) => new()
    {
        ["id"] = "txn_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(type + of)))[..24],
        ["object"] = "balance_transaction",
        ["amount"] = amount,
        ["created"] = at.ToUnixTimeSeconds(),
        ["currency"] = "usd",
        ["fee"] = fee,
        ["net"] = amount - fee,
        ["reporting_category"] = type,
        ["source"] = source,
        ["status"] = "available",
        ["type"] = type,
    };

    private static long Settled(long amount, string currency) => currency == "USD" ? amount : amount * 100 / YuanPerDollarTimes100;

    private static DateTimeOffset Moment(string? text, DateTimeOffset otherwise) =>
        long.TryParse(text, CultureInfo.InvariantCulture, out var seconds) ? DateTimeOffset.FromUnixTimeSeconds(seconds) : otherwise;
}
