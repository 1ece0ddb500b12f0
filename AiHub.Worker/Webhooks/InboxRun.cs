using AiHub.Domain;
using AiHub.Domain.Payments;
using AiHub.Worker.Payments;
using AiHub.Worker.Runs;
using Microsoft.EntityFrameworkCore;

namespace AiHub.Worker.Webhooks;

/// <summary>Acts upon kept notices, in any order and however often they came. What fails is tried again, more and more slowly, then parked.</summary>
public sealed partial class InboxRun(TimeProvider time, IServiceScopeFactory scopes, PaymentChannels channels, ILogger<InboxRun> logger)
    : Run(TimeSpan.FromMilliseconds(500), time, scopes, logger)
{
    private const int Batch = 50;
    private const int MostAttempts = 10;

    private readonly TimeProvider _time = time;
    private readonly ILogger<InboxRun> _logger = logger;

    protected override async Task RunAsync(HubDb db, DateTimeOffset now, CancellationToken ct)
    {
        if (channels.All.Count == 0)
        {
            return;
        }

        var due = await db.InboundNotices
            .Where(notice => notice.HandledAt == null && notice.ParkedAt == null && notice.NextAttemptAt <= now)
            .OrderBy(notice => notice.NextAttemptAt).Take(Batch).ToListAsync(ct);

        foreach (var notice in due)
        {
            try
            {
                notice.Outcome = await ApplyAsync(db, notice, ct);
                notice.HandledAt = _time.GetUtcNow();
            }
            catch (Exception failure) when (!ct.IsCancellationRequested)
            {
                Postpone(notice, failure);
            }

            await db.SaveChangesAsync(ct);
        }
    }

    private async Task<string> ApplyAsync(HubDb db, InboundNotice notice, CancellationToken ct)
    {
        if (channels.Find(notice.Channel) is not { } channel)
        {
            throw new InvalidOperationException($"No worker at hand serves {notice.Channel}.");
        }

        return notice.Kind switch
        {
            NoticeKind.Paid => await CreditAsync(db, channel, notice, ct),
            NoticeKind.Closed => await LookAsync(db, notice, ct),
            NoticeKind.Refunded or NoticeKind.RefundFailed => await RefundAsync(db, notice, ct),
            NoticeKind.DisputeOpened => await DisputeAsync(db, channel, notice, ct),
            NoticeKind.DisputeWon or NoticeKind.DisputeLost => await DecideAsync(db, notice, ct),
            _ => "ignored",
        };
    }

    private async Task<string> CreditAsync(HubDb db, IPaymentChannel channel, InboundNotice notice, CancellationToken ct)
    {
        if (notice.OutTradeNo is not { } number || await db.FindOrderAsync(number, ct) is not { } order)
        {
            LogUnknownOrder(notice.Channel, notice.Id);
            return "unknown_order";
        }

        var proof = new PaymentProof(notice.Channel, notice.Merchant, notice.App, notice.Currency, notice.AmountMinor, notice.ChannelTradeNo, notice.PaidAt);
        var outcome = await db.CreditOrderAsync(order.Id, proof, channel.Merchant, channel.App, _time.GetUtcNow(), ct);
        if (outcome == CreditOutcome.Mismatch)
        {
            LogMismatch(notice.Channel, notice.Id, order.Id, order.OrganizationId);
        }

        return System.Text.Json.JsonNamingPolicy.SnakeCaseLower.ConvertName(outcome.ToString());
    }

    // A closing says nothing about money: the channel is asked, not believed.
    private async Task<string> LookAsync(HubDb db, InboundNotice notice, CancellationToken ct)
    {
        if (notice.OutTradeNo is { } number && await db.FindOrderAsync(number, ct) is { } order && order.Channel == notice.Channel)
        {
            await db.CheckAgainAsync(order.Id, _time.GetUtcNow(), why: null, ct);
            return "checked";
        }

        return "unknown_order";
    }

    // Nor is a refund believed: the run that asked for it asks how it went.
    private async Task<string> RefundAsync(HubDb db, InboundNotice notice, CancellationToken ct)
    {
        if (notice.OutRefundNo is not { } number || await db.FindRefundAsync(number, ct) is not { } refund)
        {
            return "unknown_refund";
        }

        await db.RefundProcessingAsync(refund.Id, _time.GetUtcNow(), ct);
        return "checked";
    }

    private async Task<string> DisputeAsync(HubDb db, IPaymentChannel channel, InboundNotice notice, CancellationToken ct)
    {
        if (notice.Merchant != channel.Merchant)
        {
            return "mismatch";
        }

        var outcome = await db.OpenDisputeAsync(
            notice.Channel, notice.ChannelTradeNo, notice.DisputeReference, notice.Currency, notice.AmountMinor ?? 0, notice.DisputeReason ?? "disputed", notice.EvidenceDueAt, _time.GetUtcNow(), ct);
        LogDispute(notice.Channel, notice.ChannelTradeNo, outcome);
        return outcome;
    }

    private async Task<string> DecideAsync(HubDb db, InboundNotice notice, CancellationToken ct)
    {
        var outcome = await db.CloseDisputeAsync(notice.DisputeReference, notice.Kind == NoticeKind.DisputeWon, _time.GetUtcNow(), ct);
        // Events come in any order: the withdrawal may be on its way still.
        return outcome == "unknown_dispute" ? throw new InvalidOperationException($"Dispute {notice.DisputeReference} is not known yet.") : outcome;
    }

    private void Postpone(InboundNotice notice, Exception failure)
    {
        var now = _time.GetUtcNow();
        notice.Attempts++;
        notice.LastError = failure.Message;
        if (notice.Attempts >= MostAttempts)
        {
            notice.ParkedAt = now;
            LogParked(notice.Channel, notice.Id, failure);
            return;
        }

        notice.NextAttemptAt = now + TimeSpan.FromSeconds(Math.Pow(2, notice.Attempts));
        LogNotApplied(notice.Channel, notice.Id, failure);
    }

    [LoggerMessage(LogLevel.Warning, "{Channel} reports a dispute about payment {Payment}: {Outcome}.")]
    private partial void LogDispute(PaymentChannelId channel, string? payment, string outcome);

    [LoggerMessage(LogLevel.Warning, "{Channel} speaks of an order we do not have (notice {Notice}).")]
    private partial void LogUnknownOrder(PaymentChannelId channel, Guid notice);

    [LoggerMessage(LogLevel.Critical, "{Channel} reports in notice {Notice} a payment that does not fit order {Order} of organization {Organization}; nothing was credited.")]
    private partial void LogMismatch(PaymentChannelId channel, Guid notice, Guid order, Guid organization);

    [LoggerMessage(LogLevel.Warning, "Notice {Notice} of {Channel} could not be applied; it will be tried again.")]
    private partial void LogNotApplied(PaymentChannelId channel, Guid notice, Exception failure);

    [LoggerMessage(LogLevel.Critical, "Notice {Notice} of {Channel} could not be applied and is parked.")]
    private partial void LogParked(PaymentChannelId channel, Guid notice, Exception failure);
}
