using AiHub.Domain;
using AiHub.Domain.Payments;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Webhooks;

/// <summary>Notices that have been kept and not yet acted upon.</summary>
public static class Inbox
{
    /// <summary>Keeps a notice, once per channel and event; repetition is normal and costs nothing.</summary>
    public static Task KeepAsync(this HubDb db, InboundNotice notice, CancellationToken ct)
    {
        var (channel, kind, received) = (PaymentBooks.Name(notice.Channel), Word(notice.Kind), notice.ReceivedAt.ToUniversalTime());
        var (paid, due) = (notice.PaidAt?.ToUniversalTime(), notice.EvidenceDueAt?.ToUniversalTime());

        return db.Database.ExecuteSqlAsync(
            $"""
             insert into inbound_notices (id, channel, event_id, kind, received_at, out_trade_no, channel_trade_no, out_refund_no, dispute_reference, dispute_reason, evidence_due_at, merchant,
                                          app, currency, amount_minor, paid_at, body, attempts, next_attempt_at)
             values ({notice.Id}, {channel}, {notice.EventId}, {kind}, {received}, {notice.OutTradeNo}, {notice.ChannelTradeNo}, {notice.OutRefundNo}, {notice.DisputeReference},
                     {notice.DisputeReason}, {due}, {notice.Merchant}, {notice.App}, {notice.Currency}, {notice.AmountMinor}, {paid}, {notice.Body}, 0, {received})
             on conflict (channel, event_id) do nothing
             """,
            ct);
    }

    private static string Word(NoticeKind kind) => System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(kind.ToString());
}
