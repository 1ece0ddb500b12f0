using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Payments;

/// <summary>What a channel answered about a payment, verified. Compared with the order field by field before a cent is credited.</summary>
public sealed record PaymentProof(
    PaymentChannelId Channel, string? Merchant, string? App, string? Currency, long? AmountMinor, string? ChannelTradeNo, DateTimeOffset? PaidAt);

public enum CreditOutcome
{
    Credited,

    /// <summary>It was credited before; nothing has moved now.</summary>
    AlreadyCredited,

    /// <summary>Channel, merchant, app, currency or amount is not the order's: nothing is credited, an operator is told.</summary>
    Mismatch,
}

public enum RefundRefusal
{
    OrderNotPaid,

    /// <summary>All refunds and disputes together would exceed what was paid.</summary>
    MoreThanPaid,

    /// <summary>What is left of purchased money does not cover it.</summary>
    Spent,
}

/// <summary>The orders and refunds that are to be attended to now. Claimed: nobody else gets them until the lease is over.</summary>
public sealed record ClaimedOrder(Guid Id, Guid OrganizationId);

public sealed record ClaimedRefund(Guid Id, Guid OrganizationId, Guid OrderId);

public sealed record FoundOrder(Guid Id, Guid OrganizationId, PaymentChannelId Channel);

/// <summary>The only code that turns payments into money: each method is one function of 50-payments.sql.</summary>
public static class PaymentBooks
{
    /// <summary>
    /// Credits a paid order, once, whatever is told how often. A closed order whose payment arrives late is credited too. What a subscription order
    /// pays for comes into force in the same transaction.
    /// </summary>
    /// <param name="merchant">Who we are at the channel.</param>
    public static async Task<CreditOutcome> CreditOrderAsync(
        this HubDb db, Guid orderId, PaymentProof proof, string merchant, string? app, DateTimeOffset now, CancellationToken ct) =>
        await db.Database.CreateExecutionStrategy().ExecuteAsync(async () =>
        {
            await using var transaction = await db.Database.BeginTransactionAsync(ct);
            var outcome = await CreditAsync(db, orderId, proof, merchant, app, now, ct);
            if (outcome == CreditOutcome.Credited
                && await db.Database.SqlQuery<Guid?>($"select payment_charge({orderId}) as \"Value\"").SingleAsync(ct) is { } charge)
            {
                await Quotas.Subscriptions.ApplyChargeAsync(db, charge, now, ct);
            }

            await transaction.CommitAsync(ct);
            return outcome;
        });

