using Microsoft.EntityFrameworkCore;

namespace AiHub.Domain.Payments;

public sealed record MethodOrder(Guid Id, Guid OrganizationId);

/// <summary>What a channel calls a payment method, and what people recognise it by.</summary>
public sealed record ChannelMethod(string Customer, string Method, string Brand, string LastFour);

/// <summary>A wallet that is too low; a row of <c>auto_top_ups_due</c>.</summary>
public sealed record DueTopUp(Guid OrganizationId, string Currency, Guid PaymentMethodId, Guid UserId, string Channel, long AmountMinor, bool Capped);

public sealed record RedeemedCode(string Outcome, long AmountMinor, DateTimeOffset? ExpiresAt);

/// <summary>Saved methods, refills, disputes and codes; each method is one function of 62-methods.sql.</summary>
public static class MethodBooks
{
    public static Task<List<MethodOrder>> OrdersSavingMethodsAsync(this HubDb db, int count, CancellationToken ct) =>
        db.Database.SqlQuery<MethodOrder>($"select id, organization_id from orders_saving_methods({count})").ToListAsync(ct);

    /// <param name="method">Null: the channel keeps none for this order.</param>
    public static Task<bool> SaveMethodAsync(this HubDb db, Guid orderId, ChannelMethod? method, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>(
            $"""
             select payment_method_save({orderId}, {Guid.CreateVersion7(now)}, {method?.Customer}, {method?.Method}, {method?.Brand}, {method?.LastFour}, {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);

    /// <summary>Call it inside the organization.</summary>
    public static Task<bool> RemoveMethodAsync(this HubDb db, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select payment_method_remove({now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Sets the refill, and lets one that had stopped go on; a null method ends it. Call it inside the organization.</summary>
    public static Task SetAutoTopUpAsync(this HubDb db, Guid? methodId, long belowNanos, long amountMinor, long capMinor, DateTimeOffset now, CancellationToken ct) =>
        db.Database.ExecuteSqlAsync($"select auto_top_up_set({methodId}, {belowNanos}, {amountMinor}, {capMinor}, {now.ToUniversalTime()})", ct);

    public static Task<List<DueTopUp>> DueTopUpsAsync(this HubDb db, DateTimeOffset now, int count, CancellationToken ct) =>
        db.Database.SqlQuery<DueTopUp>($"select * from auto_top_ups_due({now.ToUniversalTime()}, {count})").ToListAsync(ct);

    /// <summary>Whether this wallet still is too low. Whoever asks in a transaction is the only one who does until it ends.</summary>
    public static async Task<bool> IsTopUpDueAsync(this HubDb db, Guid organizationId, DateTimeOffset now, CancellationToken ct)
    {
        await db.Database.ExecuteSqlAsync($"select pg_advisory_xact_lock(hashtextextended('refill:' || {organizationId}, 0))", ct);
        return await db.Database.SqlQuery<bool>($"select exists (select from auto_top_ups_due({now.ToUniversalTime()}, 1, {organizationId}) due where not due.capped) as \"Value\"").SingleAsync(ct);
    }

    public static Task<List<Guid>> RefusedTopUpsAsync(this HubDb db, CancellationToken ct) =>
        db.Database.SqlQuery<Guid>($"select auto_top_ups_refused as \"Value\" from auto_top_ups_refused()").ToListAsync(ct);

    public static Task<bool> StopTopUpAsync(this HubDb db, Guid organizationId, string reason, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<bool>($"select auto_top_up_stop({organizationId}, {reason}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <returns>opened, known, mismatch or unknown_order.</returns>
    public static Task<string> OpenDisputeAsync(
        this HubDb db, PaymentChannelId channel, string? channelTradeNo, string? reference, string? currency, long amountMinor, string reason, DateTimeOffset? evidenceDue,
        DateTimeOffset now, CancellationToken ct)
    {
        var due = evidenceDue?.ToUniversalTime();
        return db.Database.SqlQuery<string>(
            $"""
             select dispute_open({Guid.CreateVersion7(now)}, {PaymentBooks.Name(channel)}, {channelTradeNo}, {reference}, {currency}, {amountMinor}, {reason}, {due},
                                 {now.ToUniversalTime()}) as "Value"
             """).SingleAsync(ct);
    }

    /// <returns>won, lost, known or unknown_dispute.</returns>
    public static Task<string> CloseDisputeAsync(this HubDb db, string? reference, bool won, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<string>($"select dispute_close({reference}, {won}, {Guid.CreateVersion7(now)}, {now.ToUniversalTime()}) as \"Value\"").SingleAsync(ct);

    /// <summary>Redeems a code for the organization it is called in.</summary>
    public static Task<RedeemedCode> RedeemCodeAsync(this HubDb db, byte[] hash, Guid userId, DateTimeOffset now, CancellationToken ct) =>
        db.Database.SqlQuery<RedeemedCode>(
            $"select outcome, amount_minor, expires_at from code_redeem({hash}, {Guid.CreateVersion7(now)}, {userId}, {now.ToUniversalTime()})").SingleAsync(ct);
}