    private static async Task<CreditOutcome> CreditAsync(
        HubDb db, Guid orderId, PaymentProof proof, string merchant, string? app, DateTimeOffset now, CancellationToken ct)
    {
        var outcome = await db.Database.SqlQuery<string>(
            $"""
             select payment_credit({orderId}, {Name(proof.Channel)}, {proof.Merchant}, {merchant}, {proof.App}, {app}, {proof.Currency}, {proof.AmountMinor},
                                   {proof.ChannelTradeNo}, {(proof.PaidAt ?? now).ToUniversalTime()}, {Guid.CreateVersion7(now)}, {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);

        return Enum.Parse<CreditOutcome>(outcome.Replace("_", ""), ignoreCase: true);
    }

    /// <param name="appParameters">JSON.</param>
    public static Task OpenedAsync(
        this HubDb db, Guid orderId, string? redirectUrl, string? qrCode, string? reference, DateTimeOffset nextCheck, CancellationToken ct, string? appParameters = null, string? frameUrl = null) =>
        db.Database.ExecuteSqlAsync(
            $"select payment_opened({orderId}, {redirectUrl}, {frameUrl}, {qrCode}, {reference}, {appParameters}::jsonb, {nextCheck.ToUniversalTime()})", ct);

    /// <summary>Keeps who pays in place of the code that was good for one answer.</summary>
    public static Task PayerKnownAsync(this HubDb db, Guid orderId, string payerId, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select payment_payer({orderId}, {payerId})", ct);

    public static Task CheckAgainAsync(this HubDb db, Guid orderId, DateTimeOffset at, string? why, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select payment_check_again({orderId}, {at.ToUniversalTime()}, {why})", ct);

    /// <param name="lastCheck">When to look once more for a payment that crossed with the closing; null when there is nothing to find.</param>
    public static Task ClosedAsync(this HubDb db, Guid orderId, bool failed, string? why, DateTimeOffset? lastCheck, DateTimeOffset now, CancellationToken ct)
    {
        DateTimeOffset? last = lastCheck?.ToUniversalTime();
        return db.Database.ExecuteSqlAsync($"select payment_closed({orderId}, {failed}, {why}, {last}, {now.ToUniversalTime()})", ct);
    }

    public static async Task<IReadOnlyList<ClaimedOrder>> ClaimOrdersAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        await db.Database.SqlQuery<ClaimedOrder>(
            $"select id, organization_id from payment_claim({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").ToListAsync(ct);

    public static async Task<IReadOnlyList<ClaimedRefund>> ClaimRefundsAsync(this HubDb db, DateTimeOffset now, TimeSpan lease, int count, CancellationToken ct) =>
        await db.Database.SqlQuery<ClaimedRefund>(
            $"select id, organization_id, order_id from refund_claim({now.ToUniversalTime()}, {(now + lease).ToUniversalTime()}, {count})").ToListAsync(ct);

    /// <summary>Finds an order by the number the channel knows. Needs no tenant.</summary>
    public static async Task<FoundOrder?> FindOrderAsync(this HubDb db, string outTradeNo, CancellationToken ct)
    {
        var row = await db.Database.SqlQuery<OrderRow>(
            $"select id, organization_id, channel from payment_find({outTradeNo})").FirstOrDefaultAsync(ct);
        return row is null ? null : new FoundOrder(row.Id, row.OrganizationId, Enum.Parse<PaymentChannelId>(row.Channel.Replace("_", ""), ignoreCase: true));
    }

    /// <summary>Takes the money out of the wallet and keeps the refund. Call it inside the organization.</summary>
    public static async Task<RefundRefusal?> OpenRefundAsync(this HubDb db, Refund refund, CancellationToken ct)
    {
        var refused = await db.Database.SqlQuery<string>(
            $"""
             select payment_refund({refund.Id}, {refund.OrganizationId}, {refund.OrderId}, {refund.UserId}, {refund.AmountMinor}, {refund.OutRefundNo},
                                   {refund.IdempotencyKey}, {refund.Reason}, {refund.CreatedAt.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);

        return refused == "accepted" ? null : Enum.Parse<RefundRefusal>(refused.Replace("_", ""), ignoreCase: true);
    }

    public static Task RefundProcessingAsync(this HubDb db, Guid refundId, DateTimeOffset nextCheck, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select refund_processing({refundId}, {nextCheck.ToUniversalTime()})", ct);

    /// <summary>Ends a refund, once. A failed one puts the money back into the wallet.</summary>
    public static Task RefundEndedAsync(this HubDb db, Guid refundId, bool succeeded, string? failure, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select refund_ended({refundId}, {succeeded}, {failure}, {Guid.CreateVersion7(now)}, {now.ToUniversalTime()})", ct);

    /// <summary>The refund with this number at the channel. Needs no tenant.</summary>
    public static async Task<ClaimedRefund?> FindRefundAsync(this HubDb db, string outRefundNo, CancellationToken ct) =>
        await db.Database.SqlQuery<ClaimedRefund>(
            $"select id, organization_id, order_id from refund_find({outRefundNo})").FirstOrDefaultAsync(ct);

    public static string Name(PaymentChannelId channel) => Storage.Words.Of(channel.ToString());

    private sealed record OrderRow(Guid Id, Guid OrganizationId, string Channel);
}
